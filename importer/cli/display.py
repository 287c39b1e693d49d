"""What a run shows: progress while it works, a question before it posts for you, the summary afterwards."""

import json
import sys
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

import typer

from importer.cli.advice import explain
from importer.cli.next_step import find_next
from importer.cli.preflight import build_preflight
from importer.cli.progress_bar import show_progress
from importer.cli.prompts import ConflictQuestions
from importer.errors import OptionError, StopRunError, UsageError
from importer.files import check_place, is_same_file
from importer.journal import Journal
from importer.model import MediaKind
from importer.monitoring.log import Log, open_log
from importer.monitoring.run_end import RunEnd, build_run_end
from importer.progress import Progress
from importer.report.summary import Summary, build_next, build_rich, build_text
from importer.runs.conflicts import OnConflict
from importer.runs.load import LoadedRun, RunReport, Source, dry_run_all, load_run, send_run
from importer.runs.open_destination import OpenDestination
from importer.runs.send import Sending
from importer.runs.snapshot import Snapshot
from importer.text import clean, count, ignore_closed_stream

MANY_CHANGES = 50


MANY_REMOVALS = 10
"""Fewer changes and removals than these are made without a question, whatever their share."""


MANY_POSTS = 10
"""More single ratings than this are sent only after a question: each may be posted to a feed."""


@dataclass(frozen=True, slots=True)
class Display:
    """How one run is shown. With the results on standard output, everything else goes to standard error."""

    quiet: bool
    as_json: bool
    results: Path
    asks: bool = True
    guard_percent: int = 20
    replaces_input: bool = False
    """Whether the results may take the place of the file that is read."""
    log: Log = field(default_factory=lambda: open_log(as_json=False))
    began_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    announce: Callable[[RunEnd], None] | None = None
    """Tells how the run ended to whoever wants to know; without it only the log is told."""

    def check(self, path: Path) -> None:
        """See that the results can be written, before anything is sent, and not over the input."""
        if str(self.results) == "-":
            if sys.__stdout__ is None:
                raise OptionError("out", "standard output is closed; name a file", "-")
            return
        check_place(self.results, "out")
        if not self.replaces_input and is_same_file(self.results, path):
            raise OptionError("out", "this is the input file itself; name another", self.results)

    def import_ratings(
        self, source: Source, target: OpenDestination, journal: Journal, *, remembers: bool
    ) -> RunReport:
        """Plan and send a run with its progress shown, and ask where that is called for."""
        self.check_can_ask(target)
        progress = Progress()
        with self.show(progress):
            planned = load_run(source, target.destination, journal, progress, remembers=remembers)
        self.log.run_started(
            planned.run.run_id,
            source=source.name,
            destination=target.destination.name,
            rows_to_send=planned.open_rows,
            is_continued=planned.run.continued,
        )
        if target.account_info and not self.quiet and not self.log.is_json:
            lines = build_preflight(target, planned)
            with ignore_closed_stream(sys.stderr):
                print(*lines, sep="\n", file=sys.stderr)
        if target.posts_to_feeds:
            self._ask_about_feeds(planned)
        sender = target.build_sender(planned.run, source.undone, journal, progress)
        if isinstance(sender, Sending) and planned.open_rows:
            with self.show(progress):
                look = sender.look()
            if sender.leaves_conflicts and sender.stopped_by is None:
                look = sender.resolve_conflicts(ConflictQuestions().keeps)
            self._ask_about_changes(look)
        with self.show(progress):
            return send_run(planned, sender, self.results, progress)

    def _ask_about_feeds(self, planned: LoadedRun) -> None:
        if planned.open_rows > MANY_POSTS and self.asks and self._has_somebody_to_ask:
            _confirm(
                f"{planned.open_rows:,} ratings go out one by one, and if this account shares its ratings on "
                "social networks, each may be posted there (with --bulk none is). Send them?"
            )

    def check_can_ask(self, target: OpenDestination) -> None:
        """See that there is somebody to ask, where that is the policy. Raises UsageError."""
        is_asked_for = target.options.on_conflict is OnConflict.ASK
        if is_asked_for and not self._has_somebody_to_ask:
            raise OptionError("on_conflict", "there is no terminal to ask on; choose another policy", "ask")

    def _ask_about_changes(self, look: Snapshot) -> None:
        """Guard against a run that turns over much of what the account holds, such as the wrong file."""
        changed = look.changes + look.removals
        is_much = changed >= MANY_CHANGES or look.removals >= MANY_REMOVALS
        if not self.asks or not is_much or changed * 100 <= look.held * self.guard_percent:
            return
        what = (
            f"This run would change {count(look.changes, 'rating')} and remove {look.removals:,} of the "
            f"{look.held:,} {_name_kinds(look.kinds)} that the account has rated"
        )
        if not self._has_somebody_to_ask:
            raise UsageError(
                f"{what}, and nobody can be asked; nothing was sent. If that is what you want, type the same "
                "command with --yes."
            )
        _confirm(f"{what}. Do it?")

    @property
    def _has_somebody_to_ask(self) -> bool:
        return sys.stdin.isatty() and not self.log.is_json

    def dry_run_all(
        self, source: Source, target: OpenDestination, journal: Journal, *, remembers: bool
    ) -> RunReport:
        """Do everything but send, with progress shown."""
        progress = Progress()
        with self.show(progress):
            return dry_run_all(
                source, target.destination, journal, self.results, progress, remembers=remembers
            )

    def tell(
        self, report: RunReport, source: Source, target: OpenDestination, *, dry_run: bool = False
    ) -> int:
        """Print the summary and pick the exit code."""
        summary = _build_summary(report, source, target, self.results, dry_run=dry_run)
        exit_code = report.stopped_by.exit_code if report.stopped_by else int(not summary.all_succeeded)
        now = datetime.now(UTC)
        self.tell_end(
            build_run_end(
                self.log.job,
                summary,
                exit_code,
                began_at=self.began_at,
                ended_at=now,
                stopped_by=report.stopped_by,
            )
        )
        if self.log.is_json and self.stream() is sys.stderr:
            return exit_code  # standard error is the log's
        if self.as_json:
            with ignore_closed_stream(self.stream()):
                print(json.dumps(summary.as_json(), indent=2), file=self.stream())
        elif not self.quiet:
            with ignore_closed_stream(self.stream()):
                self._print(summary)
        elif report.stopped_by is not None and not self.log.is_json:
            with ignore_closed_stream(sys.stderr):
                print(f"importer: stopped early: {clean(explain(report.stopped_by), 1000)}", file=sys.stderr)
        return exit_code

    def tell_end(self, end: RunEnd) -> None:
        """Tell those who do not look how a run ended."""
        (self.announce or self.log.run_ended)(end)

    def _print(self, summary: Summary) -> None:
        stream = self.stream()
        if stream.isatty():
            from rich.console import Console  # noqa: PLC0415 - only who looks at a terminal pays for rich

            console = Console(file=stream)
            console.print(build_rich(summary))
            # Unwrapped, or what is copied from the terminal would be two commands.
            console.print(build_next(summary), soft_wrap=True, markup=False, highlight=False)
        else:
            print(build_text(summary), file=stream)

    def show(self, progress: Progress) -> AbstractContextManager[None]:
        """Show the progress while the block lasts."""
        # A live display and results on one terminal would write over each other.
        is_in_the_way = str(self.results) == "-" and sys.stdout.isatty()
        return show_progress(progress, quiet=self.quiet or is_in_the_way, log=self.log)

    def stream(self) -> TextIO:
        """Where the summary goes."""
        return sys.stderr if str(self.results) == "-" else sys.stdout


