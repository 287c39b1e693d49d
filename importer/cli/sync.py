"""`importer sync`: the jobs of the settings file, once, or again and again as a daemon."""

import asyncio
import contextlib
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.display import Display
from importer.cli.options import LogFormat
from importer.config.folders import state_dir
from importer.errors import ImporterError, UsageError
from importer.files import check_place
from importer.monitoring.announce import Recipients, announce
from importer.monitoring.health import note_next_run
from importer.monitoring.log import open_log
from importer.monitoring.run_end import build_failed_start
from importer.sync.config import SyncJob, choose_jobs
from importer.sync.job import load_checked_jobs, results_of, run_job
from importer.sync.processes import Children
from importer.sync.recipients import build_recipients, health_folder, serving_metrics
from importer.sync.schedule import Daemon, Interval, Schedule, ScheduledJob, WallClock, show_moment
from importer.sync.state import KeptSettings, load_state
from importer.sync.times import local_zone, parse_cron, parse_duration


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
        typer.Option(help="Begin up to so much later, lest all the world begins at once.", metavar="TIME"),
    ] = "2m",
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
    chosen = tuple(names or ())
    jobs = choose_jobs(load_checked_jobs(), chosen)
    words = [word for word, is_given in (("--yes", yes), ("--quiet", quiet)) if is_given]
    words += ["--log-format", "json"] if log_format is LogFormat.JSON else []
    words += ["--metrics", str(metrics.absolute())] if metrics else []
    if every and cron:
        raise UsageError("--every and --cron are two answers to one question; give one")
    if metrics is not None:
        check_place(metrics, "--metrics")
    log = open_log(as_json=log_format is LogFormat.JSON)
    children = Children(words, log, metrics)
    if every or cron or daemon:
        with _keeping_settings() as keep, serving_metrics(metrics_at, log):
            load = _timetable(chosen, _build_rhythm(every or "", cron or ""), keep)
            children = replace(children, environ=keep.variables)
            work = _stay(load, children, _parse_jitter(jitter), log.note, quiet=quiet)
            raise typer.Exit(asyncio.run(work))
    if metrics_at:
        raise UsageError("--metrics-at goes with --every, --cron or --daemon; --metrics writes a file")
    if len(jobs) == 1:
        [(name, job)] = jobs.items()
        recipients = build_recipients(log.bind(job=name), metrics)
        raise typer.Exit(_run_here(name, job, recipients, asks=not yes, quiet=quiet))
    raise typer.Exit(asyncio.run(_run_side_by_side(list(jobs), children)))


def _run_here(name: str, job: SyncJob, recipients: Recipients, *, asks: bool, quiet: bool) -> int:
    display = Display(
        quiet=quiet,
        as_json=False,
        results=results_of(name, job),
        asks=asks,
        guard_percent=job.guard,
        log=recipients.log,
        announce=partial(announce, recipients=recipients),
    )
    try:
        return run_job(name, job, display)
    except Exception as error:
        # Nobody watches: what nobody foresaw must be told as well, and is then shown as ever.
        told = error if isinstance(error, ImporterError) else _unforeseen(error)
        now = datetime.now(UTC)
        announce(build_failed_start(name, told, began_at=display.began_at, ended_at=now), recipients)
        if recipients.log.is_json and told is error:
            return told.exit_code
        raise


def _unforeseen(error: Exception) -> ImporterError:
    return ImporterError(f"unexpected {type(error).__name__}; IMPORTER_TRACEBACK=1 shows where it happened")


async def _run_side_by_side(names: list[str], children: Children) -> int:
    """Run a process for each job, and give the worst of their exit codes."""
    width = max(map(len, names))
    running = [asyncio.create_task(children.run(name, width)) for name in names]

    def end() -> None:
        for task in running:
            task.cancel()

    with _signals({signal.SIGINT: end, signal.SIGTERM: end}):
        return max(await asyncio.gather(*running))


async def _stay(
    load: Callable[[], Mapping[str, ScheduledJob]],
    children: Children,
    jitter_seconds: float,
    tell: "Callable[[str], None]",
    *,
    quiet: bool,
) -> int:
    async def begin(name: str) -> None:
        code = await children.run(name)
        due = daemon.due().get(name)
        if due is None or stopped_by:
            return
        with contextlib.suppress(OSError):
            note_next_run(health_folder(), name, due)
        if not quiet:
            tell(f"{name} ended with exit code {code}; next at {show_moment(due)}")

    def stop(word: str) -> None:
        stopped_by.append(word)
        daemon.stop()

    stopped_by: list[str] = []
    daemon = Daemon(load, begin, tell, jitter_seconds=jitter_seconds)
    ends: dict[signal.Signals, Callable[[], None]] = {
        number: partial(stop, number.name) for number in (signal.SIGINT, signal.SIGTERM)
    }
    if hasattr(signal, "SIGHUP"):
        ends[signal.SIGHUP] = daemon.reload
    with _signals(ends):
        await daemon.run()
    for name in daemon.due():
        with contextlib.suppress(OSError):
            note_next_run(health_folder(), name, None)
    if stopped_by:
        tell(f"stopped by {stopped_by[0]}")
    return 0


@contextlib.contextmanager
def _keeping_settings() -> Iterator[KeptSettings]:
    with tempfile.TemporaryDirectory(prefix="daemon-", dir=state_dir()) as folder:
        yield KeptSettings(Path(folder) / "config.toml", load_checked_jobs)


def _timetable(
    names: tuple[str, ...], given: Schedule | None, settings: KeptSettings
) -> Callable[[], Mapping[str, ScheduledJob]]:
    """Build what reads the jobs and their times, now and at every SIGHUP."""

    def load() -> dict[str, ScheduledJob]:
        timed = {}
        for name, job in choose_jobs(settings.load_jobs(), names).items():
            rhythm = given or _build_rhythm(job.every, job.cron)
            if rhythm is not None:
                began_at = load_state(state_dir() / "sync" / f"{name}.json").began_at
                timed[name] = ScheduledJob(rhythm, datetime.fromisoformat(began_at) if began_at else None)
            elif names:
                raise UsageError(f"[jobs.{name}] says neither every nor cron: when is it to run?")
        if not timed:
            raise UsageError("no job says every or cron; add one of them, or use --every or --cron")
        return timed

    return load


def _build_rhythm(every: str, cron: str) -> Schedule | None:
    try:
        if cron:
            return WallClock(parse_cron(cron), local_zone())
        return Interval(timedelta(seconds=parse_duration(every))) if every else None
    except ValueError as error:
        raise UsageError(f"{'--cron' if cron else '--every'}: {error}") from error


def _parse_jitter(text: str) -> float:
    try:
        return 0.0 if text.strip().rstrip("smhd") == "0" else parse_duration(text)
    except ValueError as error:
        raise UsageError(f"--jitter: {error}") from error


@contextlib.contextmanager
def _signals(actions: "Mapping[signal.Signals, Callable[[], None]]") -> Iterator[None]:
    """Listen to signals for as long as the block runs, where the system has them."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
        for number, action in actions.items():
            loop.add_signal_handler(number, action)
    try:
        yield
    finally:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            for number in actions:
                loop.remove_signal_handler(number)
