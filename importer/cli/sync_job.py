"""One run of a sync job: shown, announced, and ended with an exit code; in this process or a thread of it.

```text
importer sync ada           run_here       this process's streams; an error reaches the command line
importer sync (ada, ben)    run_threads    the streams of a thread each; an error is told there
```
"""

import os
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO, TextIO

from importer.cli.advice import as_known, explain
from importer.cli.display import Display
from importer.cli.problems import tell_error
from importer.config.tables import read_tables
from importer.errors import ImporterError
from importer.model import Status
from importer.monitoring.announce import Recipients, announce
from importer.monitoring.log import log_of_thread
from importer.monitoring.run_end import RunEnd, build_failed_start
from importer.runs.prompts import Unattended
from importer.runs.run_report import RunReport
from importer.sync.config import SyncJob
from importer.sync.job import Unchanged, results_of, run_job
from importer.sync.jobs_file import choose_jobs, load_jobs
from importer.sync.recipients import build_recipients
from importer.sync.shared_results import write_shared_results
from importer.sync.threads import JobThread, serve_jobs
from importer.text import count


@dataclass(frozen=True, slots=True)
class JobOptions:
    """How all jobs of a command are run."""

    asks: bool
    """Whether what would ask a question is refused."""
    quiet: bool
    log_json: bool
    metrics: Path | None = None


@dataclass(frozen=True, slots=True)
class Streams:
    """Where a run is shown, and the command that runs it again."""

    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    typed: str = ""


def run_here(name: str, job: SyncJob, recipients: Recipients, options: JobOptions, streams: Streams) -> int:
    """Run a job and return its exit code. An error is announced, and raised unless the log has told it."""
    display = Display(
        quiet=options.quiet,
        log=recipients.log,
        logs_waits_only=True,  # it goes into the system's journal, night after night
        accepted=job.ends.accept,
        announce=partial(announce, recipients=recipients),
        out=streams.out,
        err=streams.err,
        typed=streams.typed,
    )
    try:
        results = results_of(name, job)
        ended = run_job(name, job, results, Unattended(assume_yes=not options.asks), display)
        if job.shared is not None:
            has_run = isinstance(ended, RunReport)
            results = write_shared_results(name, job, job.shared, has_run=has_run)
        return (
            display.report_end(replace(ended, results=results))
            if isinstance(ended, RunReport)
            else _show_unchanged(name, ended, results, display)
        )
    except Exception as error:
        # Nobody watches, so an unexpected error is announced as well.
        known = error if isinstance(error, ImporterError) else as_known(error)
        now = datetime.now(UTC)
        end = build_failed_start(name, known, began_at=display.began_at, ended_at=now, stopped=explain(known))
        announce(end, recipients)
        if recipients.log.is_json and known is error:
            return known.exit_code
        if known is not error and os.environ.get("IMPORTER_TRACEBACK"):
            raise
        name_job(known, name)
        if known is error:
            raise
        raise known from error


def name_job(error: ImporterError, name: str) -> None:
    """Let the error say which job it ended, before the destination that it names."""
    error.place = f"{name}: {error.place}" if error.place and error.place != name else name


def _show_unchanged(name: str, ended: Unchanged, results: Path, display: Display) -> int:
    line = f"{name}: nothing changed since {ended.since.strftime('%Y-%m-%d %H:%M UTC')}"
    if ended.failed:
        line += f"; {count(ended.failed, 'row')} did not succeed then, see {results}"
    display.print_line(line)
    now = datetime.now(UTC)
    display.announce_end(
        RunEnd(
            name,
            int(ended.failed > 0),
            display.began_at,
            now,
            counts=ended.counts,
            told={status: rows for status, rows in ended.counts.items() if not Status(status).is_success},
            accepted=display.accepted,
        )
    )
    return 0


def run_threads(options: JobOptions) -> None:
    """Run the jobs that the process which started this one requests, until it requests no more."""
    requests, events = _take_streams()
    with requests:
        serve_jobs(requests, events, partial(_run_thread, options, _Jobs()))


def _take_streams() -> tuple[BinaryIO, BinaryIO]:
    """Keep standard input and output for the other process; whatever a library prints goes to the error."""
    requests, events = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return os.fdopen(requests, "rb"), os.fdopen(events, "wb")


class _Jobs:
    """The jobs of the settings file, read again when it has changed."""

    def __init__(self) -> None:
        self._reading = threading.Lock()
        self._tables: object = None
        self._jobs: Mapping[str, SyncJob] = {}

    def find(self, name: str) -> SyncJob:
        """Return the job of this name. Raises SettingsError."""
        with self._reading:
            tables, _, _ = read_tables(os.environ)
            if tables is None or tables is not self._tables:
                self._jobs, self._tables = load_jobs(), tables
        return choose_jobs(self._jobs, (name,))[name]


def _run_thread(options: JobOptions, jobs: _Jobs, thread: JobThread) -> int:
    streams = Streams(thread.out, thread.err, f"importer sync {thread.name}")
    with log_of_thread(thread.err, as_json=options.log_json) as log:
        try:
            job = jobs.find(thread.name)
            recipients = build_recipients(log.bind(job=thread.name), options.metrics)
            return run_here(thread.name, job, recipients, options, streams)
        except Exception as error:
            if not isinstance(error, ImporterError) and os.environ.get("IMPORTER_TRACEBACK"):
                raise
            known = error if isinstance(error, ImporterError) else as_known(error)
            return tell_error(known, "sync", thread.err, log if log.is_json else None)
