"""Reads a request on ratings: its titles, with rating and date.

    {"shows": [{"ids": {"trakt": 4}, "seasons": [{"number": 2, "episodes": [{"number": 1, "rating": 8}]}]}]}

is one Entry of the bucket `shows` with one Item: `Item(EPISODE, Wanted(trakt_id=4), season=2, episode=1,
rating=8)`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from importer.sandbox.exchange import Call, read_object
from importer.sandbox.titles import Kind, Wanted

LOWEST, HIGHEST = 1, 10

_IMDB_ID = re.compile(r"tt\d{7,10}", re.ASCII)
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_LARGEST_ID = 2**53

ID_ORDER = {
    Kind.MOVIE: ("trakt_id", "slug", "imdb_id", "tmdb_id"),
    Kind.SHOW: ("trakt_id", "slug", "imdb_id", "tmdb_id", "tvdb_id"),
    Kind.SEASON: ("trakt_id", "tmdb_id", "tvdb_id"),
    Kind.EPISODE: ("trakt_id", "imdb_id", "tmdb_id", "tvdb_id"),
}
"""The ids of each kind (API page sync/ratings). The order in which they are tried is the sandbox's choice."""


class InvalidItemError(Exception):
    """An invalid item. The whole request is refused with 422, which is the sandbox's own choice."""


@dataclass(frozen=True, slots=True)
class Item:
    """One rating to give or to remove, of the title `wanted` or of one of its seasons or episodes.

    `part` is the JSON object with the rating: the submitted one, or one nested in it.
    """

    kind: Kind
    wanted: Wanted
    part: Mapping[str, Any]
    rating: int = 0
    rated_at: int | None = None
    season: int | None = None
    episode: int | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One object of one of the four arrays, and its ratings: a show may have many."""

    bucket: str
    submitted: Mapping[str, Any]
    items: list[Item]


def read_entries(call: Call, *, rated: bool) -> list[Entry]:
    """All entries of the body; if `rated`, each needs a rating. Raises NotAnObjectError, InvalidItemError."""
    body = read_object(call)
    return [
        Entry(f"{kind}s", submitted, list(_read_items(kind, submitted, f"{kind}s[{place}]", rated=rated)))
        for kind in Kind
        for place, submitted in enumerate(_read_objects(body, f"{kind}s", ""))
    ]


def _read_items(kind: Kind, submitted: Mapping[str, Any], place: str, *, rated: bool) -> Iterator[Item]:
    """The submitted object itself, or the seasons of a show that only carries seasons."""
    wanted = read_ids(kind, submitted.get("ids"))
    seasons = _read_objects(submitted, "seasons", place) if kind is Kind.SHOW else []
    if "rating" in submitted if rated and seasons else not seasons:
        yield _complete(Item(kind, wanted, submitted), place, rated=rated)
    for number, season in enumerate(seasons):
        yield from _read_season(wanted, season, f"{place}.seasons[{number}]", rated=rated)


def _read_season(wanted: Wanted, season: Mapping[str, Any], place: str, *, rated: bool) -> Iterator[Item]:
    """A nested season, its nested episodes, or both (API page sync/ratings)."""
    number = _read_part_number(season, place)
    episodes = _read_objects(season, "episodes", place)
    if "rating" in season if rated and episodes else not episodes:
        yield _complete(Item(Kind.SEASON, wanted, season, season=number), place, rated=rated)
    for at, episode in enumerate(episodes):
        spot = f"{place}.episodes[{at}]"
        item = Item(Kind.EPISODE, wanted, episode, season=number, episode=_read_part_number(episode, spot))
        yield _complete(item, spot, rated=rated)


def _complete(item: Item, place: str, *, rated: bool) -> Item:
    """The item with its rating and date, if it must have them."""
    if not rated:
        return item
    rating = item.part.get("rating")
    # JSON's true is an int to Python, but no number to anybody else.
    if not isinstance(rating, int) or isinstance(rating, bool) or not LOWEST <= rating <= HIGHEST:
        raise InvalidItemError(f"{place}.rating must be a whole number from {LOWEST} to {HIGHEST}")
    return replace(item, rating=rating, rated_at=_read_moment(item.part, place))


def _read_objects(holder: Mapping[str, Any], name: str, place: str) -> list[dict[str, Any]]:
    """The array of that name; one that is missing or null is empty."""
    found = holder.get(name)
    if found is None:
        return []
    where = f"{place}.{name}".lstrip(".")
    if not isinstance(found, list) or not all(isinstance(it, dict) for it in found):
        raise InvalidItemError(f"{where} must be an array of objects")
    return found


def _read_part_number(part: Mapping[str, Any], place: str) -> int:
    number = part.get("number")
    if not isinstance(number, int) or isinstance(number, bool):
        raise InvalidItemError(f"{place}.number must be a whole number")
    return number


def _read_moment(part: Mapping[str, Any], place: str) -> int | None:
    """`rated_at` in Unix seconds: any ISO 8601 moment, UTC unless it has an offset.

    The sandbox's own choices: future dates are stored, fractions of a second are dropped, and a text that is
    no date is 422.
    """
    text = part.get("rated_at")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        in_utc = moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(in_utc.timestamp() // 1)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidItemError(f"{place}.rated_at must be an ISO 8601 date") from error


def read_ids(kind: Kind, ids: object) -> Wanted:
    """The well-formed ids of this kind; all others count as not sent."""
    if not isinstance(ids, dict):
        return Wanted()
    names = ID_ORDER[kind]
    return Wanted(**{name: _read_id(name, ids.get(name.removesuffix("_id"))) for name in names})


def _read_id(name: str, value: object) -> Any:
    """Ids are typed: `imdb` and `slug` are strings, the others numbers (API page sync/ratings)."""
    if name in {"imdb_id", "slug"}:
        pattern = _IMDB_ID if name == "imdb_id" else _SLUG
        return value if isinstance(value, str) and pattern.fullmatch(value) else None
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 < value < _LARGEST_ID else None
