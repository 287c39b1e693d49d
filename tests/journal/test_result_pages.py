"""A page of results: the rows that were asked for, and how many there are."""

from pathlib import Path

import pytest

from importer.journal import Journal
from importer.journal.history import list_runs
from importer.journal.result_pages import ResultFilter, read_page, read_rows
from importer.model import RESULT_COLUMNS, Outcome, Status
from tests.builders import build_job

ROW = RESULT_COLUMNS.index("row")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    titles = ("Heat", "ÉLÉGIE", "100% Wolf", None, "élégie")
    with Journal(tmp_path, "demo") as journal:
        with journal.loading():
            run = journal.begin("print", "ratings.csv", "sandbox")
            jobs = [build_job(row, title=title) for row, title in enumerate(titles, 1)]
            run.add_rows(jobs, [None] * len(jobs))
        run.close_rows([1, 2], Outcome(Status.REJECTED, "http_400", "refused: Élan"))
        run.close_rows([3], Outcome(Status.NOT_FOUND, "no_such_title", ""))
        run.close_rows([4, 5], Outcome(Status.RATED))
    return tmp_path


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (ResultFilter(), [1, 2, 3, 4, 5]),
        (ResultFilter([Status.RATED]), [4, 5]),
        (ResultFilter([Status.RATED, Status.NOT_FOUND]), [3, 4, 5]),
        (ResultFilter(reasons=["http_400"]), [1, 2]),
        (ResultFilter(reasons=[""]), [4, 5]),
        (ResultFilter([Status.RATED], ["http_400"]), []),
        (ResultFilter(text="élég"), [2, 5]),
        (ResultFilter(text="ÉLAN"), [1, 2]),
        (ResultFilter(text="%"), [3]),
        (ResultFilter(text="' OR 1 --"), []),
    ],
)
def test_a_filter_finds_its_rows(folder: Path, wanted: ResultFilter, rows: list[int]) -> None:
    (run,) = list_runs(folder)
    page = read_page(run, wanted)
    assert [cells[ROW] for cells in page.rows] == rows
    assert (page.total, page.matching) == (5, len(rows))
    assert list(read_rows(run, wanted)) == page.rows


def test_pages_do_not_overlap(folder: Path) -> None:
    (run,) = list_runs(folder)
    pages = [read_page(run, ResultFilter(text="l"), offset=offset, limit=2) for offset in (0, 2, 4)]
    assert [[cells[ROW] for cells in page.rows] for page in pages] == [[1, 2], [3, 5], []]
    assert {page.matching for page in pages} == {4}
