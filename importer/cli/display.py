"""Shows a run: its progress, a summary before sending, and the summary afterwards."""

import json
import sys
from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TextIO

from importer.cli.advice import as_known, explain
from importer.cli.next_step import find_next
from importer.cli.progress_bar import show_progress
from importer.cli.send_summary import build_send_summary
from importer.cli.voice import Voice
from importer.destinations.registry import is_uploaded
from importer.errors import ImporterError
from importer.model import Status
from importer.monitoring.log import Log, open_log
from importer.monitoring.run_end import RunEnd, build_failed_start, build_run_end
from importer.progress import Progress
from importer.report.summary import Summary
from importer.report.summary_text import build_next, build_rich, build_text
from importer.runs.prompts import SendSummary, StartedRun
from importer.runs.run_report import RunReport
from importer.text import clean, ignore_closed_stream


@dataclass(frozen=True, slots=True)
class Display:
    """Shows one run; an `Observer`."""

    quiet: bool = False
    as_json: bool = False
    to_stderr: bool = False
    """Whether standard output is used for the results or the plan."""
    log: Log = field(default_factory=lambda: open_log(as_json=False))
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    logs_waits_only: bool = False
    """Whether a JSON log goes where nobody follows the counts of each second."""
    accepted: Collection[Status] = ()
    """Statuses that count as success."""
    announce: Callable[[RunEnd], None] | None = None
    """Announces how the run ended; None means only in the log."""
    voice: Voice = field(default_factory=Voice)
    out: TextIO = field(default_factory=lambda: sys.stdout)
    err: TextIO = field(default_factory=lambda: sys.stderr)
    typed: str = ""
    """The command that would run it again, where that is not the one that this process was started with."""

    def watch(self, progress: Progress) -> AbstractContextManager[None]:
        """Show the progress while the block lasts."""
        # A live display and results on one terminal would write over each other.
        is_in_the_way = self.to_stderr and self.out.isatty()
        quiet = self.quiet or is_in_the_way
        waits_only = self.logs_waits_only
        return show_progress(
            progress,
            quiet=quiet,
            log=self.log,
            logs_waits_only=waits_only,
            voice=self.voice,
            stream=self.err,
        )

    def waiting(self, reason: str) -> None:
        """Print it."""
        self.print_line(reason)

    def started(self, run: StartedRun) -> None:
        """Log it."""
        self.log.run_started(run)

    def about_to_send(self, summary: SendSummary) -> None:
        """Print the account, how full it is, and how long sending takes."""
        if not self.quiet and not self.log.is_json:
            self.voice.floor.say(partial(self._print_lines, build_send_summary(summary)))

    def _print_lines(self, lines: Sequence[str]) -> None:
        with ignore_closed_stream(self.err):
            print(*map(self.voice.name, lines), sep="\n", file=self.err)

    def warned(self, warning: str) -> None:
        """Log it; without a JSON log it is printed."""
        self.voice.floor.say(partial(self.log.warn_once, self.voice.name(warning)))

    def report_end(self, report: RunReport) -> int:
        """Print the summary and pick the exit code."""
        summary, exit_code = self.conclude(report)
        if self.as_json:
            self.print_json(summary.as_json())
        else:
            self.print_summary(summary)
        return exit_code

    def conclude(self, report: RunReport) -> tuple[Summary, int]:
        """Announce how a run ended; give its summary and its exit code."""
        summary = _build_summary(report, self.accepted, self.typed)
        exit_code = report.stopped_by.exit_code if report.stopped_by else int(not summary.all_succeeded)
        now = datetime.now(UTC)
        self.announce_end(
            build_run_end(
                self.log.job,
                summary,
                exit_code,
                began_at=self.began_at,
                ended_at=now,
                stopped_by=report.stopped_by,
            )
        )
        return summary, exit_code

    def report_failure(self, error: Exception) -> int:
        """Print the error that one of several runs ended with; give its exit code."""
        known = error if isinstance(error, ImporterError) else as_known(error)
        known.place = known.place or self.voice.label
        text, now = explain(known), datetime.now(UTC)
        self.announce_end(
            build_failed_start(self.log.job, known, began_at=self.began_at, ended_at=now, stopped=text)
        )
        if not self.log.is_json:
            with ignore_closed_stream(self.err):
                print(f"importer: {clean(text, 2000)}", file=self.err)
        return known.exit_code

    def print_json(self, value: object) -> None:
        """Print the result as JSON, unless standard error is its place and the log's."""
        if not (self.log.is_json and self.stream is self.err):
            with ignore_closed_stream(self.stream):
                print(json.dumps(value, indent=2), file=self.stream)

    def print_summary(self, summary: Summary) -> None:
        """Print the summary; if output is quiet, only why the run stopped early."""
        if self.log.is_json and self.stream is self.err:
            return  # standard error is the log's
        if not self.quiet:
            with ignore_closed_stream(self.stream):
                self._print(summary)
        elif summary.stopped is not None and not self.log.is_json:
            with ignore_closed_stream(self.err):
                stopped = f"stopped early: {clean(summary.stopped, 1000)}"
                print(f"importer: {self.voice.name(stopped)}", file=self.err)

    def print_line(self, line: str) -> None:
        """Print a line, unless output is quiet or a log."""
        if not self.quiet and not self.log.is_json:
            with ignore_closed_stream(self.out):
                print(clean(line, 1000), file=self.out)

    def announce_end(self, end: RunEnd) -> None:
        """Announce how the run ended, to people who do not watch it."""
        (self.announce or self.log.run_ended)(end)

    def _print(self, summary: Summary) -> None:
        if self.stream.isatty():
            from rich.console import Console  # noqa: PLC0415 - only a terminal needs rich

            console = Console(file=self.stream)
            console.print(build_rich(summary))
            # Not wrapped: a copied command must stay on one line.
            console.print(build_next(summary), soft_wrap=True, markup=False, highlight=False)
        else:
            print(build_text(summary), file=self.stream)

    @property
    def stream(self) -> TextIO:
        """Where the summary goes."""
        return self.err if self.to_stderr else self.out


def _build_summary(report: RunReport, accepted: Collection[Status], typed: str) -> Summary:
    summary = Summary(
        run_id=report.run.run_id,
        source=report.source,
        destination=f"{report.destination} ({report.account})",
        tallies=report.tallies,
        sent=report.sent,
        seconds=report.seconds,
        notes=report.notes,
        results=report.results,
        stopped=explain(report.stopped_by) if report.stopped_by else None,
        dry_run=report.is_dry_run,
        is_file=report.is_file,
        is_uploaded=is_uploaded(report.destination),
        is_undo=report.is_undo,
        taken_over=report.taken_over,
        accepted=accepted,
        told=report.told,
        follows_plan=report.follows_plan,
        first_rows=report.first_rows,
    )
    step = find_next(summary, report.stopped_by, report.destination, typed)
    return replace(summary, next_command=step[0], next_reason=step[1]) if step else summary
