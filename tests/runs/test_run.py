"""The road as a whole: what a run leaves behind, in the file, at the destination and for the next run."""

import signal
from pathlib import Path
from typing import Any

import pytest

from importer.errors import AuthorizationError, ResultsNotWrittenError, StopRunError, UnreadableFileError
from importer.runs import import_run as run
from importer.runs.journal_writer import JournalWriter
from tests.road import Road, running_sandbox

SHAWSHANK, GODFATHER, UNKNOWN = "tt0111161", "tt0068646", "tt9999999"


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road(tmp_path)


def test_every_row_of_the_file_has_one_line_in_its_place(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},11", f"{UNKNOWN},5", ",7", f"{GODFATHER},8")
    with running_sandbox() as sandbox:
        report = road.run(sandbox.url)
        assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}
    assert [row["row"] for row in road.read_results()] == ["1", "2", "3", "4", "5"]
    assert road.statuses == ["rated", "invalid", "not_found", "invalid", "rated"]
    assert report.stopped_by is None


def test_a_second_run_sends_nothing_that_is_unchanged(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
    with running_sandbox() as sandbox:
        road.run(sandbox.url)
        road.write(f"{SHAWSHANK},9", f"{GODFATHER},7")
        road.run(sandbox.url)
        assert sandbox.count_rating_requests() == 3
    changed = road.read_results()[1]
    assert road.statuses == ["unchanged", "rated"]
    assert changed["previous_rating"] == "8"


def test_the_same_file_once_more_is_told_without_being_read(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},11", f"{GODFATHER},8")
    with running_sandbox() as sandbox:
        first = road.run(sandbox.url)
        again = road.run(sandbox.url)
        assert sandbox.count_rating_requests() == 2
        assert [first.run.run_id in note for note in again.notes] == [True]
        assert road.statuses == ["unchanged", "invalid", "unchanged"]
        assert again.run.run_id != first.run.run_id
        road.undo(sandbox.url, again.run.run_id)
        assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}  # that one changed nothing
        road.undo(sandbox.url, first.run.run_id)
        assert sandbox.stored_movies() == {}
        road.run(sandbox.url)
        assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}


def test_the_newer_of_two_rows_for_one_title_counts(road: Road) -> None:
    road.write(f"{SHAWSHANK},9,2024-02-01", f"{SHAWSHANK},4,2020-01-01", header="imdb_id,rating,rated_at")
    with running_sandbox() as sandbox:
        road.run(sandbox.url)
        assert sandbox.stored_movies() == {SHAWSHANK: 9}
    loser = road.read_results()[1]
    assert loser["status"] == "duplicate"
    assert "row 1 (line 2)" in loser["message"]


