"""Files to upload: every open row in one line, whole files or none, and what is told of them."""

import csv
import os
import signal
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.dates import Dates
from importer.destinations.upload_files.base import FileDestination
from importer.destinations.upload_files.letterboxd_csv import LetterboxdFile
from importer.destinations.upload_files.plain_csv import PlainFile
from importer.destinations.upload_files.trakt_csv import TraktFile
from importer.errors import ImporterError, StopRunError
from importer.journal import Journal, JournalRun
from importer.model import RESULT_COLUMNS, MediaKind, RatingJob, RowsOutcome, SourceRow
from importer.progress import Progress
from importer.runs import export_file as writing
from importer.runs.delivery import Work
from importer.runs.export_file import Writing
from tests.builders import build_invalid, build_job

TRAKT = TraktFile(Dates(datetime(2026, 9, 1, tzinfo=UTC)))
LETTERBOXD = LetterboxdFile()
HEADER = b"imdbID,tmdbID,Title,Year,Rating10\r\n"


@dataclass
class Desk:
    """A journal with one run in it, and the folder its files go into."""

    journal: Journal
    folder: Path

    def plan(self, *rows: SourceRow, destination: FileDestination = LETTERBOXD) -> JournalRun:
        """Plan a run of these rows as `run.py` does, duplicates aside."""
        with self.journal.loading():
            run = self.journal.begin("fingerprint", "ratings.csv", destination.name)
            outcomes = [destination.check(row) if isinstance(row, RatingJob) else None for row in rows]
            run.add_rows(rows, outcomes)
        return run

    def write(
        self, run: JournalRun, destination: FileDestination = LETTERBOXD, name: str = "out.csv"
    ) -> Writing:
        made = Writing(Work(run), destination, self.folder / name)
        made.send_all()
        return made

    def results(self, run: JournalRun) -> list[dict[str, object]]:
        return [dict(zip(RESULT_COLUMNS, row, strict=True)) for row in run.results()]

    def statuses(self, run: JournalRun) -> list[object]:
        return [row["status"] for row in self.results(run)]

    def names(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    (tmp_path / "out").mkdir()
    with Journal(tmp_path / "state", "files") as journal:
        yield Desk(journal, tmp_path / "out")


def small(largest_file_bytes: int) -> LetterboxdFile:
    return replace(LETTERBOXD, largest_file_bytes=largest_file_bytes)


def film(row: int, title: str) -> RatingJob:
    """A film with an id of seven digits: its line is 16 bytes longer than its title."""
    return build_job(row, imdb_id=f"tt{row:07}", title=title)


def titles(paths: Sequence[Path]) -> list[str]:
    found = []
    for path in paths:
        with path.open(encoding="utf-8", newline="") as stream:
            found += [row["Title"] for row in csv.DictReader(stream)]
    return found


def test_a_file_for_no_site_is_to_be_uploaded_nowhere(desk: Desk) -> None:
    run = desk.plan(build_job(1), destination=PlainFile())
    desk.write(run, PlainFile())
    assert desk.results(run)[0]["message"] == "line 2 of out.csv"


def test_every_row_that_can_be_written_is_a_line_in_its_order(desk: Desk) -> None:
    show = build_job(3, kind=MediaKind.SHOW, tvdb_id=81189)
    unrate, last = build_job(4, rating=0), build_job(5, rating=3)
    run = desk.plan(build_job(1), build_invalid(2), show, unrate, last, destination=TRAKT)
    made = desk.write(run, TRAKT)
    assert made.stopped_by is None
    assert made.paths == [desk.folder / "out.csv"]
    assert made.paths[0].read_bytes() == (
        b"imdb_id,tmdb_id,tvdb_id,trakt_id,type,rating,rated_at\r\n"
        b"tt0000001,,,,movie,8,\r\n"
        b",,81189,,show,8,\r\n"
        b"tt0000005,,,,movie,3,\r\n"
    )
    assert desk.statuses(run) == ["rated", "invalid", "rated", "unsupported", "rated"]


def test_the_outcome_names_the_line_the_file_and_the_site(desk: Desk) -> None:
    run = desk.plan(build_job(1), build_job(2, rated_at="2031-01-01"), destination=TRAKT)
    desk.write(run, TRAKT)
    first, second = desk.results(run)
    assert first["reason"] == second["reason"] == "written"
    assert first["message"] == f"line 2 of out.csv; upload it at {TRAKT.upload_at}"
    assert str(second["message"]).startswith("line 3 of out.csv; ")
    assert str(second["message"]).endswith("; its date lies in the future; it was dated now")
    assert (first["attempts"], first["http_status"], first["sent_at"]) == (0, None, None)


def test_the_progress_counts_the_rows(desk: Desk) -> None:
    progress = Progress()
    run = desk.plan(build_job(1), build_job(2))
    work = Work(run, progress=progress)
    Writing(work, LETTERBOXD, desk.folder / "out.csv").send_all()
    assert (progress.to_send, progress.done, progress.failed) == (2, 2, 0)


def test_more_rows_than_a_block_keep_their_order(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "BLOCK_ROWS", 3)
    run = desk.plan(*(film(row, f"Film {row}") for row in range(1, 11)))
    assert titles(desk.write(run).paths) == [f"Film {row}" for row in range(1, 11)]
    assert desk.statuses(run) == ["rated"] * 10


def test_titles_are_quoted_never_changed(desk: Desk) -> None:
    strange = ['Maggie "Longest" Daycare', "I, Robot", "=Hello", "a\nb", "c\r\nd", "e\rf", "七人の侍", " x "]
    run = desk.plan(*(film(row, title) for row, title in enumerate(strange, 1)))
    made = desk.write(run)
    assert titles(made.paths) == strange
    lines = [str(row["message"]).split(" of ")[0] for row in desk.results(run)]
    # As an editor shows them: the titles in rows 4, 5 and 6 stand on two lines each.
    assert lines == [f"line {number}" for number in (2, 3, 4, 5, 7, 9, 11, 12)]


def test_a_file_that_would_be_too_large_becomes_several(desk: Desk) -> None:
    run = desk.plan(*(film(row, f"{row:010}") for row in range(1, 8)))
    made = desk.write(run, small(len(HEADER) + 3 * 26))
    assert [path.name for path in made.paths] == [f"out-part-{part}-of-3.csv" for part in (1, 2, 3)]
    assert desk.names() == [path.name for path in made.paths]
    for path in made.paths:
        assert path.read_bytes().startswith(HEADER)
        assert path.read_bytes().endswith(b"\r\n")
    assert [len(path.read_bytes()) - len(HEADER) for path in made.paths] == [78, 78, 26]
    messages = [str(row["message"]).split(";")[0] for row in desk.results(run)]
    assert messages[2:4] == ["line 4 of out-part-1-of-3.csv", "line 2 of out-part-2-of-3.csv"]


@pytest.mark.parametrize(("room", "parts"), [(52, 1), (51, 2)])
def test_the_limit_itself_is_still_allowed(desk: Desk, room: int, parts: int) -> None:
    run = desk.plan(*(film(row, f"{row:010}") for row in (1, 2)))
    assert len(desk.write(run, small(len(HEADER) + room)).paths) == parts


def test_a_line_too_large_for_any_file_is_whole_in_one_of_its_own(desk: Desk) -> None:
    long = "x" * 200
    run = desk.plan(*(film(row, title) for row, title in enumerate(["a", long, "b"], 1)))
    made = desk.write(run, small(100))
    assert [titles([path]) for path in made.paths] == [["a"], [long], ["b"]]


def test_parts_sort_by_name_however_many(desk: Desk) -> None:
    run = desk.plan(*(film(row, "x" * 50) for row in range(1, 12)))
    made = desk.write(run, small(len(HEADER) + 70))
    assert desk.names() == [path.name for path in made.paths]
    assert made.paths[0].name == "out-part-01-of-11.csv"


@given(
    names=st.lists(st.text(alphabet='aé侍😀,"\r\n=', min_size=1, max_size=12), min_size=1, max_size=20),
    room=st.integers(90, 180),
)
def test_no_row_is_cut_or_lost_whatever_the_titles(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], room: int
) -> None:
    folder = tmp_path_factory.mktemp("parts")
    with Journal(folder, "files") as journal:
        desk = Desk(journal, folder / "out")
        desk.folder.mkdir()
        run = desk.plan(*(film(row, name) for row, name in enumerate(names, 1)))
        made = desk.write(run, small(len(HEADER) + room))
        assert titles(made.paths) == names
        assert all(path.stat().st_size <= len(HEADER) + room for path in made.paths)
        assert desk.statuses(run) == ["rated"] * len(names)


