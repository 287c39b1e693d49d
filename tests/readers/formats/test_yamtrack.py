"""The reader of Yamtrack's export."""

from pathlib import Path

import pytest

from importer.model import MediaKind, Status
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, reasons

HEADER = "media_id,source,media_type,title,image,season_number,episode_number,score,status,end_date"


class TestYamtrack(ReaderConformance):
    format_name = "yamtrack"
    samples = ("yamtrack.csv",)
    header = HEADER

    def row(self, title: str) -> str:
        return f"603,tmdb,movie,{title},,,,9.0,Completed,2024-01-15"


def test_ids_are_those_of_their_source(tmp_path: Path) -> None:
    lines = [
        "603,tmdb,movie,The Matrix,,,,9.0,,",
        "81189,TVDB,tv,Breaking Bad,,,,9,,",
        "tt0078748,imdb,movie,Alien,,,,9,,",
        "1668,tmdb,episode,Friends,,0,2,9,,",
        "5114,mal,anime,Fullmetal Alchemist,,,,9,,",
        "603,manual,movie,Our Wedding,,,,9,,",
    ]
    rows = read(tmp_path, "\n".join((HEADER, *lines)).encode())
    assert [(job.kind, job.tmdb_id, job.tvdb_id, job.imdb_id, job.season) for job in jobs(rows)] == [
        (MediaKind.MOVIE, 603, None, None, None),
        (MediaKind.SHOW, None, 81189, None, None),
        (MediaKind.MOVIE, None, None, "tt0078748", None),
        (MediaKind.EPISODE, 1668, None, None, 0),
        (MediaKind.UNKNOWN, None, None, None, None),
        (MediaKind.MOVIE, None, None, None, None),
    ]
    assert all(job.rated_at is None for job in jobs(rows))


@pytest.mark.parametrize(
    ("score", "rating", "note"),
    [
        ("9.0", 9, None),
        ("7.5", 8, "7.5 of 10 is rated 8"),
        ("8.25", 8, "8.25 of 10 is rated 8"),
        ("0", 1, "0 of 10 is rated 1"),
    ],
)
def test_decimals_are_rounded_and_told(tmp_path: Path, score: str, rating: int, note: str | None) -> None:
    (job,) = jobs(read(tmp_path, f"{HEADER}\n603,tmdb,movie,The Matrix,,,,{score},,".encode()))
    assert (job.rating, job.note) == (rating, note)


def test_what_cannot_be_rated_there_is_unsupported_if_it_is_rated_at_all(tmp_path: Path) -> None:
    rows = [
        "1,igdb,game,G,,,,9,,",
        "1,mal,manga,M,,,,9,,",
        "1,igdb,game,G,,,,,,",
        "1,x,sculpture,S,,,,9,,",
        "1,tmdb,episode,E,,1,,9,,",
        "1,tmdb,season,E,,,,9,,",
        ",tmdb,movie,,,,,9,,",
        "x,tmdb,movie,T,,,,9,,",
    ]
    found = read(tmp_path, "\n".join((HEADER, *rows)).encode())
    assert reasons(found) == [
        "video_game",
        "unknown_type",
        "no_rating",
        "unknown_type",
        "no_number",
        "no_number",
        "no_id",
        "bad_id",
    ]
    assert [row.status for row in invalid(found[:4])] == [
        Status.UNSUPPORTED,
        Status.UNSUPPORTED,
        Status.SKIPPED,
        Status.INVALID,
    ]
