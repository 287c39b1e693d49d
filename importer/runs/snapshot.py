"""The account's ratings, compared with the rows of a run: before sending, and after a crash.

```text
row 9, account 9        unchanged: even an equal rating, sent again, may get today's date
row 9, account 7        sent, or kept if the policy says so
row 9, account nothing  sent
row 9, a namesake 7     a doubt (the same title under other ids?): sent, or kept if the policy says so
```

Before anything is overwritten, the account's rating is in the journal, so that an undo can restore it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from importer.client.account_reader import AccountReader, AccountReading
from importer.client.read_back import verified
from importer.destinations.base import Destination
from importer.destinations.decisions import Done, Stop
from importer.destinations.titles import (
    AccountRating,
    AccountRatings,
    agrees,
    find_namesake,
    find_rating,
)
from importer.errors import AuthorizationError, Remedy, StopRunError, UsageError
from importer.journal import JournalRun, Replaced, in_blocks
from importer.model import MediaKind, Outcome, RatingJob, RowRemedy, RowsOutcome, Status
from importer.runs.conflicts import (
    Conflict,
    OnConflict,
    describe_rating,
    give_way,
    is_as_planned,
    resolve_conflict,
)
from importer.runs.duplicates import close_duplicates
from importer.runs.namesakes import AsStored, list_doubts
from importer.runs.unseen import Sent, Unseen

_ALREADY_RATED = Outcome(Status.UNCHANGED, "already_rated", "the account already has this rating")
_NOTHING_TO_REMOVE = Outcome(Status.UNCHANGED, "nothing_to_remove", "the account has no rating to remove")
_NOT_LISTED = Outcome(
    Status.UNCHANGED,
    "not_listed",
    "an earlier run sent this very rating, and the account's list does not show it; "
    "it is sent again when the row changes",
)
_UNCONFIRMED = Outcome(
    Status.UNCONFIRMED, "no_answer", "sent, but the answer was never seen and the account cannot be read back"
)
_CHANGED_SINCE = Outcome(
    Status.KEPT,
    "changed_since",
    f"left alone: the rating was changed after that run ({RowRemedy.FORCE})",
)
_NEVER_SEEN = Outcome(
    Status.KEPT,
    "not_listed",
    "left alone: the account's list never showed what that run sent, so it is not known whether it was "
    f"changed since ({RowRemedy.FORCE})",
)

_MOST_EXAMPLES = 5

MANY_CHANGES = 50


MANY_REMOVALS = 10
"""A run with fewer changes and fewer removals asks nothing, whatever their share of the account."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The result of comparing. `is_readable` is false if the account's ratings could not be read."""

    is_readable: bool
    rated_titles: int = 0
    """Titles of these `kinds` that the account has rated; other kinds are not read."""
    kinds: frozenset[MediaKind] = frozenset()
    changes: int = 0
    removals: int = 0
    most_rated: int = 0
    """The most that the account had in the last days, if the run removes what its source lacks."""
    rows: int = 0
    rows_before: int = 0
    """The rows of that source, and those that it had in its last run."""
    trouble: str = ""
    """Why the ratings could not be read."""

    def exceeds(self, percent: int) -> bool:
        """Whether a run would change more than this share of the account, as the wrong file would.

        A source that lacks more each night, or half of its rows, would empty the account in slices. 0 percent
        is any removal or change, however few.
        """
        changed = self.changes + self.removals
        is_much = percent == 0 or changed >= MANY_CHANGES or self.removals >= MANY_REMOVALS
        return (is_much and changed * 100 > self.rated_titles * percent) or (
            self.removals > 0 and (self.lost * 100 > self.most_rated * percent or self.is_shorter(percent))
        )

    @property
    def lost(self) -> int:
        """What the account would have less than it had in the last days; 0 for a few."""
        lost = self.most_rated - self.rated_titles + self.removals if self.most_rated else 0
        return lost if lost >= MANY_REMOVALS else 0

    def is_shorter(self, percent: int) -> bool:
        """Whether the source has so many rows less that it may be half written: half of `percent` will do."""
        fewer = self.rows_before - self.rows
        return percent < 100 and fewer >= MANY_REMOVALS and fewer * 200 > self.rows_before * percent