def test_what_an_earlier_run_left_is_replaced_with_all_its_parts(desk: Desk) -> None:
    limit = small(len(HEADER) + 20)
    desk.write(desk.plan(*(film(row, "Heat") for row in range(1, 4))), limit)
    assert len(desk.names()) == 3
    (desk.folder / "out-part-time.csv").write_text("mine")
    (desk.folder / "other-part-1-of-2.csv").write_text("mine")
    desk.write(desk.plan(build_job(1), build_job(2)))
    assert desk.names() == ["other-part-1-of-2.csv", "out-part-time.csv", "out.csv"]
    desk.write(desk.plan(film(1, "Heat"), film(2, "Heat")), limit)
    assert desk.names() == [
        "other-part-1-of-2.csv",
        "out-part-1-of-2.csv",
        "out-part-2-of-2.csv",
        "out-part-time.csv",
    ]


def test_a_run_without_a_row_to_write_leaves_everything(desk: Desk) -> None:
    (desk.folder / "out.csv").write_text("old")
    made = desk.write(desk.plan(build_job(1, kind=MediaKind.SHOW)))
    assert (made.paths, made.stopped_by) == ((), None)
    assert (desk.folder / "out.csv").read_text() == "old"


def test_a_file_has_the_mode_of_the_umask_and_a_link_stays_a_link(desk: Desk) -> None:
    (desk.folder / "link.csv").symlink_to(desk.folder / "real.csv")
    before = os.umask(0o027)
    try:
        desk.write(desk.plan(build_job()), name="link.csv")
    finally:
        os.umask(before)
    assert (desk.folder / "link.csv").is_symlink()
    assert stat.S_IMODE((desk.folder / "real.csv").stat().st_mode) == 0o640


