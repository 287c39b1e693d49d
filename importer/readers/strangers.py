"""Files that are known and hold no ratings: refused by name, so that nobody takes them for some."""

from typing import NamedTuple

from importer.readers.table import Header


class Stranger(NamedTuple):
    """A kind of file that is known and not read."""

    columns: frozenset[str]
    """All of these it has."""
    is_without: frozenset[str]
    """None of these it has."""
    what: str
    remedy: str


_STRANGERS = (
    Stranger(
        frozenset({"name", "year", "letterboxd uri"}),
        frozenset({"rating"}),
        "a list of films of Letterboxd (watched, watchlist or likes), which holds no ratings",
        "Import ratings.csv, or the whole export as you downloaded it.",
    ),
    Stranger(
        frozenset({"letterboxd list export v7"}),
        frozenset(),
        "a list of Letterboxd, which holds no ratings",
        "Import ratings.csv, or the whole export as you downloaded it.",
    ),
    Stranger(
        frozenset({"watched_at", "action", "type", "trakt_id"}),
        frozenset({"rating"}),
        "the history of what was watched from Trakt, which holds no ratings",
        "Import the file of your ratings.",
    ),
    Stranger(
        frozenset({"title", "date"}),
        frozenset({"rating", "year", "imdb_id", "title name"}),
        "Netflix's viewing history, which holds no ratings",
        "Ask Netflix for your personal information; its Ratings.csv holds them.",
    ),
)


def find_stranger(header: Header) -> Stranger | None:
    """Find out whether the columns are those of a file that is not for import."""
    keys = set(header.keys)
    fitting = (s for s in _STRANGERS if s.columns <= keys and not s.is_without & keys)
    return next(fitting, None)