async def read_account(
    account_reader: AccountReader, kinds: Iterable[MediaKind]
) -> AccountReading | StopRunError:
    """Read these kinds, or return why they cannot be read. Raises AuthorizationError."""
    decision = await account_reader.read_all(kinds)
    if isinstance(decision, Done):
        return decision.value
    assert isinstance(decision, Stop)
    if isinstance(decision.error, AuthorizationError):
        raise decision.error
    return decision.error


def close_unanswered(
    run: JournalRun, ratings: AccountRatings | None, unseen: Unseen, as_stored: AsStored, *, resend: bool
) -> list[RowsOutcome]:
    """Close the rows whose answer a crash has lost: as stored or unconfirmed; or leave them open."""
    unanswered = run.unanswered()
    if ratings is not None:
        shown = [(job, find_rating(job, ratings)) for job in unanswered]
        there = [
            job for job, each in shown if agrees(as_stored(job), each) and unseen.find(job, each) is None
        ]
        outcomes = [RowsOutcome([job.row], verified(job), 1, None, None, None) for job in there]
    elif resend:
        outcomes = []
    else:
        outcomes = [RowsOutcome([job.row], _UNCONFIRMED, 1, None, None, None) for job in unanswered]
    run.record(outcomes)
    run.unclaim()
    return outcomes


def leave_unconfirmed(run: JournalRun) -> list[RowsOutcome]:
    """If the account cannot be read: close rows that an earlier run may have sent already."""
    outcomes = [RowsOutcome([job.row], _UNCONFIRMED, 0, None, None, None) for job in run.still_unconfirmed()]
    run.record(outcomes)
    return outcomes


def note_account_ratings(
    run: JournalRun, ratings: AccountRatings, unseen: Unseen, as_stored: AsStored
) -> None:
    """Note the account's ratings for the rows of a run, and close the rows that need no sending.

    Rows with ids of different kinds may rate one title, as the account shows: then only one of them counts,
    and it may be a row that the journal knows.
    """
    found: list[tuple[int, object, str | None]] = []
    rows_of: dict[int, list[tuple[int, int, str | None]]] = {}
    equal: list[int] = []
    absent: list[int] = []
    late: list[tuple[RatingJob, Sent]] = []
    doubtful: list[tuple[int, AccountRating]] = []
    # In an account without ratings, only removals can be done already.
    open_jobs = run.open_jobs if ratings or unseen else run.open_removals
    for job in chain.from_iterable(in_blocks(open_jobs)):
        stored = as_stored(job)
        account_rating = find_rating(stored, ratings)
        sent = unseen.find(stored, account_rating)
        if sent is not None and sent.is_answered:
            late.append((job, sent))
            continue
        if account_rating is not None:
            found.append((job.row, account_rating.rating, account_rating.rated_at))
            rows_of.setdefault(id(account_rating), []).append((job.row, job.line, job.rated_at))
        elif job.rating and (namesake := find_namesake(stored, ratings)) is not None:
            doubtful.append((job.row, namesake))
        if sent is None and agrees(stored, account_rating):
            (equal if job.rating else absent).append(job.row)
    # The list lags behind: the account has what an earlier run sent.
    found += [(job.row, sent.rating, sent.rated_at) for job, sent in late if sent.rating]
    run.note_previous(found, list_doubts(run, ratings, doubtful, as_stored))
    run.close_rows(equal, _ALREADY_RATED)
    run.close_rows(absent, _NOTHING_TO_REMOVE)
    run.close_rows([job.row for job, sent in late if sent.is_searched and sent.is_of(job)], _NOT_LISTED)
    _close_duplicates(run, ratings, rows_of, as_stored)


def _close_duplicates(
    run: JournalRun,
    ratings: AccountRatings,
    rows_of: dict[int, list[tuple[int, int, str | None]]],
    as_stored: AsStored,
) -> None:
    known_jobs = in_blocks(run.unchanged_jobs) if rows_of else ()
    for job in chain.from_iterable(known_jobs):
        if rows := rows_of.get(id(find_rating(as_stored(job), ratings))):
            rows.append((job.row, job.line, job.rated_at))
    for rows in rows_of.values():
        if len(rows) > 1:
            run.close_each(close_duplicates(rows))


