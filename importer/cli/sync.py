"""`importer sync`: the jobs of the settings file, once, or again and again as a daemon."""

import asyncio
import sys
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Annotated, TextIO

import typer

from importer.cli import options
from importer.cli.display import Display
from importer.cli.options import LogFormat
from importer.cli.status import show_jobs
from importer.cli.sync_job import JobOptions, Streams, name_job, run_here, run_threads
from importer.errors import CommandError, ImporterError
from importer.files import check_place, make_private_folder
from importer.monitoring.log import Log, open_log
from importer.monitoring.metrics import write_metrics
from importer.runs.prompts import Unattended
from importer.state_files import translate_trouble
from importer.sync.config import SyncJob
from importer.sync.dry_run import dry_run_job
from importer.sync.job import queue_of
from importer.sync.jobs_file import choose_jobs, load_jobs
from importer.sync.processes import Children
from importer.sync.recipients import build_recipients, health_folder, load_at_once
from importer.sync.run_daemon import DaemonOptions, run_daemon
from importer.sync.schedule import Schedule, build_schedule
from importer.sync.status import list_jobs
from importer.sync.switch import is_switched_off, leave_out_off, switch_jobs
from importer.sync.warm_process import IN_THREADS, WarmProcess, run_side_by_side
from importer.text import ignore_closed_stream, parse_duration


def sync(
    names: Annotated[
        list[str] | None, typer.Argument(help="Jobs of the settings file; all where none is named.")
    ] = None,
    every: Annotated[
        str | None, typer.Option("--every", help="Stay, and run again: 6h, 90m, 1d12h.", metavar="TIME")
    ] = None,
    cron: Annotated[
        str | None, typer.Option("--cron", help='Stay, and run at these times: "0 3 * * *".', metavar="LINE")
    ] = None,
    daemon: Annotated[
        bool, typer.Option("--daemon", help="Stay, and run each job at its own `every` or `cron`.")
    ] = False,
    jitter: Annotated[
        str,
        typer.Option(
            help="Begin up to so much later, by chance.",
            metavar="TIME",
        ),
    ] = "2m",
    list_only: Annotated[
        bool, typer.Option("--list", help="List the jobs with their last and next runs; run none.")
    ] = False,
    on: Annotated[
        bool | None,
        typer.Option("--on/--off", help="Switch the named jobs on or off; run none.", show_default=False),
    ] = None,
    scheduled: Annotated[
        bool, typer.Option("--scheduled", help="For schedulers: a named job that is off is left out, too.")
    ] = False,
    in_threads: Annotated[bool, typer.Option(IN_THREADS, hidden=True)] = False,
    dry_run: options.DryRun = False,
    yes: options.Yes = False,
    quiet: options.Quiet = False,
    log_format: options.LogFormatOption = LogFormat.TEXT,
    metrics: Annotated[
        Path | None,
        typer.Option(
            "--metrics", help="Write metrics of all jobs for node_exporter: x.prom.", metavar="FILE"
        ),
    ] = None,
    metrics_at: Annotated[
        str | None,
        typer.Option(
            "--metrics-at", help="Stay: serve the metrics there, on 127.0.0.1.", metavar="[HOST:]PORT"
        ),
    ] = None,
) -> None:
    """Run the jobs of the settings file: import what is new.

    With --every, --cron or --daemon it stays and runs them again.
    """
    log = open_log(as_json=log_format is LogFormat.JSON)
    ways = JobOptions(asks=not yes, quiet=quiet, log_json=log.is_json, metrics=metrics)
    if in_threads:
        run_threads(ways)
        return
    chosen = tuple(names or ())
    known = load_jobs()
    jobs = choose_jobs(known, chosen)
    if on is not None:
        _switch(chosen, known, metrics, on=on)
        return
    if list_only:
        print(*show_jobs(list_jobs(jobs)), sep="\n")
        return
    stays = bool(every or cron or daemon)
    if every and cron:
        raise CommandError("--every and --cron exclude each other; give one")
    if dry_run and stays:
        raise CommandError("--dry-run shows one run; leave --every, --cron and --daemon out")
    if metrics is not None and not dry_run:
        check_place(metrics, "metrics")
    show_output, show_error = partial(_print, sys.stdout), partial(_print, sys.stderr)
    children = Children(_child_arguments(ways), log, show_output, show_error, metrics)
    if stays:
        schedule = _parse_schedule(every or "", cron or "")
        wanted = DaemonOptions(chosen, schedule, _parse_jitter(jitter), metrics_at, quiet=quiet)
        raise typer.Exit(run_daemon(wanted, children, log))
    if metrics_at:
        raise CommandError("--metrics-at goes with --every, --cron or --daemon; --metrics writes a file")
    jobs, off = leave_out_off(jobs, () if scheduled else chosen)
    _tell_switches(jobs, off, log)
    if dry_run:
        raise typer.Exit(
            max((_dry_run_here(name, job, quiet=quiet) for name, job in jobs.items()), default=0)
        )
    raise typer.Exit(_run_once(jobs, children, ways))


