"""The readers of TV Time's data and of the Liberator's file."""

import zipfile
from pathlib import Path

import pytest

from importer.errors import ScaleNeededError, UnknownFormatError, UsageError
from importer.model import MediaKind, SourceRow, Status
from importer.readers import ReadOptions, open_reader
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, reasons

VOTES = "1=2,27=4,28=6,29=8,3=10"
MOVIES = "episode_id,movie_name,uuid,vote_key,user_id"
EPISODES = "vote_key,user_id,episode_id,series_name,season_number,episode_number"
SHOWS = "tv_show_id,tv_show_name,rating,created_at,updated_at,user_id"
LIBERATED = (
    "imdb_id,tvdb_id,type,title,season,episode,is_special,is_watched,watched_at,status,is_watchlisted,rating"
)


class TestTvTimeVotes(ReaderConformance):
    format_name = "tvtime"
    samples = ("tvtime-movies.csv", "tvtime.zip")
    header = MOVIES
    reading = ReadOptions(scale=VOTES)

    def row(self, title: str) -> str:
        return movie_vote("4face43d-8641-1-3", title)


class TestTvTimeShows(ReaderConformance):
    format_name = "tvtime"
    samples = TestTvTimeVotes.samples
    header = SHOWS

    def row(self, title: str) -> str:
        return f"81189,{title},5,2017-03-12 08:51:53,2017-03-12 08:51:54,1"


class TestLiberator(ReaderConformance):
    format_name = "tvtime-liberator"
    samples = ("tvtime-liberator.csv",)
    header = LIBERATED

    def row(self, title: str) -> str:
        return f"tt0485947,107,movie,{title},,,false,true,2024-01-18T11:51:49.000Z,,false,8"


def read_votes(folder: Path, header: str, *rows: str, scale: str | None = VOTES) -> list[SourceRow]:
    return read(folder, "\n".join((header, *rows)).encode(), reading=ReadOptions(scale=scale))


def movie_vote(key: str, title: str = "Atonement") -> str:
    return f"0,{title},4face43d-8641,{key},1"


def test_the_vote_is_the_last_part_of_its_key(tmp_path: Path) -> None:
    keys = ("4face43d-8641-426f-a94c-8e1577edd066-6578993-29", "stars-wording-scalev2-3", "1")
    rows = jobs(read_votes(tmp_path, MOVIES, *map(movie_vote, keys)))
    assert [job.rating for job in rows] == [8, 10, 2]
    assert {(job.kind, job.title, job.tvdb_id, job.rated_at) for job in rows} == {
        (MediaKind.MOVIE, "Atonement", None, None)
    }
    assert rows[0].note == "29 is rated 8, as the scale says"


def test_what_a_vote_means_is_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(ScaleNeededError, match="for example 1=2,27=4") as raised:
        read_votes(tmp_path, MOVIES, movie_vote("x-1-3"), scale=None)
    assert raised.value.suggested is None
    with pytest.raises(UsageError, match="tvtime has votes"):
        read_votes(tmp_path, MOVIES, movie_vote("x-1-3"), scale="5")
    (row,) = invalid(read_votes(tmp_path, MOVIES, movie_vote("x-1-20")))
    assert row.reason == "off_scale"
    assert f"--scale {VOTES},20=7" in row.message


def test_an_episode_goes_by_its_own_id_else_by_its_number(tmp_path: Path) -> None:
    rows = read_votes(
        tmp_path,
        EPISODES,
        "349232-1-3,1,349232,Breaking Bad,1,1",
        "0-1-27,1,0,Fringe,2,10",
        "0-1-27,1,0,Fringe,,10",
        "0-1-27,1,0,,2,10",
    )
    assert reasons(rows) == ["ok", "ok", "no_number", "no_id"]
    own, numbered = jobs(rows[:2])
    assert (own.kind, own.tvdb_id, own.season, own.title) == (
        MediaKind.EPISODE,
        349232,
        None,
        "Breaking Bad 1x01",
    )
    assert (numbered.kind, numbered.tvdb_id, numbered.title) == (MediaKind.EPISODE, None, "Fringe")
    assert (numbered.season, numbered.episode) == (2, 10)


