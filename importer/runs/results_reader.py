"""Our own results file, read to try again what failed: the other rows are taken over as they stand.

Cells that somebody has corrected count: a row that is tried again is read anew, like any table's. What an
invalid row holds may be the words of its source, which mean something else here; so it is tried only when it
was corrected and says in our own words which title it means, and else it stands, too.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime, tzinfo
from pathlib import Path

from importer.files import restore
from importer.model import RESULT_COLUMNS, ClosedRow, SourceRow, Status
from importer.readers.base import ReadOptions
from importer.readers.cells.errors import AT_THE_SOURCE, quote
from importer.readers.formats.csv import CsvReader
from importer.readers.tables.table import open_own_table

_ENOUGH_ROWS = 5


class ResultsReader:
    """An open results file; see `base.Reader`. Rows with a status of `again` are read as jobs."""

    format_name = "results"

    def __init__(self, path: Path, name: str, again: Collection[Status], zone: tzinfo | None = None) -> None:
        """Open it. Raises `UnreadableFileError` or `UnknownFormatError`."""
        self._again = again
        self._zone = zone
        self._table = open_own_table(path, name, "results file", RESULT_COLUMNS)
        self._name = name
        self._taken_over = 0
        self._unmended = 0

        self.notes: Sequence[str] = (f"tries again what is {', '.join(sorted(again))}",)

    def read_sent(self) -> dict[int, str]:
        """Read when some of the rows were sent, by the row's number: enough to know the run by."""
        found: dict[int, str] = {}
        places = [self._table.header.find([name]) or 0 for name in ("row", "sent_at")]
        for chunk in self._table.chunks(sorted(places)):
            for row, sent_at in chunk.rows(places):
                if sent_at and row.isdecimal():
                    found[int(row)] = sent_at
                if len(found) == _ENOUGH_ROWS:
                    return found
        return found

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows, the settled ones among the jobs in their places."""
        header = self._table.header
        places = [header.find([name]) or 0 for name in RESULT_COLUMNS]
        # The same table read twice in step: as jobs, and as the cells that stand there.
        readings = CsvReader(self._table, ReadOptions(zone=self._zone)).chunks()
        for rows, cells in zip(readings, self._table.chunks(sorted(places)), strict=True):
            yield [self._choose(*each) for each in zip(rows, cells.rows(places), strict=True)]
        if rows_kept := self._taken_over:
            are = "row is taken over as it stands" if rows_kept == 1 else "rows are taken over as they stand"
            self.notes = (*self.notes, f"{rows_kept:,} {are} in {self._name}, not sent")
        if unmended := self._unmended:
            are = "row is" if unmended == 1 else "rows are"
            remedy = "correct the source file and run that again"
            self.notes = (
                *self.notes,
                f"{unmended:,} invalid {are} not corrected, or cannot be here: {remedy}",
            )

    def _choose(self, row: SourceRow, line: Sequence[str]) -> SourceRow:
        cells = {name: restore(cell) or None for name, cell in zip(RESULT_COLUMNS, line, strict=True)}
        status = cells["status"]
        is_unmended = status == Status.INVALID and not _is_mended(cells)
        if status not in set(Status) or (status in self._again and not is_unmended):
            return row
        self._unmended += is_unmended and status in self._again
        self._taken_over += 1
        kept = {name: cells[name] for name in ClosedRow._fields if name not in _NOT_AS_THEY_STAND}
        return ClosedRow(
            row=row.row,
            line=row.line,
            status=Status(status),
            sent_at=_parse_instant(cells["sent_at"]),
            **kept,
        )


def _is_mended(cells: Mapping[str, str | None]) -> bool:
    """Whether an invalid row may be read here: its message quotes no cell of it any more, as it once did."""
    quoted = (f": {quote(cell)} " for cell in cells.values() if cell)
    return not (
        cells["reason"] in AT_THE_SOURCE
        or any(words in (cells["message"] or "") for words in quoted)
        or cells["kind"] is None
        or all(cells[name] is None for name in ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id"))
    )


_NOT_AS_THEY_STAND = ("row", "line", "status", "sent_at")


def _parse_instant(text: str | None) -> float | None:
    with suppress(ValueError):
        return datetime.fromisoformat(text).timestamp() if text else None
    return None
