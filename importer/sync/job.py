"""One sync job: asks what changed, brings only that, and remembers what need not be asked again."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

from importer.cli.display import Display
from importer.cli.options import PaceOptions, ReadingOptions
from importer.client.rate_limit import parse_rate
from importer.client.sign_in import ask_activities
from importer.config.folders import state_dir
from importer.destinations.spec import RequestOptions
from importer.errors import AuthorizationError
from importer.journal import Journal, JournalRun
from importer.model import TRANSIENT, Status
from importer.monitoring.run_end import RunEnd
from importer.readers import ReadOptions
from importer.readers.cells.scales import parse_scale
from importer.readers.detect import check_format
from importer.runs.conflicts import OnConflict
from importer.runs.launch import check_files, translate_interrupts
from importer.runs.load import RunReport, Source
from importer.runs.open_destination import (
    Choices,
    Login,
    OpenDestination,
    journal_for,
    open_destination,
    open_login,
)
from importer.runs.sources import FileInput, build_read_options, parse_given, parse_zone
from importer.sync.config import Checks, SyncJob, load_jobs
from importer.sync.source import Fetched, fetch, hash_file, withhold_content
from importer.sync.state import (
    JobState,
    account_queue,
    close_known,
    collect_known,
    hash_options,
    is_any_due,
    load_state,
    save_state,
)
from importer.sync.unattended import AccountChangedError, nobody_to_ask, watch_over
from importer.text import clean, count, ignore_closed_stream

JOURNAL_WAIT_SECONDS = 3600.0
"""How long another run of the account, one that is no sync, is waited for."""


_CHECKS: Checks = {"format": check_format, "scale": parse_scale, "timezone": parse_zone, "rate": parse_rate}


def load_checked_jobs(environ: Mapping[str, str] = os.environ) -> dict[str, SyncJob]:
    """Read the jobs of the settings file, with all that their runs would refuse. Raises SettingsError."""
    return load_jobs(environ, checks=_CHECKS)


def run_job(name: str, job: SyncJob, display: Display) -> int:
    """JournalRun the job when it is its turn, and give the exit code. Asks nobody anything."""
    folder = state_dir() / "sync"
    tell = partial(_say, display, f"{name}: another job of this account is at work; waiting for it")
    with translate_interrupts(), nobody_to_ask(), account_queue(folder / f"{_line_of(name, job)}.lock", tell):
        try:
            return _Sync(name, job, folder, display).run()
        except AuthorizationError as error:
            job.name_account(error)
            raise


def results_of(name: str, job: SyncJob) -> Path:
    """Say where the results of a job go; its own folder is made where it is not there yet."""
    if job.out:
        return Path(job.out)
    folder = state_dir() / "results"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"{name}.csv"


class _Sync:
    """A run of one job."""

    def __init__(self, name: str, job: SyncJob, folder: Path, display: Display) -> None:
        self._name = name
        self._job = job
        self._display = display
        self._state_file = folder / f"{name}.json"
        self._copy = folder / f"{name}.download"
        self._state = load_state(self._state_file)
        self._now = datetime.now(UTC)
        self._reading = _build_reading(job)
        self._choices = replace(_build_choices(job, self._reading), warn=display.log.warn_once)

    def run(self) -> int:
        """Ask what changed, and bring that."""
        self._state.began_at = self._now.isoformat(timespec="seconds")
        self._save()
        login = open_login(self._job.spec, self._choices) if self._job.spec.device else None
        self._forget_if_other(login)
        fetched = fetch(self._job, self._copy, self._state.version)
        activities = dict(login.ask(ask_activities)) if login else {}
        is_proven = bool(activities) and activities == self._state.activities
        if self._is_unchanged(fetched, is_proven=is_proven):
            self._state.version = fetched.version
            self._save()
            return self._tell_unchanged()
        self._state.is_settled = False
        self._save()
        return self._bring(fetched, login, activities)

    def _forget_if_other(self, login: Login | None) -> None:
        """What was learned under other options, or with another version of this program, says nothing now."""
        more = [login.settings.base_url, login.settings.client_id] if login else []
        if self._job.resolved:
            more.append(hash_file(Path(self._job.resolved)))
        options, importer = hash_options(self._job, *more), version("rating-importer")
        if (self._state.options, self._state.importer) != (options, importer):
            kept = self._state.began_at
            self._state = JobState(options=options, importer=importer, began_at=kept)

    def _is_unchanged(self, fetched: Fetched, *, is_proven: bool) -> bool:
        state = self._state
        is_same = (
            state.is_settled
            and fetched.version.digest == state.version.digest
            and all(_holds(Path(path), digest) for path, digest in state.related_files.items())
        )
        is_due = is_any_due(state, self._job.retry_permanent_after, self._now)
        has_results = self._display.results.exists()
        return is_same and not is_due and has_results and (is_proven or _is_still_there(self._job))

    def _bring(self, fetched: Fetched, login: Login | None, activities: dict[str, str]) -> int:
        with self._open_target(login, activities) as target:
            if target.account != self._state.account:
                self._state.known = {}
            with withhold_content(self._job, fetched):
                report, source = self._import(fetched, target)
        if isinstance(report.stopped_by, AccountChangedError):
            self._state.account = ""
            return self._bring(fetched, login, activities)
        if report.stopped_by is None:
            self._state.version = fetched.version
            # Asked before the look, they cover no more than it saw: while ratings went out, or since a run's
            # first session, others may have changed some, so the next run looks at everything.
            self._state.activities = {} if report.sent or report.run.continued else activities
        self._save()
        self._job.name_account(report.stopped_by)
        return self._display.tell(report, source, target)

    @contextmanager
    def _open_target(self, login: Login | None, activities: Mapping[str, str]) -> Iterator[OpenDestination]:
        """Open the target; who is signed in is asked only where that is not known."""
        username, _, place = self._state.account.rpartition(" at ")
        if login is not None and activities and username and place == login.settings.base_url:
            yield watch_over(login.open(self._choices, username), self.close_known, username)
            return
        with open_destination(self._job.spec, self._choices) as target:
            if target.spec.is_file:
                yield target
            else:
                # Nobody sits at the terminal to read how full the account is.
                yield watch_over(replace(target, account_info=None), self.close_known)

    def _import(self, fetched: Fetched, target: OpenDestination) -> tuple[RunReport, Source]:
        display = self._display
        resolved = Path(self._job.resolved) if self._job.resolved else None
        given = _FetchedInput(str(fetched.path), self._reading, resolved, fetched.name)
        with given.open() as path, journal_for(target, JOURNAL_WAIT_SECONDS) as journal:
            check_files(path, target, display)
            source = given.build_source(path, self._choices, target, journal)
            related_files = {str(each.absolute()): hash_file(each) for each in source.related_files}
            # The journal may be behind: of titles that the last runs did not name, others had their way.
            report = display.import_ratings(source, target, journal, remembers=False)
            if report.stopped_by is None:
                self._state.related_files = related_files
                self._note(report, target)
        return report, source

    def _note(self, report: RunReport, target: OpenDestination) -> None:
        counts: dict[Status, int] = {}
        for tally in report.tallies:
            counts[tally.status] = counts.get(tally.status, 0) + tally.count
        state = self._state
        state.account = target.account
        state.counts = counts
        state.is_settled = not any(status in counts for status in TRANSIENT)
        state.ended_at = datetime.now(UTC).isoformat(timespec="seconds")
        with closing(report.run.results()) as lines:
            state.known = collect_known(lines, state.known, self._now)

    def close_known(self, _: Journal, run: JournalRun) -> None:
        """Leave alone what is known to fail for good."""
        close_known(run, self._state.known, self._job.retry_permanent_after, self._now)

    def _tell_unchanged(self) -> int:
        failed = sum(rows for status, rows in self._state.counts.items() if not status.is_success)
        since = datetime.fromisoformat(self._state.ended_at).strftime("%Y-%m-%d %H:%M UTC")
        line = f"{self._name}: nothing changed since {since}"
        if failed:
            line += f"; {count(failed, 'row')} did not succeed then, see {self._display.results}"
        _say(self._display, line)
        self._announce_unchanged(failed)
        return 0

    def _announce_unchanged(self, failed: int) -> None:
        """Tell of a run that had nothing to do: what was brought is unchanged now, all else is as it was."""
        counts: dict[str, int] = {}
        for status, number in self._state.counts.items():
            now = str(Status.UNCHANGED if status in {Status.RATED, Status.UNRATED} else status)
            counts[now] = counts.get(now, 0) + number
        end = RunEnd(self._name, int(failed > 0), self._display.began_at, datetime.now(UTC), counts=counts)
        self._display.tell_end(end)

    def _save(self) -> None:
        save_state(self._state_file, self._state)


@dataclass(frozen=True, slots=True)
class _FetchedInput(FileInput):
    """A file by the name that people know it by: that of a download's copy says nothing to them."""

    shown: str = ""

    @property
    def name(self) -> str:
        """What messages call the file."""
        return self.shown


