"""Reads the account back after sending, and compares it with what was sent.

```text
the answer    the account's list shows                         the row becomes
added         the rating                                       as reported
added         it under other ids: same title, year, date       rated, other_id: found under them from now on
added         nothing, or what stood there before the run      rated, not_listed: not sent again
added         what another row of the title says, which is     duplicate: the other row counts
added         what another row says, and this row counts       sent again
added         anything else                                    failed, not_stored
```

A list may lag behind by seconds (issue #773 of trakt-api) or minutes (#733), so a missing rating is no
failure. A rating that is neither the one sent nor the one from before the run is a failure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import chain

from importer.destinations.base import Destination
from importer.destinations.titles import (
    AccountRating,
    AccountRatings,
    agrees,
    build_keys,
    find_rating,
    is_stored,
    kinds_of,
    name_keys,
    title_keys,
)
from importer.journal import Changed, JournalRun, Unlisted, in_blocks
from importer.journal.results import Tally
from importer.model import MediaKind, Outcome, RatingJob, Status
from importer.runs.conflicts import is_same_moment
from importer.runs.duplicates import close_duplicates, pick_winner
from importer.text import count

VERIFY_PAUSES = (0.0, 2.0, 5.0, 10.0, 20.0)
"""Seconds before each reading: 37 in all, since lists were seen to lag behind for 25."""

_UNSEEN = {
    (status, reason)
    for status in (Status.RATED, Status.UNRATED)
    for reason in ("not_listed", "not_confirmed")  # as older journals call it
}

NOT_STORED = (Status.FAILED, "not_stored")
"""Status and reason if the account has another rating than was sent; this does not pass by itself."""

_CLOCKS_DIFFER = timedelta(minutes=5)


class Verification:
    """Compares what a run sent with each reading of the account, until nothing is missing."""

    def __init__(self, run: JournalRun, destination: Destination) -> None:
        self._run = run
        self._destination = destination
        self._missing: Sequence[Changed] | None = None
        self._ratings: AccountRatings = {}

    @property
    def kinds(self) -> set[MediaKind]:
        """The kinds to read: of all that was sent, and then of what is missing."""
        if self._missing is None:
            return all_kinds(self._run.sent_kinds())
        return all_kinds({(each.job.kind, each.job.second_kind) for each in self._missing})

    def is_all_there(self, ratings: AccountRatings) -> bool:
        """Compare what is missing so far with the account's ratings of these kinds."""
        self._ratings = with_other_ids(ratings, self._run.unlisted())
        sent = self._missing
        if sent is None:
            sent = chain.from_iterable(in_blocks(self._run.sent_rows))  # type: ignore[assignment]
        self._missing = [each for each in sent or () if not self._is_there(each.job)]
        self._close_duplicates()
        if not self._missing:
            self._run.settle_doubts()
            self._run.note_verified()
        return not self._missing

    def close(self) -> int:
        """Close the rows that are missing with what is known of them; return how many failed."""
        missing, elsewhere = self._missing or (), self._find_elsewhere()
        outcomes: list[tuple[int, Outcome]] = []
        unlisted: dict[str, Unlisted] = {}
        for each in missing:
            job = each.job
            stored = self._destination.as_stored(job)
            shown = find_rating(stored, self._ratings)
            listed = elsewhere.get(job.row)
            if listed is None and _is_something_else(shown, each):
                outcomes.append((job.row, _not_stored(shown)))
                continue
            outcomes.append((job.row, _not_listed(job) if listed is None else _other_id(listed)))
            seen = (None, None) if shown is None else (shown.rating, shown.rated_at)
            noted = Unlisted(listed and _key_of(job, listed), job.rating, job.rated_at, *seen)
            unlisted.update(dict.fromkeys(title_keys(stored), noted))
        self._run.close_each(outcomes)
        self._run.note_unlisted(unlisted)
        if self._missing is not None:
            self._run.settle_doubts()
            self._run.note_verified()
        return sum(not outcome.status.is_success for _, outcome in outcomes)

    def list_to_send_again(self) -> list[RatingJob]:
        """List the rows that count, where the account has the rating of another row of their title.

        Nobody saw before sending that the rows are of one title; the last to arrive is not always the one.
        """
        missing = {each.job.row for each in self._missing or ()}
        counting = (_pick_winner(rows) for rows in self._find_same_titles())
        return [job for job in counting if job.row in missing]

    def _close_duplicates(self) -> None:
        """Close missing rows of a title that the account has as another row of it says, which counts."""
        missing = {each.job.row for each in self._missing or ()}
        closed: dict[int, Outcome] = {}
        for rows in self._find_same_titles():
            if _pick_winner(rows).row not in missing:
                closed.update(close_duplicates([(job.row, job.line, job.rated_at) for job in rows]))
        self._run.close_each(closed.items())
        self._missing = [each for each in self._missing or () if each.job.row not in closed]

    def _find_same_titles(self) -> list[list[RatingJob]]:
        """Find the rows of each title that several rows rated, if the account has what one of them says."""
        as_stored = self._destination.as_stored
        shown = {id(find_rating(as_stored(each.job), self._ratings)) for each in self._missing or ()}
        rows_of: dict[int, list[RatingJob]] = {}
        sent = chain.from_iterable(in_blocks(self._run.sent_rows)) if shown - {id(None)} else ()
        for job, *_ in sent:
            account_rating = find_rating(as_stored(job), self._ratings)
            if account_rating is not None and id(account_rating) in shown:
                rows_of.setdefault(id(account_rating), []).append(job)
        groups = (rows for rows in rows_of.values() if len(rows) > 1)
        return [rows for rows in groups if any(self._is_there(job) for job in rows)]

    def _is_there(self, job: RatingJob) -> bool:
        return is_stored(self._destination.as_stored(job), self._ratings)

    def _find_elsewhere(self) -> dict[int, AccountRating]:
        """Find missing rows under other ids; never a title that another row names, or that fits two rows."""
        found = {each.job.row: self._find_by_name(each.job) for each in self._missing or ()}
        candidates = {
            row: account_rating for row, account_rating in found.items() if account_rating is not None
        }
        if not candidates:
            return {}
        rows_of = Counter(map(id, candidates.values()))
        as_stored = self._destination.as_stored
        named = {id(find_rating(as_stored(job), self._ratings)) for job in self._all_titles()}
        return {
            row: account_rating
            for row, account_rating in candidates.items()
            if rows_of[id(account_rating)] == 1 and id(account_rating) not in named
        }

    def _find_by_name(self, job: RatingJob) -> AccountRating | None:
        if not job.rating or not job.title or not job.year:
            return None
        stored = self._destination.as_stored(job)
        for account_rating in map(self._ratings.get, name_keys(job)):
            if agrees(stored, account_rating) and self._is_dated_so(job, account_rating):
                return account_rating
        return None

    def _is_dated_so(self, job: RatingJob, account_rating: AccountRating | None) -> bool:
        """Whether a rating has the row's date, or, if it is dated when it arrives, came with this run."""
        if account_rating is None or account_rating.rated_at is None:
            return False
        if job.rated_at and self._destination.keeps_dates:
            return is_same_moment(job.rated_at, account_rating.rated_at)
        begun = datetime.fromisoformat(self._run.started_at())
        return datetime.fromisoformat(account_rating.rated_at) >= begun - _CLOCKS_DIFFER

    def _all_titles(self) -> Iterator[RatingJob]:
        return (job for job, _ in chain.from_iterable(in_blocks(self._run.named_titles)))


