"""What entries of TMDB's lists have in common, wherever they stand. Pure.

```text
rated, searched     {"id": 949, "title": "Heat", "release_date": "1995-12-15"}      a movie of 1995
found by an id      {"movie_results": [], "tv_results": [{"id": 1396, ...}], ...}   a show
```
"""

from collections.abc import Iterator, Mapping
from typing import Any

from importer.model import MediaKind

_LARGEST_ID = 10**12

FIND_LISTS = {
    "movie_results": MediaKind.MOVIE,
    "tv_results": MediaKind.SHOW,
    "tv_episode_results": MediaKind.EPISODE,
}


def is_id(value: object) -> bool:
    """Whether it is a number that TMDB may give a title or an account."""
    return type(value) is int and 0 < value < _LARGEST_ID


def read_year(kind: MediaKind, entry: Mapping[str, Any]) -> int | None:
    """Read the year in which it was first shown."""
    date = str(entry.get("release_date" if kind is MediaKind.MOVIE else "first_air_date") or "")[:4]
    return int(date) or None if len(date) == 4 and date.isascii() and date.isdigit() else None


def list_found(content: Mapping[str, Any]) -> Iterator[tuple[MediaKind, object]]:
    """Yield the entries of an answer of `GET /find`, each with its kind; an entry may be anything."""
    for name, kind in FIND_LISTS.items():
        entries = content.get(name)
        for entry in entries if isinstance(entries, list) else ():
            yield kind, entry
