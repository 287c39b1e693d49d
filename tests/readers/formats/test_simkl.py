"""The readers of Simkl's CSV and JSON backups."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from importer.model import MediaKind, RatingJob, SourceRow
from importer.readers import open_reader
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, reasons
from tests.readers.record_conformance import JsonConformance
from tests.samples.archives import write_archive

HEADER = "SIMKL_ID,Title,Type,Year,Watchlist,LastEpWatched,WatchedDate,Rating,Memo,TVDB,TMDB,IMDB"
SAMPLES = ("simkl.csv", "simkl-import.csv", "simkl.json")


class TestCsv(ReaderConformance):
    format_name = "simkl"
    samples = SAMPLES
    header = HEADER

    def row(self, title: str) -> str:
        return f"53536,{title},movie,1995,completed,,18-12-2023 21:50:41,9,memo,,949,tt0113277"


class TestJson(JsonConformance):
    format_name = "simkl"
    samples = SAMPLES

    def record(self, title: str) -> Mapping[str, object]:
        movie = {"title": title, "year": 1995, "ids": {"simkl": 53536, "imdb": "tt0113277", "tmdb": "949"}}
        rated = {"user_rating": 9, "user_rated_at": "2024-05-01T20:00:00Z", "status": "completed"}
        return {**rated, "last_watched_at": None, "movie": movie}

    def document(self, records: Sequence[object]) -> object:
        return {"movies": records}


def read_rows(folder: Path, *rows: str) -> list[SourceRow]:
    return read(folder, "\n".join((HEADER, *rows)).encode())


def test_types_of_a_csv(tmp_path: Path) -> None:
    words = ("movie", "Movie", "tv", "tv show", "Show", "podcast", "")
    rows = read_rows(tmp_path, *(f"1,A,{word},2001,completed,,,8,,81189,1396,tt0903747" for word in words))
    assert reasons(rows) == [*["ok"] * 5, "unknown_type", "unknown_type"]
    assert [job.kind for job in jobs(rows[:5])] == ["movie", "movie", "show", "show", "show"]


def test_what_is_only_planned_may_be_rated(tmp_path: Path) -> None:
    rows = read_rows(
        tmp_path, "1,A,movie,2001,plan to watch,,,8,,,949,", "1,B,movie,2001,completed,,,,,,949,"
    )
    assert reasons(rows) == ["ok", "no_rating"]
    assert invalid(rows[1:])[0].status == "skipped"


def test_the_whole_column_shows_what_comes_first_in_a_date(tmp_path: Path) -> None:
    dates = ("18-12-2023 21:50:41", "01-02-2024 20:00:00", "2024-01-04", "")
    found = jobs(read_rows(tmp_path, *(f"1,A,movie,2001,completed,,{day},8,,,949," for day in dates)))
    assert [job.rated_at for job in found] == [
        *("2023-12-18T21:50:41Z", "2024-02-01T20:00:00Z", "2024-01-04", None)
    ]


def test_an_anime_of_a_csv_is_told_by_its_imdb_id_alone(tmp_path: Path) -> None:
    by_imdb, by_name, nameless = jobs(
        read_rows(
            tmp_path,
            "1,Spirited Away,anime,2001,completed,,,8,,70904,129,tt0245429",
            "1,Odd Taxi,anime,2021,completed,E12,,8,,401812,118924,",
            "1,Odd Taxi,anime,2021,completed,E12,,8,,,,",
        )
    )
    assert (by_imdb.kind, by_imdb.second_kind) == (MediaKind.SHOW, MediaKind.MOVIE)
    assert (by_imdb.imdb_id, by_imdb.tmdb_id, by_imdb.tvdb_id) == ("tt0245429", None, None)
    assert (by_name.kind, by_name.tmdb_id, by_name.tvdb_id) == (MediaKind.UNKNOWN, None, None)
    assert by_name.note is not None
    assert nameless.note is None


def read_anime(folder: Path, **entry: object) -> SourceRow:
    show = {"title": "A", "ids": {"imdb": "tt0245429", "tmdb": "129", "tvdb": "70904"}}
    content = {"anime": [{"user_rating": 8, "show": show, **entry}]}
    (row,) = read(folder, json.dumps(content).encode())
    return row


@pytest.mark.parametrize(
    ("anime_type", "kind", "second_kind", "tmdb_id"),
    [
        ("movie", MediaKind.MOVIE, None, 129),
        ("tv", MediaKind.SHOW, None, 129),
        ("ona", MediaKind.SHOW, None, 129),
        ("ova", MediaKind.SHOW, MediaKind.MOVIE, None),
        (None, MediaKind.SHOW, MediaKind.MOVIE, None),
    ],
)
def test_an_anime_may_be_a_film(
    tmp_path: Path,
    anime_type: str | None,
    kind: MediaKind,
    second_kind: MediaKind | None,
    tmdb_id: int | None,
) -> None:
    job = read_anime(tmp_path, anime_type=anime_type)
    assert isinstance(job, RatingJob)
    assert (job.kind, job.second_kind, job.tmdb_id, job.imdb_id) == (kind, second_kind, tmdb_id, "tt0245429")


def test_a_music_video_is_not_supported(tmp_path: Path) -> None:
    (row,) = invalid([read_anime(tmp_path, anime_type="music video")])
    assert (row.status, row.reason, row.title) == ("unsupported", "music_video", "A")


def test_the_lists_of_a_backup_and_an_unrated_title_that_is_shown(tmp_path: Path) -> None:
    heat = {"title": "Heat", "year": 1995, "ids": {"imdb": "tt0113277", "tmdb": "949", "tvdb": ""}}
    girls = {"title": "Girls", "year": 2012, "ids": {"tvdb": "220411", "imdb": None}}
    backup = {
        "movies": [{"user_rating": 7, "user_rated_at": "2026-07-05T10:00:00Z", "movie": heat}],
        "shows": [
            {
                "user_rating": None,
                "user_rated_at": None,
                "last_watched_at": "2026-07-05T10:00:00Z",
                "show": girls,
            },
            {"user_rating": "10", "status": "plantowatch", "show": girls, "seasons": [{"number": 1}]},
            {"user_rating": 5, "show": {"title": None, "ids": {"simkl": 5}}},
        ],
        "anime": [],
    }
    path = tmp_path / "SimklBackup.zip"
    write_archive(path, {"SimklBackup.json": json.dumps(backup)})
    rows = [row for chunk in open_reader(path).chunks() for row in chunk]
    assert reasons(rows) == ["ok", "no_rating", "ok", "no_id"]
    movie, show = jobs([rows[0], rows[2]])
    assert (movie.kind, movie.tmdb_id, movie.rated_at) == (MediaKind.MOVIE, 949, "2026-07-05T10:00:00Z")
    assert (show.kind, show.tvdb_id, show.rating, show.rated_at) == (MediaKind.SHOW, 220411, 10, None)
    assert invalid(rows[1:2])[0].title == "Girls"
