"""The samples that are archives, built from those that lie beside them; the same bytes each time.

python -m tests.samples.archives
"""

import zipfile
from collections.abc import Mapping
from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "samples"

_FILMS = "Date,Name,Year,Letterboxd URI\r\n2024-09-07,Perfect Days,2023,https://boxd.it/xAzY\r\n"
_LIST = (
    "Letterboxd list export v7\r\nDate,Name,Tags,URL,Description\r\n2024-09-08,Trains,,https://boxd.it/a,\r\n"
)
_DELETED = (
    "Date,Name,Year,Letterboxd URI,Rating,Rewatch,Tags,Watched Date\r\n"
    "2017-01-01,Cats,2019,https://boxd.it/8KkLx,5,,,2017-01-01\r\n"
)


def read_sample(name: str) -> str:
    return (SAMPLES / name).read_bytes().decode()


def letterboxd_export() -> dict[str, str]:
    return {
        "comments.csv": "Date,Content,Comment\r\n",
        "deleted/diary.csv": _DELETED,
        "deleted/ratings.csv": "Date,Name,Year,Letterboxd URI,Rating\r\n2017-01-01,Cats,2019,https://boxd.it/8k,5\r\n",
        "diary.csv": read_sample("letterboxd-diary.csv"),
        "likes/films.csv": _FILMS,
        "lists/trains.csv": _LIST,
        "orphaned/diary.csv": _DELETED,
        "profile.csv": "Date Joined,Username,Email Address\r\n2016-02-14,someone,someone@example.org\r\n",
        "ratings.csv": read_sample("letterboxd-ratings.csv"),
        "reviews.csv": read_sample("letterboxd-reviews.csv"),
        "watched.csv": _FILMS,
        "watchlist.csv": _FILMS,
    }


_WATCHED = (
    '[{"id": 1, "watched_at": "2024-01-01T20:00:00.000Z", "action": "watch", "type": "movie", '
    '"movie": {"title": "Cats", "year": 2019, "ids": {"trakt": 323470}}}]\n'
)
_PROFILE = '{"username": "someone", "vip": false, "ids": {"slug": "someone"}}\n'


def trakt_export() -> dict[str, str]:
    """The layout of 2026, flat and with numbered files."""
    return {
        "lists-watchlist.json": '[{"rank": 1, "type": "movie", "movie": {"ids": {"trakt": 323470}}}]\n',
        "ratings-episodes.json": read_sample("trakt-episodes.json"),
        "ratings-movies-10.json": read_sample("trakt-ratings.json"),
        "ratings-movies-2.json": read_sample("trakt-movies.json"),
        "ratings-seasons.json": read_sample("trakt-seasons.json"),
        "ratings-shows.json": read_sample("trakt-shows.json"),
        "user-profile.json": _PROFILE,
        "watched-history-1.json": _WATCHED,
        "watched-playback.json": "[]\n",
    }


def old_trakt_export() -> dict[str, str]:
    """The layout before 2026, in folders."""
    return {
        "someone/lists/watchlist.json": "[]\n",
        "someone/ratings/ratings-episodes.json": read_sample("trakt-episodes.json"),
        "someone/ratings/ratings-movies.json": read_sample("trakt-movies.json"),
        "someone/ratings/ratings-shows.json": read_sample("trakt-shows.json"),
        "someone/user/profile.json": _PROFILE,
        "someone/watched/history-1.json": _WATCHED,
    }


ARCHIVES = {
    "letterboxd-export.zip": letterboxd_export,
    "trakt-export.zip": trakt_export,
    "trakt-export-2024.zip": old_trakt_export,
}
"""Name of the sample to what makes its files."""


def write_archive(path: Path, files: Mapping[str, str]) -> None:
    """Write a zip without the times of today, stored as it is: compressed bytes differ between systems."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name)
            entry.create_system = 3  # the same bytes on every system
            archive.writestr(entry, text.encode())


if __name__ == "__main__":
    for archive_name, build in ARCHIVES.items():
        write_archive(SAMPLES / archive_name, build())
