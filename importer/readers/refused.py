"""Files that are known and hold no ratings: refused by name, so that none is imported by mistake."""

from typing import NamedTuple

from importer.errors import Remedy
from importer.readers.tables.table import Header


class RefusedFile(NamedTuple):
    """A kind of file that is recognised and not read."""

    columns: frozenset[str]
    """Columns that such a file has."""
    is_without: frozenset[str]
    """Columns that such a file does not have."""
    what: str
    remedy: str
    file_starts: str = ""
    """The start of its name, if its columns alone do not tell it from a file of ratings."""


_TV_TIME = "Import the files whose names start with ratings, tv_show_rate.csv, or the whole archive."
_OTHER_WORKS = "Import a file of films and series."
_REFUSED = (
    RefusedFile(
        frozenset({"name", "year", "letterboxd uri"}),
        frozenset({"rating"}),
        "a list of films of Letterboxd (watched, watchlist or likes), which holds no ratings",
        "Import ratings.csv, or the whole export as you downloaded it.",
    ),
    RefusedFile(
        frozenset({"letterboxd list export v7"}),
        frozenset(),
        "a list of Letterboxd, which holds no ratings",
        "Import ratings.csv, or the whole export as you downloaded it.",
    ),
    RefusedFile(
        frozenset({"watched_at", "action", "type", "trakt_id"}),
        frozenset({"rating"}),
        "the history of what was watched from Trakt, which holds no ratings",
        "Import the file of your ratings.",
    ),
    RefusedFile(
        frozenset({"title", "date"}),
        frozenset({"rating", "year", "imdb_id", "title name"}),
        "Netflix's viewing history, which holds no ratings",
        "Ask Netflix for your personal information; its Ratings.csv holds them.",
    ),
    RefusedFile(
        frozenset({"imdburl", "checked", "favorite", "disliked"}),
        frozenset({"rating"}),
        "a list of films of iCheckMovies, which marks them and rates none",
        Remedy.MAP_MARKS,
    ),
    RefusedFile(
        frozenset({"manga_title", "my_score"}),
        frozenset({"series_title"}),
        "a manga list of MyAnimeList",
        "Export your anime list; books are not rated at any destination.",
    ),
    RefusedFile(
        frozenset({"vote_key"}),
        frozenset(),
        "TV Time's votes on emotions, which are no ratings",
        _TV_TIME,
        file_starts="emotions",
    ),
    RefusedFile(
        frozenset({"action", "from", "to", "account_rated_at", "destination", "account"}),
        frozenset({"rating"}),
        "a plan of the importer",
        Remedy.SEND_PLAN,
    ),
    *(
        RefusedFile(
            frozenset(columns), frozenset(), "a list of books, which no destination rates", _OTHER_WORKS
        )
        for columns in ({"isbn"}, {"isbn13"}, {"isbn/uid"}, {"book id", "author"})
    ),
    *(
        RefusedFile(
            frozenset(columns), frozenset(), "a list of music, which no destination rates", _OTHER_WORKS
        )
        for columns in ({"rym album"}, {"catalog#", "artist"}, {"artist", "album"})
    ),
    RefusedFile(
        frozenset({"movieid", "imdbid", "tmdbid"}),
        frozenset({"rating"}),
        "links.csv of a MovieLens data set, which holds no ratings",
        "Import its ratings.csv and leave this file beside it, or the whole zip.",
    ),
    RefusedFile(
        frozenset({"movieid", "title", "genres"}),
        frozenset({"rating"}),
        "movies.csv of a MovieLens data set, which holds no ratings",
        "Import its ratings.csv and leave this file beside it, or the whole zip.",
    ),
    RefusedFile(
        frozenset({"series_id", "series_type", "score"}),
        frozenset({"title"}),
        "AniList's data on request, which names titles by AniList's own numbers alone",
        "Import the list as a script saves it from AniList's API, with its titles.",
    ),
    RefusedFile(
        frozenset({"listed_at", "type"}),
        frozenset({"rating", "rated_at"}),
        "a list or a watchlist of Trakt, which holds no ratings",
        "Import the files whose names start with ratings, or the whole archive.",
    ),
    *(
        RefusedFile(
            frozenset(columns),
            frozenset({"rating"}),
            "TV Time's list of what was watched or followed",
            _TV_TIME,
        )
        for columns in (
            ("uuid", "tvdb_id"),
            ("uuid", "is_watched"),
            ("tvdb_id", "is_watched", "is_watchlisted"),
            ("entity_type", "movie_name"),
            ("key", "s_id"),
            ("tv_show_id", "notification_type"),
        )
    ),
)


def find_refused(header: Header, file_name: str) -> RefusedFile | None:
    """Return the refused file that has these columns, if any."""
    keys = set(header.keys)
    fitting = (
        each
        for each in _REFUSED
        if each.columns <= keys and not each.is_without & keys and file_name.startswith(each.file_starts)
    )
    return next(fitting, None)
