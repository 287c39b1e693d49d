"""Reads a results file of the importer, to send its failed rows again; the other rows are taken over.

```text
row 1  rated                                    taken over
row 2  failed                                   sent again, with the cells as they are now
row 3  invalid, "7.5" corrected to 8            sent again with --all
row 4  invalid, not corrected                   taken over: its cells are those of the source file
row 5  needs_id, an id was added                sent again with --all; corrections.py tells what was corrected
row 6  rated                                    sent again with --all where its rating was changed
```

Rows keep their line of the source file; a message about a cell here names this file and its line.

The cells of an invalid row have the words of its source, which may mean something else here. So such a row
is sent only if it was corrected, and names its title by an id and a type.
"""

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from itertools import islice
from pathlib import Path

from importer.files import restore
from importer.journal import JournalRun
from importer.model import (
    DESTINATION,
    RESULT_COLUMNS,
    WRITTEN,
    ClosedRow,
    InvalidRow,
    RatingJob,
    SourceRow,
    Status,
)
from importer.readers.base import ReadOptions
from importer.readers.cells.errors import AT_THE_SOURCE, quote
from importer.readers.formats.csv import CsvReader
from importer.readers.tables.table import open_own_table
from importer.runs.corrections import Cells, find_line, may_have_its_id, read_before, was_edited
from importer.runs.mirror import NOT_RATED
from importer.runs.results_csv import write_results
from importer.text import count, find_lost_date, lost_cell

_LONGEST_NUMBER = 10
_ENOUGH_ROWS = 5

FIRST_COLUMNS = ("row", "line", "status")
"""The columns of `ResultsReader.read_first`."""


def keep_line(cell: str | None, otherwise: int) -> int:
    """Return the line of a row in its source file; 0 is that of a removal, which comes from no file."""
    return int(cell) if cell and cell.isdecimal() and len(cell) < _LONGEST_NUMBER else otherwise


