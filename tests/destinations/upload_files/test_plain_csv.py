"""The CSV with everything: it takes every row, and the importer reads the same jobs from it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.upload_files.plain_csv import PlainFile
from importer.model import HATE, LOVE, UNRATE, MediaKind, Rating, RatingJob
from importer.readers import ReadOptions
from tests.builders import build_job
from tests.destinations.upload_files.round_trip import bare, jobs, write_and_read

FILE = PlainFile()


@given(st.lists(jobs(), min_size=1, max_size=30))
def test_the_importer_reads_the_jobs_that_were_written(written: Sequence[RatingJob]) -> None:
    assert write_and_read(FILE, written, ReadOptions()) == ("csv", list(written))


@pytest.mark.parametrize("rating", [UNRATE, LOVE, HATE, *range(1, 11)])
def test_every_rating_is_read_as_it_was_written(rating: Rating) -> None:
    job = bare(build_job(rating=rating))
    assert FILE.check(job) is None
    assert write_and_read(FILE, [job], ReadOptions())[1] == [job]


def test_many_low_ratings_are_not_asked_about_for_the_scale_is_known() -> None:
    written = [bare(build_job(row, rating=1 + row % 5)) for row in range(1, 40)]
    assert write_and_read(FILE, written, ReadOptions())[1] == written


def test_love_and_hate_are_numbers_if_the_user_says_so() -> None:
    destination = PlainFile(love=10, hate=1)
    place = destination.header.index("rating")
    assert destination.build_line(build_job(rating=LOVE))[place] == "10"
    assert destination.build_line(build_job(rating=HATE))[place] == "1"
    assert destination.build_line(build_job(rating=UNRATE))[place] == "unrate"


@pytest.mark.parametrize(
    "job",
    [
        build_job(kind=MediaKind.UNKNOWN),
        build_job(kind=MediaKind.EPISODE, title="Fargo", season=1, episode=2),
        build_job(title="Heat"),
        build_job(kind=MediaKind.SEASON, season=0, trakt_id=3),
    ],
)
def test_every_row_is_taken(job: RatingJob) -> None:
    assert FILE.check(job) is None
    assert FILE.remark(job) == ""


def test_the_line_has_everything_that_the_row_has() -> None:
    job = RatingJob(
        *(7, 8, MediaKind.EPISODE, "Game of Thrones", 2011, 1, 9, "tt0944947", 1399, 121361, 1390),
        *(10, "2024-05-01T20:15:00Z", MediaKind.SHOW, "a note"),
    )
    assert ",".join(FILE.header) == (
        "kind,second_kind,title,year,season,episode,imdb_id,tmdb_id,tvdb_id,trakt_id,rating,rated_at"
    )
    assert ",".join(FILE.build_line(job)) == (
        "episode,show,Game of Thrones,2011,1,9,tt0944947,1399,121361,1390,10,2024-05-01T20:15:00Z"
    )
