"""One sync job: finds out what changed, sends only that, and stores its state for the next run.

```text
fetch the source      unchanged since the last run, and so is the account  ->  Unchanged
ImportRun             rows that fail for good are left out until `retry_permanent_after`
store the state       what was read, which rows failed, what the account looked like
```
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path

from importer.client.sign_in import ask_activities
from importer.config.folders import state_dir
from importer.errors import AuthorizationError
from importer.interrupts import translate_interrupts
from importer.journal import JournalRun
from importer.model import SUCCESSES, TRANSIENT, Status
from importer.runs.account_export import AccountExport
from importer.runs.asking import asking, open_asking
from importer.runs.destination import OpenDestination, journal_for
from importer.runs.import_run import ImportRun
from importer.runs.open_destination import Login, open_login
from importer.runs.prompts import Observer, Prompts
from importer.runs.run_report import RunReport
from importer.runs.sources import Opening
from importer.state_files import translate_trouble
from importer.sync.config import SyncJob
from importer.sync.same_user import AccountChangedError, confirm_user
from importer.sync.source import Fetched, Version, fetch, hash_file, spec_of, withhold_content
from importer.sync.state import (
    JobState,
    account_queue,
    close_known,
    collect_known,
    count_missed,
    count_told,
    hash_options,
    is_any_due,
    is_permanent,
    list_missed,
    load_state,
    save_state,
)
from importer.titles.settings import answers_file, index_file

_PROGRAM = version("rating-importer")

JOURNAL_WAIT_SECONDS = 3600.0
"""The longest wait for another run of the account that is not a sync."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The result if nothing changed since the last run: nothing was sent."""

    since: datetime
    counts: Mapping[str, int]
    """Rows by status: sent rows are unchanged now, the others have their last status."""
    failed: int
    """Rows that did not succeed in the last run, and that are not accepted."""


def run_job(
    name: str,
    job: SyncJob,
    results: Path | None,
    prompts: Prompts,
    observer: Observer,
    before_sending: Callable[[JournalRun], None] = lambda _: None,
) -> RunReport | Unchanged:
    """Run the job after other jobs of its account. Raises ImporterError.

    Without `results` no file is written: the journal has them. See `ImportRun` for `before_sending`.
    """
    folder = state_dir() / "sync"
    wait = partial(observer.waiting, f"{name}: another job of this account is at work; waiting for it")
    with translate_interrupts(), account_queue(folder / f"{queue_of(name, job)}.lock", wait):
        try:
            return _Sync(name, job, results, prompts, observer, before_sending).run()
        except AuthorizationError as error:
            job.name_account(error)
            raise


def results_of(name: str, job: SyncJob) -> Path:
    """Return the path of a job's results; its own folder is created if needed."""
    if job.files.out is not None:
        return job.files.out
    folder = state_dir() / "results"
    with translate_trouble(folder, "make this folder"):
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{name}.csv"


def match_file_of(results: Path) -> Path:
    """Return where titles stand that nobody has chosen yet."""
    return results.with_name(f"{results.stem}.match.csv")


