"""A Docker Compose file that keeps a sync job running on this machine."""

import json
from collections.abc import Iterable

from importer.sync.service_files.service import NO_DESKTOP, Service


def build_compose(service: Service, owner: str) -> str:
    """Build the file; `owner` is the numeric `user:group` that owns the files it works with.

    Settings, sources and state have the same paths inside the container as outside, so the settings mean
    the same in both.
    """
    command = [*service.arguments, "--cron", service.schedule.as_cron()]
    writable = list(dict.fromkeys([service.state_folder, *service.writable]))
    mounts = [f"{path}:{path}" for path in writable]
    mounts += [f"{path}:{path}:ro" for path in dict.fromkeys(service.readable) if path not in writable]
    environment = {**service.environment, **NO_DESKTOP}
    return f"""\
# 1. In a checkout of rating-importer, once:  docker build -t rating-importer .
# 2. Save this as compose.yaml in a folder of its own{_build_sign_ins(service)}
# 3. Turn it on:   docker compose up -d
#    See its log:  docker compose logs -f
services:
  {service.name}:
    image: rating-importer
    command: [{", ".join(map(_quote, command))}]
    user: {_quote(owner)}
    environment:
      TZ: ${{TZ:-UTC}}  # the zone that the times of the job are meant in
{_indent(6, (f"{key}: {_quote(value)}" for key, value in environment.items()))}
    volumes:
{_indent(6, (f"- {_quote(mount)}" for mount in mounts))}
    restart: unless-stopped
    stop_grace_period: 45s
    read_only: true
    tmpfs: ["/tmp:size=256m"]
    mem_limit: 512m
    pids_limit: 128
    cap_drop: [ALL]
    security_opt: ["no-new-privileges:true"]
"""


def _build_sign_ins(service: Service) -> str:
    commands = [f"\n#    docker compose run --rm {service.name} {words}" for words in service.sign_ins]
    return f", and sign in from there:{''.join(commands)}" if commands else ""


def _quote(text: str) -> str:
    """Quote a text; in compose files a single `$` begins a variable."""
    return json.dumps(text, ensure_ascii=False).replace("$", "$$")


def _indent(columns: int, lines: Iterable[str]) -> str:
    return "\n".join(" " * columns + line for line in lines)
