"""The frame of every reader of a table: columns to parsed columns to rows, a chunk at a time.

A format is a subclass that names its columns (`columns`, `needed`), says how each is parsed
(`parsers`), and judges whole rows if it has to (`finish`). Finding the format is the work of
`detect`, taking the file apart that of `table`, the parsing of a chunk that of `columns`.
"""

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, tzinfo
from functools import cached_property
from itertools import compress, count, repeat
from operator import lt
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from importer.errors import ScaleNeededError, UnreadableFileError, UsageError
from importer.model import InvalidRow, RatingJob, SourceRow, Status, make_job
from importer.readers.base import ReadOptions
from importer.readers.cells.cells import CellError, Reason, quote
from importer.readers.cells.dates import is_day_first, parse_date
from importer.readers.cells.scales import Scale, Votes, parse_scale
from importer.readers.tables.table import AnyTable, Header

if TYPE_CHECKING:
    from importer.readers.columns import Parse, Parsed
    from importer.readers.tables.csv_rows import Chunk

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
    traps: str
    sample: str


class TableReader:
    """An open table of a known format; see `base.Reader`."""

    about: ClassVar[FormatNote]
    columns: ClassVar[Mapping[str, Sequence[str]]]
    """Field to the names its column goes by, the best first. Where several cells of a row are bad, the
    first field of this order is the one that is told."""
    needed: ClassVar[Sequence[str]] = ()
    """Fields without whose column a file is not of this format."""
    marks: ClassVar[frozenset[str]] = frozenset()
    """Columns, in lower case, that nobody else's table has: one with them is of this format, or torn."""
    judges_rows: ClassVar[bool] = False
    """Whether `finish` has something to say; asking it a million times for nothing is not free."""
    scale: ClassVar[Scale | None] = None
    """The scale of the format's ratings, where they are not 1 to 10 and the format has one."""
    unrated: ClassVar[frozenset[str]] = frozenset()
    """With `--scale`: the texts of a rating cell that mean "not rated"."""
    takes_scale: ClassVar[bool] = False
    """Whether the owner may say with `--scale` what the ratings are."""
    needs_scale: ClassVar[bool] = False
    """Whether the owner must, for nothing in the file says it."""
    has_votes: ClassVar[bool] = False
    """Whether its ratings are no numbers of a scale: `--scale` has to say what each is."""
    scale_example: ClassVar[str] = "0-100"
    """What `--scale` may look like, where nothing can be suggested."""
    heeds: ClassVar[frozenset[str]] = frozenset()
    """Which reading options mean something here, of those that are for single formats only."""
    own_zone: ClassVar[tzinfo] = UTC
    """That of times without one, unless the owner names another."""
    related_files: Sequence[Path] = ()
    archive_rank: ClassVar[int] = 0
    """Which files of an archive are read, where several of this format hold the same ratings: the lowest."""

    def __init__(self, table: AnyTable, reading: ReadOptions) -> None:
        self.format_name = self.about.name
        self.reading = reading
        self.zone = reading.zone or self.own_zone
        self._table = table
        self._sources = self.find_columns(table.header)
        self.used_scale = self._find_scale()
        if self.used_scale is None:
            self._sources.pop("note", None)  # it tells what the conversion changed, and there is none
        self.notes: Sequence[str] = (*self.describe(), *self._describe_zone(), *table.notes)

    @classmethod
    def find_columns(cls, header: Header) -> dict[str, int]:
        """Say in which column each field stands."""
        places = {field: header.find(names) for field, names in cls.columns.items()}
        return {field: place for field, place in places.items() if place is not None}

    @classmethod
    def name_columns(cls, cells: Sequence[str]) -> Sequence[str]:
        """Name the columns of a file of this format that has no header, by its first row; else nothing."""
        del cells
        return ()

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

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Judge a row as a whole: return it, changed or not, or raise `CellError`.

        `extra` holds the values of the fields in `columns` that a job does not have.
        """
        del extra
        return job

    def suggest_scale(self) -> Scale | None:
        """Find a scale in the ratings of a format that has none of its own; None if nobody could say."""
        return None

    def clean(self, cell: str) -> str:
        """Undo what a program did to a cell, where a bad one is shown."""
        return cell

    def show_cells(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Choose the cells that are shown of a bad row, where several columns share a field."""
        return cells

    def parse_date(self, cell: str) -> str | None:
        """Parse a cell of the date column, in the order that the whole column shows."""
        return parse_date(cell, lambda: self._is_day_first, self.zone)

    def parse_scaled(self, cell: str) -> int:
        """Parse a rating of the scale in use."""
        assert self.used_scale is not None
        return self.used_scale.convert(cell.strip())

    def note_scaled(self, cell: str) -> str | None:
        """Say what the conversion of a rating has changed; for a `note` that shares the rating's column."""
        assert self.used_scale is not None
        return self.used_scale.note(cell.strip())

    def _find_scale(self) -> Scale | None:
        """Find out what the ratings mean. Raises ScaleNeededError, UsageError."""
        if self.reading.scale is None:
            if self.needs_scale:
                suggested = self.suggest_scale()
                looks_like = None if suggested is None else suggested.flag
                raise ScaleNeededError(self._table.name, self.about.scale, looks_like, self.scale_example)
            return self.scale
        if not self.takes_scale:
            raise UsageError(f"--scale: {self.format_name} has a scale of its own, {self.about.scale}")
        scale = parse_scale(self.reading.scale, self.unrated)
        if self.has_votes and not isinstance(scale, Votes):
            raise UsageError(
                f"--scale {self.reading.scale}: {self.format_name} has votes; say what each is, "
                f"for example --scale {self.scale_example}"
            )
        return scale

    def _describe_zone(self) -> Sequence[str]:
        return () if self.zone is UTC else (f"times without a zone are of {self.zone}",)

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
            # As lists: a cell of a frame takes ten times as long, and whole files may be somebody else's.
            texts = {column: chunk.frame[column].tolist() for column in places} if problems else {}
            for place, (field, error) in problems.items():
                cells = {
                    name: self.clean(texts[column][place]).strip() for name, column in self._sources.items()
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
                if place not in problems or _outweighs(error, *problems[place]):
                    problems[place] = (None, self._too_few(field, cells)) if is_cut_off else (field, error)
        fields = [values.get(field, repeat(None)) for field in _JOB_FIELDS]
        with _collector_paused():
            jobs = list(map(make_job, zip(count(first_row), chunk.lines, *fields, strict=False)))
        if self.judges_rows:
            self._finish_all(jobs, values, problems)
            values = {"rated_at": [job.rated_at for job in jobs], "year": [job.year for job in jobs]}
        _note_early_dates(jobs, values)
        return jobs, problems

    def _finish_all(
        self, jobs: list[RatingJob], values: Mapping[str, Iterable[Any]], problems: Problems
    ) -> None:
        names = [field for field in values if field not in _JOB_FIELDS]
        extras = zip(*(values[field] for field in names), strict=True) if names else repeat(())
        for place, (job, extra) in enumerate(zip(jobs, extras, strict=False)):
            if place not in problems:
                try:
                    jobs[place] = self.finish(job, dict(zip(names, extra, strict=True)))
                except CellError as error:
                    problems[place] = (error.field, error.with_traceback(None))

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
        elif self._is_header(cells):
            error, field = _repeated_header(), None
        where, problem = f"line {job.line}", error.problem
        if field is not None and field in self._sources:
            where += f", column {quote(self._table.header.names[self._sources[field]])}"
            cell = cells[field]
            problem = f"{quote(cell)} {problem}" if cell else "the cell is empty"
        shown = self.show_cells(cells)
        if job.rating:  # from 1 to 10 where it is understood, for so it stands in all other results
            shown = {**shown, "rating": str(job.rating)}
        raw = [shown.get(name) or None for name in _CELL_FIELDS]
        message = f"{where}: {problem}. {error.remedy}"
        return InvalidRow._make((job.row, job.line, *raw, error.status, error.reason, message))

    def _is_header(self, cells: Mapping[str, str]) -> bool:
        names = self._table.header.names
        return all(cells[field] == names[place] for field, place in self._sources.items())

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


def _repeated_header() -> CellError:
    return CellError(
        Reason.REPEATED_HEADER,
        "the names of the columns stand here once more",
        "Nothing is lost: it is no rating.",
        status=Status.SKIPPED,
    )


def _outweighs(error: CellError, field: str | None, told: CellError) -> bool:
    """Whether an error is told in the place of another cell's: who mends that one would not see it."""
    return error.reason is Reason.OFF_SCALE and field is not None and told.status is Status.INVALID


def _note_early_dates(jobs: list[RatingJob], values: Mapping[str, Iterable[Any]]) -> None:
    """Tell where a title was rated before the year it is of: the date is kept, for the year may be wrong."""
    dates, years = values.get("rated_at"), values.get("year")
    if dates is None or years is None:
        return
    # Both have four digits, so they compare as texts; what is missing is never early.
    texts = {year: str(year or "") for year in set(years)}
    known = (rated_at or "later" for rated_at in dates)
    early = map(lt, known, map(texts.__getitem__, years))
    for place in compress(count(), early):
        job = jobs[place]
        assert job.rated_at
        told = f"the date, {job.rated_at[:10]}, lies before {job.year}, the year of the title; it is kept"
        jobs[place] = job.noting(told)


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
