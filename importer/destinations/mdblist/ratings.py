"""Reads the account's ratings of one kind from the pages of `GET /sync/ratings`, which mix all kinds. Pure.

Pages are told by a cursor or by an offset, and their forms differ:

```text
"next_cursor": "abc", "total": 2500     the page that the cursor names
"next_cursor": null,  "total": 2500     1,000 read: the page at offset 1000; 2,500 read: the end
"has_more": true                        the page at the next offset
nothing                                 a full page: the page at the next offset; else the end
an empty page                           the end, whatever it counts
```
"""

from collections.abc import Iterator, Mapping
from typing import Any

from importer.destinations.dates import read_instant
from importer.destinations.titles import AccountRating, Identity, PageQuery, RatingsPage, build_keys
from importer.http import Response, parse_object
from importer.model import MediaKind, Rating

PAGE_SIZE = 1000
"""Ratings per page: the largest `limit`."""

MOST_PAGES = 1_000
"""A million ratings, far more than one person gives: a server that has more pages cannot count."""

ARRAYS = {
    MediaKind.MOVIE: "movies",
    MediaKind.SHOW: "shows",
    MediaKind.SEASON: "seasons",
    MediaKind.EPISODE: "episodes",
}

_PARTS = (MediaKind.SEASON, MediaKind.EPISODE)


def read_page(query: PageQuery, answer: Response) -> RatingsPage | None:
    """Index the page's ratings of the kind that is asked for; None if the body is not one.

    The entries of all kinds are counted, since the server's total counts them.
    """
    content = parse_object(answer.body)
    pagination = _object(content, "pagination")
    is_page = any(isinstance(content.get(name), list) for name in ARRAYS.values()) or "pagination" in content
    if not is_page or query.page > MOST_PAGES:
        return None
    ratings: dict[str, AccountRating] = {}
    titles, entries, listed, unread = set(), 0, [], 0
    for kind, entry in _list_entries(content):
        entries += 1
        unread += not entry
        titles.update(_build_id_keys(kind, entry)[:1])
        if kind is query.kind and (rating := _read_rating(entry)) is not None:
            rated_at, identity = read_instant(entry.get("rated_at")), _identify(kind, entry)
            found = AccountRating(rating, None, rated_at, identity)
            ratings.update(dict.fromkeys(_build_keys(kind, entry), found))
            listed.append(found)
    next_page = _find_next(query, pagination, entries)
    counted = _read_count(pagination) or 0
    return RatingsPage(
        ratings, next_page, entries, frozenset(titles), counted, is_shared=True, listed=listed, unread=unread
    )


def read_total(answer: Response) -> int | None:
    """Read how many ratings of all kinds the account has; None if the answer does not say."""
    return _read_count(_object(parse_object(answer.body), "pagination"))


def _find_next(query: PageQuery, pagination: Mapping[str, Any], entries: int) -> PageQuery | None:
    if not entries:
        return None
    seen = query.seen + entries
    following = query._replace(page=query.page + 1, seen=seen, cursor="")
    cursor, has_more = (pagination.get(name) for name in ("next_cursor", "has_more"))
    total = _read_count(pagination)
    if cursor and isinstance(cursor, int | str):
        return following._replace(cursor=str(cursor))
    if total is not None and total > seen:
        return following
    if isinstance(has_more, bool):
        return following if has_more else None
    is_told = total is not None or "next_cursor" in pagination
    return None if is_told or entries < PAGE_SIZE else following


def _list_entries(content: Mapping[str, Any]) -> Iterator[tuple[MediaKind, Mapping[str, Any]]]:
    for kind, name in ARRAYS.items():
        entries = content.get(name)
        for entry in entries if isinstance(entries, list) else ():
            yield kind, entry if isinstance(entry, dict) else {}


def _read_rating(entry: Mapping[str, Any]) -> Rating | None:
    """Read 1 to 10 as a whole number; a half step as text, since no row has one. Null and 0: not rated."""
    for name in ("rating_precise", "rating"):
        value = entry.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value <= 10:
            return int(value) if value == int(value) else str(value)
    return None


def _build_keys(kind: MediaKind, entry: Mapping[str, Any]) -> list[str]:
    title = _title(kind, entry)
    own = build_keys(kind, _ids(title), _name(title))
    if kind not in _PARTS:
        return own
    show, number = _show(title, entry), _number(kind, title)
    return own if number[0] is None else own + build_keys(kind, _ids(show), _name(show), number)


def _build_id_keys(kind: MediaKind, entry: Mapping[str, Any]) -> list[str]:
    """The unique keys of a title. Name and year are not unique."""
    title = _title(kind, entry)
    number = _number(kind, title)
    if kind in _PARTS and number[0] is not None:
        return build_keys(kind, _ids(_show(title, entry)), (None, None), number)
    return build_keys(kind, _ids(title), (None, None))


def _identify(kind: MediaKind, entry: Mapping[str, Any]) -> Identity | None:
    title = _title(kind, entry)
    if kind not in _PARTS:
        return Identity(kind, _ids(title), _name(title))
    show, number = _show(title, entry), _number(kind, title)
    is_whole = number[0] is not None and (kind is MediaKind.SEASON or number[1] is not None)
    # Seasons and episodes are rated and removed by show and number only.
    return Identity(kind, _ids(show), _name(show), number) if is_whole else None


def _title(kind: MediaKind, entry: Mapping[str, Any]) -> Mapping[str, Any]:
    """The object of the title, or the entry itself where the fields stand inline."""
    found = entry.get(kind)
    return found if isinstance(found, dict) else entry


def _show(title: Mapping[str, Any], entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return _object(title, "show") or _object(entry, "show")


def _number(kind: MediaKind, title: Mapping[str, Any]) -> tuple[object, object]:
    number = title.get("number")
    if kind is MediaKind.SEASON:
        return (title.get("season") if number is None else number), None
    return title.get("season"), title.get("episode") if number is None else number


def _name(title: Mapping[str, Any]) -> tuple[str | None, object]:
    name = title.get("title")
    return (name if isinstance(name, str) else None), title.get("year")


def _ids(title: Mapping[str, Any]) -> dict[str, object]:
    ids = _object(title, "ids")
    return {
        source: value
        for source in ("imdb", "tmdb", "tvdb", "trakt")
        if isinstance(value := ids.get(source), int | str)
    }


def _object(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = holder.get(name)
    return value if isinstance(value, dict) else {}


def _read_count(pagination: Mapping[str, Any]) -> int | None:
    total = pagination.get("total")
    return total if type(total) is int and 0 <= total < 10**9 else None
