"""What was done once is tried again, undone and looked up: `retry`, `undo`, `runs`, `show`, `report`."""

import csv
import io
import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from importer.errors import UnreadableFileError
from importer.journal.run_ids import short_id
from importer.model import RESULT_COLUMNS, Status
from tests.road import OPEN, WAYS, Road
from tests.road import running_sandbox as running_server
from tests.system.conftest import COMMAND, ROOT, Importer, running_sandbox, wait_until

pytestmark = pytest.mark.usefixtures("time_enough")

SHAWSHANK, GODFATHER, KNIGHT, TWELVE = "tt0111161", "tt0068646", "tt0468569", "tt0050083"
UNKNOWN = "tt9999999"
TAKEN_OVER = tuple(name for name in RESULT_COLUMNS if name != "line")
LISTED = OPEN | {"any_title": False}


@pytest.fixture(params=WAYS)
def road(request: pytest.FixtureRequest, tmp_path: Path) -> Road:
    return Road.by(request.param, tmp_path)


def edit(path: Path, row: int, **cells: str) -> None:
    """Correct cells of a results file, as somebody does in an editor."""
    with path.open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    lines[row - 1] |= cells
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, RESULT_COLUMNS)
        writer.writeheader()
        writer.writerows(lines)


class TestRetryOfFailures:
    def test_what_was_settled_earlier_is_counted_apart(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{UNKNOWN},5")
        with running_server(**LISTED) as server:
            stopped = road.run(server.url, limit=1)
            assert stopped.taken_over == {}
            report = road.retry(server.url)
            assert report.taken_over == {Status.RATED: 1}
            assert not any("undone" in note for note in report.notes)

    def test_a_retry_warns_where_the_run_was_undone(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},7")
        with running_server(**LISTED) as server:
            run = road.run(server.url, limit=2).run
            results = road.results.read_bytes()
            undo = road.undo(server.url, run.run_id).run
            road.results.write_bytes(results)
            report = road.retry(server.url, past=road.find_run(run.run_id))
            assert server.stored_movies() == {KNIGHT: 7}
        note = f"run {run.run_id} was undone by {undo.run_id}"
        told = f"{note}: its closed rows are taken over, but no longer true"
        assert told in report.notes

    def test_exactly_what_may_pass_is_sent_and_all_else_taken_over(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{UNKNOWN},5", f"{GODFATHER},11", f"{SHAWSHANK},9", f"{KNIGHT},7")
        with running_server(**LISTED) as server:
            road.run(server.url, limit=1)  # what is not known comes first
            edit(road.results, 4, status="failed")
            before = road.read_results()
            assert road.statuses == ["duplicate", "not_found", "invalid", "failed", "not_sent"]
            report = road.retry(server.url)
            assert server.stored_movies() == {SHAWSHANK: 9, KNIGHT: 7}
        after = road.read_results()
        assert road.statuses == ["duplicate", "not_found", "invalid", "rated", "rated"]
        for old, new in zip(before[:3], after[:3], strict=True):
            assert [old[name] for name in TAKEN_OVER] == [new[name] for name in TAKEN_OVER]
        assert [row["row"] for row in after] == ["1", "2", "3", "4", "5"]
        assert before[1]["sent_at"]
        assert report.sent == 2

    def test_unconfirmed_rows_are_looked_up_before_they_are_sent(self, road: Road) -> None:
        road.write_results(
            {"status": "unconfirmed", "imdb_id": SHAWSHANK, "rating": 9},
            {"status": "unconfirmed", "imdb_id": GODFATHER, "rating": 8},
        )
        with running_server(**LISTED) as server:
            server.rate(SHAWSHANK, 9)
            road.retry(server.url)
            assert server.count_sent_rows() == 1
        assert road.statuses == ["unchanged", "rated"]

    def test_a_corrected_id_and_a_corrected_rating_count(self, road: Road) -> None:
        road.write(f"{UNKNOWN},5", f"{GODFATHER},11", f"{SHAWSHANK},9")
        with running_server(**LISTED) as server:
            road.run(server.url)
            edit(road.results, 1, imdb_id=KNIGHT)
            edit(road.results, 2, rating="10")
            road.retry(server.url)
            assert road.statuses == ["not_found", "invalid", "rated"]  # these two only with --all
            sent = server.count_sent_rows()
            road.retry(server.url, every=True)
            assert server.count_sent_rows() == sent + 2
            assert server.stored_movies() == {SHAWSHANK: 9, KNIGHT: 5, GODFATHER: 10}
        assert road.statuses == ["rated"] * 3

    def test_a_rejected_row_is_sent_with_all(self, road: Road) -> None:
        road.write_results(
            {"status": "rejected", "imdb_id": SHAWSHANK, "rating": 9},
            {"status": "unsupported", "imdb_id": GODFATHER, "rating": 9},
            {"status": "kept", "imdb_id": KNIGHT, "rating": 9},
        )
        with running_server(**LISTED) as server:
            road.retry(server.url)
            assert server.count_sent_rows() == 0
            road.retry(server.url, every=True)
            assert server.stored_movies() == {SHAWSHANK: 9}
        assert road.statuses == ["rated", "unsupported", "kept"]

    def test_a_rows_that_fails_again_says_so_again(self, road: Road) -> None:
        road.write_results({"status": "not_found", "imdb_id": UNKNOWN, "rating": 9})
        with running_server(**LISTED) as server:
            report = road.retry(server.url, every=True)
        assert road.statuses == ["not_found"]
        assert report.sent == 1

    def test_a_run_and_its_results_file_are_the_same(
        self, road: Road, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path))
        road.write(f"{SHAWSHANK},9", f"{UNKNOWN},5", "'=1+1,5", f"{KNIGHT},7")
        with running_server(**LISTED) as server:
            run_id = road.run(server.url, limit=1).run.run_id
            road.retry(server.url, dry_run=True)
            by_file = road.results.read_bytes()
            road.retry(server.url, run_id, dry_run=True)
            assert road.results.read_bytes() == by_file
            assert road.statuses == ["rated", "not_sent", "invalid", "not_sent"]
            first = road.retry(server.url, run_id, limit=1)
            second = road.retry(server.url, run_id)
            assert second.run.run_id == first.run.run_id
            assert server.stored_movies() == {SHAWSHANK: 9, KNIGHT: 7}
        assert road.statuses == ["rated", "not_found", "invalid", "rated"]

    def test_a_retry_that_was_stopped_goes_on_with_its_own_results(self, road: Road) -> None:
        road.write_results(
            *({"status": "failed", "imdb_id": id_, "rating": 9} for id_ in (SHAWSHANK, KNIGHT))
        )
        with running_server(**LISTED) as server:
            road.retry(server.url, limit=1)
            assert road.statuses == ["rated", "not_sent"]
            road.retry(server.url)
            assert server.count_sent_rows() == 2
        assert road.statuses == ["rated", "rated"]

    def test_the_results_are_read_by_retry_alone(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", "'=1+1,5")
        with running_server(**LISTED) as server:
            road.run(server.url, limit=1)
            road.file = road.results.rename(road.results.with_name("earlier.csv"))
            with pytest.raises(UnreadableFileError, match="a results file of the importer"):
                road.run(server.url)
            assert server.count_sent_rows() == 1

    def test_rows_that_were_taken_over_are_never_undone(self, road: Road) -> None:
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_server(**LISTED) as server:
            road.run(server.url, limit=1)
            second = road.retry(server.url).run
            assert server.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}
            road.undo(server.url, second.run_id)
            assert server.stored_movies() == {SHAWSHANK: 9}

    def test_rows_that_were_taken_over_are_not_taken_for_held(self, road: Road) -> None:
        """Whoever holds the file of another account has not brought its ratings to this one."""
        road.write_results({"status": "rated", "imdb_id": SHAWSHANK, "rating": 9})
        with running_server(**LISTED) as server:
            road.retry(server.url)
            assert server.count_sent_rows() == 0
            road.write(f"{SHAWSHANK},9")
            road.run(server.url)
            assert server.stored_movies() == {SHAWSHANK: 9}
        assert road.statuses == ["rated"]

    def test_a_dry_run_takes_over_and_sends_nothing(self, road: Road) -> None:
        road.write_results(
            {"status": "rated", "imdb_id": SHAWSHANK, "rating": 9},
            {"status": "failed", "imdb_id": GODFATHER, "rating": 9},
        )
        road.retry("http://127.0.0.1:1", dry_run=True)
        assert road.statuses == ["rated", "not_sent"]


class TestRetryAsACommand:
    def test_the_results_take_the_place_of_the_file_that_was_read(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{UNKNOWN},5", f"{GODFATHER},8")
        stopped = importer("run", "ratings.csv", "--to", "sandbox", "--limit", "1")
        assert (stopped.returncode, read_statuses(tmp_path)) == (3, ["rated", "not_sent", "not_sent"])
        tried = importer("retry", "ratings.results.csv", "--to", "sandbox")
        assert (tried.returncode, read_statuses(tmp_path)) == (1, ["rated", "not_found", "rated"])
        edit(tmp_path / "ratings.results.csv", 2, imdb_id=KNIGHT)
        mended = importer("retry", "ratings.results.csv", "--to", "sandbox", "--all")
        assert (mended.returncode, read_statuses(tmp_path)) == (0, ["rated"] * 3)
        again = importer("retry", "ratings.results.csv", "--to", "sandbox", "--all")
        assert (again.returncode, read_statuses(tmp_path)) == (0, ["rated"] * 3)

    def test_a_run_is_tried_again_by_its_id_when_the_file_is_gone(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{GODFATHER},8")
        importer("run", "ratings.csv", "--to", "sandbox", "--limit", "1")
        (tmp_path / "ratings.results.csv").unlink()
        run_id = find_run_ids(importer)[0]
        done = importer("retry", run_id, "--to", "sandbox")
        assert (done.returncode, read_statuses(tmp_path)) == (0, ["rated", "rated"])

    @pytest.mark.parametrize("what", ["other.csv", "last"])
    def test_it_goes_where_the_run_went(self, importer: Importer, tmp_path: Path, what: str) -> None:
        """Rows that another destination took are never taken over as if this one had."""
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{UNKNOWN},5", f"{GODFATHER},8")
        words = ("--to", "sandbox", "--api", "v2", "--limit", "1", "--out", "other.csv", "--batch-size", "1")
        importer("run", "ratings.csv", *words)
        for flags in (["--to", "trakt-v1"], ["--to", "sandbox", "--api", "v1"]):
            refused = importer("retry", what, *flags)
            assert refused.returncode == 2
            assert "went to sandbox-v2; leave this out" in refused.stderr
        done = importer("retry", what)
        assert done.returncode == 1, done.stderr
        assert "to sandbox-v2 (demo at the sandbox)" in done.stdout
        assert "1 row is taken over as it stands" in done.stdout
        out, other = (
            ("other.csv", "ratings.results.csv")
            if what == "other.csv"
            else ("ratings.results.csv", "other.csv")
        )
        assert read_statuses(tmp_path, out) == ["rated", "not_found", "rated"]
        assert (tmp_path / other).exists() == (what == "last")
        listed = importer("runs").stdout.splitlines()
        assert re.search(rf"{'ratings.csv' if what == 'last' else what} +sandbox-v2 ", listed[-1])

    @pytest.mark.parametrize("places", [("sandbox",), ("sandbox", "csv-file")])
    @pytest.mark.parametrize(("typed", "name"), [(("--api", "v1"), "sandbox"), ((), "sandbox-v2")])
    def test_it_speaks_the_api_that_the_run_spoke(
        self,
        importer: Importer,
        tmp_path: Path,
        typed: tuple[str, ...],
        name: str,
        places: tuple[str, ...],
    ) -> None:
        """Whatever `--to sandbox` means today."""
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{UNKNOWN},8")
        to = [word for place in places for word in ("--to", place)]
        missed = importer("run", "ratings.csv", *to, *typed)
        assert missed.returncode == 1, missed.stderr
        results = tmp_path / "ratings.results.csv"
        results.write_text(results.read_text("utf-8").replace(UNKNOWN, GODFATHER), "utf-8", newline="")
        done = importer("retry", "--all", "ratings.results.csv")
        assert done.returncode == 0, done.stderr
        assert f" to {name} (demo at the sandbox)" in done.stdout
        assert {title: rating for title, (rating, _) in read_sandbox(tmp_path).items()} == {
            SHAWSHANK: 9,
            GODFATHER: 8,
        }

    def test_a_run_that_sent_no_row_is_known_by_its_results(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},eleven")
        importer("run", "ratings.csv", "--to", "sandbox")
        kept = importer("retry", "ratings.results.csv")
        assert (kept.returncode, read_statuses(tmp_path)) == (1, ["invalid"])
        results = tmp_path / "ratings.results.csv"
        results.write_text(results.read_text("utf-8").replace(",eleven,", ",8,"), "utf-8", newline="")
        done = importer("retry", "--all", "ratings.results.csv")
        assert (done.returncode, read_statuses(tmp_path)) == (0, ["rated"]), done.stderr

    def test_results_of_elsewhere_are_not_taken_for_those_of_a_run_here(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},eleven")
        importer("run", "ratings.csv", "--to", "sandbox")
        results = tmp_path / "ratings.results.csv"
        results.write_text(results.read_text("utf-8").replace("1,2,invalid", "1,3,invalid"), "utf-8")
        refused = importer("retry", "ratings.results.csv")
        assert (refused.returncode, "no journal here has its run" in refused.stderr) == (2, True)

    def test_a_file_of_which_no_journal_knows_goes_where_it_is_told(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{GODFATHER},8")
        importer("run", "ratings.csv", "--to", "sandbox", "--limit", "1")
        done = importer(
            "retry", "ratings.results.csv", "--to", "sandbox", IMPORTER_STATE_DIR=str(tmp_path / "new")
        )
        assert done.returncode == 0, done.stderr
        assert "1 row is taken over as it stands in ratings.results.csv, not sent" in done.stdout

    def test_a_day_is_dated_in_the_zone_that_the_run_dated_it_in(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        (tmp_path / "ratings.csv").write_text(
            f"imdb_id,rating,rated_at\n{SHAWSHANK},9,2024-06-01\n{KNIGHT},8,2024-06-01\n"
        )
        berlin = ("--timezone", "Europe/Berlin")
        importer("run", "ratings.csv", "--to", "sandbox", "--api", "v2", "--limit", "1", *berlin)
        importer("retry", "ratings.results.csv", *berlin)
        assert [date for _, date in read_sandbox(tmp_path).values()] == [1717236000] * 2  # 10:00 UTC

    def test_a_name_need_not_be_text(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{GODFATHER},8")
        results, plan = os.fsdecode(b"r\xff.csv"), os.fsdecode(b"p\xff.csv")
        importer("plan", "ratings.csv", "--to", "sandbox", "--out", plan)
        sent = importer("run", "--plan", plan, "--limit", "1", "--out", results)
        assert sent.returncode == 3, sent.stderr
        tried = importer("retry", results)
        assert tried.returncode == 0, tried.stderr
        assert read_statuses(tmp_path, results) == ["rated", "rated"]
        missing = importer("retry", os.fsdecode(b"n\xff.csv"))
        assert (missing.returncode, "there is no file n\\xff.csv" in missing.stderr) == (2, True)

    def test_where_a_run_went_is_never_guessed(self, importer: Importer, tmp_path: Path) -> None:
        """A run that sent nothing is found where its results were written, and nowhere else."""
        write_ratings(tmp_path, f"{SHAWSHANK},11")
        importer("run", "ratings.csv", "--to", "sandbox")
        assert importer("retry", "--all", "ratings.results.csv").returncode == 1
        moved = (tmp_path / "ratings.results.csv").rename(tmp_path / "moved.csv")
        edit(moved, 1, rating="9")
        asked = importer("retry", "--all", "moved.csv")
        assert asked.returncode == 2
        assert "no journal here has its run" in asked.stderr
        assert "Type the same command with --to and one of trakt" in asked.stderr
        done = importer("retry", "--all", "moved.csv", "--to", "sandbox")
        assert (done.returncode, read_statuses(tmp_path, "moved.csv")) == (0, ["rated"])

    def test_a_run_that_wrote_a_file_is_typed_again(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{GODFATHER},8")
        importer("run", "ratings.csv", "--to", "trakt-file")
        refused = importer("retry", "last")
        assert refused.returncode == 2
        assert "wrote a file" in refused.stderr
        before = (tmp_path / "trakt-import.csv").read_bytes()
        edit(tmp_path / "ratings.results.csv", 1, status="failed")
        asked = importer("retry", "ratings.results.csv", "--to", "sandbox")
        assert "no account took its rows" in asked.stderr
        refused = importer("retry", "ratings.results.csv", "--to", "trakt-file")
        assert (asked.returncode, refused.returncode) == (2, 2)
        assert "a file is written whole, by its own command" in refused.stderr
        assert (tmp_path / "trakt-import.csv").read_bytes() == before

    def test_what_a_spreadsheet_has_saved_works(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{UNKNOWN},5", f"{GODFATHER},8")
        importer("run", "ratings.csv", "--to", "sandbox", "--limit", "1")
        results = tmp_path / "ratings.results.csv"
        with results.open(newline="", encoding="utf-8") as file:
            lines = list(csv.reader(file))
        saved = io.StringIO()
        csv.writer(saved, delimiter=";", lineterminator="\r\n").writerows(lines)
        results.write_bytes(b"\xef\xbb\xbf" + saved.getvalue().encode())
        done = importer("retry", "ratings.results.csv", "--to", "sandbox", "--out", "new.csv")
        assert done.returncode == 1
        assert read_statuses(tmp_path, "new.csv") == ["rated", "not_found", "rated"]

    @pytest.mark.parametrize(
        ("word", "told"),
        [
            ("ratings.csv", "this is no results file of the importer; it lacks row, line, status"),
            ("nowhere.csv", "there is no file nowhere.csv"),
            (".", "is a folder"),
        ],
    )
    def test_what_is_no_results_file_gets_a_clear_error(
        self, importer: Importer, tmp_path: Path, word: str, told: str
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        done = importer("retry", word, "--to", "sandbox")
        assert done.returncode == 2
        assert told in done.stderr
        assert not (tmp_path / "ratings.results.csv").exists()

    def test_a_run_that_writes_no_row_says_whose_file_is_there(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        run = ("run", "ratings.csv", "--to", "trakt-file")
        assert "trakt-import.csv is written; upload it" in importer(*run).stdout
        before = (tmp_path / "trakt-import.csv").read_bytes()
        write_ratings(tmp_path, f"{SHAWSHANK},much")
        done = importer(*run)
        assert "no row was written; trakt-import.csv is of an earlier run" in done.stdout
        assert (done.returncode, "upload it" in done.stdout) == (1, False)
        assert (tmp_path / "trakt-import.csv").read_bytes() == before

    @pytest.mark.parametrize("place", ["imdb-file", "trakt-file", "letterboxd-file", "csv-file"])
    def test_an_upload_file_of_another_source_stays(
        self, importer: Importer, tmp_path: Path, place: str
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        (tmp_path / "ratings.csv").rename(tmp_path / "shows.csv")
        importer("run", "shows.csv", "--to", place)
        written = next(path for path in tmp_path.glob("*port.csv") if "results" not in path.name)
        before = written.read_bytes()
        write_ratings(tmp_path, f"{GODFATHER},8")
        done = importer("run", "ratings.csv", "--to", place)
        assert f"ratings.{written.name} is written" in done.stdout
        assert written.read_bytes() == before
        importer("run", "shows.csv", "--to", place)  # its own file, once more
        assert [path.name for path in tmp_path.glob(f"shows.{written.stem}*")] == []

    @pytest.mark.parametrize("command", ["run", "plan", "inspect", "resolve"])
    @pytest.mark.parametrize("more", [(), ("--format", "csv")])
    def test_a_results_file_is_read_by_retry_alone(
        self, importer: Importer, tmp_path: Path, command: str, more: tuple[str, ...]
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},45", f"{GODFATHER},9")
        importer("run", "ratings.csv", "--to", "sandbox")
        refused = importer(command, "ratings.results.csv", "--to", "sandbox", *more)
        assert refused.returncode == 2
        assert "`importer retry ratings.results.csv` sends what failed in it" in refused.stderr


class TestUndoAsACommand:
    def test_a_run_and_its_undo(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},3")
        importer("run", "ratings.csv", "--to", "sandbox")
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{GODFATHER},8")
        importer("run", "ratings.csv", "--to", "sandbox")
        newest = find_run_ids(importer)[-1]
        undone = importer("undo", newest)
        assert undone.returncode == 0, undone.stderr
        assert {title: rating for title, (rating, _) in read_sandbox(tmp_path).items()} == {SHAWSHANK: 3}
        assert read_statuses(tmp_path, f"undo-{newest}.csv") == ["rated", "unrated"]
        assert read_statuses(tmp_path) == ["rated", "rated"]  # the results of the run stay what they were

    @pytest.mark.parametrize(("typed", "name"), [(("--api", "v1"), "sandbox"), ((), "sandbox-v2")])
    def test_an_undo_speaks_the_api_that_the_run_spoke(
        self, importer: Importer, tmp_path: Path, typed: tuple[str, ...], name: str
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},3")
        importer("run", "ratings.csv", "--to", "sandbox", *typed, "--no-verify")
        undone = importer("undo", find_run_ids(importer)[0], "--no-verify")
        assert undone.returncode == 0, undone.stderr
        assert f" to {name} (demo at the sandbox)" in undone.stdout
        assert read_sandbox(tmp_path) == {}

    def test_nobody_undoes_a_run_at_another_server(
        self, environment: dict[str, str], importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        with running_sandbox(environment) as mine, running_sandbox(environment) as other:
            importer("run", "ratings.csv", "--to", "trakt-v1", "--base-url", mine)
            run_id = find_run_ids(importer)[0]
            refused = importer("undo", run_id, "--base-url", other)
            done = importer("undo", run_id, "--base-url", mine)
        assert refused.returncode == 2
        assert f"{run_id} was for another account" in refused.stderr
        assert done.returncode == 0

    def test_a_file_is_not_undone_but_deleted(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        importer("run", "ratings.csv", "--to", "trakt-file")
        done = importer("undo", find_run_ids(importer)[0])
        assert done.returncode == 2
        assert "delete that file" in done.stderr


class TestThePast:
    def test_before_the_first_run(self, importer: Importer) -> None:
        assert importer("runs").stdout == "There are no runs yet.\n"
        unknown = importer("show", "2026")
        assert unknown.returncode == 2
        assert "`importer runs` lists those there are" in unknown.stderr

    def test_show_says_each_thing_once(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},11", f"{GODFATHER},")
        importer("run", "ratings.csv", "--to", "sandbox")
        wrong, unrated = importer("show").stdout.splitlines()
        assert wrong.startswith('line 2  invalid  (no title), 11: column "rating": "11"')
        assert unrated.startswith('line 3  skipped  (no title): column "rating"')

    def test_runs_show_and_report(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{UNKNOWN},5", f"{GODFATHER},8")
        importer("run", "ratings.csv", "--to", "sandbox", "--limit", "1")
        listed = importer("runs").stdout
        run_id = find_run_ids(importer)[0]
        short = short_id(run_id)
        assert len(short) == 8
        header, line = listed.splitlines()
        assert header.split() == ["run", "when", "state", "from", "to", "account", "rows"]
        what = "ratings.csv  sandbox-v2  demo     1 rated, 2 not sent"
        assert re.fullmatch(rf"{short}  \d{{4}}-\d\d-\d\d \d\d:\d\d  stopped  {what}", line)

        importer("run", "ratings.csv", "--to", "sandbox")
        assert importer("runs").stdout.endswith(
            "  ended  ratings.csv  sandbox-v2  demo     2 rated, 1 not found\n"
        )

        shown = importer("show", run_id[:-2]).stdout.splitlines()
        assert importer("show", short).stdout.splitlines() == shown
        assert importer("report", short).stdout == importer("report", run_id).stdout
        assert [line.split(":")[0] for line in shown] == [
            "line 2  rated      (no title), 9",
            "line 3  not_found  (no title), 5",
            "line 4  rated      (no title), 8",
        ]
        assert importer("show", short).stderr.startswith(f"Run {run_id}: ratings.csv to sandbox-v2, 20")
        (only,) = importer("show", run_id, "--status", "not_found").stdout.splitlines()
        assert only == shown[1]
        assert importer("show", run_id, "--status", "failed").stdout == ""
        assert importer("show", run_id, "--status", "Not found").stdout == f"{only}\n"
        unknown = importer("show", run_id, "--status", "nonsense")
        assert unknown.returncode == 2
        assert "--status nonsense: there is no such status; there are rated, unrated" in unknown.stderr
        two = importer("show", run_id, "--status", "rated", "--status", "failed").stdout.splitlines()
        assert two == [shown[0], shown[2]]
        assert importer("show", run_id, "--offset", "1", "--limit", "1").stdout.splitlines() == shown[1:2]

        (past,) = json.loads(importer("runs", "--json").stdout)["runs"]
        assert (past["run"], past["state"], past["counts"]) == (run_id, "ended", {"rated": 2, "not_found": 1})
        page = json.loads(importer("show", run_id, "--json", "--status", "rated", "--limit", "1").stdout)
        assert page["run"] == past
        assert (page["total"], page["matching"], page["offset"]) == (3, 2, 0)
        assert [(row["line"], row["status"], row["rating"]) for row in page["rows"]] == [(2, "rated", 9)]

        results = (tmp_path / "ratings.results.csv").read_bytes()
        printed = importer("report", run_id, "--out", "again.csv")
        assert (tmp_path / "again.csv").read_bytes() == results
        assert "2  rated" in printed.stdout
        summary = json.loads(importer("report", run_id, "--json").stdout)
        assert summary["counts"] == {"rated": 2, "not_found": 1}
        piped = importer("report", run_id, "--out", "-")
        assert piped.stdout.encode().replace(b"\n", b"\r\n") == results

    def test_the_newest_run_needs_no_id(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        importer("run", "ratings.csv", "--to", "sandbox")
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{GODFATHER},8")
        importer("run", "ratings.csv", "--to", "sandbox")
        newest = find_run_ids(importer)[-1]
        assert importer("runs", "--limit", "1").stdout.splitlines()[1].startswith(short_id(newest))
        report = importer("report").stdout
        assert f"Run {newest}:" in report
        assert "Nothing to send" not in report  # one row is unchanged, but the other was sent
        assert json.loads(importer("report", "last", "--json").stdout)["sent"] == 1
        assert importer("show").stdout.count("\n") == 2
        asked = importer("undo")
        assert asked.returncode == 2
        assert (
            "name the run to undo (last is the newest), or with --since the first of several" in asked.stderr
        )
        assert "`importer runs` lists those there are" in asked.stderr

    def test_undo_last_typed_twice_undoes_once(self, importer: Importer, tmp_path: Path) -> None:
        for row in (f"{SHAWSHANK},9", f"{GODFATHER},8"):
            write_ratings(tmp_path, row)
            importer("run", "ratings.csv", "--to", "sandbox")
        newest = find_run_ids(importer)[-1]
        planned = importer("undo", "last", "--dry-run")
        assert "Nothing was sent; 1 would be removed." in planned.stdout
        assert "1  to undo  1 would be removed" in planned.stdout
        done = importer("undo", "last")
        assert (done.returncode, list(read_sandbox(tmp_path))) == (0, [SHAWSHANK])
        assert "1  removed  the run had added the rating" in done.stdout
        undo = find_run_ids(importer)[-1]
        refused = importer("undo", "last")
        assert (refused.returncode, list(read_sandbox(tmp_path))) == (2, [SHAWSHANK])
        before = find_run_ids(importer)[0]
        told = (
            f"{newest} is undone already, by {undo}; before it, {before} can be undone. To redo what it did"
        )
        assert f"{told}: `importer undo {undo}`" in refused.stderr
        told = f"undone by {undo}; `importer undo {undo}` redoes it"
        in_list = f"undone by {short_id(undo)}; `importer undo {short_id(undo)}` redoes it"
        (line,) = (each for each in importer("runs").stdout.splitlines() if each.startswith(short_id(newest)))
        assert "  undone  ratings.csv  " in line
        assert line.endswith(f"  1 rated    {in_list}")
        assert told in importer("show", "last").stderr
        assert told in importer("report", "last").stdout
        assert importer("undo", undo).returncode == 0
        assert set(read_sandbox(tmp_path)) == {SHAWSHANK, GODFATHER}
        assert "undone by" not in importer("report", "last").stdout

    def test_what_a_retry_took_over_is_listed_apart(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{UNKNOWN},8")
        importer("run", "ratings.csv", "--to", "sandbox")
        importer("retry", "--all", "ratings.results.csv")
        *_, first, second = importer("runs").stdout.splitlines()
        assert "  1 rated, 1 not found" in first
        assert "  1 not found, 1 taken over" in second
        _, last = json.loads(importer("runs", "--json").stdout)["runs"]
        assert (last["counts"], last["taken_over"]) == ({"rated": 1, "not_found": 1}, 1)

    def test_an_undo_is_not_retried_but_typed_again(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        importer("run", "ratings.csv", "--to", "sandbox")
        importer("undo", "last")
        run, undo = dict.fromkeys(find_run_ids(importer))
        for what in (undo, f"undo-{run}.csv"):
            refused = importer("retry", what)
            assert refused.returncode == 2
            assert f"{undo} undid {run}. Undo {run} again" in refused.stderr

    def test_last_passes_over_what_changed_nothing_and_says_so(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        none = importer("undo", "last")
        assert (none.returncode, "no run has changed anything" in none.stderr) == (2, True)
        importer("run", "ratings.csv", "--to", "sandbox")
        importer("run", "ratings.csv", "--to", "sandbox")
        importer("retry", "ratings.results.csv", "--to", "sandbox")
        first, *idle = find_run_ids(importer)
        assert len(idle) == 2
        refused = importer("undo", idle[0])
        assert refused.returncode == 2
        assert f"{idle[0]} changed nothing, so there is nothing to undo" in refused.stderr
        unsure = importer("undo", "last", "--yes")
        assert (unsure.returncode, len(read_sandbox(tmp_path))) == (2, 1)
        assert f" undo {first} --yes`" in unsure.stderr
        importer("undo", "last", "--yes", "--dry-run")
        alone = importer("undo", "last")  # nobody can be asked, either
        assert (alone.returncode, len(read_sandbox(tmp_path))) == (2, 1)
        assert f" undo {first}`" in alone.stderr
        dry = importer("undo", "last", "--dry-run")
        assert f"last is {first}; the newer {idle[0]} and {idle[1]} changed nothing" in dry.stderr
        assert f" undo {first}" in dry.stdout.partition("Next:")[2]
        undone = importer("undo", first)
        assert (undone.returncode, read_sandbox(tmp_path)) == (0, {})
        assert importer("runs").stdout.count("undone by") == 1
        nothing = importer("undo", "--since", first)
        assert "nothing is left to undo" in nothing.stderr

    def test_after_a_written_file_the_newest_run_that_can_be_undone_is_named(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        importer("run", "ratings.csv", "--to", "imdb-file")
        refused = importer("undo", "last")
        assert (refused.returncode, "can be undone" in refused.stderr) == (2, False)
        importer("run", "ratings.csv", "--to", "sandbox")
        importer("run", "ratings.csv", "--to", "imdb-file")
        _, sent, _ = find_run_ids(importer)
        refused = importer("undo", "last")
        assert f" undo {sent}`" in refused.stderr
        assert (refused.returncode, len(read_sandbox(tmp_path))) == (2, 1)

    def test_a_stopped_undo_is_told_and_goes_on(
        self, environment: dict[str, str], importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{GODFATHER},8", f"{KNIGHT},7")
        with running_sandbox(environment, "--fault", "hang=60s@5") as url:
            at = ("--base-url", url)
            importer("run", "ratings.csv", "--to", "trakt-v1", *at, "--workers", "1")
            with started(("undo", "last", *at, "--workers", "1"), environment, tmp_path) as process:
                wait_until(lambda: "1 unrated" in importer("runs").stdout)
                process.kill()
            run, undo = dict.fromkeys(find_run_ids(importer))
            short = (short_id(undo), short_id(run))
            told = "undone in part by {}; `importer undo {}` does the rest, if it can"
            assert told.format(*short) in importer("runs").stdout
            told = told.format(undo, run)
            assert told in importer("show", run).stderr
            assert told in importer("report", run).stdout
            retried = importer("retry", run, *at, "--dry-run")
            assert f"run {run} was undone in part by {undo}" in retried.stdout
            done = importer("undo", "last", *at)
            assert (done.returncode, "continues the run" in done.stdout) == (0, True), done.stderr
            assert read_statuses(tmp_path, f"undo-{run}.csv") == ["unrated"] * 3
            assert f"  undone by {short[0]}; `importer undo {short[0]}` redoes it" in importer("runs").stdout

    def test_since_undoes_from_the_newest_to_the_oldest(self, importer: Importer, tmp_path: Path) -> None:
        for rating in (3, 9, 5):
            write_ratings(tmp_path, f"{SHAWSHANK},{rating}")
            importer("run", "ratings.csv", "--to", "sandbox")
        _, second, third = find_run_ids(importer)
        planned = importer("undo", "--since", second, "--dry-run")
        assert planned.stdout.startswith(f"Would be undone, in this order:\n  {third}\n  {second}\n")
        assert "undo RUN --dry-run` shows the rows" in planned.stdout
        assert importer("undo", "--since", second).returncode == 0
        assert [rating for rating, _ in read_sandbox(tmp_path).values()] == [3]
        assert [read_statuses(tmp_path, f"undo-{run}.csv") for run in (second, third)] == [["rated"]] * 2

    def test_a_journal_that_is_damaged_hides_no_other(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        importer("run", "ratings.csv", "--to", "sandbox")
        (tmp_path / "state" / "journals" / "odd.sqlite3").write_bytes(b"this is no database " * 99)
        listed = importer("runs")
        assert (listed.returncode, listed.stdout.count("\n")) == (0, 2)
        assert "odd.sqlite3: cannot read the journal" in listed.stderr
        assert importer("show", "last").returncode == 0
        unknown = importer("show", "1999")
        assert unknown.returncode == 2
        assert "odd.sqlite3: cannot read the journal" in unknown.stderr

    def test_an_id_that_begins_several_runs_is_refused(self, importer: Importer, tmp_path: Path) -> None:
        for rating in (8, 9):
            write_ratings(tmp_path, f"{SHAWSHANK},{rating}")
            importer("run", "ratings.csv", "--to", "sandbox")
        for command in ("show", "report", "undo", "retry"):
            refused = importer(command, "2")
            assert refused.returncode == 2
            assert "may mean 2 runs; type more of the id" in refused.stderr


class TestTheGuardAsACommand:
    @pytest.fixture
    def words(self, importer: Importer, tmp_path: Path) -> tuple[str, ...]:
        """The command that changes all 60 ratings of an account."""
        with (ROOT / "importer/sandbox/catalogue.csv").open(encoding="utf-8") as file:
            ids = [line["imdb_id"] for line in csv.DictReader(file)][:60]
        write_ratings(tmp_path, *(f"{imdb_id},5" for imdb_id in ids))
        assert importer("run", "ratings.csv", "--to", "sandbox", "--bulk").returncode == 0
        write_ratings(tmp_path, *(f"{imdb_id},8" for imdb_id in ids))
        return ("run", "ratings.csv", "--to", "sandbox", "--bulk")

    def test_nobody_there_to_ask(self, importer: Importer, tmp_path: Path, words: tuple[str, ...]) -> None:
        before = read_sandbox(tmp_path)
        refused = importer(*words)
        assert refused.returncode == 2
        assert "would change 60 ratings and remove 0 of the 60" in refused.stderr
        assert "type the same command with --yes." in refused.stderr
        assert read_sandbox(tmp_path) == before
        assert importer(*words, "--yes").returncode == 0
        assert {rating for rating, _ in read_sandbox(tmp_path).values()} == {8}

    @pytest.mark.skipif(os.name != "posix", reason="needs a terminal of its own")
    @pytest.mark.parametrize(("answer", "code", "rating"), [("n", 3, 5), ("y", 0, 8)])
    def test_a_person_is_asked(
        self,
        environment: dict[str, str],
        tmp_path: Path,
        words: tuple[str, ...],
        answer: str,
        code: int,
        rating: int,
    ) -> None:
        ours, theirs = pty.openpty()
        try:
            os.write(ours, f"{answer}\n".encode())
            done = subprocess.run(
                [COMMAND, *words], cwd=tmp_path, env=environment, stdin=theirs, capture_output=True,
                encoding="utf-8", timeout=100, check=False,
            )  # fmt: skip
        finally:
            os.close(ours)
            os.close(theirs)
        assert done.returncode == code, done.stderr
        assert "Do it? [y/N]" in done.stderr
        assert ("nothing was sent" in done.stderr) == (answer == "n")
        assert {rating for rating, _ in read_sandbox(tmp_path).values()} == {rating}


class TestTwoAtOnce:
    def test_runs_on_two_accounts_go_side_by_side(
        self, environment: dict[str, str], tmp_path: Path, importer: Importer
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        hangs = ("--fault", "hang=60s@1")
        words = ("run", "ratings.csv", "--to", "trakt-v1", "--base-url")
        with running_sandbox(environment, *hangs) as one, running_sandbox(environment, *hangs) as other:
            with (
                started((*words, one), environment, tmp_path),
                started((*words, other), environment, tmp_path),
            ):
                wait_until(lambda: importer("runs").stdout.count("1 unconfirmed") == 2)
            done = [importer(*words, url, "--out", "0.csv") for url in (one, other)]
        assert [run.returncode for run in done] == [0, 0]
        assert len(find_run_ids(importer)) == 2

    def test_the_second_run_is_told_pid_and_start_of_the_first(
        self, environment: dict[str, str], tmp_path: Path, importer: Importer
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        with running_sandbox(environment, "--fault", "hang=60s") as url:
            words = ("run", "ratings.csv", "--to", "trakt-v1", "--base-url", url)
            with started(words, environment, tmp_path) as first:
                wait_until(lambda: "unconfirmed" in importer("runs").stdout)
                second = importer(*words)
                undone = importer("undo", find_run_ids(importer)[0], "--base-url", url)
        for refused in (second, undone):
            assert refused.returncode == 3
            assert re.search(rf"\(process {first.pid}, since 2\d{{3}}-\d\d-\d\dT[\d:+]+\)", refused.stderr)

    def test_a_run_that_was_killed_stands_in_nobodys_way(
        self, environment: dict[str, str], tmp_path: Path, importer: Importer
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9", f"{GODFATHER},8")
        with running_sandbox(environment, "--fault", "hang=60s@1-2") as url:
            words = ("run", "ratings.csv", "--to", "trakt-v1", "--base-url", url)
            with started(words, environment, tmp_path):
                wait_until(lambda: "2 unconfirmed" in importer("runs").stdout)
            done = importer(*words)
        assert (done.returncode, read_statuses(tmp_path)) == (0, ["rated", "rated"])


class TestStopping:
    @pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
    def test_a_second_signal_ends_the_run_at_once_and_nothing_is_lost(
        self, environment: dict[str, str], tmp_path: Path, importer: Importer, name: signal.Signals
    ) -> None:
        ids = (SHAWSHANK, GODFATHER, KNIGHT, TWELVE)
        write_ratings(tmp_path, *(f"{imdb_id},9" for imdb_id in ids))
        with running_sandbox(environment, "--fault", "hang=60s@2") as url:
            words = ("run", "ratings.csv", "--to", "trakt-v1", "--base-url", url, "--workers", "1")
            with started(words, environment, tmp_path) as process:
                wait_until(lambda: "1 rated" in importer("runs").stdout)
                process.send_signal(name)
                with pytest.raises(subprocess.TimeoutExpired):
                    process.wait(1)  # the request in flight has its time to finish
                process.send_signal(name)
                assert process.wait(10) == 3
            assert read_statuses(tmp_path) == ["rated", "unconfirmed", "not_sent", "not_sent"]
            assert f"interrupted ({name.name})" in (tmp_path / "said").read_text()
            done = importer(*words)
        assert (done.returncode, read_statuses(tmp_path)) == (0, ["rated"] * 4)


def write_ratings(folder: Path, *lines: str) -> None:
    (folder / "ratings.csv").write_text("\n".join(["imdb_id,rating", *lines]) + "\n")


def read_statuses(folder: Path, name: str = "ratings.results.csv") -> list[str]:
    with (folder / name).open(newline="", encoding="utf-8") as file:
        return [line["status"] for line in csv.DictReader(file)]


def read_sandbox(folder: Path) -> dict[str, tuple[int, int]]:
    """What the embedded sandbox holds: rating and date by IMDb id."""
    with closing(sqlite3.connect(folder / "state/sandbox.sqlite3")) as database:
        rows = database.execute("SELECT key, rating, rated_at FROM ratings").fetchall()
    return {key.removeprefix("imdb_id:"): (rating, rated_at) for key, rating, rated_at in rows}


def find_run_ids(importer: Importer) -> list[str]:
    return [run["run"] for run in json.loads(importer("runs", "--json").stdout)["runs"]]


@contextmanager
def started(
    words: tuple[str, ...], environment: dict[str, str], folder: Path
) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the command, and kill it if it has not ended by itself; what it says is kept in a file."""
    with (
        (folder / "said").open("wb") as said,
        subprocess.Popen([COMMAND, *words], env=environment, cwd=folder, stdout=said, stderr=said) as process,
    ):
        try:
            yield process
        finally:
            process.kill()


class TestOverwriting:
    MINE = "my own list\n"

    def test_a_file_of_the_users_is_replaced_only_when_asked(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        mine = tmp_path / "mine.csv"
        mine.write_text(self.MINE)
        run = ("run", "ratings.csv", "--to", "sandbox")
        commands = [
            (*run, "--out", "mine.csv"),
            ("run", "ratings.csv", "--to", "trakt-file", "--write-to", "mine.csv"),
            ("plan", "ratings.csv", "--to", "sandbox", "--out", "mine.csv"),
        ]
        for command in commands:
            refused = importer(*command)
            assert refused.returncode == 2
            told = f"{command[-2]} mine.csv: this file exists, and the importer did not write it. "
            assert f"{told}Name another file, or add --overwrite." in refused.stderr
            assert mine.read_text() == self.MINE
        for command in commands:
            mine.write_text(self.MINE)
            assert importer(*command, "--overwrite").returncode == 0
            assert mine.read_text() != self.MINE

    def test_an_export_of_imdb_is_never_taken_for_a_file_that_a_run_wrote(
        self, importer: Importer, tmp_path: Path
    ) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        command = ("run", "ratings.csv", "--to", "imdb-file", "--write-to", "mine.csv")
        assert importer(*command).returncode == 0
        written = (tmp_path / "mine.csv").read_bytes()
        assert importer(*command).returncode == 0, "what a run wrote may be replaced"
        export = written.replace(b",9,", b",3,")
        (tmp_path / "mine.csv").write_bytes(export)
        refused = importer(*command)
        assert refused.returncode == 2
        assert "--write-to mine.csv: this file may be an export of yours." in refused.stderr
        assert (tmp_path / "mine.csv").read_bytes() == export
        assert importer(*command, "--overwrite").returncode == 0
        assert (tmp_path / "mine.csv").read_bytes() == written

    def test_a_dry_run_writes_results_only_when_asked(self, importer: Importer, tmp_path: Path) -> None:
        write_ratings(tmp_path, f"{SHAWSHANK},9")
        dry = importer("run", "ratings.csv", "--to", "sandbox", "--dry-run")
        assert (dry.returncode, "Results:" in dry.stdout) == (0, False)
        importer("run", "ratings.csv", "--to", "sandbox", "--limit", "1")
        before = (tmp_path / "ratings.results.csv").read_bytes()
        assert importer("retry", "ratings.results.csv", "--dry-run").returncode == 0
        assert importer("undo", "last", "--dry-run").returncode == 0
        assert (tmp_path / "ratings.results.csv").read_bytes() == before
        assert sorted(path.name for path in tmp_path.glob("*.csv")) == ["ratings.csv", "ratings.results.csv"]