def test_shows_are_rated_in_stars(tmp_path: Path) -> None:
    rows = read_votes(
        tmp_path,
        SHOWS,
        "81189,Breaking Bad,5,2017-03-12 08:51:53,2017-03-13 08:51:54,1",
        "81189,Breaking Bad,0,2017-03-12 08:51:53,2017-03-13 08:51:54,1",
        ",,5,2017-03-12 08:51:53,2017-03-13 08:51:54,1",
        scale=None,
    )
    assert reasons(rows) == ["ok", "off_scale", "no_id"]
    (job,) = jobs(rows[:1])
    assert (job.kind, job.tvdb_id, job.rating) == (MediaKind.SHOW, 81189, 10)
    assert job.rated_at == "2017-03-13T08:51:54Z"


def test_votes_on_emotions_are_no_ratings_in_a_file_or_in_an_archive(tmp_path: Path) -> None:
    emotions = tmp_path / "emotions-live-votes.csv"
    emotions.write_text(f"{MOVIES}\n{movie_vote('x-1-3')}\n")
    with pytest.raises(UnknownFormatError, match="emotions, which are no ratings"):
        open_reader(emotions, ReadOptions(scale=VOTES))
    path = tmp_path / "gdpr.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(emotions, "gdpr/emotions-live-votes.csv")
        archive.writestr("gdpr/ratings-live-votes.csv", f"{MOVIES}\n{movie_vote('x-1-29')}\n")
        archive.writestr("gdpr/tv_show_rate.csv", f"{SHOWS}\n81189,Breaking Bad,5,,,1\n")
    rows = [row for chunk in open_reader(path, ReadOptions(scale=VOTES)).chunks() for row in chunk]
    assert [(job.title, job.rating) for job in jobs(rows)] == [("Atonement", 8), ("Breaking Bad", 10)]


@pytest.mark.parametrize(
    "header",
    [
        "uuid,tvdb_id,imdb_id,title,year,created_at,watched_at,is_watched,rewatch_count",
        "uuid,tvdb_id,imdb_id,title,status,created_at",
        LIBERATED.removesuffix(",rating"),
        "uuid,type,entity_type,movie_name,release_date,alpha_range_key,created_at",
        "key,created_at,s_id,series_name,episode_id,season_number,episode_number",
        "user_id,tv_show_id,notification_type,created_at,active,tv_show_name",
    ],
)
def test_files_on_what_was_watched_are_refused_by_name(tmp_path: Path, header: str) -> None:
    with pytest.raises(UnknownFormatError, match=r"TV Time's list of what was watched.*tv_show_rate\.csv"):
        read(tmp_path, f"{header}\n{',' * header.count(',')}\n".encode())


def test_a_list_of_what_was_watched_is_refused_as_json_too(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match="TV Time's list"):
        read(tmp_path, b'[{"uuid": "x", "id": {"tvdb": 1}, "title": "T", "is_watched": true}]')


def test_the_liberator_gives_an_episode_the_ids_of_its_own(tmp_path: Path) -> None:
    watched = "false,true,2024-01-18T11:51:49.000Z,,false"
    rows = read_votes(
        tmp_path,
        LIBERATED,
        f"tt9166672,7080467,show,Chernobyl,1,2,{watched},10",
        f"-1,8507465,show,Sex Education,3,6,{watched},7",
        f"-1,-1,show,Usher,1,1,{watched},6",
        f"tt0903747,81189,show,Breaking Bad,,,{watched},9",
        f"undefined,,movie,A Film,,,{watched},4",
        f"tt0133093,169,movie,The Matrix,,,{watched},",
        f"tt0133093,169,movie,The Matrix,,,{watched},0",
        f"-1,,movie,,,,{watched},4",
        scale=None,
    )
    assert reasons(rows) == ["ok"] * 5 + ["no_rating", "bad_rating", "no_id"]
    found = [(job.kind, job.imdb_id, job.tvdb_id, job.season, job.title) for job in jobs(rows[:5])]
    assert found == [
        (MediaKind.EPISODE, "tt9166672", 7080467, None, "Chernobyl 1x02"),
        (MediaKind.EPISODE, None, 8507465, None, "Sex Education 3x06"),
        (MediaKind.EPISODE, None, None, 1, "Usher"),
        (MediaKind.SHOW, "tt0903747", 81189, None, "Breaking Bad"),
        (MediaKind.MOVIE, None, None, None, "A Film"),
    ]
    assert {job.rated_at for job in jobs(rows[:5])} == {None}, "watched_at is not when it was rated"
    assert [row.status for row in invalid(rows[5:7])] == [Status.SKIPPED, Status.INVALID]