class _Sync:
    """A run of one job."""

    def __init__(
        self,
        name: str,
        job: SyncJob,
        results: Path | None,
        prompts: Prompts,
        observer: Observer,
        before_sending: Callable[[JournalRun], None],
    ) -> None:
        folder = state_dir() / "sync"
        self._job = job
        self._results = results
        self._prompts = prompts
        self._observer = observer
        self._before_sending = before_sending
        self._state_file = folder / f"{name}.json"
        self._copy = folder / f"{name}.download"
        self._state = load_state(self._state_file)
        self._now = datetime.now(UTC)
        self._options = job.zoned_at

    def run(self) -> RunReport | Unchanged:
        """Find out what changed, and send that."""
        self._state.began_at = self._now.isoformat(timespec="seconds")
        self._save()
        spec, warn = self._job.spec, self._observer.warned
        login = open_login(spec, self._options, warn) if spec.has_login else None
        self._forget_if_other(login)
        with asking(self._observer, self._job.sends):
            fetched = self._fetch()
            activities = dict(login.ask(ask_activities)) if login else {}
        is_proven = bool(activities) and activities == self._state.activities
        if self._is_unchanged(fetched, is_proven=is_proven):
            self._state.version = fetched.version
            self._save()
            return self._describe_unchanged()
        self._state.is_settled = False
        self._save()
        return self._send(fetched, login, activities)

    def _fetch(self) -> Fetched:
        """Fetch the file; of an account only what tells its version, for it is read last of all."""
        origin = self._job.origin
        if origin.spec is None:
            return fetch(self._job, self._copy, self._state.version)
        account = AccountExport(origin.spec, origin.from_account)
        return Fetched(Path(), account.name, Version(account.ask_version(self._observer)))

    def _forget_if_other(self, login: Login | None) -> None:
        """Clear the state if the options or the version of this program changed."""
        more = [login.settings.base_url, getattr(login.settings, "client_id", "")] if login else []
        if self._job.files.resolved:
            more.append(hash_file(self._job.files.resolved))
        if self._job.files.match:
            more.append(hash_file(self._match_file) if self._match_file.exists() else "")
            more += map(_stamp, (answers_file(), index_file()))
        options, importer = hash_options(self._job, *more), _PROGRAM
        if (self._state.options, self._state.importer) != (options, importer):
            began_at, missed = self._state.began_at, self._state.missed  # what people know stays so
            self._state = JobState(options=options, importer=importer, began_at=began_at, missed=missed)

    @property
    def _match_file(self) -> Path:
        return match_file_of(self._results or self._state_file)

    def _is_unchanged(self, fetched: Fetched, *, is_proven: bool) -> bool:
        state = self._state
        is_same = (
            state.is_settled
            and fetched.version.digest == state.version.digest
            and all(_has_digest(Path(path), digest) for path, digest in state.related_files.items())
        )
        is_due = is_any_due(state, self._job.retry_permanent_after, self._now)
        has_results = self._results is None or self._results.exists()
        return is_same and not is_due and has_results and (is_proven or _is_still_there(self._job))

    def _send(self, fetched: Fetched, login: Login | None, activities: dict[str, str]) -> RunReport:
        with self._open_destination(login, activities) as destination:
            if destination.account != self._state.account:
                self._state.known = {}
            with withhold_content(self._job, fetched):
                report = self._import(fetched, destination)
        if isinstance(report.stopped_by, AccountChangedError):
            self._state.account = ""
            return self._send(fetched, login, activities)
        if report.stopped_by is None:
            self._state.version = fetched.version
            # Asked before the account is read, they cover no more than was read. During sending, or since a
            # first session, other programs may have changed ratings: then the next run reads everything.
            self._state.activities = {} if report.sent or report.run.continued else activities
        self._save()
        self._job.name_account(report.stopped_by)
        return report

    @contextmanager
    def _open_destination(
        self, login: Login | None, activities: Mapping[str, str]
    ) -> Iterator[OpenDestination]:
        """Open the destination; the user is asked for only if not known from the last run."""
        username, _, place = self._state.account.rpartition(" at ")
        if login is not None and activities and username and place == login.settings.base_url:
            opened = login.open(self._options, username)
            assert opened.account_api is not None
            confirm = partial(confirm_user, opened.account_api, username)
            yield replace(opened, access=replace(opened.access, confirm_user=confirm))
            return
        with open_asking(self._job.spec, self._options, self._observer, self._job.sends) as destination:
            # Nobody reads the account's limits in an unattended run.
            yield replace(destination, account_info=None)

    def _import(self, fetched: Fetched, destination: OpenDestination) -> RunReport:
        job, observer = self._job, self._observer
        what = spec_of(job, fetched, self._match_file)
        with (
            journal_for(destination, JOURNAL_WAIT_SECONDS) as journal,
            what.open(
                Opening(destination, journal, self._prompts, self._results, job.at, observer, job.sends)
            ) as source,
        ):
            related_files = {str(each.absolute()): hash_file(each) for each in source.related_files}
            run = ImportRun(
                source,
                destination,
                journal,
                job.run_rules,
                job.sends,
                self._results,
                self._prompts,
                self._observer,
                close_known=self._close_known,
                before_sending=self._before_sending,
            )
            report = run.execute()
            if report.stopped_by is None:
                self._state.related_files = related_files
                report = replace(report, told=self._note(report, destination))
        return report

    def _note(self, report: RunReport, destination: OpenDestination) -> Mapping[Status, int]:
        """Note what came of it. Returns the rows that did not succeed and were told before, by status."""
        counts: dict[Status, int] = {}
        for tally in report.tallies:
            counts[tally.status] = counts.get(tally.status, 0) + tally.count
        state = self._state
        state.account = destination.account
        state.counts = counts
        state.is_settled = all(
            each.status not in TRANSIENT or is_permanent(each.status, each.reason) for each in report.tallies
        )
        state.ended_at = datetime.now(UTC).isoformat(timespec="seconds")
        with closing(report.run.results()) as lines:
            missed = list_missed(lines)
        state.known = collect_known(missed, state.known, self._now)
        now = count_missed(missed)
        told = count_told(now, state.missed)
        state.missed = {key: rows for (_, key), rows in now.items()}
        return told

    def _close_known(self, run: JournalRun) -> None:
        """Close the rows that are known to fail permanently."""
        close_known(run, self._state.known, self._job.retry_permanent_after, self._now)

    def _describe_unchanged(self) -> Unchanged:
        counts: dict[str, int] = {}
        for status, number in self._state.counts.items():
            now = str(Status.UNCHANGED if status in {Status.RATED, Status.UNRATED} else status)
            counts[now] = counts.get(now, 0) + number
        fine = {*SUCCESSES, *self._job.ends.accept}
        failed = sum(rows for status, rows in self._state.counts.items() if status not in fine)
        return Unchanged(datetime.fromisoformat(self._state.ended_at), counts, failed)

    def _save(self) -> None:
        save_state(self._state_file, self._state)


def _stamp(file: Path) -> str:
    """Return a text that differs once the file was written again."""
    return str(file.stat().st_mtime_ns) if file.exists() else ""


def queue_of(name: str, job: SyncJob) -> str:
    """Return the name of the account's queue, in which its jobs wait; each file has its own."""
    return f"file-{name}" if job.is_to_file else f"line-{job.spec.word}-{job.account or 'default'}"


def _is_still_there(job: SyncJob) -> bool:
    """Whether the job writes a file and that file exists."""
    path = job.at.write_to
    return path is not None and (path.exists() or any(path.parent.glob(f"{path.stem}-part-*{path.suffix}")))


def _has_digest(path: Path, digest: str) -> bool:
    return path.is_file() and hash_file(path) == digest
