"""The settings file that `importer init` writes: everything in it is a comment until it is needed.

# [trakt]
# client_id = "..."        the client id of your app
"""

from collections.abc import Iterable
from pathlib import Path

from importer.config.folders import config_file
from importer.errors import Remedy, UsageError
from importer.files import follow_links, replace_privately
from importer.state_files import translate_trouble
from importer.text import docs_page

_HEAD = f"""\
# Settings of rating-importer. All of it is optional: a line counts once its # is removed.
# {docs_page("settings")} has every key.
# `importer config check` says whether the file is right.
"""

_FIRST_JOB = "# [jobs.imdb]"

_JOBS = f"""
# A sync job: `importer sync` runs all of them, `importer sync --daemon` runs each at its own times.
#
{_FIRST_JOB}
# source = "~/Downloads/ratings*.csv"        # a file, a pattern, of which the newest counts, or an address
# to = "trakt"
# every = "6h"                               # or: cron = "0 3 * * *"
# on_conflict = "newest"                     # or: keep, overwrite, highest
# match = "certain"                          # look up rows without ids
# accept = ["unsupported", "not_found"]      # rows that are no failure

# Who is told when an unattended run fails: addresses of https://github.com/caronc/apprise/wiki
# `importer notify test` tries them.
#
# [sync]
# notify = ["mailto://user:password@example.org"]
# notify_on = "failure"                      # or: recovery, always
"""


def build_starter(services: Iterable[tuple[str, str, Iterable[tuple[str, str]]]]) -> str:
    """Build the file from services: section, description, and keys with what they are."""
    parts = [_HEAD]
    for section, where, keys in services:
        lines = [f"# {where}. `importer login {section}` asks for these, and writes them here.", "#"]
        lines += [f"# [{section}]", *(f'# {key} = ""{" " * 8}# the {what}' for key, what in keys)]
        parts.append("\n" + "\n".join(lines) + "\n")
    return "".join([*parts, _JOBS])


def describe_first_job(file: Path) -> str:
    """Say how the settings file gets its first sync job."""
    with translate_trouble(file, "read this file"):
        text = file.read_text("utf-8", "replace") if file.is_file() else ""
    if _FIRST_JOB in text:
        return (
            f"Take the # away from [jobs.imdb] and the lines below it in {file}, and give them your values."
        )
    shown = f"{docs_page('settings')} shows how a [jobs.NAME] looks."
    return shown if text else f"{shown} {Remedy.BEGIN_SETTINGS}"


def write_starter(text: str) -> Path:
    """Write the settings file, private to its owner. Raises UsageError if it exists, and StateFileError."""
    file = config_file()
    with translate_trouble(file, "write this file"):
        if file.exists() or file.is_symlink():
            problem = f"{file} exists already, and is left as it is"
            is_ours = file.is_file() and _FIRST_JOB in file.read_text("utf-8", "replace")
            raise UsageError(f"{problem}. {describe_first_job(file)}" if is_ours else problem)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_privately(follow_links(file), text.encode())
    return file
