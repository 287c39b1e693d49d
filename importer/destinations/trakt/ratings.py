"""Reads the account's ratings from the pages of `GET /sync/ratings/{type}`. Pure.

The end of the list. The page count comes from a count of ratings that may be out of date (trakt-web PR 3152):

```text
count 2, limit 250:    250, 250, 129, 0    page 2 is full, so it need not be the last; nor need 129 be
count 3, limit 250:    250, 107, 250       a short page before the last one is nothing special
count 7, limit 100:    100 ... 100, 29     250 were asked for and clamped: the header says so
no headers:            100 ... 100, 29, 0  clamped as well, perhaps: only an empty page is the end
no headers:            629                 more than were asked for: it knows no pages
```
"""

from collections.abc import Mapping
from typing import Any

from importer.destinations.dates import read_instant
from importer.destinations.titles import (
    WRITABLE,
    AccountRating,
    Identity,
    PageQuery,
    RatingsPage,
    build_keys,
    build_removal,
    read_rating,
)
from importer.http import Response, parse_list
from importer.model import MediaKind

PAGE_SIZE = 250
"""Ratings per page: the largest `limit` that is not silently clamped (issue #924)."""

_PARTS = (MediaKind.SEASON, MediaKind.EPISODE)

MOST_PAGES = 2_000
"""Half a million ratings, far more than an account may have: a server that has more cannot count."""


def read_page(query: PageQuery, answer: Response) -> RatingsPage | None:
    """Index a page of ratings; None if the body is not one. Ids may be null, 0 or nested objects."""
    kind, entries = query.kind, parse_list(answer.body)
    if entries is None or max(query.page, count_pages(answer)) > MOST_PAGES:
        return None
    ratings: dict[str, AccountRating] = {}
    listed = []
    titles = set()
    for entry in entries:
        rating = read_rating(entry.get("rating")) if isinstance(entry, dict) else None
        if rating is not None:
            own, by_number = _identify(kind, entry)
            rated_at = read_instant(entry.get("rated_at"))
            identities = (own, None) if by_number is None else _prefer_number(own, by_number)
            account_rating = AccountRating(rating, None, rated_at, *identities)
            listed.append(account_rating)
            keys, unique_key = _build_keys(own, by_number)
            for key in keys:
                ratings[key] = account_rating
            if unique_key is not None:
                titles.add(unique_key)
    has_more = has_next_page(answer, query.page, len(entries))
    next_page = query._replace(page=query.page + 1) if has_more else None
    counted = _read_number(answer, "X-Pagination-Item-Count")
    unread = len(entries) - len(listed)
    return RatingsPage(
        ratings, next_page, len(entries), frozenset(titles), counted, listed=listed, unread=unread
    )


def has_next_page(answer: Response, page: int, entries: int) -> bool:
    """Whether there may be a page after this one; see the table at the head of this file."""
    count = count_pages(answer)
    if page < count:
        return True
    if entries > PAGE_SIZE:
        return False
    if page == count:
        return entries >= (_read_number(answer, "X-Pagination-Limit") or PAGE_SIZE)
    return entries > 0


def count_pages(answer: Response) -> int:
    """The number of pages or an upper bound; 0 if the answer has none."""
    return _read_number(answer, "X-Pagination-Page-Count")


def _read_number(answer: Response, header: str) -> int:
    text = answer.headers.get(header, "")
    return int(text[:9]) if text.isdecimal() else 0


def _identify(kind: MediaKind, entry: Mapping[str, Any]) -> tuple[Identity, Identity | None]:
    """Read the title's own ids and name, and of a season or an episode its show's with its numbers."""
    title = _object(entry, kind)
    own = Identity(kind, _ids(title), _name(title))
    if kind not in _PARTS:
        return own, None
    show = _object(entry, MediaKind.SHOW)
    return own, Identity(kind, _ids(show), _name(show), _number(kind, title))


def _build_keys(own: Identity, by_number: Identity | None) -> tuple[list[str], str | None]:
    """Build the keys of a title, and choose a unique one: by an id, for name and year are not unique."""
    keys = build_keys(*own)
    unique_key = keys[0] if any(own.ids.values()) else None
    if by_number is not None:
        of_show = build_keys(*by_number)
        if unique_key is None and by_number.number[0] is not None and any(by_number.ids.values()):
            unique_key = next(iter(of_show), None)
        keys += of_show
    return keys, unique_key


def _prefer_number(own: Identity, by_number: Identity | None) -> tuple[Identity, Identity | None]:
    """Identify the title by show and number if possible, as users know seasons and episodes.

    Then the second one has its own ids.
    """
    if by_number is None:
        return own, None
    season, episode = by_number.number
    is_whole = season is not None and (own.kind is MediaKind.SEASON or episode is not None)
    return (by_number, own) if is_whole and build_removal(*by_number) is not None else (own, None)


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
        for source in ("trakt", "imdb", "tmdb", "tvdb")
        if isinstance(value := ids.get(source), WRITABLE)
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