def _run_once(jobs: Mapping[str, SyncJob], children: Children, ways: JobOptions) -> int:
    if not jobs:
        _write_metrics(children.metrics)
        return 0
    if len(jobs) > 1:
        queues = {name: queue_of(name, job) for name, job in jobs.items()}
        warm = WarmProcess(lambda: children, load_at_once(), queues.__getitem__)
        return asyncio.run(run_side_by_side(list(jobs), warm))
    [(name, job)] = jobs.items()
    recipients = build_recipients(children.log.bind(job=name), children.metrics)
    return run_here(name, job, recipients, ways, Streams())


def _switch(names: tuple[str, ...], known: Mapping[str, SyncJob], metrics: Path | None, *, on: bool) -> None:
    if not names:
        raise CommandError(f"name the jobs that {'--on' if on else '--off'} is for")
    switch_jobs(names, known, on=on)
    _write_metrics(metrics)
    print(*show_jobs(list_jobs(choose_jobs(known, names))), sep="\n")


def _write_metrics(metrics: Path | None) -> None:
    if metrics is not None:
        with translate_trouble(metrics, "write the metrics"):
            make_private_folder(health_folder())
            write_metrics(metrics, health_folder())


def _tell_switches(jobs: Iterable[str], off: Iterable[str], log: Log) -> None:
    for name in off:
        log.note(f"{name} is switched off and was not run; importer sync {name} --on switches it on")
    for name in filter(is_switched_off, jobs):
        log.note(
            f"{name} is switched off; it runs since it is named; importer sync {name} --on switches it on"
        )


def _child_arguments(ways: JobOptions) -> list[str]:
    arguments = [word for word, is_given in (("--yes", not ways.asks), ("--quiet", ways.quiet)) if is_given]
    arguments += ["--log-format", "json"] if ways.log_json else []
    return arguments + (["--metrics", str(ways.metrics.absolute())] if ways.metrics else [])


def _print(stream: TextIO, line: str) -> None:
    with ignore_closed_stream(stream):
        print(line, file=stream)


def _dry_run_here(name: str, job: SyncJob, *, quiet: bool) -> int:
    """Show what a job would send. Nobody is told, and nothing is written down."""
    display = Display(quiet=quiet, log=open_log(as_json=False).bind(job=name), accepted=job.ends.accept)
    display.print_line(f"{name}:")
    try:
        with dry_run_job(job, Unattended(), display) as run:
            return display.report_end(run.execute())
    except ImporterError as error:
        name_job(error, name)
        raise


def _parse_schedule(every: str, cron: str) -> Schedule | None:
    try:
        return build_schedule(every, cron)
    except ValueError as error:
        raise CommandError(f"{'--cron' if cron else '--every'}: {error}") from error


def _parse_jitter(text: str) -> float:
    try:
        return 0.0 if text.strip().rstrip("smhd") == "0" else parse_duration(text)
    except ValueError as error:
        raise CommandError(f"--jitter: {error}") from error
