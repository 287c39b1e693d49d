"""Between the journal and a file to upload: what `sending.py` is to an API.

The file is whole or it is not there, and so is the news of it: the lines are written out of sight, put in
place together, and all rows get their outcome in one transaction. Whatever ends the writing before that (no
room, no permission, Ctrl-C, a crash) leaves the rows open, so that the same command starts over. Two things
follow for the caller: a run is written in one go, so there is no `--limit` here; and a file holds its run's
open rows only, so rows that an earlier run wrote must not count as settled, or they go with its file.

A file that would be too large becomes several: `ratings-part-1-of-3.csv` beside the path asked for. They
replace what an earlier run left there, be it the file of that very name or parts of another number: nothing
old stays between the new ones to be uploaded by mistake. A run without a row to write leaves all as it is.
"""

import csv
import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import FrameType
from typing import IO

from importer.destinations.upload_files.base import FileDestination
from importer.errors import ImporterError, StopRunError
from importer.files import AtomicFiles, follow_links
from importer.interrupts import interrupted_by, listening_to_signals
from importer.model import WRITTEN, Outcome, RatingJob, RowsOutcome, Status
from importer.progress import Phase
from importer.runs.conflicts import Conflict
from importer.runs.delivery import Work
from importer.runs.outputs import with_parts
from importer.runs.snapshot import Snapshot

BLOCK_ROWS = 2000
"""Rows taken from the journal at once; between blocks Ctrl-C is heard."""

_LINE_END = re.compile("\r\n|\r|\n")


class Writing:
    """Writes the open rows of one run."""

    def __init__(self, work: Work, destination: FileDestination, path: Path) -> None:
        self._run = work.run
        self._progress = work.progress
        self._stop = work.stop
        self._note_written = work.note_written
        self._destination = destination
        self._path = path
        self.paths: Sequence[Path] = ()
        """The files that were written, to be uploaded in this order."""
        self.stopped_by: ImporterError | None = None
        """Why nothing was written, if it was not."""

    def compare(self) -> Snapshot:
        """Nothing is known of the account."""
        return Snapshot(is_readable=False)

    def resolve_conflicts(self, keeps: Callable[[Conflict], bool]) -> Snapshot:
        """There are no conflicts."""
        del keeps
        return self.compare()

    def send_all(self) -> None:
        """Write every open row, or none; the journal is then up to date."""
        # Marks that a crash left behind: with a file there is nothing that may have arrived.
        self._run.unclaim()
        self._progress.to_send = self._run.count_open()
        self._progress.phase = Phase.SENDING
        if not self._progress.to_send:
            return
        try:
            with listening_to_signals(self._interrupt), AtomicFiles() as drafts:
                self._write(drafts)
        except OSError as error:
            self.stopped_by = self._not_written(error.strerror or str(error))
        except ImporterError as error:
            self.stopped_by = error
        finally:
            self._run.unclaim()
        if self.stopped_by is not None:
            self._progress.done = 0

    def verify(self) -> None:
        """Nothing more to see: the file was put in place whole."""

    def _write(self, drafts: AtomicFiles) -> None:
        # Through links, or the file would take the place of the link.
        path = follow_links(self._path) if self._path.is_symlink() else self._path
        if path.exists() and not path.is_file():
            raise self._not_written("it is no file that could be replaced")
        lines = _Lines(drafts, path, self._destination)
        for jobs in self._blocks():
            for job in jobs:
                lines.add(job)
            self._progress.done += len(jobs)
        places = _name_parts(path, lines.count_parts())
        with ExitStack() as notes:
            for place in places:
                notes.enter_context(self._note_written(place))
            drafts.commit(places, instead_of=_find_earlier(path, places))
        self.paths = places
        # In one transaction: a run half recorded would be continued with a file of the other half.
        self._run.record(self._outcomes(lines))

    def _blocks(self) -> Iterator[Sequence[RatingJob]]:
        last_row = 0
        while jobs := self._run.claim(last_row, BLOCK_ROWS):
            yield jobs
            last_row = jobs[-1].row
            self._stop.check()

    def _outcomes(self, lines: "_Lines") -> Iterator[RowsOutcome]:
        place = self._destination.upload_at
        upload = f"upload it at {place}" if place else ""
        for row, part, line, remark in lines.written():
            message = "; ".join(filter(None, (f"line {line} of {self.paths[part].name}", upload, remark)))
            yield RowsOutcome([row], Outcome(Status.RATED, WRITTEN, message), 0, None, None, None)

    def _not_written(self, problem: str) -> StopRunError:
        return StopRunError(
            f"{self._path}: cannot write the file to upload ({problem}). Nothing new is in place. "
            "Make room or choose another place, then type the same command: it starts over."
        )

    def _interrupt(self, number: int, _frame: FrameType | None) -> None:
        """Make a signal a wish that is granted between blocks, never half way through publishing."""
        self._stop(interrupted_by(number))


