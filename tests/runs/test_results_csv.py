"""The results file: every row once, in order, whole or not at all, safe to open."""

import csv
import os
import resource
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import ResultsNotWrittenError
from importer.files import restore
from importer.model import RESULT_COLUMNS
from importer.runs.results_csv import STANDARD_OUTPUT, write_results

Row = tuple[object, ...]


def row(number: int, **cells: object) -> Row:
    values: dict[str, object] = dict.fromkeys(RESULT_COLUMNS)
    values |= {
        "row": number,
        "line": number + 1,
        "status": "rated",
        "kind": "movie",
        "title": "Heat",
        **cells,
    }
    return tuple(values.values())


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def test_header_rows_and_order(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    write_results(path, iter([row(2), row(1), row(3, title="七人の侍", rating=10)]))
    header, *lines = read(path)
    assert header == list(RESULT_COLUMNS)
    assert [line[0] for line in lines] == ["2", "1", "3"]
    assert lines[2][6] == "七人の侍"
    assert lines[2][14] == "10"
    assert lines[2][7] == ""


def test_no_rows_give_a_header(tmp_path: Path) -> None:
    write_results(tmp_path / "results.csv", [])
    assert read(tmp_path / "results.csv") == [list(RESULT_COLUMNS)]


def test_lines_end_as_rfc_4180_says(tmp_path: Path) -> None:
    write_results(tmp_path / "results.csv", [row(1)])
    text = (tmp_path / "results.csv").read_bytes()
    assert text.count(b"\r\n") == text.count(b"\n") == 2
    assert text.startswith(b"row,line,")


TEXT = st.none() | st.text() | st.text(alphabet="'=+-@\t\r\n,\"a＝")


@given(title=TEXT, message=TEXT, imdb_id=TEXT, rating=TEXT | st.integers(), year=TEXT)
def test_any_text_comes_back_and_starts_no_formula(
    tmp_path_factory: pytest.TempPathFactory,
    title: str | None,
    message: str | None,
    imdb_id: str | None,
    rating: str | int | None,
    year: str | None,
) -> None:
    path = tmp_path_factory.mktemp("any") / "results.csv"
    cells = {"title": title, "message": message, "imdb_id": imdb_id, "rating": rating, "year": year}
    write_results(path, [row(1, **cells), row(2)])
    header, first, second = read(path)
    got = dict(zip(header, first, strict=True))
    for name, cell in cells.items():
        assert restore(got[name]) == ("" if cell is None else str(cell))
        if isinstance(cell, str):
            assert not got[name].startswith(tuple("=+-@\t\r\n"))
    assert second[0] == "2"


def test_numbers_are_never_taken_for_formulas(tmp_path: Path) -> None:
    write_results(tmp_path / "results.csv", [row(1, tmdb_id=-5)])
    assert read(tmp_path / "results.csv")[1][RESULT_COLUMNS.index("tmdb_id")] == "-5"


def test_a_lone_surrogate_costs_a_cell_not_the_file(tmp_path: Path) -> None:
    write_results(tmp_path / "results.csv", [row(1, title="bad \udc80 byte")])
    assert read(tmp_path / "results.csv")[1][6] == "bad \\udc80 byte"


def test_a_new_file_has_the_mode_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_results(tmp_path / "results.csv", [])
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "results.csv").stat().st_mode) == 0o640


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "deep" / "results.csv")
    write_results(tmp_path / "link.csv", [row(1)])
    assert (tmp_path / "link.csv").is_symlink()
    assert len(read(tmp_path / "deep" / "results.csv")) == 2


def broken_rows(error: BaseException) -> Iterator[Sequence[object]]:
    yield row(1)
    raise error


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ValueError("journal")])
def test_a_failing_source_leaves_the_old_file_and_no_other(tmp_path: Path, error: BaseException) -> None:
    path = tmp_path / "results.csv"
    path.write_text("old")
    with pytest.raises(type(error)):
        write_results(path, broken_rows(error))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failing_disk_leaves_the_old_file_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "results.csv"
    path.write_text("old")

    def fail(*args: object) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(*((os, "fsync", fail) if step == "fsync" else (Path, "replace", fail)))
    with pytest.raises(ResultsNotWrittenError, match="Input/output error") as caught:
        write_results(path, [row(1)])
    assert caught.value.path == path
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_disk_filling_up_in_the_middle_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "results.csv"
    path.write_text("old")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        with pytest.raises(ResultsNotWrittenError, match="journal has every outcome"):
            write_results(path, (row(number) for number in range(10_000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_a_full_device_is_told() -> None:
    with pytest.raises(ResultsNotWrittenError, match="No space left"):
        write_results(Path("/dev/full"), [row(1)])
    assert Path("/dev/full").is_char_device()


def test_places_that_cannot_hold_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "missing" / "results.csv", tmp_path / "file" / "results.csv"):
        with pytest.raises(ResultsNotWrittenError, match="another place for the file"):
            write_results(path, [row(1)])


def test_a_device_is_written_to_and_not_replaced() -> None:
    write_results(Path(os.devnull), [row(1)])
    assert Path(os.devnull).is_char_device()


def test_a_dash_is_standard_output_in_utf8(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    write_results(STANDARD_OUTPUT, [row(1, title="Amélie", message="=1")])
    out = capfdbinary.readouterr().out.decode("utf-8")
    assert out.splitlines()[0] == ",".join(RESULT_COLUMNS)
    assert "Amélie" in out
    assert ",'=1," in out
    assert not Path("-").exists()


def test_results_that_nobody_reads_to_their_end_are_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(os.dup(writing), "wb", buffering=0) as raw:
        os.close(writing)

        class Stdout:
            buffer = raw

            def flush(self) -> None: ...

            def isatty(self) -> bool:
                return False

        monkeypatch.setattr("sys.stdout", Stdout())
        with pytest.raises(ResultsNotWrittenError, match="Broken pipe"):
            write_results(STANDARD_OUTPUT, [row(1)])


def test_a_terminal_is_shown_what_would_act_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    main, sub = os.openpty()
    with os.fdopen(sub, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stdout", terminal)
        write_results(STANDARD_OUTPUT, [row(1, title="\x1b]0;owned\x07Amélie\u202e")])
    shown = os.read(main, 10_000).decode()
    os.close(main)
    assert "\\x1b]0;owned\\x07Amélie\\u202e" in shown
    assert "\x1b" not in shown
