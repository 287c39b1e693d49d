"""One import from beginning to end, for a command, a sync job, a web page or another program.

```python
run = ImportRun(source, destination, journal, RunRules.for_import(), results=Path("results.csv"))
report = run.execute()
```

Nobody needs a terminal for it: `prompts` answers questions, `observer` shows what happens, and any thread may
poll `progress`. `stop`, from any thread, ends it in good order: requests in flight come to their end, the
results are written, and the same command continues.
"""

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import islice
from pathlib import Path

from importer.client.pace import sharing_process
from importer.errors import AuthorizationError, ImporterError, OptionError, StopRunError
from importer.files import check_place, is_same_file
from importer.interrupts import StopRequest, delaying_signals, stop_request
from importer.journal import Journal, JournalRun
from importer.model import RESULT_COLUMNS, Outcome, Status
from importer.progress import Phase, Progress
from importer.runs.conflicts import OnConflict
from importer.runs.delivery import Delivery, Work
from importer.runs.destination import OpenDestination
from importer.runs.guard import ask_about_changes, ask_about_lists
from importer.runs.load import LoadedRun, Loading, Source
from importer.runs.outputs import Outputs, set_aside
from importer.runs.prompts import Observer, Prompts, SendSummary, StartedRun, Unattended, Unwatched, insist
from importer.runs.results_csv import STANDARD_OUTPUT, write_results
from importer.runs.room import Room, find_room
from importer.runs.rules import RunRules, SendOptions
from importer.runs.run_notes import gather_notes
from importer.runs.run_report import RunReport
from importer.runs.snapshot import Snapshot
from importer.runs.undo import find_later

MANY_POSTS = 10
"""More single ratings than this are sent only after a question: each may be posted to a feed."""

ROWS_SHOWN = 20
"""So many rows of an undo's dry run are shown, the others go into its results file."""

_DRY_RUN = Outcome(Status.NOT_SENT, "dry_run", "would be sent")
_WOULD_RESTORE = Outcome(Status.NOT_SENT, "would_restore", "would be restored")
_WOULD_REMOVE = Outcome(Status.NOT_SENT, "would_remove", "would be removed")


