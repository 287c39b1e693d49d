"""The frame of every reader of a table: columns to parsed columns to rows, a chunk at a time.

A format is a subclass that names its columns (`columns`, `needed`), says how each is parsed
(`parsers`), and judges whole rows if it has to (`finish`). Finding the format is the work of
`detect`, taking the file apart that of `table`, the parsing of a chunk that of `columns`.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property, partial
from itertools import count, repeat
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from importer.errors import UnreadableFileError
from importer.model import InvalidRow, RatingJob, SourceRow
from importer.readers.cells import CellError, Reason, quote
from importer.readers.dates import is_day_first, parse_date
from importer.readers.table import Header, Table

if TYPE_CHECKING:
    from importer.readers.columns import Parse, Parsed
    from importer.readers.records import Chunk

_JOB_FIELDS = RatingJob._fields[2:]
_CELL_FIELDS = InvalidRow._fields[2:13]

Problems = dict[int, tuple[str | None, CellError]]
"""Place in a chunk to the field that is wrong, or None for the whole row, and how."""


class FormatNote(NamedTuple):
    """A format as people need to know it."""

    name: str
    what: str
    recognised_by: str
    ids: str
    scale: str
    dates: str


class TableReader:
    """An open table of a known format; see `base.Reader`."""

    about: ClassVar[FormatNote]
    columns: ClassVar[Mapping[str, Sequence[str]]]
    """Field to the names its column goes by, the best first. Where several cells of a row are bad, the
    first field of this order is the one that is told."""
    needed: ClassVar[Sequence[str]] = ()
    """Fields without whose column a file is not of this format."""
    judges_rows: ClassVar[bool] = False
    """Whether `finish` has something to say; asking it a million times for nothing is not free."""

    def __init__(self, table: Table, *, leaves_types_open: bool = False) -> None:
        self.format_name = self.about.name
        self.leaves_types_open = leaves_types_open
        self._table = table
        self._sources = self.find_columns(table.header)
        self.notes: Sequence[str] = (*self.describe(), *table.notes)

    @classmethod
    def find_columns(cls, header: Header) -> dict[str, int]:
        """Say in which column each field stands."""
        places = {field: header.find(names) for field, names in cls.columns.items()}
        return {field: place for field, place in places.items() if place is not None}

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that the header lacks to be of this format."""
        found = cls.find_columns(header)
        return [quote(cls.columns[field][0]) for field in cls.needed if field not in found]

    def describe(self) -> Sequence[str]:
        """Say what was found out about the file and which rules follow from it."""
        raise NotImplementedError

    def parsers(self) -> Mapping[str, "Parse"]:
        """Field to what turns its cells into values."""
        raise NotImplementedError

    def finish(self, job: RatingJob) -> RatingJob:
        """Judge a row as a whole: return it, changed or not, or raise `CellError`."""
        return job

    def clean(self, cell: str) -> str:
        """Undo what a program did to a cell, where a bad one is shown."""
        return cell

    def parse_date(self, cell: str) -> str | None:
        """Parse a cell of the date column, in the order that the whole column shows."""
        return parse_date(cell, lambda: self._is_day_first)

    def set_block_size(self, size: int) -> None:
        """Read in blocks of about so many bytes."""
        self._table.block_size = size

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows; see `base.Reader`."""
        from importer.readers.columns import Columns  # noqa: PLC0415  pandas is half of a program's start-up

        columns = Columns(self._sources, self.parsers())
        places = sorted(set(self._sources.values()))
        rows_before = 0
        for chunk in self._table.chunks(places):
            jobs, problems = self._build_jobs(chunk, columns.parse(chunk.frame), rows_before + 1)
            rows: list[SourceRow] = [*jobs]
            for place, (field, error) in problems.items():
                cells = {
                    name: self.clean(str(chunk.frame[column].iat[place])).strip()
                    for name, column in self._sources.items()
                }
                rows[place] = self._build_invalid_row(jobs[place], cells, field, error)
            yield rows
            rows_before += len(rows)

    def _build_jobs(
        self, chunk: "Chunk", parsed: Iterable["Parsed"], first_row: int
    ) -> tuple[list[RatingJob], Problems]:
        problems: Problems = {place: (None, error) for place, error in chunk.broken.items()}
        values: dict[str, Iterable[Any]] = {}
        for field, values[field], wrong in parsed:
            for place, error in wrong.items():
                cells = chunk.short.get(place, self._sources[field] + 1)
                is_cut_off = cells <= self._sources[field]
                problems.setdefault(
                    place, (None, self._too_few(field, cells)) if is_cut_off else (field, error)
                )
        fields = [values.get(field, repeat(None)) for field in _JOB_FIELDS]
        with _collector_paused():
            jobs = list(map(_make_job, zip(count(first_row), chunk.lines, *fields, strict=False)))
        if self.judges_rows:
            for place, job in enumerate(jobs):
                if place not in problems:
                    try:
                        jobs[place] = self.finish(job)
                    except CellError as error:
                        problems[place] = (error.field, error)
        return jobs, problems

    def _too_few(self, field: str, cells: int) -> CellError:
        names = self._table.header.names
        return CellError(
            Reason.TOO_FEW_CELLS,
            f"the row has {cells} of {len(names)} cells, and none in {quote(names[self._sources[field]])}",
            "Complete the row; if the file was cut off there, export it again.",
        )

    def _build_invalid_row(
        self, job: RatingJob, cells: Mapping[str, str], field: str | None, error: CellError
    ) -> InvalidRow:
        if field is not None and not any(cells.values()):
            error, field = CellError(Reason.EMPTY_ROW, "the row is empty", "Take it out of the file."), None
        where, problem = f"line {job.line}", error.problem
        if field is not None and field in self._sources:
            where += f", column {quote(self._table.header.names[self._sources[field]])}"
            cell = cells[field]
            problem = f"{quote(cell)} {problem}" if cell else "the cell is empty"
        raw = [cells.get(name) or None for name in _CELL_FIELDS]
        message = f"{where}: {problem}. {error.remedy}"
        return InvalidRow._make((job.row, job.line, *raw, error.status, error.reason, message))

    @cached_property
    def _is_day_first(self) -> bool | None:
        """Read the date column once more from the start, for only as a whole does it show its order."""
        place = self._sources["rated_at"]

        def cells() -> Iterator[str]:
            try:
                for chunk in self._table.chunks([place]):
                    yield from chunk.frame[place].tolist()
            except UnreadableFileError:
                return  # what can be read decides; the reading proper tells of the rest, in its place

        return is_day_first(cells())


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Spare the search for cycles that thousands of new tuples set off, over and over: they have none."""
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


# `RatingJob._make` without its check of the length: half the time, a million times.
_make_job = partial(tuple.__new__, RatingJob)
