"""The readers of Trakt's own JSON, alone and in archives of both layouts, and of its CSV."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from importer.errors import UnknownFormatError
from importer.model import MediaKind, RatingJob
from importer.readers import open_reader
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, reasons
from tests.readers.record_conformance import JsonConformance
from tests.samples.archives import write_archive

SAMPLES = (
    *("trakt-episodes.json", "trakt-movies.json", "scrob.json", "trakt-ratings.json", "trakt-seasons.json"),
    *("trakt-shows.json", "trakt-export.zip", "trakt-export-2024.zip"),
)
VIP = (
    "rated_at,type,title,year,trakt_rating,trakt_id,imdb_id,tmdb_id,tvdb_id,url,released,season_number,"
    "episode_number,episode_title,episode_released,episode_trakt_rating,episode_trakt_id,episode_imdb_id,"
    "episode_tmdb_id,episode_tvdb_id,genres,rating"
)
FOR_TMDB = (
    "rated_at,type,title,year,trakt_rating,trakt_id,imdb_id,tmdb_id,tvdb_id,season,episode,show_title,"
    "show_year,show_trakt_id,show_imdb_id,show_tmdb_id,show_tvdb_id,episode_imdb_id,episode_tmdb_id,"
    "episode_tvdb_id,genres,rating"
)

SHOW = {"title": "Breaking Bad", "year": 2008, "ids": {"trakt": 1388, "imdb": "tt0903747", "tvdb": 81189}}
NAMELESS = {"title": None, "year": None, "ids": {"trakt": 0, "imdb": None, "tvdb": ""}}


class TestJson(JsonConformance):
    format_name = "trakt"
    samples = SAMPLES

    def record(self, title: str) -> Mapping[str, object]:
        movie = {
            "title": title,
            "year": 1995,
            "ids": {"trakt": 739, "slug": "heat-1995", "imdb": "tt0113277"},
        }
        return {"rated_at": "2024-05-01T20:00:00.000Z", "rating": 9, "type": "movie", "movie": movie}


class TestCsv(ReaderConformance):
    format_name = "trakt-csv"
    samples = ("trakt-vip.csv", "trakt-tmdb-import.csv")
    header = VIP

    def row(self, title: str) -> str:
        return f"2018-08-24T13:48:52Z,movie,{title},1995,8.3,739,tt0113277,949,,u,1995-12-15,,,,,,,,,,drama,9"


def read_entry(folder: Path, **entry: object) -> RatingJob:
    """Read one entry, which must become a job."""
    content = [{"rated_at": "2021-06-01T19:30:00.000Z", "rating": 8, **entry}]
    (job,) = jobs(read(folder, json.dumps(content).encode()))
    return job


def own_ids(job: RatingJob) -> tuple[str | None, int | None, int | None, int | None]:
    return job.imdb_id, job.tmdb_id, job.tvdb_id, job.trakt_id


def test_ids_may_be_null_nothing_or_objects(tmp_path: Path) -> None:
    ids = {"trakt": 739, "imdb": None, "tmdb": 0, "plex": {"guid": "5d", "slug": "heat"}, "slug": "heat-1995"}
    job = read_entry(tmp_path, type="movie", movie={"title": "Heat", "year": None, "ids": ids})
    assert own_ids(job) == (None, None, None, 739)
    assert (job.title, job.year, job.rated_at) == ("Heat", None, "2021-06-01T19:30:00Z")


def test_a_rating_before_the_year_of_its_title_is_told(tmp_path: Path) -> None:
    job = read_entry(tmp_path, type="movie", movie={"title": "Heat", "year": 2022, "ids": {"trakt": 739}})
    assert job.note is not None
    assert "2021-06-01, is before 2022" in job.note
    assert job.rated_at == "2021-06-01T19:30:00Z"


def test_an_episode_goes_by_its_show_and_number(tmp_path: Path) -> None:
    ids = {"trakt": 73640, "imdb": "tt2301451", "tvdb": 4639461}
    episode = {"season": 0, "number": 14, "title": "Ozymandias", "ids": ids}
    job = read_entry(tmp_path, type="episode", episode=episode, show=SHOW)
    assert (job.kind, job.season, job.episode, job.title) == (MediaKind.EPISODE, 0, 14, "Breaking Bad")
    assert own_ids(job) == ("tt0903747", None, 81189, 1388)


@pytest.mark.parametrize(
    ("number", "show"), [(14, {**NAMELESS, "title": "Breaking Bad"}), (None, SHOW), (14, None)]
)
def test_without_a_number_or_a_show_an_episode_goes_by_its_own_ids(
    tmp_path: Path, number: int | None, show: Mapping[str, object] | None
) -> None:
    episode = {"season": 5, "number": number, "title": "Ozymandias", "ids": {"imdb": "tt2301451"}}
    job = read_entry(tmp_path, type="episode", episode=episode, show=show)
    assert (job.kind, job.season, job.episode) == (MediaKind.EPISODE, None, None)
    assert own_ids(job) == ("tt2301451", None, None, None)
    assert job.title == ("Ozymandias" if show is None else "Breaking Bad: Ozymandias")


def test_at_the_very_last_the_name_of_the_show_has_to_do(tmp_path: Path) -> None:
    show = {**NAMELESS, "title": "Breaking Bad", "year": 2008}
    job = read_entry(tmp_path, type="episode", episode={"season": 5, "number": 14, "ids": {}}, show=show)
    assert (job.season, job.episode, job.title, job.year) == (5, 14, "Breaking Bad", 2008)


def test_a_season_goes_by_its_show(tmp_path: Path) -> None:
    job = read_entry(tmp_path, type="season", season={"number": 0, "ids": {"trakt": 3949}}, show=SHOW)
    assert (job.kind, job.season, job.episode) == (MediaKind.SEASON, 0, None)
    assert own_ids(job) == ("tt0903747", None, 81189, 1388)


@pytest.mark.parametrize("kind", ["movie", "show", "season", "episode"])
def test_without_a_type_the_object_tells(tmp_path: Path, kind: str) -> None:
    part = {"season": {"number": 1, "ids": {}}, "episode": {"season": 1, "number": 2, "ids": {}}}
    entry = (
        {"movie": SHOW} if kind == "movie" else {"show": SHOW, **{k: v for k, v in part.items() if k == kind}}
    )
    assert read_entry(tmp_path, **entry).kind == kind


def test_what_cannot_be_told_has_a_reason_and_shows_its_title(tmp_path: Path) -> None:
    rated = {"rated_at": "2021-06-01T19:30:00.000Z"}
    content = [
        {**rated, "rating": None, "type": "movie", "movie": SHOW},
        {**rated, "rating": 0, "type": "show", "show": SHOW},
        {**rated, "rating": 7.5, "type": "episode", "episode": {"season": 1, "number": 2}, "show": SHOW},
        {**rated, "rating": 7, "type": "movie", "movie": {**NAMELESS, "ids": {"imdb": "heat"}}},
        {**rated, "rating": 7, "type": "movie", "show": SHOW},
        {**rated, "rating": 7, "type": "person", "person": {"name": "Al Pacino"}},
        {**rated, "rating": 7},
    ]
    rows = invalid(read(tmp_path, json.dumps(content).encode()))
    assert reasons(rows) == [*("no_rating", "bad_rating", "bad_rating", "bad_id", "no_id", "person", "no_id")]
    assert [row.status for row in rows] == ["skipped", *["invalid"] * 4, "unsupported", "invalid"]
    assert [row.title for row in rows[:3]] == ["Breaking Bad"] * 3
    assert (rows[2].season, rows[2].episode, rows[2].imdb_id) == ("1", "2", "tt0903747")


@pytest.mark.parametrize("folder", ["", "someone/ratings/"])
def test_files_of_an_archive_come_in_the_order_of_their_numbers(tmp_path: Path, folder: str) -> None:
    def entry(title: str) -> str:
        movie = {"title": title, "ids": {"trakt": 1}}
        return json.dumps([{"rated_at": "2024-05-01T20:00:00.000Z", "rating": 9, "movie": movie}])

    path = tmp_path / "export.zip"
    watched = '[{"watched_at": "2024-05-01T20:00:00.000Z", "movie": {"title": "Cats", "ids": {"trakt": 1}}}]'
    names = {f"{folder}ratings-movies-{number}.json": entry(str(number)) for number in (10, 2, 1)}
    write_archive(path, {**names, f"{folder}watched-history-1.json": watched, "lists-watchlist.json": "[]"})
    rows = [row for chunk in open_reader(path).chunks() for row in chunk]
    assert [job.title for job in jobs(rows)] == ["1", "2", "10"]
    assert [row.row for row in rows] == [1, 2, 3]


def read_vip(folder: Path, header: str, **cells: str) -> RatingJob:
    """Read a row with these cells, which must become a job."""
    row = {"rated_at": "2024-05-01T20:00:00Z", "rating": "8", "trakt_rating": "9.3", **cells}
    line = ",".join(row.pop(name, "") for name in header.split(","))
    assert not row
    (job,) = jobs(read(folder, f"{header}\n{line}\n".encode()))
    return job


def test_ones_own_rating_counts(tmp_path: Path) -> None:
    assert read_vip(tmp_path, VIP, type="movie", title="Heat", imdb_id="tt0113277").rating == 8


EPISODE = {
    "type": "episode",
    "episode_imdb_id": "tt2301451",
    "episode_tmdb_id": "62161",
    "episode_tvdb_id": "4639461",
}


def test_in_trakts_rows_the_ids_are_the_shows(tmp_path: Path) -> None:
    show = {"title": "Breaking Bad", "year": "2008", "imdb_id": "tt0903747", "tvdb_id": "81189"}
    job = read_vip(tmp_path, VIP, **EPISODE, **show, season_number="5", episode_number="14")
    assert (job.season, job.episode, job.title, job.year) == (5, 14, "Breaking Bad", 2008)
    assert own_ids(job) == ("tt0903747", None, 81189, None)
    job = read_vip(tmp_path, VIP, **EPISODE, title="Breaking Bad", episode_title="Ozymandias")
    assert (job.season, job.title) == (None, "Breaking Bad: Ozymandias")
    assert own_ids(job) == ("tt2301451", 62161, 4639461, None)


def test_in_rows_for_tmdb_the_show_has_columns_of_its_own(tmp_path: Path) -> None:
    row = {"title": "Ozymandias", "imdb_id": "tt2301451", "tmdb_id": "62161", "season": "5", "episode": "14"}
    show = {"show_title": "Breaking Bad", "show_imdb_id": "tt0903747", "show_tmdb_id": "1396"}
    job = read_vip(tmp_path, FOR_TMDB, **EPISODE, **row, **show)
    assert (job.season, job.episode, job.title) == (5, 14, "Breaking Bad")
    assert own_ids(job) == ("tt0903747", 1396, None, None)
    job = read_vip(tmp_path, FOR_TMDB, type="episode", **row)
    assert (job.season, job.title) == (None, "Ozymandias")
    assert own_ids(job) == ("tt2301451", None, None, None), "whose the TMDb id is, nobody says"


def test_a_season_of_a_csv_goes_by_its_show(tmp_path: Path) -> None:
    job = read_vip(tmp_path, VIP, type="season", title="Girls", tvdb_id="220411", season_number="0")
    assert (job.kind, job.season, job.tvdb_id) == (MediaKind.SEASON, 0, 220411)


@pytest.mark.parametrize("numbers", [("1", ""), ("", "2")])
def test_a_movie_has_no_numbers(tmp_path: Path, numbers: tuple[str, str]) -> None:
    row = f"2024-05-01,movie,Heat,1995,8.1,739,,,,,,{','.join(numbers)},,,,,,,,,8"
    assert reasons(read(tmp_path, f"{VIP}\n{row}\n".encode())) == ["type_mismatch"]


def test_the_history_of_the_watched_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match="the history of what was watched"):
        read(tmp_path, b"watched_at,action,type,title,year,trakt_rating,trakt_id,imdb_id\n")