@dataclass(slots=True)
class ImportRun:
    """Load the source, compare it with the account, ask, send what differs, verify, report."""

    source: Source
    destination: OpenDestination
    journal: Journal
    rules: RunRules = field(default_factory=RunRules)
    options: SendOptions = field(default_factory=SendOptions)
    results: Path | None = Path("results.csv")
    prompts: Prompts = field(default_factory=Unattended)
    observer: Observer = field(default_factory=Unwatched)
    close_known: Callable[[JournalRun], None] | None = None
    """Closes the rows that the caller knows to fail."""
    before_sending: Callable[[JournalRun], None] = lambda _: None
    """Called once the account is compared, before the first rating is sent. May raise StopRunError."""
    overwrites: bool = False
    """Whether what is written may take the place of a file of the user's, or of results that were edited."""
    progress: Progress = field(default_factory=Progress)
    stop_request: StopRequest = field(default_factory=stop_request)
    part: Path | None = None
    """Where the results of one of several destinations go, to be merged into `results`: see `several.py`."""

    @sharing_process()
    def execute(self) -> RunReport:
        """Run all stages, or those that the rules name.

        Raises UsageError and StopRunError where nothing was sent, and ResultsNotWrittenError when only the
        results file failed. A run that stopped early is no exception: see `RunReport.stopped_by`.
        """
        self.check()
        if self.rules.is_dry_run:
            return self._report_unsent()
        loaded = self.load()
        try:
            return self._compare_and_send(loaded)
        except ImporterError:
            if self.part is not None:  # there will be results, and they must have a line for each row
                self._write_results(loaded.run)
            raise

    def _compare_and_send(self, loaded: LoadedRun) -> RunReport:
        self._ask_about_feeds(loaded)
        delivery = self._build_delivery(loaded)
        snapshot = self._compare(delivery) if loaded.open_rows else Snapshot(is_readable=False)
        if delivery.stopped_by is None:
            if snapshot.is_readable:
                loaded = replace(loaded, room=self._find_room(loaded.run, snapshot))
            self._report_before_sending(loaded)
            if (lost := self.destination.spec.drops_dates) and loaded.run.has_open_dates():
                self.observer.warned(f"{lost}.")
            ask_about_lists(loaded.run, self.destination.spec, self.prompts, self.observer)
            ask_about_changes(loaded.run, snapshot, self.rules, self.prompts)
            self.before_sending(loaded.run)
        return self._send(loaded, delivery)

    def stop(self, reason: str = "stopped") -> None:
        """Ask the run, from any thread, to end in good order; asked twice, it waits for no request."""
        self.stop_request(StopRunError(reason))

    @contextmanager
    def loaded(self) -> Iterator[LoadedRun]:
        """Load, ask no server, and send nothing. Afterwards the journal forgets the rows."""
        with ExitStack() as stack:
            with self.observer.watch(self.progress):
                loaded = stack.enter_context(self._build_loading().load_forgotten())
            yield loaded

    @contextmanager
    def compared(self, columns: Sequence[str] = RESULT_COLUMNS) -> Iterator[LoadedRun]:
        """Load and compare, and send nothing: the block sees the rows as they would be sent.

        Afterwards the journal forgets them. `columns` are those of the file that is to be written.
        Raises StopRunError if the account cannot be read.
        """
        self.check(columns)
        with self.loaded() as uncompared:
            loaded = uncompared
            if loaded.open_rows:
                delivery = self._build_delivery(loaded)
                snapshot = self._compare(delivery)
                if delivery.stopped_by is not None:
                    raise delivery.stopped_by
                if not snapshot.is_readable:
                    trouble = f"the account cannot be read ({snapshot.trouble})"
                    raise StopRunError(f"{trouble}: nothing to compare the file with")
                loaded = replace(loaded, room=self._find_room(loaded.run, snapshot))
            yield loaded

    def check(self, columns: Sequence[str] = RESULT_COLUMNS) -> None:
        """Check that all files can be written and that questions can be answered. Raises UsageError."""
        read = self.source.path
        if self.rules.on_conflict is OnConflict.ASK and not self.rules.is_dry_run:
            self.prompts.check_can_choose()
        self.destination.check(self.rules, self.options)
        if self.results not in {None, STANDARD_OUTPUT}:
            self._check_results(self.results, columns)
        self.destination.check_files(read, self.results, None if self.overwrites else self.outputs)

    def _check_results(self, results: Path, columns: Sequence[str]) -> None:
        check_place(results, "out")
        read = self.source.path
        if read is not None and is_same_file(results, read):
            if not self.rules.replaces_input:
                raise OptionError("out", "this is the input file itself; name another file", results)
        elif self.rules.is_unattended and not self.overwrites and self.outputs.may_be_edited(results):
            # Nobody would read a refusal, and the next run starts by itself.
            self.observer.warned(f"{results} may be edited; it is now {set_aside(results)}")
        elif not self.overwrites:
            self.outputs.check(results, "out", columns)

    @property
    def outputs(self) -> Outputs:
        """The files that runs on this machine wrote."""
        return Outputs(self.journal.path.parent / "outputs")

    def _build_loading(self) -> Loading:
        rules, destination = self.rules, self.destination
        trusts_journal = rules.trusts_journal and destination.trusts_journal
        parts = (self.source.fingerprint, destination.shaping, *rules.shaping)
        return Loading(
            self.source,
            hashlib.sha256("\0".join(parts).encode()).hexdigest(),
            destination.destination,
            self.journal,
            replace(rules, trusts_journal=trusts_journal),
            self.progress,
            self.stop_request,
        )

    def load(self) -> LoadedRun:
        """Read the source into the journal, or find the run that was left unfinished."""
        with self.observer.watch(self.progress):
            loaded = self._build_loading().load()
        run, name = loaded.run, self.destination.destination.name
        self.observer.started(StartedRun(run.run_id, self.source.name, name, loaded.open_rows, run.continued))
        return loaded

    def _report_before_sending(self, loaded: LoadedRun) -> None:
        """Report after the comparison, which closes the rows that need no sending."""
        account_info, run = self.destination.account_info, loaded.run
        if account_info is not None:
            effort = partial(self.destination.estimate_effort, run, self._pace)
            removals = run.count_open_removals()
            outlook = SendSummary(account_info, run.count_open(), effort, run.tallies, removals, loaded.room)
            self.observer.about_to_send(outlook)

    def _find_room(self, run: JournalRun, snapshot: Snapshot | None) -> Room | None:
        is_known = self.options.limit is None
        return find_room(run, self.destination.account_info, snapshot) if is_known else None

    def _ask_about_feeds(self, loaded: LoadedRun) -> None:
        if self.destination.posts_to_feeds and loaded.open_rows > MANY_POSTS:
            insist(self.prompts.confirm_feeds(loaded.open_rows))

    @property
    def _pace(self) -> SendOptions:
        return self.options.or_else(self.destination.recommended)

    def _build_delivery(self, loaded: LoadedRun) -> Delivery:
        if self.close_known is not None:
            self.close_known(loaded.run)
        work = Work(loaded.run, self.rules, self._pace, self.progress, self.stop_request)
        work = replace(work, note_written=partial(self.outputs.writing, origin=self.destination.origin))
        if (past := self.rules.undo_of) is not None and not self.rules.undoes_later_changes:
            undone = self.journal.open_run(past.number, past.run_id)
            work = replace(work, undone=undone, later_runs=find_later(past))
        return self.destination.build_delivery(work)

    def _compare(self, delivery: Delivery) -> Snapshot:
        with self.observer.watch(self.progress):
            snapshot = delivery.compare()
        if self.rules.on_conflict is OnConflict.ASK and delivery.stopped_by is None:
            snapshot = delivery.resolve_conflicts(self.prompts.choose_rating)
        return snapshot

    def _send(self, loaded: LoadedRun, delivery: Delivery) -> RunReport:
        """Send the open rows, and write the results file whatever happens."""
        run, begun, done_before = loaded.run, time.monotonic(), self.progress.done
        with self.observer.watch(self.progress):
            try:
                delivery.send_all()
                seconds = time.monotonic() - begun
                if delivery.stopped_by is None:
                    delivery.verify()
            finally:
                # Also after an unexpected error: the results must show what was sent.
                with delaying_signals() as delayed:
                    self._write_results(run)
        stopped_by = delivery.stopped_by or next(iter(delayed), None)
        if stopped_by is None and self.part is None:
            # Only now: a run whose results could not be written is continued, and then prints them.
            run.finish()
        if isinstance(stopped_by, AuthorizationError):
            stopped_by.name_sign_in(self.destination.spec.word, self.destination.settings_account)
        report = self._report(loaded)
        sent = self.progress.done - done_before
        return replace(report, sent=sent, seconds=seconds, stopped_by=stopped_by)

    def _report_unsent(self) -> RunReport:
        """Do everything but send: the results say what would be sent, the journal forgets it again.

        Only an undo asks the account: what it would leave alone is seen nowhere else.
        """
        is_undo = self.rules.undo_of is not None
        with self.compared() if is_undo else self.loaded() as found, self.observer.watch(self.progress):
            loaded = found
            if is_undo:
                loaded.run.close_open(_WOULD_REMOVE, only_removals=True)
            elif not self.destination.spec.is_file:
                loaded = replace(loaded, room=self._find_room(loaded.run, None))
            loaded.run.close_open(_WOULD_RESTORE if is_undo else _DRY_RUN)
            self._write_results(loaded.run)
            first_rows = list(islice(loaded.run.results(), ROWS_SHOWN)) if is_undo else []
            return replace(self._report(loaded), first_rows=first_rows)

    def _write_results(self, run: JournalRun) -> None:
        if self.results is None:
            return
        self.progress.phase = Phase.WRITING
        if self.part is not None:
            with closing(run.results()) as lines:
                write_results(self.part, lines)
            return
        run_id = "" if self.rules.is_dry_run else run.run_id
        writing = self.outputs.writing(self.results, run_id=run_id, origin=self.source.origin)
        with closing(run.results()) as lines, writing:
            write_results(self.results, lines)

    def _report(self, loaded: LoadedRun) -> RunReport:
        tallies = loaded.run.tallies()
        return RunReport(
            loaded.run,
            self.source.name,
            self.destination.destination.name,
            self.destination.account,
            gather_notes(loaded, tallies, self.rules, self.destination),
            tallies,
            self.results,
            is_dry_run=self.rules.is_dry_run,
            is_file=self.destination.spec.is_file,
            is_undo=self.rules.undo_of is not None,
            room=loaded.room,
            taken_over=loaded.run.taken_over(),
            follows_plan=self.rules.follows_plan,
        )
