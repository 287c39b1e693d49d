"""Reads the account's ratings from `GET /sync/ratings/{movies|shows|anime}/1,2,...,10`. Pure.

There are no pages: each list comes whole, `null` or `{}` if it is empty. Anime has a list of its own, with
series and films side by side:

```text
{"anime": [{"user_rating": 9, "anime_type": "movie", "show": {"title": ..., "ids": {"imdb": "tt0245429"}}}]}
keys: movie:imdb:tt0245429, show:imdb:tt0245429, movie:tmdb:129 ...     an IMDb id is of one title only
```

An anime that is neither film nor series (an OVA, a special) is known by its IMDb id alone, since the other
ids count from one in each kind.
"""

from collections.abc import Mapping
from typing import Any

from importer.destinations.dates import read_instant
from importer.destinations.titles import AccountRating, Identity, RatingsPage, build_keys, read_rating
from importer.http import Response, parse_object
from importer.model import MediaKind

ALL_RATINGS = ",".join(str(rating) for rating in range(1, 11))
"""Without them the whole library is listed."""

_EMPTY = frozenset({b"null", b"{}", b"[]"})
_KINDS = {"movies": MediaKind.MOVIE, "shows": MediaKind.SHOW}
_ANIME_KINDS = {"movie": MediaKind.MOVIE, "tv": MediaKind.SHOW, "ona": MediaKind.SHOW}
_EVERY_KIND = (MediaKind.MOVIE, MediaKind.SHOW)


def read_list(section: str, answer: Response) -> RatingsPage | None:
    """Index a list of ratings; None if the body is not one."""
    if answer.body.strip() in _EMPTY:
        return RatingsPage({})
    content = parse_object(answer.body)
    entries = content.get(section, 0)
    if entries is None:
        return RatingsPage({})
    if not isinstance(entries, list):
        return None
    ratings: dict[str, AccountRating] = {}
    listed, unread = [], 0
    for entry in entries:
        told = entry.get("user_rating") if isinstance(entry, dict) else ""
        rating = read_rating(told)
        if rating is not None:
            keys, account_rating = _index(section, entry, rating)
            ratings.update(dict.fromkeys(keys, account_rating))
            listed.append(account_rating)
        elif told is not None:  # null: on a list, and not rated
            unread += 1
    return RatingsPage(ratings, entries=len(entries), listed=listed, unread=unread)


def is_of_kind(rating: AccountRating, kind: MediaKind) -> bool:
    """Whether a rating of the list of anime is one of that kind; what is not known to be a film is a show."""
    is_movie = rating.removal is not None and rating.removal.kind is MediaKind.MOVIE
    return is_movie is (kind is MediaKind.MOVIE)


def _index(section: str, entry: Mapping[str, Any], rating: int) -> tuple[list[str], AccountRating]:
    title = _object(entry, "movie") or _object(entry, "show")
    # Others are Simkl's own or those of anime lists, which no row has.
    ids = {source: _object(title, "ids").get(source) for source in ("imdb", "tmdb", "tvdb")}
    imdb = {"imdb": ids["imdb"]}
    name = (title.get("title") if isinstance(title.get("title"), str) else None, title.get("year"))
    kind = _KINDS.get(section) or _ANIME_KINDS.get(str(entry.get("anime_type")).lower())
    if kind is None:
        known, identity = [], Identity(MediaKind.UNKNOWN, imdb, (None, None))
    else:
        known, identity = build_keys(kind, ids, name), Identity(kind, ids, name)
    if section == "anime":
        known += [key for each in _EVERY_KIND for key in build_keys(each, imdb, (None, None))]
    account_rating = AccountRating(
        rating, rated_at=read_instant(entry.get("user_rated_at")), identity=identity
    )
    return known, account_rating


def _object(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, dict) else {}
