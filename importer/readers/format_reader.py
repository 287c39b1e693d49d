"""The frame of every format: it finds the columns, parses them chunk by chunk, and makes rows of them.

A format is a subclass. It declares its columns, each with its parser, and has a word about whole rows if it
must (`check_row`):

    class FilmdomReader(TableReader):
        about = FormatNote(name="filmdom", ...)
        description = ("Filmdom ratings",)
        tmdb_id = Column("Film", parse=parse_number_id, required=True)
        rating = Column("Stars", parse=steps("1", "5", "1").convert, required=True)
        rated_at = Column("When", parse=DATE)

`detect` finds the format of a file, `tables` takes the file apart, `columns` parses the cells.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, tzinfo
from functools import cached_property
from itertools import count, repeat
from operator import attrgetter
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from importer.errors import OptionError
from importer.model import InvalidRow, MediaKind, RatingJob, SourceRow, make_job
from importer.readers.base import ReadOptions
from importer.readers.cells.dates import is_day_first, parse_date
from importer.readers.cells.errors import CellError, Reason, quote
from importer.readers.cells.scales import Scale, Steps, parse_scale
from importer.readers.columns import Column, ColumnParser, Parse, PerFile, collect_columns, parse_cleaned
from importer.readers.jobs import LostCell, collector_paused, is_optional, note_early_dates, note_lost_cells
from importer.readers.judging import describe_scale, read_cells, refuse_other_scale
from importer.readers.row_problems import outweighs, remedy_of, repeated_header, shorten, spell_alike, too_few
from importer.readers.tables.chunk import Chunk
from importer.readers.tables.records import LIST, RecordTable
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
    """Notes for users about the format and its rules."""
    columns: ClassVar[Mapping[str, Column]] = {}
    """Field to its column: all that the class and those above it declare."""
    reported_first: ClassVar[Sequence[str]] = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id", "kind", "rating")
    """Which field's error is reported if several cells of a row are bad: the first of these, then the rest in
    the order of their columns. Another format may need another order: what is not rated is skipped, not
    invalid for its id."""
    unread_columns: ClassVar[Sequence[str]] = ()
    """Columns that are not read, without which a file is not of this format all the same."""
    signature_columns: ClassVar[frozenset[str]] = frozenset()
    """Columns, in lower case, of this format alone: a table with one is of it, or an incomplete export."""
    lists: ClassVar[Collection[str]] = ()
    """The lists or elements whose records are rated titles, of a file that holds others, too; else all."""
    options: ClassVar[frozenset[str]] = frozenset()
    """The `ReadOptions` that mean something here, of those that are for single formats only."""
    own_zone: ClassVar[tzinfo] = UTC
    """The zone of times without one, unless `--timezone` names another."""
    usual_kind: ClassVar[MediaKind] = MediaKind.UNKNOWN
    """What its titles are, where it has no column for that."""
    archive_rank: ClassVar[int] = 0
    """Which files of an archive are read, where several of this format hold the same ratings: the lowest."""
    expected_scale: ClassVar[Steps | None] = None
    """A scale that rests on the names of columns, so that the ratings themselves are looked at, too."""
    scaled_field: ClassVar[str] = "rating"
    """The field whose scale it is."""
    unrated: ClassVar[frozenset[str]] = frozenset({""})
    """The texts of a rating cell that mean "not rated", where `--scale` says what the others are."""
    scale: Scale | None = None
    """That of `--scale`; None where the format's own counts."""
    scale_doubt: str | None = None
    """What should be asked about the ratings where somebody can answer; else the file is read as it is."""
    beside: ClassVar[Sequence[str]] = ()
    """Names of files that must or may lie beside it, for its rows to be understood."""
    related_files: Sequence[Path] = ()
    is_results = False
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
        if self.lists and isinstance(table, RecordTable):
            table.take_lists(self.lists)
        self.places = self.find_columns(table.header)
        """In which column of the table each field stands."""
        self.prepare()
        zone = () if self.zone is UTC else (f"times without a zone are of {self.zone}",)
        scale_notes = [self.scale_doubt] if self.scale_doubt else self.describe_scale() if self.scale else []
        self.notes: Sequence[str] = (*self.describe(), *scale_notes, *zone, *table.notes)

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

    @classmethod
    def for_rows(cls, table: AnyTable) -> type["TableReader"]:
        """Return what reads this table: another format, if the rows show it and the columns do not."""
        del table
        return cls

    def prepare(self) -> None:
        """Find out what the rows need, before the first is read. Raises UsageError, UnreadableFileError."""
        if self.given.scale is not None:
            self.scale = parse_scale(self.given.scale, self.unrated)
            if self.scaled_field not in self.places:
                raise OptionError("scale", f"the ratings of {self.table.name} are of ten", self.given.scale)
            self.places["note"] = self.places[self.scaled_field]
        elif self.expected_scale is not None and self.scaled_field in self.places:
            self.refuse_other_scale(self.expected_scale)

    def refuse_other_scale(self, scale: Steps) -> None:
        """Refuse ratings that cannot be of the format's scale. Raises ScaleNeededError."""
        refuse_other_scale(self.table, self.places[self.scaled_field], scale.highest)

    def parser_of(self, field: str) -> Parse:
        """Return what parses the cells of a field: ratings by `--scale`, if it was given."""
        if self.scale is not None and field in {self.scaled_field, "note"}:
            return self.scale.note if field == "note" else self.scale.convert
        return self.columns[field].parser_for(self)

    def describe_scale(self) -> Sequence[str]:
        """Say what `--scale` makes of the ratings, in the place of what the format says."""
        return describe_scale(self.table, self.places[self.scaled_field], self.scale, self.expected_scale)

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

    def rescue(self, job: RatingJob, error: CellError) -> RatingJob | None:
        """Take a row all the same, of which only this is wrong, if the format can."""
        del job, error
        return None

    @property
    def unread(self) -> Sequence[str]:
        """The columns that are not read."""
        read = {*self.places.values(), *map(self.table.header.find, ([name] for name in self.unread_columns))}
        names = enumerate(self.table.header.names)
        return [name for place, name in names if place not in read and name and name != LIST]

    @property
    def is_garbled(self) -> bool:
        """Whether its letters are of an encoding that nobody knows."""
        return self.table.is_garbled

    def parse_date(self, cell: str) -> str | None:
        """Parse a cell of the date column, in the order that the whole column shows."""
        return parse_date(cell, lambda: self._is_day_first, self.zone)

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows; see `base.Reader`."""
        parsers = self._build_parsers()
        rows_before = 0
        for chunk in self.table.chunks(sorted(set(self.places.values()))):
            jobs, errors = self._build_jobs(chunk, parsers, rows_before + 1)
            rows: list[SourceRow] = [*jobs]
            for index, (field, error) in errors.items():
                row = self.rescue(jobs[index], error)
                rows[index] = row or self._build_invalid_row(jobs[index], chunk, index, field, error)
            yield rows
            rows_before += len(rows)

    def _build_parsers(self) -> list[ColumnParser]:
        """Make the parsers of the columns that the file has, in the order of reporting their errors."""
        first = [field for field in self.reported_first if field in self.places]
        parsers = []
        for field in dict.fromkeys((*first, *self.places)):
            parse = self.parser_of(field)
            if self.clean_cell is not None:
                parse = parse_cleaned(parse, self.clean_cell)
            parsers.append(ColumnParser(field, self.places[field], parse))
        return parsers

    def _build_jobs(
        self, chunk: Chunk, parsers: Iterable[ColumnParser], first_row: int
    ) -> tuple[list[RatingJob], CellErrors]:
        errors: CellErrors = {index: (None, error) for index, error in chunk.broken.items()}
        values: dict[str, Iterable[Any]] = {} if "kind" in self.columns else {"kind": repeat(self.usual_kind)}
        lost: list[LostCell] = []
        for parser in parsers:
            values[parser.field], wrong = parser.parse(chunk.column(parser.place))
            for index, error in wrong.items():
                if is_optional(error):  # the row is worth more than its year or its date
                    lost.append(LostCell(index, error, chunk.column(parser.place)[index]))
                elif index not in errors or outweighs(error, *errors[index]):
                    errors[index] = (parser.field, error)
                    if (cells := chunk.short.get(index, parser.place + 1)) <= parser.place:
                        errors[index] = (None, too_few(self.table.header.names, parser.place, cells))
        # Columns, zipped, and no call per row but `make_job`: 0.07 s for 300,000 jobs; row by row, from a
        # dict each, they take 0.37 s.
        fields = [values.get(field, repeat(None)) for field in _JOB_FIELDS]
        with collector_paused():
            jobs = list(map(make_job, zip(count(first_row), chunk.lines, *fields, strict=False)))
        if type(self).check_row is not TableReader.check_row:
            self._check_rows(jobs, values, errors)
            values = {"rated_at": [job.rated_at for job in jobs], "year": [job.year for job in jobs]}
        note_early_dates(jobs, values)
        note_lost_cells(jobs, lost)
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

    def _build_invalid_row(
        self, job: RatingJob, chunk: Chunk, index: int, field: str | None, error: CellError
    ) -> InvalidRow:
        clean = self.clean_cell or str
        cells = {
            name: shorten(clean(chunk.column(place)[index]), name) for name, place in self.places.items()
        }
        if field is not None and not any(cells[name] for name in cells if name != "list_name"):
            error, field = CellError(Reason.EMPTY_ROW, "the row is empty", "Take it out of the file."), None
        elif self._is_header(cells):
            error, field = repeated_header(), None
        where, problem = f"line {job.line}", error.problem
        if field is not None and field in self.places:
            where += f", column {quote(self.table.header.names[self.places[field]])}"
            cell = cells[field]
            problem = f"{quote(cell)} {problem}" if cell else "the cell is empty"
        shown = spell_alike(self.show_cells(cells), job, field)
        raw = [shown.get(name) or None for name in _CELL_FIELDS]
        remedy = remedy_of(error, takes_scale=field == self.scaled_field and self.clean_cell is None)
        message = f"{where}: {problem}. {remedy}"
        return InvalidRow._make((job.row, job.line, *raw, error.status, error.reason, message))

    def _is_header(self, cells: Mapping[str, str]) -> bool:
        names = self.table.header.names
        return all(cells[field] == names[place] for field, place in self.places.items())

    @cached_property
    def _is_day_first(self) -> bool | None:
        """Read the date column once more from the start, for only as a whole does it show its order."""
        return is_day_first(read_cells(self.table, self.places["rated_at"]))
