"""Reads the account's ratings of one kind, 20 a page. Pure.

```text
GET /3/account                                  whose it is: the lists are asked for by its number
GET /3/account/548/rated/movies?page=1          pages 1 to 500, the oldest first
GET /3/account/548/rated/movies?page=1          newest first, as many as are left: there is no page 501
```

The lists have TMDB's own ids and no dates.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from importer.destinations.titles import AccountRating, Identity, PageQuery, RatingsPage, build_keys
from importer.destinations.tmdb.entries import is_id, read_year
from importer.http import Response, parse_object
from importer.model import MediaKind, Rating

LAST_PAGE = 500
"""The last page that TMDB has of any list."""

LISTS = {MediaKind.MOVIE: "movies", MediaKind.SHOW: "tv", MediaKind.EPISODE: "tv/episodes"}

_HALF = Decimal("0.5")


def read_account_number(answer: Response) -> str | None:
    """Read the number of the account; None if the answer is not one of `GET /3/account`."""
    number = parse_object(answer.body).get("id")
    return str(number) if is_id(number) else None


def read_page(query: PageQuery, answer: Response) -> RatingsPage | None:
    """Index a page of the list; None if the body is not one."""
    content = parse_object(answer.body)
    entries, total = content.get("results"), content.get("total_results")
    pages = content.get("total_pages")
    if not isinstance(entries, list) or type(total) is not int or type(pages) is not int:
        return None
    if query.is_elsewhere:
        entries = entries[: max(0, total - query.seen)]  # the others were read from the other end
    ratings: dict[str, AccountRating] = {}
    titles, listed, unread = set(), [], 0
    for entry in entries:
        place = _read_place(query.kind, entry) if isinstance(entry, dict) else None
        rating = read_value(entry.get("rating")) if isinstance(entry, dict) else None
        if place is None or rating is None:
            unread += 1
            continue
        keys = build_keys(query.kind, *place)
        found = AccountRating(rating, identity=Identity(query.kind, *place))
        ratings.update(dict.fromkeys(keys, found))
        titles.add(keys[0])
        listed.append(found)
    following = _find_next(query, len(entries), total, pages)
    return RatingsPage(
        ratings, following, len(entries), frozenset(titles), max(total, 0), listed=listed, unread=unread
    )


def _find_next(query: PageQuery, entries: int, total: int, pages: int) -> PageQuery | None:
    seen = query.seen + entries
    following = query._replace(page=query.page + 1, seen=seen)
    if not entries or seen >= total:
        return None
    if query.page < min(pages, LAST_PAGE):
        return following
    if query.is_elsewhere or pages < LAST_PAGE:
        return None
    return following._replace(page=1, is_elsewhere=True)


def read_value(value: object) -> Rating | None:
    """Read 0.5 to 10 in halves: 8.0 is the rating 8, 8.5 the text `8.5`. None if it is none of them."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    found = Decimal(str(value))
    if not 0 < found <= 10 or found % _HALF:
        return None
    return int(found) if found == int(found) else str(found)


def _read_place(
    kind: MediaKind, entry: Mapping[str, Any]
) -> tuple[Mapping[str, object], tuple[str | None, object], tuple[object, object]] | None:
    """The ids, name and numbers of an entry; for an episode the ids of its show, whose name is not told."""
    if kind is MediaKind.EPISODE:
        show, number = entry.get("show_id"), (entry.get("season_number"), entry.get("episode_number"))
        is_whole = is_id(show) and all(type(part) is int and part >= 0 for part in number)
        return ({"tmdb": show}, (None, None), number) if is_whole else None
    if not is_id(entry.get("id")):
        return None
    name = entry.get("title" if kind is MediaKind.MOVIE else "name")
    title = name if isinstance(name, str) else None
    return {"tmdb": entry["id"]}, (title, read_year(kind, entry)), (None, None)
