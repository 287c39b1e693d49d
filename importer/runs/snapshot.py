"""The account's ratings, compared with the rows of a run: before sending, and after a crash.

```text
row 9, account 9        unchanged: even an equal rating, sent again, may get today's date
row 9, account 7        sent, or kept if the policy says so
row 9, account nothing  sent
```

Before anything is overwritten, the account's rating is in the journal, so that an undo can restore it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from importer.client.account_reader import AccountReader, AccountReading
from importer.client.pool import verified
from importer.destinations.base import Destination
from importer.destinations.decisions import Done, Stop
from importer.destinations.titles import AccountRating, AccountRatings, agrees, find_rating, is_stored
from importer.errors import AuthorizationError, Remedy, UsageError
from importer.journal import JournalRun, Replaced, Unlisted, in_blocks
from importer.model import MediaKind, Outcome, RatingJob, RowOutcome, RowRemedy, Status
from importer.runs.conflicts import (
    Conflict,
    OnConflict,
    describe_rating,
    give_way,
    is_as_planned,
    resolve_conflict,
)
from importer.runs.duplicates import close_duplicates
from importer.runs.verify import find_unseen

AsStored = Callable[[RatingJob], RatingJob]
"""The destination's `as_stored`."""

_HELD = Outcome(Status.UNCHANGED, "held", "the account already has this rating")
_NOT_HELD = Outcome(Status.UNCHANGED, "not_held", "the account has no rating to remove")
_NOT_CONFIRMED = Outcome(
    Status.UNCHANGED,
    "not_confirmed",
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
    "not_confirmed",
    "left alone: the account's list never showed what that run sent, so nobody can tell whether it was "
    f"changed since ({RowRemedy.FORCE})",
)

_MOST_EXAMPLES = 5


MANY_CHANGES = 50


MANY_REMOVALS = 10
"""Fewer changes and removals than these are made without a question, whatever their share."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a look at the account found. `is_readable` is false where the API cannot be read."""

    is_readable: bool
    held: int = 0
    """Titles of these `kinds` that the account has rated; no others are read."""
    kinds: frozenset[MediaKind] = frozenset()
    changes: int = 0
    removals: int = 0

    def exceeds(self, percent: int) -> bool:
        """Whether a run would turn over more than this share of the account, as the wrong file would."""
        changed = self.changes + self.removals
        is_much = changed >= MANY_CHANGES or self.removals >= MANY_REMOVALS
        return is_much and changed * 100 > self.held * percent


async def read_account(account_reader: AccountReader, kinds: Iterable[MediaKind]) -> AccountReading | None:
    """Read the account's ratings of these kinds; None where that cannot be done. Raises StopRunError."""
    ratings: dict[str, AccountRating] = {}
    doubt = ""
    for kind in sorted(kinds):
        decision = await account_reader.read(kind)
        if isinstance(decision, Stop) and isinstance(decision.error, AuthorizationError):
            raise decision.error
        if not isinstance(decision, Done):
            return None
        ratings.update(decision.value.ratings)
        doubt = doubt or decision.value.doubt
    return AccountReading(ratings, doubt)


def close_unanswered(
    run: JournalRun, ratings: AccountRatings | None, as_stored: AsStored, *, resend: bool
) -> list[RowOutcome]:
    """Close the rows that a crash left without an answer: stored, open again, or unconfirmed."""
    unanswered = run.unanswered()
    if ratings is not None:
        there = [job for job in unanswered if is_stored(as_stored(job), ratings)]
        row_outcomes = [RowOutcome(job.row, verified(job), 1, None, None, None) for job in there]
    elif resend:
        row_outcomes = []
    else:
        row_outcomes = [RowOutcome(job.row, _UNCONFIRMED, 1, None, None, None) for job in unanswered]
    run.record(row_outcomes)
    run.unclaim()
    return row_outcomes


def leave_unconfirmed(run: JournalRun) -> list[RowOutcome]:
    """Where the account cannot be read: what an earlier run may have brought is not repeated blindly."""
    row_outcomes = [RowOutcome(job.row, _UNCONFIRMED, 0, None, None, None) for job in run.still_unconfirmed()]
    run.record(row_outcomes)
    return row_outcomes


