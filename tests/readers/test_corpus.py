"""Every sample and every mangled file: each row ends as a job or with a reason; none is lost or read twice.

How many rows a file has stands in the tables of `samples/README.md` and `corpus/README.md`, counted by hand.
"""

import re
from collections import Counter
from pathlib import Path

import pytest

from importer.errors import UnreadableFileError
from importer.model import InvalidRow, RatingJob, SourceRow
from importer.readers.cells.errors import Reason
from tests.readers.golden import CORPUS, SAMPLES, all_corpus, all_samples, golden_path, open_sample, render
from tests.readers.reading import claiming_formats, reasons

FILES = (*all_samples(), *all_corpus())


def read_table(path: Path) -> dict[str, list[str]]:
    """The first table of a paper: the name of a file to its other cells."""
    table: dict[str, list[str]] = {}
    for line in path.read_text("utf-8").splitlines():
        if line.startswith("|"):
            name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
            table[name] = cells
        elif table:
            break
    return {name: cells for name, cells in table.items() if name not in {"File", "---"}}


SAMPLES_TABLE = read_table(SAMPLES / "README.md")
CORPUS_TABLE = read_table(CORPUS / "README.md")


def read_rows(path: Path) -> tuple[list[SourceRow], UnreadableFileError | None]:
    rows: list[SourceRow] = []
    try:
        for chunk in open_sample(path).chunks():
            rows += chunk
    except UnreadableFileError as error:
        return rows, error
    return rows, None


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_row_is_a_job_or_says_why_not(path: Path) -> None:
    rows, error = read_rows(path)
    told = SAMPLES_TABLE[path.name][1] if path.parent == SAMPLES else CORPUS_TABLE[path.name][1]
    assert len(rows) == int(told)
    assert [row.row for row in rows] == list(range(1, len(rows) + 1))
    for row in rows:
        if isinstance(row, InvalidRow):
            assert row.reason in set(Reason)
            assert re.search(rf"\bline {row.line}\b", row.message)
            assert not row.status.is_success or row.status == "skipped"
        else:
            assert isinstance(row, RatingJob)
            assert row.title or row.imdb_id or row.tmdb_id or row.tvdb_id or row.trakt_id
    if path.parent == SAMPLES:
        assert error is None
    assert render(path) == golden_path(path).read_text("utf-8")


@pytest.mark.parametrize("path", all_corpus(), ids=lambda path: path.name)
def test_mangled_files_are_told_for_what_they_are(path: Path) -> None:
    format_name, _, no_jobs, _ = CORPUS_TABLE[path.name]
    assert open_sample(path).format_name == format_name
    assert claiming_formats(path) | {"csv"} == {format_name, "csv"}
    expected = Counter[str]()
    for word in filter(None, no_jobs.split(", ")):
        number, _, reason = word.rpartition(" ")
        expected[reason] += int(number or 1)
    rows, error = read_rows(path)
    found = Counter(reason for reason in reasons(rows) if reason != "ok")
    if error is not None:
        found["unreadable"] += 1
        assert error.line is not None
        assert error.line >= rows[-1].line
    assert found == expected


@pytest.mark.parametrize("path", all_samples(), ids=lambda path: path.name)
def test_no_sample_is_claimed_by_two_formats(path: Path) -> None:
    assert claiming_formats(path) <= {open_sample(path).format_name}


def test_no_file_and_no_golden_is_forgotten() -> None:
    assert set(SAMPLES_TABLE) == {path.name for path in all_samples()}
    assert set(CORPUS_TABLE) == {path.name for path in all_corpus()}
    assert {path.name for path in golden_path(FILES[0]).parent.iterdir()} == {
        f"{path.name}.jsonl" for path in FILES
    }
    assert len({path.name for path in FILES}) == len(FILES)
    assert len(CORPUS_TABLE) >= 40
