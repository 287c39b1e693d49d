"""The file in the form of IMDb's export: what it refuses, and that the same jobs are read from it."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.upload_files.imdb_csv import IMDB_FILE, ImdbFile
from importer.model import HATE, LOVE, UNRATE, MediaKind, RatingJob, Status
from importer.readers import ReadOptions
from tests.builders import build_job
from tests.destinations.upload_files.round_trip import jobs, write_and_read

FILE = ImdbFile()
TODAY = (
    "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,"
    "Genres,Num Votes,Release Date,Directors"
)


def as_imdb_knows_it(job: RatingJob) -> RatingJob:
    """IMDb's export has its own id alone, one kind and a day."""
    return job._replace(
        tmdb_id=None,
        tvdb_id=None,
        trakt_id=None,
        second_kind=None,
        rated_at=job.rated_at and job.rated_at[:10],
    )


@given(st.lists(jobs(), min_size=1, max_size=30))
def test_the_importer_reads_the_jobs_that_were_written(all_jobs: Sequence[RatingJob]) -> None:
    written = [job for job in all_jobs if FILE.check(job) is None]
    left = [job for job in all_jobs if FILE.check(job) is not None]
    assert not [job for job in left if job.imdb_id and job.season is None and job.kind in {"movie", "show"}]
    if written:
        expected = [as_imdb_knows_it(job) for job in written]
        assert write_and_read(FILE, written, ReadOptions()) == ("imdb", expected)


def test_the_header_is_that_of_the_export_of_today() -> None:
    assert ",".join(FILE.header) == TODAY
    job = build_job(
        imdb_id="tt0113277", tmdb_id=949, title="Heat", year=1995, rated_at="2024-05-01", rating=9
    )
    assert ",".join(FILE.build_line(job)) == (
        "tt0113277,9,2024-05-01,Heat,,https://www.imdb.com/title/tt0113277/,Movie,,,1995,,,,"
    )


@pytest.mark.parametrize(
    ("kind", "word"),
    [(MediaKind.MOVIE, "Movie"), (MediaKind.SHOW, "TV Series"), (MediaKind.EPISODE, "TV Episode")],
)
def test_types_are_the_words_of_imdb(kind: MediaKind, word: str) -> None:
    assert FILE.build_line(build_job(kind=kind))[FILE.header.index("Title Type")] == word


@pytest.mark.parametrize(
    ("job", "status", "reason"),
    [
        (build_job(kind=MediaKind.SEASON), Status.UNSUPPORTED, "season"),
        (build_job(kind=MediaKind.UNKNOWN), Status.INVALID, "unknown_type"),
        (build_job(rating=UNRATE), Status.UNSUPPORTED, "cannot_unrate"),
        (build_job(rating=LOVE), Status.UNSUPPORTED, "love_or_hate"),
        (build_job(rating=HATE), Status.UNSUPPORTED, "love_or_hate"),
        (build_job(title="Heat", year=1995), Status.UNSUPPORTED, "needs_id"),
        (build_job(tmdb_id=949, tvdb_id=1, trakt_id=2), Status.UNSUPPORTED, "needs_id"),
        (
            build_job(kind=MediaKind.EPISODE, imdb_id="tt0944947", season=1, episode=9),
            Status.UNSUPPORTED,
            "needs_id",
        ),
    ],
)
def test_what_the_file_cannot_say_is_refused(job: RatingJob, status: Status, reason: str) -> None:
    outcome = FILE.check(job)
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (status, reason)
    assert outcome.message


def test_love_and_hate_are_what_the_user_says() -> None:
    destination = ImdbFile(love=10, hate=1)
    assert destination.build_line(build_job(rating=LOVE))[1] == "10"
    assert destination.build_line(build_job(rating=HATE))[1] == "1"


@pytest.mark.parametrize(
    ("hours", "day"), [(0, "2024-05-01"), (-8, "2024-05-01"), (3, "2024-05-02"), (14, "2024-05-02")]
)
def test_the_day_of_an_instant_is_that_of_the_zone(hours: int, day: str) -> None:
    zone = timezone(timedelta(hours=hours))
    assert ImdbFile(zone=zone).build_line(build_job(rated_at="2024-05-01T22:30:00Z"))[2] == day
    assert ImdbFile(zone=zone).build_line(build_job(rated_at="2024-05-01"))[2] == "2024-05-01"
    noon = datetime(2024, 5, 1, 12, tzinfo=zone).astimezone(UTC).isoformat()
    assert ImdbFile(zone=zone).build_line(build_job(rated_at=noon))[2] == "2024-05-01"


def test_a_movie_without_a_date_is_remarked_upon() -> None:
    assert "no date" in FILE.remark(build_job())
    assert FILE.remark(build_job(rated_at="2024-05-01")) == FILE.remark(build_job(kind=MediaKind.SHOW)) == ""


def test_it_is_not_for_one_site() -> None:
    assert IMDB_FILE.is_file
    assert "site" in FILE.upload_at
