"""Nothing of the user's is overwritten unasked: files of others, and results that somebody is correcting."""

from contextlib import suppress
from pathlib import Path

import pytest

from importer.errors import OptionError
from importer.model import RESULT_COLUMNS
from importer.runs.outputs import Outputs, check_replaceable, name_plan, name_results, origin_of, set_aside
from importer.runs.prompts import Unwatched
from importer.runs.results_csv import write_results
from importer.runs.rules import RunRules
from tests.road import OPEN, Road, running_sandbox

pytestmark = pytest.mark.usefixtures("time_enough")

OURS = ",".join(RESULT_COLUMNS) + "\r\n"
SHAWSHANK, GODFATHER = "tt0111161", "tt0068646"


@pytest.mark.parametrize(
    "content", [None, "", OURS, OURS + "1,2\r\n", "\ufeff" + OURS, OURS.replace("\r", "")]
)
def test_what_we_wrote_is_replaced(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        (tmp_path / "a.csv").write_text(content, "utf-8", newline="")
    check_replaceable(tmp_path / "a.csv", "out", RESULT_COLUMNS)


@pytest.mark.parametrize(
    "content", ["my diary", "row", OURS.replace(",", ";"), "x" + OURS, OURS[:-2] + ",more\r\n"]
)
def test_a_file_of_somebody_else_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.csv").write_text(content, "utf-8", newline="")
    with pytest.raises(OptionError, match="this file exists, and the importer did not write it"):
        check_replaceable(tmp_path / "a.csv", "out", RESULT_COLUMNS)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n\xff\x00")
    with pytest.raises(OptionError):
        check_replaceable(tmp_path / "a.png", "out", RESULT_COLUMNS)


def test_what_is_no_regular_file_is_written_to() -> None:
    check_replaceable(Path("/dev/null"), "out", RESULT_COLUMNS)


class TestEdited:
    def test_what_was_changed_since_it_was_written(self, tmp_path: Path) -> None:
        outputs, path = Outputs(tmp_path / "outputs"), tmp_path / "results.csv"
        with outputs.writing(path):
            write_results(path, [])
        outputs.check(path, "out", RESULT_COLUMNS)
        path.write_text(path.read_text("utf-8") + "1,2\n", "utf-8")
        with pytest.raises(OptionError, match="this file was edited after a run wrote it"):
            outputs.check(path, "out", RESULT_COLUMNS)
        path.unlink()
        outputs.check(path, "out", RESULT_COLUMNS)

    def test_a_crash_in_between_is_no_edit(self, tmp_path: Path) -> None:
        outputs, path = Outputs(tmp_path / "outputs"), tmp_path / "results.csv"
        with outputs.writing(path):
            write_results(path, [])
        with suppress(KeyboardInterrupt), outputs.writing(path):
            write_results(path, [[""] * len(RESULT_COLUMNS)])
            raise KeyboardInterrupt
        assert not outputs.may_be_edited(path)

    def test_a_file_that_no_run_here_wrote_may_be_edited(self, tmp_path: Path) -> None:
        """It may be a copy, another machine's, or an older version's, and somebody may be correcting it."""
        outputs, path = Outputs(tmp_path / "outputs"), tmp_path / "results.csv"
        write_results(path, [["1"] * len(RESULT_COLUMNS)])
        with pytest.raises(OptionError, match="this file is not known here, and may be edited"):
            outputs.check(path, "out", RESULT_COLUMNS)

    def test_a_copy_of_what_a_run_wrote_is_not_edited(self, tmp_path: Path) -> None:
        outputs, path, copy = Outputs(tmp_path / "outputs"), tmp_path / "results.csv", tmp_path / "copy.csv"
        with outputs.writing(path):
            write_results(path, [["1"] * len(RESULT_COLUMNS)])
        copy.write_bytes(path.read_bytes())
        outputs.check(copy, "out", RESULT_COLUMNS)
        copy.write_bytes(path.read_bytes() + b"2\n")
        with pytest.raises(OptionError, match="may be edited"):
            outputs.check(copy, "out", RESULT_COLUMNS)

    def test_an_edited_file_is_set_aside_under_a_free_name(self, tmp_path: Path) -> None:
        names = []
        for _ in range(3):
            (tmp_path / "results.csv").touch()
            names.append(set_aside(tmp_path / "results.csv").name)
        assert names == ["results.edited.csv", "results.edited-2.csv", "results.edited-3.csv"]


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("ratings.csv", "ratings.results.csv"),
        ("/somewhere/else/ratings.csv", "ratings.results.csv"),
        ("ratings.results.csv", "ratings.results.csv"),
        ("standard input", "standard-input.results.csv"),
        ("ratings", "ratings.results.csv"),
    ],
)
def test_results_are_named_after_what_is_read(source: str, name: str, tmp_path: Path) -> None:
    assert name_results(source, Outputs(tmp_path)) == Path(name)


def test_the_results_of_another_file_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    outputs, sources = Outputs(tmp_path / "outputs"), ["r.csv", "r.tsv", "old/r.tsv", "older/r.tsv", "r.csv"]

    def write(source: str) -> str:
        place = name_results(source, outputs)
        with outputs.writing(place, origin=origin_of(source)):
            write_results(place, [])
        with outputs.writing(place):  # a retry, which does not change whose they are
            write_results(place, [])
        return str(place)

    names = ["r.results.csv", "r.tsv.results.csv", "r.tsv-2.results.csv", "r.tsv-3.results.csv"]
    assert [write(source) for source in sources] == [*names, "r.results.csv"]
    assert name_plan("r.csv", outputs) == Path("r.plan.csv")
    Path("r.results.csv").unlink()
    assert name_results("r.json", outputs) == Path("r.results.csv")


class TestRuns:
    def test_results_that_somebody_corrects_are_not_replaced_but_retried(self, tmp_path: Path) -> None:
        road = Road.by("v2", tmp_path)
        with running_sandbox(**OPEN) as sandbox:
            road.write(f"{SHAWSHANK},9", f"{GODFATHER},11")
            road.run(sandbox.url)
            road.run(sandbox.url)
            edited = road.results.read_text("utf-8").replace(",11,", ",8,").replace(",invalid,", ",failed,")
            road.results.write_text(edited, "utf-8", newline="")
            with pytest.raises(OptionError, match="this file was edited after a run wrote it"):
                road.run(sandbox.url)
            assert road.results.read_text("utf-8") == edited.replace("\r", "")
            road.retry(sandbox.url)
            assert sandbox.stored_movies() == {SHAWSHANK: 9, GODFATHER: 8}
            road.run(sandbox.url)

    def test_an_unattended_run_sets_them_aside(self, tmp_path: Path) -> None:
        class Listening(Unwatched):
            def warned(self, warning: str) -> None:
                warnings.append(warning)

        warnings: list[str] = []
        road = Road.by("v2", tmp_path)
        with running_sandbox(**OPEN) as sandbox:
            road.write(f"{SHAWSHANK},9")
            road.run(sandbox.url)
            road.results.write_text(OURS, "utf-8")
            with road.open_run(sandbox.url, road.source, RunRules.for_sync()) as run:
                run.observer = Listening()
                run.execute()
        assert (tmp_path / "results.edited.csv").read_text("utf-8") == OURS.replace("\r", "")
        assert [road.results.name in told for told in warnings] == [True]
        assert road.statuses == ["unchanged"]
