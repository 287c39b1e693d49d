"""What the account holds, from the pages of `GET /sync/ratings/{type}`. Pure."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from importer.destinations.titles import AccountRating, AccountRatings, build_keys, build_removal
from importer.http import Response, parse_list
from importer.model import MediaKind, RatingJob

MOST_PAGES = 2_000
"""Half a million ratings, far more than an account may hold: a server that says more cannot count."""


def parse_ratings(kind: MediaKind, body: bytes) -> AccountRatings | None:
    """Index a page of ratings; None if it is none. Ids may be null, 0 or nested objects."""
    entries = parse_list(body)
    if entries is None:
        return None
    ratings: dict[str, AccountRating] = {}
    for entry in entries:
        rating = entry.get("rating") if isinstance(entry, dict) else None
        if type(rating) is int and 1 <= rating <= 10:  # true is no rating
            held = AccountRating(
                rating, rated_at=_read_instant(entry.get("rated_at")), removal=_build_removal(kind, entry)
            )
            for key in _build_keys(kind, entry):
                ratings[key] = held
    return ratings


def has_next_page(answer: Response, page: int) -> bool:
    """Go by the page count only: a page may hold less than was asked for (issue #924)."""
    return page < count_pages(answer)


def count_pages(answer: Response) -> int:
    """How many pages there are; 0 if the answer does not say."""
    count = answer.headers.get("X-Pagination-Page-Count", "")
    return int(count[:9]) if count.isdecimal() else 0


def _build_keys(kind: MediaKind, entry: Mapping[str, Any]) -> list[str]:
    title = _object(entry, kind)
    own = build_keys(kind, _ids(title), _name(title))
    if kind not in {MediaKind.SEASON, MediaKind.EPISODE}:
        return own
    show = _object(entry, MediaKind.SHOW)
    return own + build_keys(kind, _ids(show), _name(show), _number(kind, title))


def _build_removal(kind: MediaKind, entry: Mapping[str, Any]) -> RatingJob | None:
    """By the show's ids and the number where that is possible: so people know their seasons and episodes."""
    title = _object(entry, kind)
    if kind in {MediaKind.SEASON, MediaKind.EPISODE}:
        show, number = _object(entry, MediaKind.SHOW), _number(kind, title)
        by_number = build_removal(kind, _ids(show), _name(show), number)
        is_whole = number[0] is not None and (kind is MediaKind.SEASON or number[1] is not None)
        if by_number is not None and is_whole:
            return by_number
    return build_removal(kind, _ids(title), _name(title))


def _number(kind: MediaKind, title: Mapping[str, Any]) -> tuple[object, object]:
    if kind is MediaKind.SEASON:
        return title.get("number"), None
    return title.get("season"), title.get("number")


def _name(title: Mapping[str, Any]) -> tuple[str | None, object]:
    return _text(title.get("title")), title.get("year")


def _object(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}


def _ids(title: Mapping[str, Any]) -> dict[str, object]:
    ids = _object(title, "ids")
    return {
        source: value
        for source in ("imdb", "tmdb", "tvdb", "trakt")
        if isinstance(value := ids.get(source), int | str)
    }


def _read_instant(value: object) -> str | None:
    """Only an instant may be sent back one day, should the run be undone."""
    text = _text(value)
    try:
        instant = datetime.fromisoformat(text or "")
        instant.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return text if instant.tzinfo is not None else None


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