def note_account_ratings(
    run: JournalRun, ratings: AccountRatings, unlisted: Mapping[str, Unlisted], as_stored: AsStored
) -> None:
    """Note the account's ratings for the rows of a run, and close the rows that need no sending.

    Rows that go by ids of different kinds may turn out to rate one title: then only one of them counts, be
    it one that is known from the journal.
    """
    found: list[tuple[int, object, str | None]] = []
    rows_of: dict[int, list[tuple[int, int, str | None]]] = {}
    equal: list[int] = []
    absent: list[int] = []
    unseen: list[tuple[RatingJob, Unlisted]] = []
    # Of an account without ratings, a removal is all that it might hold already.
    open_jobs = run.open_jobs if ratings or unlisted else run.open_removals
    for job in chain.from_iterable(in_blocks(open_jobs)):
        held = find_rating(job, ratings)
        if (sent := find_unseen(job, held, unlisted)) is not None:
            unseen.append((job, sent))
            continue
        if held is not None:
            found.append((job.row, held.rating, held.rated_at))
            rows_of.setdefault(id(held), []).append((job.row, job.line, job.rated_at))
        if agrees(as_stored(job), held):
            (equal if job.rating else absent).append(job.row)
    # The list lags behind: what stands there is what an earlier run sent.
    found += [(job.row, sent.rating, sent.rated_at) for job, sent in unseen if sent.rating]
    run.note_previous(found)
    run.close_rows(equal, _HELD)
    run.close_rows(absent, _NOT_HELD)
    run.close_rows([job.row for job, sent in unseen if sent.is_of(job)], _NOT_CONFIRMED)
    _close_duplicates(run, ratings, rows_of)


def _close_duplicates(
    run: JournalRun, ratings: AccountRatings, rows_of: dict[int, list[tuple[int, int, str | None]]]
) -> None:
    known_jobs = in_blocks(run.unchanged_jobs) if rows_of else ()
    for job in chain.from_iterable(known_jobs):
        if rows := rows_of.get(id(find_rating(job, ratings))):
            rows.append((job.row, job.line, job.rated_at))
    for rows in rows_of.values():
        if len(rows) > 1:
            run.close_each(close_duplicates(rows))


def conflicts_of(run: JournalRun, destination: Destination) -> Iterator[Conflict]:
    """Yield the open rows where the account holds another rating."""
    for row in chain.from_iterable(in_blocks(run.conflicts)):
        yield _build_conflict(row, destination)


def resolve_conflicts(run: JournalRun, destination: Destination, policy: OnConflict) -> None:
    """Where the account holds another rating, settle the rows that give way to it."""
    outcomes = (
        (conflict.job.row, resolve_conflict(policy, conflict)) for conflict in conflicts_of(run, destination)
    )
    run.close_each([(row, outcome) for row, outcome in outcomes if outcome is not None])


def answer_conflicts(run: JournalRun, destination: Destination, keeps: Callable[[Conflict], bool]) -> None:
    """Where the account holds another rating, settle the rows of which `keeps` says that they give way."""
    kept = [conflict for conflict in conflicts_of(run, destination) if keeps(conflict)]
    run.close_each([(each.job.row, give_way(OnConflict.ASK, each)) for each in kept])


def _build_conflict(row: Replaced, destination: Destination) -> Conflict:
    job, held, held_at, is_ours, brought_at = row
    # Dated when it arrived: what an earlier run brought is as old as the row that it came from.
    if is_ours and (brought_at is None or not destination.keeps_dates):
        held_at = brought_at
    return Conflict(destination.as_stored(job), held, held_at)


def check_plan(run: JournalRun, ratings: AccountRatings, as_stored: AsStored) -> None:
    """See that the account holds what it held when the plan was made. Raises UsageError if not.

    What is as the plan wants it already may have moved: the plan was typed before, and this is its own doing.
    """
    moved = []
    for job, _, rating, rated_at in chain.from_iterable(in_blocks(run.changes_as_planned)):
        held = find_rating(job, ratings)
        now = (held.rating, held.rated_at) if held else (None, None)
        if not is_as_planned((rating, rated_at), now) and not agrees(as_stored(job), held):
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
    unlisted: Mapping[str, Unlisted],
    as_stored: AsStored,
) -> None:
    """Before undoing a run, leave alone what is not as that run left it any more.

    A run changed 3 to 9, a later one 9 to 5. Undone second, the later one would bring back the 9, though
    the run that sent it is undone: so a row says which run is to be undone first.
    """
    left = undone.sent_ratings()
    changed_by = run.changed_later(later_runs, undone.number) if later_runs else {}
    outcomes = []
    for job in chain.from_iterable(in_blocks(run.open_jobs)):
        held, was = find_rating(job, ratings), job._replace(rating=left[job.row])
        sent, later = find_unseen(job, held, unlisted), changed_by.get(job.row)
        if agrees(as_stored(was), held):
            continue
        if later is not None:
            outcomes.append((job.row, _changed_by(later)))
        elif sent is not None and sent.rating == was.rating:
            outcomes.append((job.row, _NEVER_SEEN))
        elif not agrees(job, held):  # what somebody brought back is undone already
            outcomes.append((job.row, _CHANGED_SINCE))
    run.close_each(outcomes)


def _changed_by(run_id: str) -> Outcome:
    return _CHANGED_SINCE._replace(
        message=f"left alone: changed by run {run_id}; undo that first ({RowRemedy.FORCE})"
    )
