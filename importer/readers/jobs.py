"""What is done to all jobs of a chunk at once."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import compress, count
from operator import lt
from typing import Any

from importer.model import RatingJob
from importer.readers.cells.errors import quote


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


def note_lost_years(jobs: list[RatingJob], lost: Mapping[int, str]) -> None:
    """Note the years that are none: such a cell costs itself, not its row."""
    for index, cell in lost.items():
        jobs[index] = jobs[index].with_note(f"the year, {quote(cell.strip())}, is none and left out")


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
