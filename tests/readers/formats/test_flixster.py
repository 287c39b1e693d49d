"""The reader of Flixster's ratings."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.readers.reading import jobs, read, reasons
from tests.readers.record_conformance import JsonConformance


def entry(score: object = "3.5", title: str = "Heat", year: object = "1995") -> Mapping[str, object]:
    movie = {"id": 1, "title": title, "year": year, "audienceScore": 91}
    return {"movie": movie, "score": score, "lastUpdated": "41 minutes ago", "fbshare": False}


class TestFlixster(JsonConformance):
    format_name = "flixster"
    samples = ("flixster.json",)

    def record(self, title: str) -> Mapping[str, object]:
        return entry(title=title)

    def document(self, records: Sequence[object]) -> object:
        return {"ratings": records}


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        *[("5.0", 10), ("0.5", 1), (3.5, 7), ("4", 8), ("+", "no_rating"), (None, "no_rating")],
        *[("0", "off_scale"), ("3.3", "off_scale"), ("0.2", "off_scale"), ("-", "no_rating")],
    ],
)
def test_scores_are_doubled(tmp_path: Path, score: object, expected: object) -> None:
    rows = read(tmp_path, json.dumps([entry(), entry(score)]).encode())
    assert [jobs(rows[1:])[0].rating if reasons(rows)[1] == "ok" else reasons(rows)[1]] == [expected]


def test_a_relative_date_is_none_and_no_year_is_no_fault(tmp_path: Path) -> None:
    (job,) = jobs(read(tmp_path, json.dumps([entry(year=None)]).encode()))
    assert (job.kind, job.year, job.rated_at) == ("movie", None, None)
