"""`importer schedule`: files that make a scheduler of this machine run a sync job, for people to place."""

import getpass
import os
import platform
import shutil
import sys
import zlib
from collections.abc import Mapping
from datetime import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from importer.errors import UsageError

if TYPE_CHECKING:
    from importer.sync.service_files.timers import Timer
    from importer.sync.service_files.timetable import ServiceSchedule


def schedule(
    name: Annotated[str | None, typer.Argument(help="The sync job; without a name, all of them.")] = None,
    systemd: Annotated[bool, typer.Option("--systemd", help="A service and a timer, for Linux.")] = False,
    cron: Annotated[bool, typer.Option("--cron", help="A line of a crontab.")] = False,
    launchd: Annotated[bool, typer.Option("--launchd", help="A launch agent, for macOS.")] = False,
    windows: Annotated[bool, typer.Option("--windows", help="A task of the Task Scheduler.")] = False,
    docker: Annotated[bool, typer.Option("--docker", help="A Docker Compose file.")] = False,
    every: Annotated[str | None, typer.Option(help="How often: 15m, 1h, 6h, 1d.", metavar="SPAN")] = None,
    at: Annotated[
        str | None, typer.Option(help="Once a day at this local time; 03:00 unless told.", metavar="HH:MM")
    ] = None,
) -> None:
    """Print the files that make a scheduler run `importer sync` on this machine, and where they go."""
    forms = {"systemd": systemd, "cron": cron, "launchd": launchd, "windows": windows, "docker": docker}
    chosen = [form for form, is_wanted in forms.items() if is_wanted]
    if len(chosen) != 1:
        raise UsageError("choose one of --systemd, --cron, --launchd, --windows and --docker")
    if docker and not hasattr(os, "getuid"):
        raise UsageError(
            "--docker prints what works on Linux and macOS; start from compose.yaml in the sources"
        )
    _warn_of_variables(os.environ)
    print(_build(chosen[0], _build_timer(name, _build_timetable(name, every, at))), end="")


def _build(form: str, timer: "Timer") -> str:
    from importer.sync.service_files import compose, timers  # noqa: PLC0415 - light start-up

    match form:
        case "systemd":
            return timers.build_systemd(timer)
        case "cron":
            return timers.build_cron(timer)
        case "launchd":
            return timers.build_launchd(timer)
        case "windows":
            return timers.build_windows(timer)
        case _:
            return compose.build_compose(timer, f"{os.getuid()}:{os.getgid()}")


def _build_timer(name: str | None, timetable: "ServiceSchedule") -> "Timer":
    from importer.config.folders import config_file, state_dir  # noqa: PLC0415
    from importer.sync.config import choose_jobs  # noqa: PLC0415
    from importer.sync.job import load_checked_jobs  # noqa: PLC0415 - light start-up
    from importer.sync.service_files.timers import Timer  # noqa: PLC0415

    # A name that is no job would fail every night, and nobody would see it.
    jobs = choose_jobs(load_checked_jobs(), (name,) if name else ()).values()
    settings, state = config_file().absolute(), state_dir().absolute()
    timer = Timer(
        name=f"rating-importer-{name}" if name else "rating-importer",
        program=_find_program(),
        words=["sync", *([name] if name else []), "--log-format", "json"],
        user=getpass.getuser(),
        timetable=timetable,
        environment={"IMPORTER_CONFIG_FILE": str(settings), "IMPORTER_STATE_DIR": str(state)},
        state_folder=state,
        readable=[settings.parent, *(_folder_of(job.source) for job in jobs if not job.is_download)],
        writable=[Path(path).parent for job in jobs for path in (job.out, job.write_to) if path],
    )
    odd = [text for text in (*timer.program, *timer.environment.values()) if not text.isprintable()]
    if odd:
        raise UsageError(f"{odd[0]!r} cannot stand in such a file; rename it")
    return timer


def _find_program() -> list[str]:
    """Name this very program, links as they are: what a link of a virtual environment means is its place."""
    program = shutil.which(sys.argv[0]) or sys.argv[0]
    if Path(program).name == "__main__.py":
        return [sys.executable, "-m", "importer"]
    return [str(Path(program).absolute())]


def _folder_of(source: str) -> Path:
    """Give the folder in which a file, or whatever a pattern matches, lies."""
    return next(path for path in Path(source).parents if not set("*?[") & set(str(path)))


def _warn_of_variables(environ: Mapping[str, str]) -> None:
    told = {"IMPORTER_CONFIG_FILE", "IMPORTER_STATE_DIR", "IMPORTER_TRACEBACK", "IMPORTER_TYPED"}
    for name in sorted(environ):
        if name.startswith("IMPORTER_") and name not in told:
            print(
                f"importer: {name} is set here, and a scheduler will not know it; "
                "put it into the settings file (docs/settings.md)",
                file=sys.stderr,
            )


def _build_timetable(name: str | None, every: str | None, at: str | None) -> "ServiceSchedule":
    from importer.sync.service_files.timetable import build_daily, build_periodic  # noqa: PLC0415 - light start-up
    from importer.sync.times import parse_duration  # noqa: PLC0415

    if every is not None and at is not None:
        raise UsageError("--every and --at are two answers to one question; keep one")
    if every is not None:
        try:
            seconds = parse_duration(every)
        except ValueError as error:
            raise UsageError(f"--every: {error}") from error
        # Each machine and job has a minute of its own, and the same one whenever this is asked.
        return build_periodic(seconds, zlib.crc32(f"{platform.node()} {name}".encode()))
    try:
        return build_daily(time.fromisoformat(at or "03:00"))
    except ValueError as error:
        raise UsageError(f"--at {at!r}: write it as HH:MM, for example 03:00") from error
