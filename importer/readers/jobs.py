"""What is done to all jobs of a chunk at once."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import compress, count
from operator import lt
from typing import Any, NamedTuple

from importer.model import RatingJob
from importer.readers.cells.errors import CellError, Reason, UnclearDateError, quote


def note_early_dates(jobs: list[RatingJob], values: Mapping[str, Iterable[Any]]) -> None:
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
        note = f"the date, {job.rated_at[:10]}, is before {job.year}, the year of the title; it is kept"
        jobs[index] = job.with_note(note)


class LostCell(NamedTuple):
    """A cell that cannot be read, of a row that is sent without it."""

    place: int
    error: CellError
    cell: str


def is_optional(error: CellError) -> bool:
    """Whether a bad cell costs itself alone: a year or a date, unless its order may be two."""
    return error.reason in {Reason.BAD_YEAR, Reason.BAD_DATE} and not isinstance(error, UnclearDateError)


def note_lost_cells(jobs: list[RatingJob], lost: Iterable[LostCell]) -> None:
    """Note the cells that are left out of their rows."""
    for place, error, cell in lost:
        what = "year" if error.reason is Reason.BAD_YEAR else "date"
        jobs[place] = jobs[place].with_note(f"the {what}, {quote(cell.strip())}, is none and left out")


@contextmanager
def collector_paused() -> Iterator[None]:
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