# When it goes wrong: the old files stay, no row counts as written, and the same command starts over.


def check_nothing_happened(desk: Desk, run: JournalRun, made: Writing, names: Sequence[str]) -> None:
    assert isinstance(made.stopped_by, StopRunError)
    assert made.paths == ()
    assert made._progress.done == 0
    assert desk.names() == sorted(names)
    assert all((desk.folder / name).read_text() == "old" for name in names)
    assert set(desk.statuses(run)) == {"not_sent"}
    assert run.unanswered() == []


def plan_parts(desk: Desk) -> tuple[JournalRun, LetterboxdFile]:
    """A run of three parts."""
    return desk.plan(*(film(row, "Heat") for row in range(1, 4))), small(len(HEADER) + 20)


OLD = ["out.csv", "out-part-1-of-3.csv", "out-part-2-of-3.csv", "out-part-3-of-4.csv"]


@pytest.mark.parametrize("fails_at", range(1, 8))
def test_a_failure_between_the_parts_takes_all_of_them_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    for name in OLD:
        (desk.folder / name).write_text("old")
    calls = 0
    real = Path.replace

    def fail_once(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == fails_at:
            raise OSError(5, "Input/output error")
        return real(self, target)

    run, limit = plan_parts(desk)
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail_once)
        made = desk.write(run, limit)
    check_nothing_happened(desk, run, made, OLD)
    assert "Input/output error" in str(made.stopped_by)
    again = desk.write(run, limit)
    assert desk.names() == [path.name for path in again.paths]
    assert desk.statuses(run) == ["rated"] * 3