def test_a_limited_run_is_continued_by_the_same_command(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{UNKNOWN},5")
    with running_sandbox() as sandbox:
        first = road.run(sandbox.url, limit=1)
        assert isinstance(first.stopped_by, StopRunError)
        assert road.statuses == ["rated", "not_sent", "not_sent"]
        second = road.run(sandbox.url)
        assert second.run.run_id == first.run.run_id
        assert sandbox.count_rating_requests() == 3
    assert road.statuses == ["rated", "rated", "not_found"]


def test_a_dry_run_sends_nothing_and_leaves_no_trace(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},11")
    report = road.run("http://127.0.0.1:1", dry_run=True)
    assert road.statuses == ["not_sent", "invalid"]
    assert report.sent == 0
    with running_sandbox() as sandbox:
        road.run(sandbox.url)
    assert road.statuses == ["rated", "invalid"]


def test_a_refused_login_sends_nothing_and_says_why(road: Road) -> None:
    road.write(f"{SHAWSHANK},9")
    with running_sandbox("probe:401@1-") as sandbox:
        report = road.run(sandbox.url)
        assert sandbox.stored_movies() == {}
    assert isinstance(report.stopped_by, AuthorizationError)
    assert road.statuses == ["not_sent"]


def test_no_server_is_a_stop_and_not_a_success(road: Road) -> None:
    road.write(f"{SHAWSHANK},9")
    report = road.run("http://127.0.0.1:1")
    assert isinstance(report.stopped_by, StopRunError)
    assert road.statuses == ["not_sent"]


def test_after_a_401_in_the_middle_the_rest_is_not_sent(road: Road) -> None:
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8", f"{UNKNOWN},5")
    with running_sandbox("401@2-") as sandbox:
        report = road.run(sandbox.url, workers=1)
        assert sandbox.count_rating_requests() == 2
    assert isinstance(report.stopped_by, AuthorizationError)
    assert road.statuses == ["rated", "not_sent", "not_sent"]


def test_results_that_cannot_be_written_lose_nothing(road: Road, tmp_path: Path) -> None:
    road.write(f"{SHAWSHANK},9")
    road.results = Path("/dev/full")
    with running_sandbox() as sandbox:
        with pytest.raises(ResultsNotWrittenError):
            road.run(sandbox.url)
        road.results = tmp_path / "elsewhere.csv"
        road.run(sandbox.url)
        assert sandbox.count_rating_requests() == 1
    assert road.statuses == ["rated"]  # the same command prints what had happened
    assert road.read_results()[0]["attempts"] == "1"


class TestSignals:
    @pytest.mark.parametrize("name", [signal.SIGINT, signal.SIGTERM])
    @pytest.mark.parametrize(("place", "function"), [(run, "write_results"), (JournalWriter, "finish")])
    def test_results_and_journal_are_written_before_it_is_heard(
        self,
        road: Road,
        monkeypatch: pytest.MonkeyPatch,
        place: object,
        function: str,
        name: signal.Signals,
    ) -> None:
        interrupt(monkeypatch, place, function, name)
        check_that_it_ends_well(road, monkeypatch, name)

    def test_whoever_insists_need_not_wait_and_the_same_command_writes_the_results(
        self, road: Road, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        interrupt(monkeypatch, run, "write_results", signal.SIGINT, signal.SIGTERM)
        road.write(f"{SHAWSHANK},9")
        with running_sandbox() as sandbox:
            with pytest.raises(KeyboardInterrupt):
                road.run(sandbox.url)
            assert not road.results.exists()
            monkeypatch.undo()
            road.run(sandbox.url)
            assert sandbox.count_rating_requests() == 1
        assert road.statuses == ["rated"]


def interrupt(monkeypatch: pytest.MonkeyPatch, place: object, name: str, *signals: signal.Signals) -> None:
    """Let signals arrive whenever a function begins."""
    real = getattr(place, name)

    def interrupted(*args: Any) -> None:
        for number in signals:
            signal.raise_signal(number)
        real(*args)

    monkeypatch.setattr(place, name, interrupted)


def check_that_it_ends_well(road: Road, monkeypatch: pytest.MonkeyPatch, name: signal.Signals) -> None:
    """See that a run with a signal stops early, tells what was done, and is continued."""
    road.write(f"{SHAWSHANK},9", f"{GODFATHER},8")
    before = signal.getsignal(name)
    with running_sandbox() as sandbox:
        stopped = road.run(sandbox.url)
        assert str(stopped.stopped_by) == f"interrupted ({name.name})"
        assert road.statuses == ["rated", "rated"]
        assert signal.getsignal(name) is before
        monkeypatch.undo()
        done = road.run(sandbox.url)
        assert sandbox.count_rating_requests() == 2
    assert (done.run.run_id, done.run.continued) == (stopped.run.run_id, True)
    assert done.stopped_by is None


def test_a_file_that_cannot_be_read_leaves_no_run_behind(road: Road) -> None:
    road.file.write_bytes(b"PK\x03\x04\0\0binary")
    with pytest.raises(UnreadableFileError):
        road.run("http://127.0.0.1:1")
    road.write(f"{SHAWSHANK},9")
    with running_sandbox() as sandbox:
        assert not road.run(sandbox.url).run.continued


def test_a_file_without_rows_is_no_failure(road: Road) -> None:
    road.write()
    report = road.run("http://127.0.0.1:1")
    assert road.read_results() == []
    assert report.stopped_by is None
