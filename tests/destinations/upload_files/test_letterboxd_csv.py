"""Letterboxd's import file: its lines and what it refuses."""

import pytest

from importer.destinations.upload_files.letterboxd_csv import LetterboxdFile
from importer.model import HATE, LOVE, UNRATE, MediaKind, RatingJob, Status
from tests.builders import build_job

DESTINATION = LetterboxdFile()


def cells(job: RatingJob, destination: LetterboxdFile = DESTINATION) -> tuple[str, ...]:
    assert destination.check(job) is None
    return tuple(destination.build_line(job))


def test_the_header_asks_for_no_diary_entry() -> None:
    assert ",".join(DESTINATION.header) == "imdbID,tmdbID,Title,Year,Rating10"
    line = cells(build_job(rated_at="2014-09-01", title="Heat", year=1995, imdb_id="tt0113277"))
    assert line == ("tt0113277", "", "Heat", "1995", "8")


@pytest.mark.parametrize("rating", range(1, 11))
def test_every_rating_keeps_its_number(rating: int) -> None:
    assert cells(build_job(rating=rating))[-1] == str(rating)


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (build_job(imdb_id="tt0113277", tmdb_id=949), ("tt0113277", "949", "", "", "8")),
        (build_job(tmdb_id=949), ("", "949", "", "", "8")),
        (build_job(title="Heat", year=1995), ("", "", "Heat", "1995", "8")),
        (build_job(title="七人の侍", year=1954), ("", "", "七人の侍", "1954", "8")),
    ],
)
def test_a_film_is_known_by_an_id_or_a_title(job: RatingJob, expected: tuple[str, ...]) -> None:
    assert cells(job) == expected


@pytest.mark.parametrize("title", ["=Hello", "+1", "-30-", "@Suicide Room", "'night, Mother", " Heat "])
def test_a_title_stays_as_it_is_even_if_a_spreadsheet_would_run_it(title: str) -> None:
    assert cells(build_job(title=title, year=1995))[2] == title


def test_a_match_by_title_is_to_be_checked() -> None:
    assert "title" in DESTINATION.remark(build_job(title="Heat", year=1995))
    assert DESTINATION.remark(build_job(title="Heat", tmdb_id=949)) == ""


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (build_job(kind=MediaKind.SHOW), "show"),
        (build_job(kind=MediaKind.SEASON), "season"),
        (build_job(kind=MediaKind.EPISODE), "episode"),
        (build_job(rating=UNRATE), "cannot_unrate"),
        (build_job(rating=LOVE), "love_or_hate"),
        (build_job(rating=HATE), "love_or_hate"),
        (build_job(trakt_id=5, tvdb_id=6), "needs_id"),
        (build_job(title="", year=1995), "needs_id"),
        (build_job(title="Heat"), "needs_id"),
    ],
)
def test_what_the_file_cannot_say_is_refused(job: RatingJob, reason: str) -> None:
    outcome = DESTINATION.check(job)
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (Status.UNSUPPORTED, reason)
    assert outcome.message


def test_a_row_that_does_not_say_what_it_is_must_be_mended() -> None:
    outcome = DESTINATION.check(build_job(kind=MediaKind.UNKNOWN))
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (Status.INVALID, "unknown_type")


def test_love_and_hate_are_what_the_user_says() -> None:
    destination = LetterboxdFile(love=10, hate=1)
    assert cells(build_job(rating=LOVE), destination)[-1] == "10"
    assert cells(build_job(rating=HATE), destination)[-1] == "1"


def test_files_stay_below_a_million_bytes() -> None:
    assert DESTINATION.largest_file_bytes is not None
    assert DESTINATION.largest_file_bytes < 1_000_000
