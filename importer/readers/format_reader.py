"""The frame of every format: it finds the columns, parses them chunk by chunk, and makes rows of them.

A format is a subclass. It declares its columns, each with its parser, and has a word about whole rows if it
must (`check_row`):

    class FilmdomReader(TableReader):
        about = FormatNote(name="filmdom", ...)
        description = ("Filmdom ratings",)
        tmdb_id = Column("Film", parse=parse_number_id, required=True)
        rating = Column("Stars", parse=on_scale(steps("1", "5", "1")), required=True)
        rated_at = Column("When", parse=DATE)

`detect` finds the format of a file, `tables` takes the file apart, `columns` parses the cells.
"""

import gc
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, tzinfo
from functools import cached_property, partial
from itertools import compress, count, repeat
from operator import attrgetter, lt
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from importer.errors import OptionError, UnreadableFileError
from importer.model import InvalidRow, RatingJob, SourceRow, Status, make_job
from importer.readers.base import ReadOptions
from importer.readers.cells.dates import is_day_first, parse_date
from importer.readers.cells.errors import CellError, Reason, quote
from importer.readers.columns import Column, ColumnParser, Parse, PerFile, collect_columns
from importer.readers.tables.chunk import Chunk
from importer.readers.tables.table import AnyTable, Header

_JOB_FIELDS = RatingJob._fields[2:]
_CELL_FIELDS = InvalidRow._fields[2:13]

CellErrors = dict[int, tuple[str | None, CellError]]
"""Index of a row in a chunk to the field that is wrong, or None for the whole row, and how."""

DATE = PerFile(attrgetter("parse_date"))
"""Parses dates, in the order that the whole column shows; see `TableReader.parse_date`."""


class FormatNote(NamedTuple):
    """A format as people need to know it."""

    name: str
    what: str
    recognised_by: str
    ids: str
    scale: str
    dates: str
    traps: str
    sample: str


