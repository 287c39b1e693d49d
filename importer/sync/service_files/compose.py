"""A Docker Compose file that keeps a sync job running on this machine. Pure, like `timers.py`."""

import json
from collections.abc import Iterable

from importer.sync.service_files.timers import NO_DESKTOP, Timer


def build_compose(timer: Timer, owner: str) -> str:
    """Build the file; `owner` is the numeric `user:group` whose files it works with.

    Settings, sources and state lie in the container where they lie outside, so that the settings mean the
    same in both.
    """
    words = [*timer.words, "--cron", timer.timetable.as_cron()]
    writable = list(dict.fromkeys([timer.state_folder, *timer.writable]))
    mounts = [f"{path}:{path}" for path in writable]
    mounts += [f"{path}:{path}:ro" for path in dict.fromkeys(timer.readable) if path not in writable]
    environment = {**timer.environment, **NO_DESKTOP}
    return f"""\
# 1. In a checkout of rating-importer, once:  docker build -t rating-importer .
# 2. Save this as compose.yaml in a folder of its own, and sign in from there:
#    docker compose run --rm {timer.name} login trakt
# 3. Turn it on:   docker compose up -d
#    See its log:  docker compose logs -f
services:
  {timer.name}:
    image: rating-importer
    command: [{", ".join(map(_quote, words))}]
    user: {_quote(owner)}
    environment:
      TZ: ${{TZ:-UTC}}  # the zone that the times of the job are meant in
{_indent(6, (f"{key}: {_quote(value)}" for key, value in environment.items()))}
    volumes:
{_indent(6, (f"- {_quote(mount)}" for mount in mounts))}
    restart: unless-stopped
    stop_grace_period: 45s
    read_only: true
    tmpfs: [/tmp]
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
"""


def _quote(text: str) -> str:
    """Quote a text; compose takes a single `$` for the beginning of a variable."""
    return json.dumps(text, ensure_ascii=False).replace("$", "$$")


def _indent(columns: int, lines: Iterable[str]) -> str:
    return "\n".join(" " * columns + line for line in lines)
