"""What earlier runs sent and the account's list may not show yet.

```text
the run                       the list shows     what to believe
searched the list in vain     still the same     the answer; it is sent again when its row changes
was killed, or --no-verify    what was before    the answer, for a day: the list may lag behind
any                           anything else      the list
```

So a list that lags behind never says that a title "was so already".
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from importer.destinations.titles import AccountRating, AccountRatings, agrees, find_rating, title_keys
from importer.journal import JournalRun, Unlisted, Unverified
from importer.model import Rating, RatingJob
from importer.runs.namesakes import AsStored

_State = tuple[Rating | None, str | None]


class Sent(NamedTuple):
    """The rating that was sent last for a title, while the list shows an earlier state.

    `is_answered` if the destination said that it took it, `is_searched` if the list was searched for it.
    """

    rating: Rating
    rated_at: str | None
    is_answered: bool
    is_searched: bool

    def is_of(self, job: RatingJob) -> bool:
        """Whether the row still has the rating that was sent."""
        return (job.rating, job.rated_at) == (self.rating, self.rated_at)


class _Late(NamedTuple):
    """The last row that was sent for a title, and all that the list may still show instead."""

    job: RatingJob
    is_answered: bool
    states: frozenset[_State]
    earlier: tuple[RatingJob, ...]


class Unseen:
    """The sent ratings of a journal that the list may not show yet."""

    def __init__(
        self, unlisted: Mapping[str, Unlisted], unverified: Iterable[Unverified], as_stored: AsStored
    ) -> None:
        self.unlisted = unlisted
        self._as_stored = as_stored
        self._late: dict[str, _Late] = {}
        for each in unverified:
            self._add(each)

    @classmethod
    def of_run(cls, run: JournalRun, as_stored: AsStored) -> "Unseen":
        """Read what runs before this one sent."""
        return cls(run.unlisted(), run.unverified(), as_stored)

    def __bool__(self) -> bool:
        return bool(self.unlisted or self._late)

    def find(self, stored: RatingJob, shown: AccountRating | None) -> Sent | None:
        """Return what was sent for the title, if the list shows a state from before."""
        if not self:
            return None
        searched = _find_unlisted(stored, shown, self.unlisted)
        late = self._find_late(stored)
        if late is None or (searched is not None and searched.rating == late.job.rating):
            return searched and Sent(searched.rating, searched.rated_at, is_answered=True, is_searched=True)
        if late.is_answered and self._agrees(late.job, shown):
            return None
        if _state_of(shown) in late.states or any(self._agrees(each, shown) for each in late.earlier):
            return Sent(late.job.rating, late.job.rated_at, late.is_answered, is_searched=False)
        return None

    def hidden(self, ratings: AccountRatings) -> Iterator[Unlisted]:
        """Yield the ratings that the list does not show under the ids that were sent."""
        yield from self.unlisted.values()
        for late in self._late.values():
            stored = self._as_stored(late.job)
            if self.find(stored, find_rating(stored, ratings)) is not None:
                yield Unlisted(None, late.job.rating, late.job.rated_at)

    def count_added(self, ratings: AccountRatings) -> int:
        """Count the titles that the list shows no rating of, although one was sent."""
        late = {id(each): each for each in self._late.values() if each.job.rating and each.is_answered}
        return sum(find_rating(self._as_stored(each.job), ratings) is None for each in late.values())

    def _add(self, sent: Unverified) -> None:
        job, is_known, rating, rated_at = sent.change
        stored = self._as_stored(job)
        keys = title_keys(stored)
        before = self._find_late(stored)
        if sent.is_verified and (before is None or not self._may_be_mistaken(job, before)):
            for key in (*keys, *(title_keys(self._as_stored(before.job)) if before else ())):
                self._late.pop(key, None)
            return
        states = {(rating, rated_at) if is_known else (None, None)}
        states |= {
            (each.seen_rating, each.seen_rated_at)
            for key in keys
            if (each := self.unlisted.get(key)) is not None and each.listed_key is None
        }
        earlier: tuple[RatingJob, ...] = ()
        if before is not None:
            states |= before.states
            earlier = (*before.earlier, before.job)
        self._late.update(dict.fromkeys(keys, _Late(job, sent.is_answered, frozenset(states), earlier)))

    def _may_be_mistaken(self, job: RatingJob, before: _Late) -> bool:
        """Whether the list that was searched for the job may have shown a state from before it."""
        found = map(self.unlisted.get, title_keys(self._as_stored(job)))
        is_unseen = any(each is not None and each.listed_key is None for each in found)
        return is_unseen or (job.rating or None) in {rating for rating, _ in before.states}

    def _find_late(self, stored: RatingJob) -> _Late | None:
        if not self._late:
            return None
        return next((self._late[key] for key in title_keys(stored) if key in self._late), None)

    def _agrees(self, job: RatingJob, shown: AccountRating | None) -> bool:
        return agrees(self._as_stored(job), shown)


def _find_unlisted(
    stored: RatingJob, shown: AccountRating | None, unlisted: Mapping[str, Unlisted]
) -> Unlisted | None:
    for key in title_keys(stored) if unlisted else ():
        each = unlisted.get(key)
        if each is not None and each.listed_key is None:
            return each if _state_of(shown) == (each.seen_rating, each.seen_rated_at) else None
    return None


def _state_of(shown: AccountRating | None) -> _State:
    return (None, None) if shown is None else (shown.rating, shown.rated_at)
