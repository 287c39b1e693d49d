"""`importer schedule`: files that make a scheduler of this machine run a sync job, for people to place."""

import os
import platform
import zlib
from collections.abc import Mapping
from datetime import time
from typing import Annotated

import typer

from importer.cli.streams import warn
from importer.errors import CommandError, OptionError, UsageError
from importer.monitoring.switches import section_of
from importer.sync.config import SyncJob
from importer.sync.jobs_file import choose_jobs, load_jobs
from importer.sync.service_files import compose, cron, launchd, systemd, windows
from importer.sync.service_files.schedule import ServiceSchedule, build_daily, build_periodic
from importer.sync.service_files.service import Service, build_service
from importer.text import docs_page, parse_duration

_USUAL_TIME = "03:00"


def schedule(
    name: Annotated[str | None, typer.Argument(help="The sync job; without a name, all of them.")] = None,
    systemd: Annotated[bool, typer.Option("--systemd", help="A service and a timer, for Linux.")] = False,
    cron: Annotated[bool, typer.Option("--cron", help="A line of a crontab.")] = False,
    launchd: Annotated[bool, typer.Option("--launchd", help="A launch agent, for macOS.")] = False,
    windows: Annotated[bool, typer.Option("--windows", help="A task of the Task Scheduler.")] = False,
    docker: Annotated[bool, typer.Option("--docker", help="A Docker Compose file.")] = False,
    every: Annotated[
        str | None,
        typer.Option(help="How often: 15m, 1h, 6h, 1d; the default is the jobs' own.", metavar="SPAN"),
    ] = None,
    at: Annotated[
        str | None,
        typer.Option(help="Once a day at this local time; 03:00 where nothing is said.", metavar="HH:MM"),
    ] = None,
) -> None:
    """Print the files that make a scheduler run `importer sync`.

    Also prints where they go on this machine.
    """
    forms = {"systemd": systemd, "cron": cron, "launchd": launchd, "windows": windows, "docker": docker}
    chosen = [form for form, is_chosen in forms.items() if is_chosen]
    if len(chosen) != 1:
        raise CommandError("choose one of --systemd, --cron, --launchd, --windows and --docker")
    if docker and not hasattr(os, "getuid"):
        raise UsageError(
            "--docker prints what works on Linux and macOS; start from compose.yaml in the sources"
        )
    # A name that is no job would fail every night, and nobody would see it.
    jobs = choose_jobs(load_jobs(), (name,) if name else ())
    service = build_service(name, jobs, _build_schedule(name, jobs, every, at))
    _warn_of_variables(os.environ)
    for folder in service.missing_folders:
        warn(f"there is no folder {folder}, where the results are to go; make it before the first run")
    print(_build(chosen[0], service), end="")


def _build(form: str, service: Service) -> str:
    match form:
        case "systemd":
            return systemd.build_systemd(service)
        case "cron":
            return cron.build_cron(service)
        case "launchd":
            return launchd.build_launchd(service)
        case "windows":
            return windows.build_windows(service)
        case _:
            return compose.build_compose(service, f"{os.getuid()}:{os.getgid()}")


def _build_schedule(
    name: str | None, jobs: Mapping[str, SyncJob], every: str | None, at: str | None
) -> ServiceSchedule:
    if every is not None and at is not None:
        raise CommandError("--every and --at exclude each other; give one")
    if every is not None:
        try:
            return _build_periodic(name, every)
        except ValueError as error:
            raise CommandError(f"--every: {error}") from error
    if at is None and (own := _find_own_schedule(name, jobs)) is not None:
        return own
    try:
        return build_daily(time.fromisoformat(at or _USUAL_TIME))
    except ValueError as error:
        raise CommandError(f"--at {at!r}: write it as HH:MM, for example {_USUAL_TIME}") from error


def _build_periodic(name: str | None, every: str) -> ServiceSchedule:
    # Each machine and job has a minute of its own, and the same one each time it is printed.
    return build_periodic(parse_duration(every), zlib.crc32(f"{platform.node()} {name}".encode()))


def _find_own_schedule(name: str | None, jobs: Mapping[str, SyncJob]) -> ServiceSchedule | None:
    """Build the schedule that the jobs' own `every` says, if they agree and a scheduler knows it.

    Warns of times of a job that the file does not have.
    """
    spans = {job.every for job in jobs.values()}
    if len(spans) == 1 and (every := spans.pop()):
        try:
            return _build_periodic(name, every)
        except OptionError:
            pass  # it is warned of below
    for each, job in {section_of(name): job for name, job in jobs.items()}.items():
        if said := [f"{key} = {value!r}" for key in ("every", "cron") if (value := getattr(job, key))]:
            warn(
                f"{said[0]} of [jobs.{each}] is not in this file, which runs daily at {_USUAL_TIME}: "
                "say --every or --at, or let `importer sync --daemon` run the jobs"
            )
    return None


def _warn_of_variables(environ: Mapping[str, str]) -> None:
    written = {"IMPORTER_CONFIG_FILE", "IMPORTER_STATE_DIR", "IMPORTER_TRACEBACK", "IMPORTER_TYPED"}
    for name in sorted(environ):
        if name.startswith("IMPORTER_") and name not in written:
            warn(
                f"{name} is set here, and a scheduler will not know it; "
                f"put it into the settings file ({docs_page('settings')})"
            )