class ResultsReader:
    """An open results file; see `base.Reader`. Rows with a status of `again` are read as jobs."""

    format_name = "results"

    def __init__(
        self,
        path: Path,
        name: str,
        again: Collection[Status],
        zone: tzinfo | None = None,
        *,
        destination: str = "",
        written_by: JournalRun | None = None,
    ) -> None:
        """Open it; of a file of several destinations, the lines of this one.

        What `written_by` has shows which closed rows were corrected since.

        Raises `UnreadableFileError` or `UnknownFormatError`.
        """
        self._again = again
        self._zone = zone
        self._destination = destination
        self._written_by = written_by
        self._takes_corrections = Status.INVALID in again
        self._rows = 0
        self._table = open_own_table(path, name, "results file", RESULT_COLUMNS)
        self._name = name
        self._taken_over = 0
        self._uncorrected = 0
        self._stuck = 0
        self._corrected: list[int] = []
        self.is_of_file = False
        """Whether its run wrote a file to upload, as far as `read_sent` has read."""

        self.notes: Sequence[str] = (f"tries again what is {', '.join(sorted(again))}",)

    def read_sent(self) -> dict[int, str]:
        """Read the times at which the first rows were sent, by row number: they identify the run."""
        found: dict[int, str] = {}
        for row, sent_at, reason in self.lines("row", "sent_at", "reason"):
            self.is_of_file |= reason == WRITTEN
            if sent_at and row.isdecimal() and len(row) < _LONGEST_NUMBER:
                found[int(row)] = sent_at
            if len(found) == _ENOUGH_ROWS:
                break
        return found

    def read_first(self) -> list[tuple[str, ...]]:
        """Read number, line and status of the first rows, which nobody has a reason to edit."""
        return list(islice(map(tuple, self.lines(*FIRST_COLUMNS)), _ENOUGH_ROWS))

    def list_destinations(self) -> list[str]:
        """Name the destinations that the file has lines of; none if it is that of a run to one."""
        if self._table.header.find([DESTINATION]) is None:
            return []
        return list(dict.fromkeys(name for (name,) in self.lines(DESTINATION)))

    def lines(self, *names: str) -> Iterator[Sequence[str]]:
        """Yield these cells of each row, as they stand."""
        for lines in self._read_lines(names):
            yield from (line for line in lines if line is not None)

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield all rows in order: jobs to send, and closed rows."""
        # The table is read twice at the same time: as jobs, and as cells.
        readings = CsvReader(self._table, ReadOptions(zone=self._zone)).chunks()
        for rows, lines in zip(readings, self._read_lines(RESULT_COLUMNS), strict=True):
            before = read_before(self._written_by, [line[0] for line in lines if line is not None])
            both = zip(rows, lines, strict=True)
            yield [self._choose(self._number(row), line, before) for row, line in both if line is not None]
        if rows_kept := self._taken_over:
            are = "row is taken over as it stands" if rows_kept == 1 else "rows are taken over as they stand"
            self.notes = (*self.notes, f"{rows_kept:,} {are} in {self._name}, not sent")
        self.notes = (*self.notes, *self._tell_invalid())

    def _tell_invalid(self) -> Iterator[str]:
        """Say of the invalid rows that are not sent what is to be done, and where."""
        if uncorrected := self._uncorrected:
            yield f"{count(uncorrected, 'invalid row')} not corrected yet: correct the cells in {self._name}"
        if stuck := self._stuck:
            remedy = "correct the source file and run that again"
            yield f"{count(stuck, 'invalid row')} cannot be corrected here: {remedy}"
        if corrected := self._corrected:
            lines = f"line{'s' * (len(corrected) > 1)} {', '.join(map(str, corrected[:_ENOUGH_ROWS]))}"
            more = f" and {len(corrected) - _ENOUGH_ROWS:,} more" if corrected[_ENOUGH_ROWS:] else ""
            were = "were" if corrected[1:] else "was"
            yield f"{lines}{more} {were} corrected, and not sent: only with --all are corrected rows sent"

    def _note_kept(self, row: SourceRow, cells: Cells, *, is_uncorrected: bool, is_changed: bool) -> None:
        """Count a row that is taken over, if it is invalid or was corrected."""
        if is_uncorrected and self._takes_corrections:
            self._uncorrected += _is_correctable(cells)
            self._stuck += not _is_correctable(cells)
        elif isinstance(row, RatingJob) and (
            is_changed or (cells["status"] == Status.INVALID and not is_uncorrected)
        ):
            self._corrected.append(row.line)

    def _read_lines(self, names: Sequence[str]) -> Iterator[list[Sequence[str] | None]]:
        """Yield these cells of each row, a chunk at a time; None for a row of another destination."""
        header, wanted = self._table.header, self._destination
        first = DESTINATION if wanted else names[0]
        places = [header.find([name]) or 0 for name in (first, *names)]
        for chunk in self._table.chunks(sorted(set(places))):
            cells = chunk.rows(places)
            yield [row if not wanted or of == wanted else None for of, *row in cells]

    def _number(self, row: SourceRow) -> SourceRow:
        """Count the rows of the destination, which are numbered as if no other had any."""
        if not self._destination:
            return row
        self._rows += 1
        return row._replace(row=self._rows)

    def _choose(self, row: SourceRow, line: Sequence[str], before: Mapping[str, Cells]) -> SourceRow:
        cells = {name: restore(cell) or None for name, cell in zip(RESULT_COLUMNS, line, strict=True)}
        status = cells["status"]
        is_uncorrected = status == Status.INVALID and not _is_corrected(cells)
        written = find_line(cells, before)
        is_changed = status != Status.INVALID and written is not None and was_edited(cells, written)
        if isinstance(row, InvalidRow):
            row = row._replace(message=f"{self._name}, {row.message}")  # which is where it can be corrected
        row = row._replace(line=keep_line(cells["line"], row.line))
        is_corrected = is_changed or (written is None and may_have_its_id(cells))
        is_again = status in self._again or (self._takes_corrections and is_corrected)
        if status not in set(Status) or (is_again and not is_uncorrected):
            return _as_it_was(row, cells) if isinstance(row, RatingJob) else row
        self._note_kept(row, cells, is_uncorrected=is_uncorrected, is_changed=is_changed)
        self._taken_over += 1
        kept = {name: cells[name] for name in ClosedRow._fields if name not in _NOT_AS_THEY_STAND}
        return ClosedRow(
            row=row.row,
            line=row.line,
            status=Status(status),
            sent_at=_parse_instant(cells["sent_at"]),
            **kept,
        )


def find_mistake(cells: Mapping[str, str]) -> str:
    """Say why a corrected row cannot be understood; empty if it can. The cells are those of its line."""
    with tempfile.TemporaryDirectory(prefix="row-") as folder:
        path = Path(folder) / "row.csv"
        write_results(path, [["" if name == "status" else cells[name] for name in RESULT_COLUMNS]])
        (row,) = (row for chunk in ResultsReader(path, path.name, ()).chunks() for row in chunk)
    return row.message.removeprefix(f"{path.name}, line 2, ") if isinstance(row, InvalidRow) else ""


def _is_correctable(cells: Cells) -> bool:
    """Whether an invalid row can be corrected in the results: they tell its title, and its scale."""
    has_id = any(cells[name] is not None for name in ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id"))
    return has_id and cells["kind"] is not None and cells["reason"] not in AT_THE_SOURCE


def _as_it_was(job: RatingJob, cells: Cells) -> RatingJob:
    """A removal of a mirror remains one: the account is asked, as it was then, and rows of the file win.

    A date that could not be read remains unknown, unless it was corrected.
    """
    message = cells["message"] or ""
    if not job.line and not job.rating and message.startswith(NOT_RATED):
        return job._replace(note=NOT_RATED)
    cell = None if job.rated_at or find_lost_date(job.note) else find_lost_date(message)
    return job if cell is None else job.with_note(lost_cell("date", cell))


def _is_corrected(cells: Cells) -> bool:
    """Whether an invalid row was corrected: none of its cells is the one that its message quotes."""
    quoted = (f": {quote(cell)} " for cell in cells.values() if cell)
    return _is_correctable(cells) and not any(words in (cells["message"] or "") for words in quoted)


_NOT_AS_THEY_STAND = ("row", "line", "status", "sent_at")


def _parse_instant(text: str | None) -> float | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text).timestamp() if text else None
    return None
