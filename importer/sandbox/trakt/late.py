"""Ratings that the listing shows late: for a while it shows them as they were before the last change.

    late_listings=2:   rate Alien 9 -> 201 -> listing 1: no Alien -> listing 2: no Alien -> listing 3: Alien 9

A listing begins with its first page, so the pages of one listing agree with each other.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from importer.sandbox.store import StoredRating
from importer.sandbox.titles import Kind, Title

_Key = tuple[str, Kind, str]


@dataclass(slots=True)
class _Hidden:
    """A changed rating: its state before, and until when the listing shows that."""

    before: StoredRating | None
    listings_left: int
    until: float


class LateChanges:
    """The changes that listings do not show yet."""

    def __init__(self, listings: int, seconds: float, clock: Callable[[], float]) -> None:
        self._listings = listings
        self._seconds = seconds
        self._clock = clock
        self._hidden: dict[_Key, _Hidden] = {}

    @property
    def are_on(self) -> bool:
        """Whether any change is late."""
        return bool(self._listings or self._seconds)

    def note(self, user: str, title: Title, before: StoredRating | None) -> None:
        """Hide a change of this title; `before` is its rating until now."""
        key = (user, title.kind, title.key)
        earlier = self._hidden.get(key)
        shown = earlier.before if earlier else before
        self._hidden[key] = _Hidden(shown, self._listings, self._clock() + self._seconds)

    def begin_listing(self, user: str, kinds: Collection[Kind]) -> None:
        """Count a listing of these kinds, and show the changes that have been hidden long enough."""
        for key, hidden in list(self._hidden.items()):
            if key[0] != user or key[1] not in kinds:
                continue
            if not hidden.listings_left and self._clock() >= hidden.until:
                del self._hidden[key]
            hidden.listings_left = max(0, hidden.listings_left - 1)

    def apply(
        self, user: str, kinds: Collection[Kind], chosen: Collection[int], stored: list[StoredRating]
    ) -> list[StoredRating]:
        """The listing as it is shown: every hidden change undone."""
        shown = [it for it in stored if (user, it.title.kind, it.title.key) not in self._hidden]
        shown += [
            it.before
            for (name, kind, _), it in self._hidden.items()
            if name == user and kind in kinds and it.before and it.before.rating in chosen
        ]
        return sorted(shown, key=lambda it: (-it.rated_at, it.title.kind, it.title.key))
