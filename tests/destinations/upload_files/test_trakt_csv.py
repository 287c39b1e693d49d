"""Trakt's import file: its lines, what it refuses, and what the site's importer makes of it."""

import csv
import io
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from importer.destinations.dates import Dates
from importer.destinations.upload_files.trakt_csv import TraktFile
from importer.model import HATE, LOVE, UNRATE, MediaKind, Rating, RatingJob, Status
from tests.builders import build_job

NOW = datetime(2026, 9, 1, 8, 30, tzinfo=UTC)
DESTINATION = TraktFile(Dates(NOW))
SHOW, SEASON, EPISODE = MediaKind.SHOW, MediaKind.SEASON, MediaKind.EPISODE


def line(job: RatingJob, destination: TraktFile = DESTINATION) -> str:
    assert destination.check(job) is None
    return ",".join(destination.build_line(job))


def refusal(job: RatingJob, destination: TraktFile = DESTINATION) -> str:
    outcome = destination.check(job)
    assert outcome is not None
    assert outcome.status is Status.UNSUPPORTED
    assert outcome.message
    return outcome.reason


def test_the_header_is_the_importers_own_words() -> None:
    assert ",".join(DESTINATION.header) == "imdb_id,tmdb_id,tvdb_id,trakt_id,type,rating,rated_at"


def test_the_site_takes_one_file_only() -> None:
    assert DESTINATION.largest_file_bytes is None


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (build_job(imdb_id="tt0113277"), "tt0113277,,,,movie,8,"),
        (
            build_job(imdb_id="tt0113277", tmdb_id=949, trakt_id=12, rating=10, rated_at="2014-09-01"),
            "tt0113277,949,,12,movie,10,2014-09-01T12:00:00.000Z",
        ),
        (build_job(tmdb_id=949, rating=1), ",949,,,movie,1,"),
        (build_job(trakt_id=12), ",,,12,movie,8,"),
        (build_job(kind=SHOW, tvdb_id=81189, tmdb_id=1396), ",1396,81189,,show,8,"),
        (
            build_job(kind=SHOW, imdb_id="tt0903747", rated_at="2020-02-03T04:05:06Z"),
            "tt0903747,,,,show,8,2020-02-03T04:05:06.000Z",
        ),
    ],
)
def test_the_line_of_a_job(job: RatingJob, expected: str) -> None:
    assert line(job) == expected


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (build_job(kind=SEASON, season=1), "season"),
        (build_job(kind=SEASON, trakt_id=3950), "season"),
        (build_job(kind=EPISODE), "episode"),
        (build_job(kind=EPISODE, season=1, episode=2, tvdb_id=81189), "episode"),
        (build_job(rating=UNRATE), "cannot_unrate"),
        (build_job(rating=LOVE), "love_or_hate"),
        (build_job(rating=HATE), "love_or_hate"),
        (build_job(title="Heat", year=1995), "needs_id"),
        (build_job(tvdb_id=5), "needs_id"),
        (build_job(kind=SHOW, tmdb_id=1396), "needs_id"),
        (build_job(imdb_id="", tmdb_id=0), "needs_id"),
    ],
)
def test_a_row_that_would_be_lost_or_changed_is_refused(job: RatingJob, reason: str) -> None:
    assert refusal(job) == reason


def test_a_row_that_does_not_say_what_it_is_must_be_mended() -> None:
    outcome = DESTINATION.check(build_job(kind=MediaKind.UNKNOWN))
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (Status.INVALID, "unknown_type")


def test_love_and_hate_are_what_the_user_says() -> None:
    destination = TraktFile(Dates(NOW), love=10)
    assert line(build_job(rating=LOVE), destination) == "tt0000001,,,,movie,10,"
    assert refusal(build_job(rating=HATE), destination) == "love_or_hate"


def test_a_date_in_the_future_is_clamped_and_said() -> None:
    job = build_job(rated_at="2031-01-01")
    assert line(job).endswith(",2026-09-01T08:30:00.000Z")
    assert "future" in DESTINATION.remark(job)
    assert DESTINATION.remark(build_job(rated_at="2026-09-01")) == ""


def test_a_title_that_may_be_of_another_type_is_named() -> None:
    assert "show" in DESTINATION.remark(build_job(second_kind=SHOW))
    assert DESTINATION.remark(build_job()) == ""


# What the site makes of the file. Rules of github.com/trakt/trakt-web, settings/import, read August 2026:
# the ids it tries, by type, in the earliest and in the latest version seen. Types it has none for are
# dropped; the earliest takes a season for a movie.

