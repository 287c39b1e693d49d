"""Reads a request on ratings: its titles, with rating and date.

    {"shows": [{"ids": {"tvdb": 81189},
                "seasons": [{"number": 5, "episodes": [{"number": 14, "rating": 9}]}]}]}

is one `Item(Kind.EPISODE, Wanted(tvdb_id=81189), 9, season=5, episode=14)`. An array `seasons` or `episodes`
beside `movies` and `shows` is not looked at.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from importer.sandbox.exchange import Call, read_object
from importer.sandbox.titles import Kind, Wanted

MOST_ENTRIES = 200
ID_ORDER = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id")
"""The order in which ids are tried: the sandbox's own choice."""

_IMDB_ID = re.compile(r"tt\d{7,10}", re.ASCII)
_NUMBER = re.compile(r"\d{1,15}", re.ASCII)


class BadRequestError(Exception):
    """The whole request is refused, without a word on which entry is to blame."""


@dataclass(frozen=True, slots=True)
class Item:
    """One rating to give or to remove. `rating` is None if it is none that can be given."""

    kind: Kind
    wanted: Wanted
    rating: int | None
    rated_at: int | None = None
    season: int = 0
    episode: int = 0


def read_items(call: Call, *, rated: bool) -> list[Item]:
    """All items of the body. Raises NotAnObjectError, BadRequestError."""
    body = read_object(call)
    items: list[Item] = []
    for kind in (Kind.MOVIE, Kind.SHOW):
        entries = _read_list(body, f"{kind}s")
        if len(entries) > MOST_ENTRIES:
            raise BadRequestError(f"Too many {kind}s in one request (max {MOST_ENTRIES})")
        for entry in entries:
            items.extend(_read_entry(kind, entry, rated=rated))
    return items


def _read_entry(kind: Kind, entry: Mapping[str, Any], *, rated: bool) -> Iterator[Item]:
    """The title itself, or what is nested in it; not both: the sandbox's own choice."""
    wanted = _read_ids(entry.get("ids"))
    seasons = _read_list(entry, "seasons") if kind is Kind.SHOW else []
    if not seasons or "rating" in entry:
        yield _build(kind, wanted, entry, rated=rated)
        return
    for season in seasons:
        number, episodes = _read_number(season.get("number")), _read_list(season, "episodes")
        if number is None:
            raise BadRequestError("a season needs a number")
        if not episodes or "rating" in season:
            yield _build(Kind.SEASON, wanted, season, rated=rated, season=number)
        for episode in episodes:
            place = _read_number(episode.get("number"))
            if place is None:
                raise BadRequestError("an episode needs a number")
            yield _build(Kind.EPISODE, wanted, episode, rated=rated, season=number, episode=place)


def _build(
    kind: Kind, wanted: Wanted, part: Mapping[str, Any], *, rated: bool, season: int = 0, episode: int = 0
) -> Item:
    if not rated:
        return Item(kind, wanted, 0, None, season, episode)
    rating = part.get("rating")
    is_whole = isinstance(rating, int) and not isinstance(rating, bool) and 1 <= rating <= 10
    return Item(kind, wanted, rating if is_whole else None, _read_moment(part), season, episode)


def _read_list(holder: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    found = holder.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise BadRequestError(f"{name} must be a list of objects")
    return found


def _read_moment(part: Mapping[str, Any]) -> int | None:
    """`rated_at` in Unix seconds; a text that is no date is refused: the sandbox's own choice."""
    text = part.get("rated_at")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())
    except (TypeError, ValueError, OverflowError) as error:
        raise BadRequestError("rated_at must be an ISO 8601 date") from error


def _read_ids(ids: object) -> Wanted:
    """The well-formed ids, as numbers or as text; all others count as not sent."""
    if not isinstance(ids, dict):
        return Wanted()
    imdb_id = ids.get("imdb")
    return Wanted(
        imdb_id=imdb_id if isinstance(imdb_id, str) and _IMDB_ID.fullmatch(imdb_id) else None,
        tmdb_id=_read_number(ids.get("tmdb")),
        tvdb_id=_read_number(ids.get("tvdb")),
        trakt_id=_read_number(ids.get("trakt")),
    )


def _read_number(value: object) -> int | None:
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
