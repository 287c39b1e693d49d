"""One file to several destinations at once, as people type it, against a sandbox of each."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.command import Importer, build_command, write
from tests.destinations.conformance import MOVIES, SHOW, UNKNOWN
from tests.road import Server, running_sandbox

KEY = "sandbox-mdblist-key"
CLIENT_ID = "sandbox-client"
FREE: dict[str, Any] = {"auto_approve": True, "device_interval": 1, "simkl_post_rate": None}
BOTH = ("run", "ratings.csv", "--to", "simkl", "--to", "mdblist")
ROWS = f"imdb_id,rating,type,season\n{MOVIES[0]},9,movie,\n{SHOW},8,season,5\n{MOVIES[1]},4,movie,\n"

Line = tuple[str, str, str]
"""Destination, row and status."""


@pytest.fixture
def options() -> dict[str, Any]:
    return {}


@pytest.fixture
def simkl(options: dict[str, Any]) -> Iterator[Server]:
    with running_sandbox(**(FREE | options.get("simkl", {}))) as server:
        yield server


@pytest.fixture
def mdblist(options: dict[str, Any]) -> Iterator[Server]:
    with running_sandbox(**options.get("mdblist", {})) as server:
        yield server


@pytest.fixture
def signed_out(
    simkl: Server,
    mdblist: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Importer:
    settings = {
        "SIMKL_BASE_URL": f"{simkl.url}/simkl",
        "SIMKL_CLIENT_ID": CLIENT_ID,
        "MDBLIST_BASE_URL": f"{mdblist.url}/mdblist",
        "MDBLIST_API_KEY": KEY,
    }
    write(tmp_path / "ratings.csv", ROWS)
    return build_command(tmp_path, monkeypatch, capsys, settings, secrets=(CLIENT_ID, KEY, "simkl_at_"))


@pytest.fixture
def importer(signed_out: Importer) -> Importer:
    assert signed_out("login", "simkl")[0] == 0
    return signed_out


def read_lines(path: Path) -> list[Line]:
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert next(iter(lines[0])) == "destination"
    return [(line["destination"], line["row"], line["status"]) for line in lines]


class TestRun:
    def test_each_row_has_a_line_for_each_destination(
        self, importer: Importer, simkl: Server, mdblist: Server, tmp_path: Path
    ) -> None:
        exit_code, out, err = importer(*BOTH)
        assert read_lines(tmp_path / "ratings.results.csv") == [
            ("simkl", "1", "rated"),
            ("mdblist", "1", "rated"),
            ("simkl", "2", "unsupported"),  # it has no ratings of seasons
            ("mdblist", "2", "rated"),
            ("simkl", "3", "rated"),
            ("mdblist", "3", "rated"),
        ]
        assert exit_code == 1  # the worse of the two
        assert (len(simkl.stored()), len(mdblist.stored())) == (2, 3)
        assert "simkl: To send: 2 rows" in err
        assert "mdblist: To send: 3 rows" in err
        assert (out.count("ratings.csv to simkl ("), out.count("ratings.csv to mdblist (")) == (1, 1)

    def test_again_nothing_is_sent(
        self, importer: Importer, simkl: Server, mdblist: Server, tmp_path: Path
    ) -> None:
        importer(*BOTH)
        sent = simkl.count_sent_rows(), mdblist.count_sent_rows()
        importer(*BOTH)
        statuses = [status for _, _, status in read_lines(tmp_path / "ratings.results.csv")]
        assert statuses == ["unchanged", "unchanged", "unsupported", *["unchanged"] * 3]
        assert (simkl.count_sent_rows(), mdblist.count_sent_rows()) == sent


class TestRetry:
    def test_what_was_corrected_is_sent_to_those_that_missed_it(
        self, importer: Importer, simkl: Server, mdblist: Server, tmp_path: Path
    ) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},7\n")
        results = tmp_path / "ratings.results.csv"
        assert importer(*BOTH)[0] == 1
        misses = [("simkl", "2", "not_found"), ("mdblist", "2", "not_found")]
        assert read_lines(results)[2:] == misses
        before, _, last = results.read_text("utf-8").rpartition(UNKNOWN)  # the line of mdblist
        results.write_text(before + MOVIES[2] + last, "utf-8")
        exit_code, out, _ = importer("retry", "--all", "ratings.results.csv")
        assert read_lines(results) == [
            *(("simkl", "1", "rated"), ("mdblist", "1", "rated")),
            *(("simkl", "2", "not_found"), ("mdblist", "2", "rated")),
        ]
        assert exit_code == 1
        assert simkl.stored_movies() == {MOVIES[0]: 9}
        assert mdblist.stored_movies() == {MOVIES[0]: 9, MOVIES[2]: 7}
        assert out.count("retry --all ratings.results.csv") == 1
        assert "--to" not in out

    def test_lines_of_a_written_file_stay_as_they_are(
        self, importer: Importer, mdblist: Server, tmp_path: Path
    ) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},7\n")
        assert importer("run", "ratings.csv", "--to", "imdb-file", "--to", "mdblist")[0] == 1
        results = tmp_path / "ratings.results.csv"
        lines = [("imdb-file", "1", "rated"), ("mdblist", "1", "rated"), ("imdb-file", "2", "rated")]
        assert read_lines(results) == [*lines, ("mdblist", "2", "not_found")]
        before, _, last = results.read_text("utf-8").rpartition(UNKNOWN)
        results.write_text(before + MOVIES[2] + last, "utf-8")
        assert importer("retry", "--all", "ratings.results.csv")[0] == 0
        assert read_lines(results) == [*lines, ("mdblist", "2", "rated")]
        assert len(mdblist.stored()) == 2

    def test_its_destinations_are_in_the_file(self, importer: Importer) -> None:
        importer(*BOTH)
        exit_code, _, err = importer("retry", "ratings.results.csv", "--to", "simkl")
        assert (exit_code, "the results name their destinations; leave this out" in err) == (2, True)