EARLY = {"movie": ("imdb", "tmdb", "trakt"), "show": ("imdb", "tvdb", "trakt")}
LATE = {
    "movie": ("imdb", "tmdb", "trakt"),
    "show": ("imdb", "tvdb", "trakt", "tmdb"),
    "season": ("tvdb", "trakt", "tmdb"),
    "episode": ("tvdb", "trakt", "tmdb", "imdb"),
}
Sent = tuple[str, dict[str, str | int], int, str | None]


def read_as_the_site(text: str, ids_tried: Mapping[str, Sequence[str]]) -> Iterator[Sent]:
    for raw in csv.DictReader(io.StringIO(text, newline="")):
        row = {name.lower().strip(): cell for name, cell in raw.items()}
        if row.get("watched_at"):
            continue  # it would become a play, too
        kind = row.get("type", "movie").lower()
        kind = {"series": "show", "tv series": "show"}.get(kind, kind)
        if kind not in {*ids_tried, "episode"}:
            kind = "movie"
        known: dict[str, str | int | None] = {
            "imdb": row.get("imdb_id") or None,
            **{source: parse_int(row.get(f"{source}_id")) or None for source in ("tmdb", "tvdb", "trakt")},
        }
        used = next((source for source in ids_tried.get(kind, ()) if known[source] is not None), None)
        rating = parse_int(row.get("rating"))
        if used is None or rating is None:
            continue
        value = known[used]
        assert value is not None
        yield kind, {used: value}, min(10, max(1, rating)), row.get("rated_at") or None


def parse_int(text: str | None) -> int | None:
    """JavaScript's parseInt: the whole number a text begins with."""
    found = re.match(r"\s*[+-]?\d+", text or "")
    return int(found[0]) if found else None


def first_id(job: RatingJob) -> dict[str, str | int]:
    second = ("tmdb", job.tmdb_id) if job.kind is MediaKind.MOVIE else ("tvdb", job.tvdb_id)
    known = (("imdb", job.imdb_id), second, ("trakt", job.trakt_id))
    return next({source: value} for source, value in known if value)


@pytest.mark.parametrize("ids_tried", [EARLY, LATE], ids=["early", "late"])
def test_the_site_sends_what_the_rows_say(ids_tried: Mapping[str, Sequence[str]]) -> None:
    ratings: list[Rating] = [*range(11), LOVE, HATE]
    ids: list[dict[str, Any]] = [
        {"imdb_id": "tt0903747"},
        {"imdb_id": "tt0903747", "tmdb_id": 1, "tvdb_id": 2, "trakt_id": 3},
        {"tmdb_id": 1, "trakt_id": 3},
        {"tvdb_id": 2, "trakt_id": 3},
        {"trakt_id": 3},
        {"tmdb_id": 1},
        {"tvdb_id": 2},
        {"title": "Heat", "year": 1995},
    ]
    jobs = [
        build_job(kind=kind, rating=rating, rated_at=rated_at, **known)
        for kind in MediaKind
        for rating in ratings
        for known in ids
        for rated_at in (None, "2014-09-01", "2020-02-03T04:05:06Z")
    ]
    destination = TraktFile(Dates(NOW), love=9)
    written = [job for job in jobs if destination.check(job) is None]
    text = "\r\n".join([",".join(destination.header), *(line(job, destination) for job in written)])
    dates = {
        None: None,
        "2014-09-01": "2014-09-01T12:00:00.000Z",
        "2020-02-03T04:05:06Z": "2020-02-03T04:05:06.000Z",
    }
    assert list(read_as_the_site(text, ids_tried)) == [
        (str(job.kind), first_id(job), 9 if job.rating == LOVE else job.rating, dates[job.rated_at])
        for job in written
    ]
    assert len(written) == 2 * 11 * 3 * 6  # movies and shows; 1 to 10 and love; the dates; six of eight ids


def test_the_site_would_have_changed_what_is_refused() -> None:
    """The double knows the traps, so the test above means something."""
    header = ",".join(DESTINATION.header) + "\n"
    early = list(read_as_the_site(header + ",,,3950,season,8,\n,,5,,episode,8,\n,7,,,show,8,\n", EARLY))
    assert early == [("movie", {"trakt": 3950}, 8, None)]
    assert next(read_as_the_site(header + "tt1,,,,movie,0,\n", LATE))[2] == 1
