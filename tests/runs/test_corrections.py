"""A row of a results file that somebody corrected is sent with --all, whatever its run made of it."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from importer.model import RESULT_COLUMNS
from tests.road import OPEN, Road, Server, running_sandbox

HEAT, ALIEN, JAWS, FARGO, SEVEN = "tt0113277", "tt0078748", "tt0073195", "tt0116282", "tt0114369"
HEADER = "imdb_id,tmdb_id,title,year,rating"
CLOSED = ["unsupported", "skipped", "duplicate", "rated"]


@pytest.fixture
def sandbox() -> Iterator[Server]:
    with running_sandbox(**OPEN) as server:
        yield server


@pytest.fixture
def road(tmp_path: Path, sandbox: Server) -> Road:
    """A road after a run of a row without an id, one without a rating, and two of the same title."""
    road = Road.by("v2", tmp_path)
    road.write(",,Heat,1995,8", f"{ALIEN},,,,0", f"{JAWS},,,,7", f"{JAWS},,,,7", header=HEADER)
    road.run(sandbox.url)
    assert road.statuses == CLOSED
    return road


def correct(road: Road, row: int, cells: Mapping[str, str], *, last_first: bool = False) -> None:
    lines = road.read_results()
    lines[row - 1] |= cells
    with road.results.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, RESULT_COLUMNS)
        writer.writeheader()
        writer.writerows(lines[::-1] if last_first else lines)


def retry(road: Road, server: Server, *, every: bool = True) -> list[str]:
    """Send what was corrected, as rows of the run that is known; return the notes."""
    return list(road.retry(server.url, every=every, past=road.list_runs()[-1]).notes)


@pytest.mark.parametrize("last_first", [False, True])
@pytest.mark.parametrize(
    ("row", "cells", "sent"),
    [
        (1, {"imdb_id": HEAT}, {HEAT: 8}),
        (1, {"imdb_id": f"https://www.imdb.com/title/{HEAT}/"}, {HEAT: 8}),
        (2, {"rating": "9"}, {ALIEN: 9}),
        (3, {"imdb_id": SEVEN}, {SEVEN: 7}),
        (4, {"rating": "10"}, {JAWS: 10}),
        (4, {"imdb_id": FARGO}, {FARGO: 7}),
    ],
)
def test_a_corrected_row_is_sent_and_no_other(
    road: Road, sandbox: Server, row: int, cells: dict[str, str], sent: dict[str, int], last_first: bool
) -> None:
    before, kept = sandbox.count_sent_rows(), sandbox.stored_movies()
    correct(road, row, cells, last_first=last_first)
    retry(road, sandbox)
    assert sandbox.count_sent_rows() == before + 1
    assert sandbox.stored_movies() == kept | sent
    statuses = road.statuses[::-1] if last_first else road.statuses
    assert statuses == [*CLOSED[: row - 1], "rated", *CLOSED[row:]]


@pytest.mark.parametrize(
    ("row", "cells"),
    [
        (2, {"title": "Alien"}),
        (3, {"title": "Jaws", "year": "1975"}),
        (4, {"rating": "7.0", "title": "jaws"}),
        (4, {"tmdb_id": "578"}),
        (4, {"rated_at": "2020-01-01"}),
    ],
)
def test_what_changes_nothing_that_is_sent_is_no_correction(
    road: Road, sandbox: Server, row: int, cells: dict[str, str]
) -> None:
    before = sandbox.count_sent_rows()
    correct(road, row, cells)
    retry(road, sandbox)
    assert sandbox.count_sent_rows() == before
    assert road.statuses == CLOSED


def test_a_correction_is_sent_once(road: Road, sandbox: Server) -> None:
    correct(road, 4, {"rating": "10"})
    first = road.list_runs()[-1]
    road.retry(sandbox.url, every=True, past=first)
    before = sandbox.count_sent_rows()
    road.retry(sandbox.url, every=True, past=first)  # a moved file is known by what its first run sent
    assert sandbox.count_sent_rows() == before


def test_without_all_a_corrected_row_is_named(road: Road, sandbox: Server) -> None:
    correct(road, 1, {"imdb_id": HEAT})
    notes = retry(road, sandbox, every=False)
    assert "line 2 was corrected, and not sent: only with --all are corrected rows sent" in notes
    assert road.statuses == CLOSED


def test_an_id_counts_where_no_journal_has_the_run(road: Road, sandbox: Server) -> None:
    """Of a results file of another machine nobody knows what stood there, but this row had no id."""
    correct(road, 1, {"imdb_id": HEAT})
    road.retry(sandbox.url, every=True)
    assert road.statuses == ["rated", *CLOSED[1:]]


def test_a_wrong_correction_is_told_and_not_sent(road: Road, sandbox: Server) -> None:
    before = sandbox.count_sent_rows()
    correct(road, 4, {"rating": "eleven"})
    retry(road, sandbox)
    row = road.read_results()[3]
    assert (row["status"], row["reason"]) == ("invalid", "bad_rating")
    assert sandbox.count_sent_rows() == before
