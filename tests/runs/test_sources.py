"""What a run is known by: all that shapes its jobs, in whichever file it stands, and nothing else."""

import sys
import tempfile
from datetime import UTC, time, tzinfo
from pathlib import Path
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest
import typer

from importer.cli.prompts import find_prompts
from importer.destinations.spec import RequestOptions, parse_time_of_day
from importer.destinations.trakt_v1.spec import TRAKT_V1
from importer.errors import UnreadableFileError, UsageError
from importer.matching.match_file import write_match_file
from importer.readers import ReadOptions
from importer.runs.destination import OpenDestination
from importer.runs.sources import ExportFile, Opening

RATINGS = "Date,Name,Year,Letterboxd URI,Rating\n2024-05-02,Heat,1995,https://boxd.it/2a9q,4\n"
DIARY = "Date,Name,Year,Letterboxd URI,Rating,Watched Date\n2024-05-02,Heat,1995,https://boxd.it/x,4,{}\n"
VOTES = "userId,movieId,rating,timestamp\n1,6,4.0,1700000000\n"
LINKS = "movieId,imdbId,tmdbId\n6,{},949\n"
MOVIES = "movieId,title,genres\n6,{},Action\n"


ANY = OpenDestination(TRAKT_V1, "ada at a server")


def opening() -> Opening:
    return Opening(ANY, cast("Any", None), find_prompts(), Path("results.csv"))


def fingerprint(path: Path, reading: ReadOptions, resolved: Path | None = None) -> str:
    with ExportFile(str(path), reading, resolved).open(opening()) as source:
        return source.fingerprint


@pytest.mark.parametrize(
    ("text", "beside", "first", "second"),
    [
        (RATINGS, "diary.csv", DIARY.format("2024-05-01"), DIARY.format("2024-04-30")),
        (VOTES, "links.csv", LINKS.format("0113277"), LINKS.format("0113278")),
        (VOTES, "movies.csv", MOVIES.format("Heat (1995)"), MOVIES.format("Hate (1995)")),
    ],
)
def test_a_file_beside_it_that_changes_makes_another_run(
    tmp_path: Path, text: str, beside: str, first: str, second: str
) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(text)
    (tmp_path / "links.csv").write_text(LINKS.format("0113277"))
    reading = ReadOptions(diary_dates=text is RATINGS)
    prints = []
    for content in (first, second, first):
        (tmp_path / beside).write_text(content)
        prints.append(fingerprint(path, reading))
    assert prints[0] == prints[2] != prints[1]


def test_a_diary_that_nobody_asked_for_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text(RATINGS)
    before = fingerprint(path, ReadOptions())
    (tmp_path / "diary.csv").write_text(DIARY.format("2024-05-01"))
    assert fingerprint(path, ReadOptions()) == before


def test_another_answer_about_the_scale_makes_another_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ratings.csv"
    path.write_text("Score, Film Name, Year, Date Rated, IMDB ID\n8, Heat, 1995, Jun 21 2014, tt0113277\n")
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    prints = {}
    for answer in ("0-10", "0-100"):
        monkeypatch.setattr(typer, "prompt", lambda *_, answer=answer, **__: answer)
        prints[answer] = fingerprint(path, ReadOptions())
        assert prints[answer] == fingerprint(path, ReadOptions(scale=answer))
    assert prints["0-10"] != prints["0-100"]


def test_choices_of_another_file_make_another_run_for_the_rows_name_it(tmp_path: Path) -> None:
    path, sheet = tmp_path / "ratings.csv", tmp_path / "resolve.csv"
    path.write_text(RATINGS)
    write_match_file(sheet, [])
    before = fingerprint(path, ReadOptions(), sheet)
    assert before == fingerprint(path, ReadOptions(), sheet) != fingerprint(path, ReadOptions())
    assert fingerprint(path, ReadOptions(), sheet.rename(tmp_path / "chosen.csv")) != before


def test_beside_standard_input_lies_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    piped = tmp_path / "piped.csv"
    piped.write_text(VOTES)
    common = tmp_path / "common"
    common.mkdir()
    (common / "links.csv").write_text(LINKS.format("0113278"))
    monkeypatch.setattr(tempfile, "tempdir", str(common))
    with piped.open() as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        given = ExportFile("-", ReadOptions())
        with (
            pytest.raises(UnreadableFileError, match=r"no links\.csv beside it"),
            given.open(opening()),
        ):
            pass
    assert [each.name for each in common.iterdir()] == ["links.csv"]


def _time_of_day(text: str, zone: tzinfo | None) -> time:
    return RequestOptions(time_of_day=parse_time_of_day(text)).in_zone(zone).time_of_day


def test_a_time_of_day_is_of_the_zone_that_is_named_and_has_none_of_its_own() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert _time_of_day("09:00", berlin) == time(9, tzinfo=berlin)
    assert _time_of_day("09:00", None) == time(9, tzinfo=UTC)
    for text in ("09:00+05:00", "09:00Z"):
        with pytest.raises(UsageError, match="write it as HH:MM, and its zone as timezone"):
            parse_time_of_day(text)