def conflicts_of(run: JournalRun, destination: Destination) -> Iterator[Conflict]:
    """Yield the open rows whose title has another rating in the account."""
    for row in chain.from_iterable(in_blocks(run.conflicts)):
        yield _build_conflict(row, destination)


def resolve_conflicts(run: JournalRun, destination: Destination, policy: OnConflict) -> None:
    """Close the rows whose title has another rating in the account, if the policy keeps that one."""
    outcomes = (
        (conflict.job.row, resolve_conflict(policy, conflict)) for conflict in conflicts_of(run, destination)
    )
    run.close_each([(row, outcome) for row, outcome in outcomes if outcome is not None])


def answer_conflicts(run: JournalRun, destination: Destination, keeps: Callable[[Conflict], bool]) -> None:
    """Close the rows whose title has another rating in the account, if `keeps` returns True."""
    kept = [conflict for conflict in conflicts_of(run, destination) if keeps(conflict)]
    run.close_each([(each.job.row, give_way(OnConflict.ASK, each)) for each in kept])


def _build_conflict(row: Replaced, destination: Destination) -> Conflict:
    job, account_rating, account_rated_at, is_ours, sent_date, is_doubtful = row
    # The service dates ratings on arrival: a rating of an earlier run is as old as the row that was sent.
    if is_ours and (sent_date is None or not destination.keeps_dates):
        account_rated_at = sent_date
    return Conflict(destination.as_stored(job), account_rating, account_rated_at, is_doubtful)


def check_plan(run: JournalRun, ratings: AccountRatings, unseen: Unseen, as_stored: AsStored) -> None:
    """Check that the account has not changed since the plan was made. Raises UsageError if it has.

    A rating that already is what the plan wants may differ: the same plan was sent before.
    """
    moved = []
    for job, _, rating, rated_at in chain.from_iterable(in_blocks(run.changes_as_planned)):
        account_rating = find_rating(as_stored(job), ratings)
        now = (account_rating.rating, account_rating.rated_at) if account_rating else (None, None)
        if (sent := unseen.find(as_stored(job), account_rating)) is not None and sent.is_answered:
            now = (sent.rating, sent.rated_at) if sent.rating else (None, None)
        if not is_as_planned((rating, rated_at), now) and not agrees(as_stored(job), account_rating):
            was = describe_rating(rating, rated_at)
            moved.append(f"  line {job.line}, {job.title or 'no title'}: {was}, now {describe_rating(*now)}")
    if moved:
        examples = "\n".join(moved[:_MOST_EXAMPLES])
        raise UsageError(
            f"the account has changed since the plan was made, in {len(moved):,} of its rows, so nothing was "
            f"sent:\n{examples}",
            Remedy.NEW_PLAN,
        )


def keep_what_changed_since(
    run: JournalRun,
    undone: JournalRun,
    later_runs: Sequence[str],
    ratings: AccountRatings,
    unseen: Unseen,
    as_stored: AsStored,
) -> None:
    """Before undoing a run, close the rows whose rating was changed after that run.

    The first run changed 3 to 9, the second one 9 to 5. If the first is undone before the second, undoing the
    second restores the 9 of an undone run: so the row names the run that must be undone first.
    """
    left = undone.sent_ratings()
    changed_by = run.changed_later(later_runs, undone.number) if later_runs else {}
    outcomes = []
    for job in chain.from_iterable(in_blocks(run.open_jobs)):
        stored, was = as_stored(job), as_stored(job._replace(rating=left[job.row]))
        account_rating = find_rating(stored, ratings)
        sent, later = unseen.find(stored, account_rating), changed_by.get(job.row)
        # While the list lags behind, what was sent last counts, not what it shows.
        stands = agrees(was, account_rating) if sent is None else sent.rating == left[job.row]
        if stands and (sent is None or not sent.is_searched):
            continue
        if later is not None:
            outcomes.append((job.row, _changed_by(later)))
        elif stands:
            outcomes.append((job.row, _NEVER_SEEN))
        # A rating that somebody restored is undone already.
        elif not (agrees(job, account_rating) if sent is None else sent.rating == job.rating):
            outcomes.append((job.row, _CHANGED_SINCE))
    run.close_each(outcomes)


def _changed_by(run_id: str) -> Outcome:
    return _CHANGED_SINCE._replace(
        message=f"left alone: changed by run {run_id}; undo that first ({RowRemedy.FORCE})"
    )