class TableReader:
    """An open table of a known format; see `base.Reader`."""

    about: ClassVar[FormatNote]
    description: ClassVar[Sequence[str]] = ()
    """What people are told of a file of this format, and of the rules that follow from it."""
    columns: ClassVar[Mapping[str, Column]] = {}
    """Field to its column: all that the class and those above it declare."""
    told_first: ClassVar[Sequence[str]] = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id", "kind", "rating")
    """Which field's error is told where several cells of a row are bad: the first of these, then the rest in
    the order of their columns. Another format may need another order: what is not rated is skipped, not
    invalid for its id."""
    unread_columns: ClassVar[Sequence[str]] = ()
    """Columns that are not read, without which a file is not of this format all the same."""
    signature_columns: ClassVar[frozenset[str]] = frozenset()
    """Columns, in lower case, of this format alone: a table with one is of it, or an incomplete export."""
    options: ClassVar[frozenset[str]] = frozenset()
    """The `ReadOptions` that mean something here, of those that are for single formats only."""
    own_zone: ClassVar[tzinfo] = UTC
    """The zone of times without one, unless `--timezone` names another."""
    archive_rank: ClassVar[int] = 0
    """Which files of an archive are read, where several of this format hold the same ratings: the lowest."""
    related_files: Sequence[Path] = ()
    clean_cell: Callable[[str], str] | None = None
    """Undoes what a program did to the cells of this file, before they are parsed or shown."""

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.columns = {**cls.columns, **dict(collect_columns(vars(cls)))}

    def __init__(self, table: AnyTable, options: ReadOptions) -> None:
        self.format_name = self.about.name
        self.given = options
        self.zone = options.zone or self.own_zone
        self.table = table
        self.places = self.find_columns(table.header)
        """In which column of the table each field stands."""
        self.prepare()
        zone = () if self.zone is UTC else (f"times without a zone are of {self.zone}",)
        self.notes: Sequence[str] = (*self.describe(), *zone, *table.notes)

    @classmethod
    def find_columns(cls, header: Header) -> dict[str, int]:
        """Say in which column each field stands."""
        places = {field: header.find(column.names) for field, column in cls.columns.items()}
        return {field: place for field, place in places.items() if place is not None}

    @classmethod
    def name_columns(cls, cells: Sequence[str]) -> Sequence[str]:
        """Name the columns of a file of this format that has no header, by its first row; else nothing."""
        del cells
        return ()

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that the header lacks to be of this format."""
        required = [column.names for column in cls.columns.values() if column.required]
        required += [(name,) for name in cls.unread_columns]
        return [quote(names[0]) for names in required if header.find(names) is None]

    def prepare(self) -> None:
        """Find out what the rows need, before the first is read. Raises UsageError, UnreadableFileError."""
        if self.given.scale is not None:
            raise OptionError("scale", f"{self.format_name} has a scale of its own, {self.about.scale}")

    def describe(self) -> Sequence[str]:
        """Say what was found out about the file and which rules follow from it."""
        return self.description

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Judge a row as a whole: return it, changed or not, or raise `CellError`.

        `extra` holds the values of the columns that are no fields of a job.
        """
        del extra
        return job

    def show_cells(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Choose the cells that are shown of a bad row, where several columns share a field."""
        return cells

    def parse_date(self, cell: str) -> str | None:
        """Parse a cell of the date column, in the order that the whole column shows."""
        return parse_date(cell, lambda: self._is_day_first, self.zone)

    def set_block_size(self, size: int) -> None:
        """Read in blocks of about so many bytes."""
        self.table.block_size = size

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows; see `base.Reader`."""
        parsers = self._build_parsers()
        rows_before = 0
        for chunk in self.table.chunks(sorted(set(self.places.values()))):
            jobs, errors = self._build_jobs(chunk, parsers, rows_before + 1)
            rows: list[SourceRow] = [*jobs]
            for index, (field, error) in errors.items():
                rows[index] = self._build_invalid_row(jobs[index], chunk, index, field, error)
            yield rows
            rows_before += len(rows)

    def _build_parsers(self) -> list[ColumnParser]:
        """Make the parsers of the columns that the file has, in the order in which their errors are told."""
        first = [field for field in self.told_first if field in self.places]
        parsers = []
        for field in dict.fromkeys((*first, *self.places)):
            parse = self.columns[field].parser_for(self)
            if self.clean_cell is not None:
                parse = partial(_parse_cleaned, parse=parse, clean=self.clean_cell)
            parsers.append(ColumnParser(field, self.places[field], parse))
        return parsers

    def _build_jobs(
        self, chunk: Chunk, parsers: Iterable[ColumnParser], first_row: int
    ) -> tuple[list[RatingJob], CellErrors]:
        errors: CellErrors = {index: (None, error) for index, error in chunk.broken.items()}
        values: dict[str, Iterable[Any]] = {}
        for parser in parsers:
            values[parser.field], wrong = parser.parse(chunk.column(parser.place))
            for index, error in wrong.items():
                if index not in errors or _outweighs(error, *errors[index]):
                    cells = chunk.short.get(index, parser.place + 1)
                    is_there = cells > parser.place
                    errors[index] = (
                        (parser.field, error) if is_there else (None, self._too_few(parser, cells))
                    )
        # Columns, zipped, and no call per row but `make_job`: 0.07 s for 300,000 jobs; row by row, from a
        # dict each, they take 0.37 s.
        fields = [values.get(field, repeat(None)) for field in _JOB_FIELDS]
        with _collector_paused():
            jobs = list(map(make_job, zip(count(first_row), chunk.lines, *fields, strict=False)))
        if type(self).check_row is not TableReader.check_row:
            self._check_rows(jobs, values, errors)
            values = {"rated_at": [job.rated_at for job in jobs], "year": [job.year for job in jobs]}
        _note_early_dates(jobs, values)
        return jobs, errors

    def _check_rows(
        self, jobs: list[RatingJob], values: Mapping[str, Iterable[Any]], errors: CellErrors
    ) -> None:
        names = [field for field in values if field not in _JOB_FIELDS]
        extras = zip(*(values[field] for field in names), strict=True) if names else repeat(())
        for index, (job, extra) in enumerate(zip(jobs, extras, strict=False)):
            if index not in errors:
                try:
                    jobs[index] = self.check_row(job, dict(zip(names, extra, strict=True)))
                except CellError as error:
                    errors[index] = (error.field, error.with_traceback(None))

    def _too_few(self, parser: ColumnParser, cells: int) -> CellError:
        names = self.table.header.names
        return CellError(
            Reason.TOO_FEW_CELLS,
            f"the row has {cells} of {len(names)} cells, and none in {quote(names[parser.place])}",
            "Complete the row; if the file was cut off there, export it again.",
        )

    def _build_invalid_row(
        self, job: RatingJob, chunk: Chunk, index: int, field: str | None, error: CellError
    ) -> InvalidRow:
        clean = self.clean_cell or str
        cells = {name: clean(chunk.column(place)[index]).strip() for name, place in self.places.items()}
        if field is not None and not any(cells.values()):
            error, field = CellError(Reason.EMPTY_ROW, "the row is empty", "Take it out of the file."), None
        elif self._is_header(cells):
            error, field = _repeated_header(), None
        where, problem = f"line {job.line}", error.problem
        if field is not None and field in self.places:
            where += f", column {quote(self.table.header.names[self.places[field]])}"
            cell = cells[field]
            problem = f"{quote(cell)} {problem}" if cell else "the cell is empty"
        shown = self.show_cells(cells)
        if job.rating:  # from 1 to 10 where it is understood, for so it stands in all other results
            shown = {**shown, "rating": str(job.rating)}
        raw = [shown.get(name) or None for name in _CELL_FIELDS]
        message = f"{where}: {problem}. {error.remedy}"
        return InvalidRow._make((job.row, job.line, *raw, error.status, error.reason, message))

    def _is_header(self, cells: Mapping[str, str]) -> bool:
        names = self.table.header.names
        return all(cells[field] == names[place] for field, place in self.places.items())

    @cached_property
    def _is_day_first(self) -> bool | None:
        """Read the date column once more from the start, for only as a whole does it show its order."""
        place = self.places["rated_at"]

        def cells() -> Iterator[str]:
            with suppress(UnreadableFileError):  # what can be read decides; `chunks` tells of the rest
                for chunk in self.table.chunks([place]):
                    yield from chunk.column(place)

        return is_day_first(cells())


def _parse_cleaned(cell: str, parse: Parse, clean: Callable[[str], str]) -> object:
    return parse(clean(cell))


def _repeated_header() -> CellError:
    return CellError(
        Reason.REPEATED_HEADER,
        "the names of the columns stand here once more",
        "Nothing is lost: it is no rating.",
        status=Status.SKIPPED,
    )


def _outweighs(error: CellError, field: str | None, told: CellError) -> bool:
    """Whether an error is told in the place of another cell's: who corrects that one would not see it."""
    return error.reason is Reason.OFF_SCALE and field is not None and told.status is Status.INVALID


def _note_early_dates(jobs: list[RatingJob], values: Mapping[str, Iterable[Any]]) -> None:
    """Note where a title was rated before the year it is of: the date is kept, for the year may be wrong."""
    dates, years = values.get("rated_at"), values.get("year")
    if dates is None or years is None:
        return
    # Both have four digits, so they compare as texts; what is missing is never early.
    texts = {year: str(year or "") for year in set(years)}
    known = (rated_at or "later" for rated_at in dates)
    early = map(lt, known, map(texts.__getitem__, years))
    for index in compress(count(), early):
        job = jobs[index]
        assert job.rated_at
        told = f"the date, {job.rated_at[:10]}, lies before {job.year}, the year of the title; it is kept"
        jobs[index] = job.noting(told)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Spare the search for cycles that thousands of new tuples set off, over and over: they have none.

    300,000 rows of IMDb are read in 0.69 s of processor time with this, and in 0.82 s without.
    """
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()