def _name_kinds(kinds: Collection[MediaKind]) -> str:
    """Name what was read: `movies`, or `movies, shows and episodes`."""
    names = [f"{kind}s" for kind in MediaKind if kind in kinds]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def _confirm(question: str) -> None:
    if not typer.confirm(question, err=True):
        raise StopRunError("nothing was sent; the same command asks again, with --yes it does not")


def _build_summary(
    report: RunReport, source: Source, target: OpenDestination, results: Path, *, dry_run: bool
) -> Summary:
    summary = Summary(
        run_id=report.run.run_id,
        source=source.name,
        destination=f"{target.destination.name} ({target.account})",
        tallies=report.tallies,
        sent=report.sent,
        seconds=report.seconds,
        notes=_notes(report, source, target, dry_run=dry_run),
        results=results,
        stopped=explain(report.stopped_by) if report.stopped_by else None,
        dry_run=dry_run,
        is_file=target.spec.is_file,
    )
    step = find_next(summary, report.stopped_by, target.destination.name)
    return replace(summary, next_command=step[0], next_reason=step[1]) if step else summary


def _notes(report: RunReport, source: Source, target: OpenDestination, *, dry_run: bool) -> list[str]:
    notes = ["continues the run that was stopped or interrupted"] if report.run.continued else []
    notes += report.notes
    if dry_run and source.is_plan:
        notes.append(
            "the account is not asked: whether it changed since the plan was made, only sending tells"
        )
    if target.file is not None and report.sent:
        notes.append(f"{target.path} is written; upload it at {target.file.upload_at}")
    return notes