def _pick_winner(rows: Sequence[RatingJob]) -> RatingJob:
    winner = pick_winner([(job.row, job.rated_at) for job in rows])
    return next(job for job in rows if job.row == winner)


def with_other_ids(ratings: AccountRatings, unlisted: Mapping[str, Unlisted]) -> AccountRatings:
    """The account's ratings, found also by ids that they are not listed under."""
    others = {
        key: ratings[each.listed_key]
        for key, each in unlisted.items()
        if each.listed_key and each.listed_key in ratings and key not in ratings
    }
    return {**ratings, **others} if others else ratings


def forget_sent_again(run: JournalRun, destination: Destination) -> None:
    """Forget the unseen ratings of titles that this run has sent again."""
    unlisted = run.unlisted()
    if unlisted:
        sent = chain.from_iterable(in_blocks(run.sent_rows))
        keys = (key for each in sent for key in title_keys(destination.as_stored(each.job)))
        run.forget_unseen([key for key in keys if key in unlisted])


def describe_unseen(tallies: Iterable[Tally]) -> list[str]:
    """Describe the rows that the destination took and the account's list does not show."""
    unseen = sum(each.count for each in tallies if (each.status, each.reason) in _UNSEEN)
    if not unseen:
        return []
    note = (
        f"the destination took {count(unseen, 'row')} that the list does not show so (not_listed): "
        "it may lag behind, or list a title under another id; they are not sent again until they change"
    )
    return [note]


def all_kinds(kinds: Iterable[tuple[MediaKind, MediaKind | None]]) -> set[MediaKind]:
    """All kinds under which the account may list titles of these kinds."""
    return {each for kind, second in kinds for each in kinds_of(kind, second)}


def _is_something_else(shown: AccountRating | None, sent: Changed) -> bool:
    """Whether the list shows neither the rating that was sent nor the one from before."""
    before = (sent.rating, sent.rated_at)
    return shown is not None and sent.is_known and (shown.rating, shown.rated_at) != before


def _key_of(job: RatingJob, listed: AccountRating) -> str:
    """By its ids, or where it has none, by the name that it was found by."""
    if listed.removal is not None:
        return title_keys(listed.removal)[0]
    return build_keys(job.kind, {}, (job.title, job.year), (job.season, job.episode))[0]


def _not_stored(shown: AccountRating | None) -> Outcome:
    stands = "no rating" if shown is None else f"a rating of {shown.rating}"
    message = f"the destination said it took the row, but reading back shows {stands} there"
    return Outcome(*NOT_STORED, message)


def _not_listed(job: RatingJob) -> Outcome:
    status, shows = (
        (Status.RATED, "it is not in the account's list")
        if job.rating
        else (Status.UNRATED, "the account's list still has it")
    )
    message = f"the destination said it took the row, but {shows} yet; it is sent again when the row changes"
    return Outcome(status, "not_listed", message)


def _other_id(listed: AccountRating) -> Outcome:
    ids = listed.removal and ", ".join(
        f"{name} {value}"
        for name in ("imdb", "tmdb", "tvdb", "trakt")
        if (value := getattr(listed.removal, f"{name}_id"))
    )
    return Outcome(Status.RATED, "other_id", f"the account lists it under other ids ({ids or 'none'})")