def _line_of(name: str, job: SyncJob) -> str:
    """Name the line in which the jobs of one account wait for each other; a file is its job's alone."""
    return f"file-{name}" if job.is_to_file else f"line-{job.to}-{job.account or 'default'}"


def _is_still_there(job: SyncJob) -> bool:
    """Whether what a job writes is a file that is in its place; an account would have to be asked."""
    path = Path(job.write_to)
    return job.is_to_file and (path.exists() or any(path.parent.glob(f"{path.stem}-part-*{path.suffix}")))


def _holds(path: Path, digest: str) -> bool:
    return path.is_file() and hash_file(path) == digest


def _build_reading(job: SyncJob) -> ReadOptions:
    words = [f"{column}={field}" for column, field in job.map.items()]
    return build_read_options(
        ReadingOptions(
            job.format,
            words,
            scale=job.scale or None,
            timezone=job.timezone or None,
            lists=job.lists,
            diary_dates=job.diary_dates,
            user=job.user or None,
            profile=job.profile or None,
        )
    )


def _build_choices(job: SyncJob, reading: ReadOptions) -> Choices:
    more: dict[str, Any] = {"on_conflict": OnConflict(job.on_conflict)} if job.on_conflict else {}
    if job.mirror:
        more["mirrors"] = True
    return Choices(
        flags={},
        given=parse_given(PaceOptions(job.workers, job.rate or None), verifies=job.verify, **more),
        request=RequestOptions(
            job.love,
            job.hate,
            job.bulk,
            job.batch_size,
            time_of_day=job.date_time.replace(tzinfo=reading.zone or UTC),
        ),
        write_to=Path(job.write_to) if job.write_to else None,
        account=job.account,
    )


def _say(display: Display, line: str) -> None:
    if not display.quiet and not display.log.is_json:
        with ignore_closed_stream(sys.stdout):
            print(clean(line, 1000))
