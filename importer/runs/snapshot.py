"""What the account holds, held against the rows of a run: before sending, after a crash, and afterwards.

Before anything is overwritten, what stood there is in the journal; rows that the account already holds are
settled without sending, since even an equal rating, sent again, may get today's date.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from importer.client.account_reader import ReadBack
from importer.client.pool import verified
from importer.destinations.base import Destination
from importer.destinations.decisions import Stop, Verdict
from importer.destinations.titles import Held, Holdings, agrees, find_held, is_held, kinds_of
from importer.errors import AuthorizationError, UsageError
from importer.journal import Journal, Replaced, Run, in_blocks
from importer.model import Fate, MediaKind, Outcome, RatingJob, Status
from importer.runs.conflicts import (
    Conflict,
    OnConflict,
    describe_rating,
    give_way,
    is_as_planned,
    settle_conflict,
)
from importer.runs.duplicates import settle_duplicates

Wanted = Callable[[RatingJob], RatingJob]
"""The destination's `wanted`."""

_HELD = Fate(Status.UNCHANGED, "held", "the account holds this very rating")
_NOT_HELD = Fate(Status.UNCHANGED, "not_held", "the account holds no rating that could be removed")
_UNSURE = Fate(
    Status.UNSURE, "no_answer", "sent, but the answer was never seen and the account cannot be read back"
)
_CHANGED_SINCE = Fate(
    Status.KEPT,
    "changed_since",
    "the rating was changed after that run; it is left alone (--force undoes it)",
)


_MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at the account found. `is_readable` is false where the API cannot be read."""

    is_readable: bool
    held: int = 0
    """Titles of these `kinds` that the account has rated; no others are read."""
    kinds: frozenset[MediaKind] = frozenset()
    changes: int = 0
    removals: int = 0


async def read_account(read_back: ReadBack, kinds: Iterable[MediaKind]) -> Holdings | None:
    """Read the account's ratings of these kinds; None where that cannot be done. Raises StopRunError."""
    holdings: dict[str, Held] = {}
    for kind in sorted(kinds):
        found = await read_back.persist(kind)
        if isinstance(found, Stop) and isinstance(found.error, AuthorizationError):
            raise found.error
        if isinstance(found, Verdict):
            return None
        holdings.update(found)
    return holdings


def settle_unanswered(
    journal: Journal, run: Run, holdings: Holdings | None, wanted: Wanted, *, resend: bool
) -> list[Outcome]:
    """Judge the rows that a crash left without an answer: there, not there (then open again), or unsure."""
    unanswered = journal.unanswered(run)
    if holdings is not None:
        there = [job for job in unanswered if is_held(wanted(job), holdings)]
        outcomes = [Outcome(job.row, verified(job), 1, None, None, None) for job in there]
    elif resend:
        outcomes = []
    else:
        outcomes = [Outcome(job.row, _UNSURE, 1, None, None, None) for job in unanswered]
    journal.record(run, outcomes)
    journal.release(run)
    return outcomes


def leave_unsure(journal: Journal, run: Run) -> list[Outcome]:
    """Where the account cannot be read: what an earlier run may have brought is not repeated blindly."""
    outcomes = [Outcome(job.row, _UNSURE, 0, None, None, None) for job in journal.still_unsure(run)]
    journal.record(run, outcomes)
    return outcomes


def note_holdings(journal: Journal, run: Run, holdings: Holdings, wanted: Wanted) -> None:
    """Write down what the account holds for the rows of a run, and settle those that are so already.

    Rows that go by ids of different kinds may turn out to rate one title: then only one of them counts, be
    it one that is known from the journal.
    """
    found = []
    rows_of: dict[int, list[tuple[int, int, str | None]]] = {}
    equal: list[int] = []
    absent: list[int] = []
    # Of an account without ratings, a removal is all that it might hold already.
    open_jobs = journal.open_jobs if holdings else journal.open_removals
    for job in chain.from_iterable(in_blocks(open_jobs, run)):
        held = find_held(job, holdings)
        if held is not None:
            found.append((job.row, held.rating, held.rated_at))
            rows_of.setdefault(id(held), []).append((job.row, job.line, job.rated_at))
        if agrees(wanted(job), held):
            (equal if job.rating else absent).append(job.row)
    known_jobs = in_blocks(journal.unchanged_jobs, run) if rows_of else ()
    for job in chain.from_iterable(known_jobs):
        if rows := rows_of.get(id(find_held(job, holdings))):
            rows.append((job.row, job.line, job.rated_at))
    journal.note_previous(run, found)
    journal.settle_rows(run, equal, _HELD)
    journal.settle_rows(run, absent, _NOT_HELD)
    for rows in rows_of.values():
        if len(rows) > 1:
            journal.settle_each(run, settle_duplicates(rows))


