"""Our own results file, read to try again what failed: the other rows are taken over as they stand.

Cells that somebody has corrected count: a row that is tried again is read anew, like any table's.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from importer.errors import UnknownFormatError
from importer.model import RESULT_COLUMNS, SettledRow, SourceRow, Status
from importer.readers.generic_csv import CsvReader
from importer.readers.reading import Reading
from importer.readers.table import Table
from importer.readers.textfile import read_text_file
from importer.spreadsheet import restore

PASSING = frozenset({Status.FAILED, Status.NOT_SENT, Status.UNSURE})
"""What another try may mend by itself."""

MENDABLE = PASSING | {Status.NOT_FOUND, Status.REJECTED, Status.INVALID}
"""What another try may mend once somebody has corrected the row."""


_ENOUGH_ROWS = 5


class ResultsReader:
    """An open results file; see `base.Reader`. Rows with a status of `again` are read as jobs."""

    format_name = "results"

    def __init__(self, path: Path, name: str, again: Collection[Status]) -> None:
        """Open it. Raises `UnreadableFileError` or `UnknownFormatError`."""
        self._again = again
        self._table = Table(read_text_file(path, name))
        missing = [column for column in RESULT_COLUMNS if self._table.header.find([column]) is None]
        if missing:
            raise UnknownFormatError(
                f"{name}: this is no results file of the importer; it lacks {', '.join(missing)}",
                found=self._table.header.names,
                missing=missing,
            )
        self._name = name
        self._taken_over = 0

        self.notes: Sequence[str] = (f"tries again what is {', '.join(sorted(again))}",)

    def read_sent(self) -> dict[int, str]:
        """Read when some of the rows were sent, by the row's number: enough to know the run by."""
        found: dict[int, str] = {}
        places = [self._table.header.find([name]) or 0 for name in ("row", "sent_at")]
        for chunk in self._table.chunks(sorted(places)):
            for row, sent_at in zip(*(chunk.frame[place].tolist() for place in places), strict=True):
                if sent_at and str(row).isdecimal():
                    found[int(row)] = str(sent_at)
                if len(found) == _ENOUGH_ROWS:
                    return found
        return found

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows, the settled ones among the jobs in their places."""
        header = self._table.header
        places = {name: header.find([name]) or 0 for name in RESULT_COLUMNS}
        # The same table read twice in step: as jobs, and as the cells that stand there.
        readings = CsvReader(self._table, Reading()).chunks()
        for rows, cells in zip(readings, self._table.chunks(sorted(places.values())), strict=True):
            columns = [cells.frame[places[name]].tolist() for name in RESULT_COLUMNS]
            yield [self._choose(*each) for each in zip(rows, zip(*columns, strict=True), strict=True)]
        if rows_kept := self._taken_over:
            are = "row is taken over as it stands" if rows_kept == 1 else "rows are taken over as they stand"
            self.notes = (*self.notes, f"{rows_kept:,} {are} in {self._name}, not sent")

    def _choose(self, row: SourceRow, line: Sequence[Any]) -> SourceRow:
        cells = {name: restore(str(cell)) or None for name, cell in zip(RESULT_COLUMNS, line, strict=True)}
        status = cells["status"]
        if status not in set(Status) or status in self._again:
            return row
        self._taken_over += 1
        kept = {name: cells[name] for name in SettledRow._fields if name not in _NOT_AS_THEY_STAND}
        return SettledRow(
            row=row.row,
            line=row.line,
            status=Status(status),
            sent_at=_parse_instant(cells["sent_at"]),
            **kept,
        )


_NOT_AS_THEY_STAND = ("row", "line", "status", "sent_at")


def _parse_instant(text: str | None) -> float | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text).timestamp() if text else None
    return None