def test_a_full_disk_leaves_the_old_file(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    (desk.folder / "out.csv").write_text("old")

    def fail(handle: int) -> None:
        raise OSError(28, "No space left on device")

    run = desk.plan(build_job(1), build_job(2))
    monkeypatch.setattr(os, "fsync", fail)
    made = desk.write(run)
    check_nothing_happened(desk, run, made, ["out.csv"])
    assert "No space left on device" in str(made.stopped_by)
    assert "type the same command" in str(made.stopped_by)


@pytest.mark.parametrize("name", ["missing/out.csv", ".", "file/out.csv"])
def test_places_that_cannot_hold_a_file_are_told(desk: Desk, name: str) -> None:
    (desk.folder / "file").write_text("old")
    run = desk.plan(build_job())
    check_nothing_happened(desk, run, desk.write(run, name=name), ["file"])


def test_a_device_is_not_replaced(desk: Desk) -> None:
    made = Writing(Work(desk.plan(build_job())), LETTERBOXD, Path(os.devnull))
    made.send_all()
    assert isinstance(made.stopped_by, StopRunError)
    assert Path(os.devnull).is_char_device()


@dataclass(frozen=True)
class Interrupting(LetterboxdFile):
    """Gets a signal while its third line is built."""

    number: signal.Signals = signal.SIGINT

    def build_line(self, job: RatingJob) -> Sequence[str]:
        if job.row == 3:
            signal.raise_signal(self.number)
        return super().build_line(job)


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP"])
def test_an_interrupted_run_leaves_no_file_and_all_rows(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    number = getattr(signal, name, None)
    if number is None or signal.getsignal(number) is signal.SIG_IGN:
        pytest.skip("there is no such signal here")
    monkeypatch.setattr(writing, "BLOCK_ROWS", 2)
    before = signal.getsignal(number)
    run = desk.plan(*(build_job(row) for row in range(1, 8)))
    made = desk.write(run, Interrupting(number=number))
    check_nothing_happened(desk, run, made, [])
    assert str(made.stopped_by) == f"interrupted ({name})"
    assert signal.getsignal(number) is before
    assert titles(desk.write(run).paths) == [""] * 7


def test_a_signal_while_the_files_are_put_in_place_comes_too_late(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.replace

    def replace_interrupted(self: Path, target: Path) -> Path:
        signal.raise_signal(signal.SIGINT)
        return real(self, target)

    run, limit = plan_parts(desk)
    monkeypatch.setattr(Path, "replace", replace_interrupted)
    made = desk.write(run, limit)
    assert made.stopped_by is None
    assert desk.names() == [path.name for path in made.paths]
    assert desk.statuses(run) == ["rated"] * 3


def test_a_keyboard_interrupt_from_elsewhere_leaves_no_file(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(self: LetterboxdFile, job: RatingJob) -> str:
        raise KeyboardInterrupt

    run = desk.plan(build_job(1), build_job(2))
    monkeypatch.setattr(LetterboxdFile, "remark", interrupt)
    with pytest.raises(KeyboardInterrupt):
        desk.write(run)
    assert desk.names() == []
    assert desk.statuses(run) == ["not_sent"] * 2


def test_every_kind_of_row_that_is_written_lets_the_run_end(desk: Desk) -> None:
    rows = (
        film(1, "Heat"),
        build_job(2, tmdb_id=949),
        build_job(3, title="Ran", year=1985),
        build_job(4, title="Ran"),
    )
    run = desk.plan(*rows)
    desk.write(run)
    run.finish()
    assert desk.statuses(run) == ["rated", "rated", "rated", "unsupported"]


def test_rows_that_a_crash_left_marked_are_written(desk: Desk) -> None:
    run = desk.plan(build_job(1), build_job(2))
    run.claim(0, 1)
    assert desk.statuses(run) == ["unconfirmed", "not_sent"]
    desk.write(run)
    assert desk.statuses(run) == ["rated", "rated"]


def test_a_journal_that_takes_no_outcomes_has_the_file_written_again(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: JournalRun, row_outcomes: Iterator[RowsOutcome]) -> None:
        raise ImporterError("cannot write the journal")

    run = desk.plan(film(1, "Heat"), film(2, "Ran"))
    with monkeypatch.context() as patch:
        patch.setattr(JournalRun, "record", fail)
        made = desk.write(run)
    assert str(made.stopped_by) == "cannot write the journal"
    assert desk.statuses(run) == ["not_sent"] * 2
    assert titles(desk.write(run).paths) == ["Heat", "Ran"]
    assert desk.statuses(run) == ["rated"] * 2


def test_a_title_without_a_year_ends_its_run_as_any_other(desk: Desk) -> None:
    for _ in range(2):
        run = desk.plan(build_job(1, title="Fargo", year=None, imdb_id=None), destination=PlainFile())
        desk.write(run, PlainFile())
        run.finish()
        assert desk.statuses(run) == ["rated"]