def conflicts_of(journal: Journal, run: Run, destination: Destination) -> Iterator[Conflict]:
    """Yield the open rows where the account holds another rating."""
    for row in chain.from_iterable(in_blocks(journal.conflicts, run)):
        yield _build_conflict(row, destination)


def settle_conflicts(journal: Journal, run: Run, destination: Destination, policy: OnConflict) -> None:
    """Where the account holds another rating, settle the rows that give way to it."""
    fates = (
        (conflict.job.row, settle_conflict(policy, conflict))
        for conflict in conflicts_of(journal, run, destination)
    )
    journal.settle_each(run, [(row, fate) for row, fate in fates if fate is not None])


def answer_conflicts(
    journal: Journal, run: Run, destination: Destination, keeps: Callable[[Conflict], bool]
) -> None:
    """Where the account holds another rating, settle the rows of which `keeps` says that they give way."""
    kept = [conflict for conflict in conflicts_of(journal, run, destination) if keeps(conflict)]
    journal.settle_each(run, [(each.job.row, give_way(OnConflict.ASK, each)) for each in kept])


def _build_conflict(row: Replaced, destination: Destination) -> Conflict:
    job, held, held_at, is_ours, brought_at = row
    # Dated when it arrived: what an earlier run brought is as old as the row that it came from.
    if is_ours and (brought_at is None or not destination.keeps_dates):
        held_at = brought_at
    return Conflict(destination.wanted(job), held, held_at)


def check_plan(journal: Journal, run: Run, holdings: Holdings, wanted: Wanted) -> None:
    """See that the account holds what it held when the plan was made. Raises UsageError if not.

    What is as the plan wants it already may have moved: the plan was typed before, and this is its own doing.
    """
    moved = []
    for job, _, rating, rated_at in chain.from_iterable(in_blocks(journal.planned_changes, run)):
        held = find_held(job, holdings)
        now = (held.rating, held.rated_at) if held else (None, None)
        if not is_as_planned((rating, rated_at), now) and not agrees(wanted(job), held):
            was = describe_rating(rating, rated_at)
            moved.append(f"  line {job.line}, {job.title or 'no title'}: {was}, now {describe_rating(*now)}")
    if moved:
        examples = "\n".join(moved[:_MOST_EXAMPLES])
        raise UsageError(
            f"the account has changed since the plan was made, in {len(moved):,} of its rows, so nothing was "
            f"sent. Make a new plan with `importer plan`.\n{examples}"
        )


def keep_what_changed_since(
    journal: Journal, run: Run, undone: Run, holdings: Holdings, wanted: Wanted
) -> None:
    """Before undoing a run, leave alone what is not as that run left it any more."""
    left = journal.ratings_of(undone)
    changed = [
        job.row
        for job in chain.from_iterable(in_blocks(journal.open_jobs, run))
        if not is_held(wanted(job._replace(rating=left[job.row])), holdings)
        and not is_held(job, holdings)  # whoever it was: it is undone already
    ]
    journal.settle_rows(run, changed, _CHANGED_SINCE)


def find_not_stored(journal: Journal, run: Run, holdings: Holdings, wanted: Wanted) -> list[tuple[int, Fate]]:
    """Find the rows of which the destination said that it took them, and which it does not hold."""
    return [
        (job.row, _not_stored(find_held(job, holdings)))
        for job in chain.from_iterable(in_blocks(journal.sent_jobs, run))
        if not is_held(wanted(job), holdings)
    ]


def _not_stored(held: Held | None) -> Fate:
    stands = "no rating" if held is None else f"a rating of {held.rating}"
    message = f"the destination said it took the row, but reading back shows {stands} there"
    return Fate(Status.FAILED, "not_stored", message)


def all_kinds(kinds: Iterable[tuple[MediaKind, MediaKind | None]]) -> set[MediaKind]:
    """Every kind that titles of these kinds may be taken for."""
    return {each for kind, second in kinds for each in kinds_of(kind, second)}