class _Lines:
    """The lines of a run in files of the size allowed, and where each row's line stands.

    The places of the lines are kept until all files are named: 24 bytes a row.
    """

    def __init__(self, drafts: AtomicFiles, path: Path, destination: FileDestination) -> None:
        self._drafts = drafts
        self._path = path
        self._destination = destination
        self._writer = csv.writer(_Echo())
        self._header = self._build(destination.header)
        self._stream: IO[str] | None = None
        self._bytes_left = 0
        self._next_line = 1
        self._rows = array("q")
        self._line_numbers = array("q")
        self._remarks: list[str] = []
        self._part_begins: list[int] = []

    def add(self, job: RatingJob) -> None:
        """Write the job's line; if the file would grow too large with it, into a new one."""
        text = self._build(self._destination.build_line(job))
        size = _count_bytes(text)
        # A line that fits into no file at all still gets one: too large, but whole.
        if self._stream is None or size > self._bytes_left:
            self._stream = self._begin()
        self._rows.append(job.row)
        self._line_numbers.append(self._next_line)
        self._remarks.append(self._destination.remark(job))
        self._stream.write(text)
        self._bytes_left -= size
        self._next_line += len(_LINE_END.findall(text))

    def count_parts(self) -> int:
        """Count the files begun."""
        return len(self._part_begins)

    def written(self) -> Iterator[tuple[int, int, int, str]]:
        """Yield (row, part counted from 0, line counted from 1, remark) of every line."""
        part = -1
        for index, row in enumerate(self._rows):
            if part + 1 < len(self._part_begins) and index == self._part_begins[part + 1]:
                part += 1
            yield row, part, self._line_numbers[index], self._remarks[index]

    def _begin(self) -> IO[str]:
        stream = self._drafts.open(self._path)
        stream.write(self._header)
        largest = self._destination.largest_file_bytes
        # Without a limit no size is ever more than what is left.
        self._bytes_left = (1 << 62) if largest is None else largest - _count_bytes(self._header)
        self._next_line = 2
        self._part_begins.append(len(self._rows))
        return stream

    def _build(self, cells: Sequence[str]) -> str:
        return str(self._writer.writerow(cells))


class _Echo:
    """What a csv.writer writes to so that its `writerow` returns the line, ended by CRLF (RFC 4180)."""

    def write(self, text: str, /) -> str:
        return text


def _count_bytes(text: str) -> int:
    return len(text.encode("utf-8", "backslashreplace"))


def _name_parts(path: Path, count: int) -> list[Path]:
    if count == 1:
        return [path]
    width = len(str(count))
    return [
        path.with_name(f"{path.stem}-part-{part:0{width}}-of-{count}{path.suffix}")
        for part in range(1, count + 1)
    ]


def _find_earlier(path: Path, places: Sequence[Path]) -> list[Path]:
    """Find what an earlier run to this path left that the new files do not replace by name."""
    return [each for each in with_parts(path) if each not in places and each.exists()]
