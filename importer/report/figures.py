"""What the charts and the table of a page need, from one pass over the lines of the results. Pure.

```text
line of results                          counted
rated, rating 8, previous_rating 6       in the file 8; before 6; after 8
kept, rating 8, previous_rating 6        in the file 8; before 6; after 6
unconfirmed, rating 8                    in the file 8; what the account has now is not known
"..., score 0.93, by ..."                a title that was looked up, in 0.90 to 0.95
```
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from importer.model import RESULT_COLUMNS, Status
from importer.text import clean

MOST_ROWS = 200_000
"""More rows make a page that browsers do not like: then only those that did not succeed are in it."""

MOST_MISSES = 500
"""So many rows that did not succeed can be read without scripts, and are printed."""

SCORE_STEP = 0.05

_AT = {column: place for place, column in enumerate(RESULT_COLUMNS)}
_SCORE = re.compile(r"resolved as .*, score (\d\.\d\d), by ")
_UNSEEN = frozenset({Status.INVALID, Status.SKIPPED, Status.DUPLICATE})
"""Rows that are compared with no account."""

_COUNTED = frozenset(str(rating) for rating in range(1, 11))
TABLE_COLUMNS = tuple(name for name in RESULT_COLUMNS if name != "row")
_LONGEST = 300


@dataclass(slots=True)
class Figures:
    """Counts of a run's rows, and the rows themselves as columns."""

    rows: int = 0
    in_file: Counter[str] = field(default_factory=Counter)
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)
    months: Counter[str] = field(default_factory=Counter)
    """By `2024-05`, when titles were rated."""
    scores: Counter[int] = field(default_factory=Counter)
    """By step of `SCORE_STEP`, titles that were looked up."""
    kinds: Counter[str] = field(default_factory=Counter)
    misses: list[dict[str, Any]] = field(default_factory=list)
    """The first rows that did not succeed."""
    columns: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in TABLE_COLUMNS})
    """The rows that the page's table has."""
    leaves_successes_out: bool = False
    succeeded: frozenset[Status] = frozenset(status for status in Status if status.is_success)
    """Which rows count as succeeded: of a file that was only looked at, those that would be sent."""

    def add_all(self, lines: Iterable[Sequence[Any]]) -> None:
        """Count the lines of the results."""
        for cells in lines:
            self.add(cells)

    def add(self, cells: Sequence[Any]) -> None:
        """Count a line, and keep it for the table."""
        self.count(cells)
        is_miss = cells[_AT["status"]] not in self.succeeded
        if self.leaves_successes_out and not is_miss:
            return
        shown = [_tidy(cells[_AT[name]]) for name in TABLE_COLUMNS]
        if is_miss and len(self.misses) < MOST_MISSES:
            self.misses.append(dict(zip(TABLE_COLUMNS, shown, strict=True)))
        if len(self.columns["line"]) < MOST_ROWS:
            for name, cell in zip(TABLE_COLUMNS, shown, strict=True):
                self.columns[name].append(cell)

    def count(self, cells: Sequence[Any]) -> None:
        """Count a line."""
        self.rows += 1
        status = Status(cells[_AT["status"]])
        rating, before = str(cells[_AT["rating"]]), cells[_AT["previous_rating"]]
        if status not in {Status.INVALID, Status.SKIPPED}:
            self.in_file[rating] += 1
            self.kinds[str(cells[_AT["kind"]] or "")] += 1
            if rated_at := cells[_AT["rated_at"]]:
                self.months[str(rated_at)[:7]] += 1
        if found := _SCORE.search(str(cells[_AT["message"]] or "")):
            self.scores[int((float(found[1]) + 1e-9) / SCORE_STEP)] += 1
        if status in _UNSEEN:
            return
        earlier = rating if status is Status.UNCHANGED else None if before is None else str(before)
        if earlier is not None:
            self.before[earlier] += 1
        if status is Status.UNCONFIRMED:
            return
        later = rating if status in {Status.RATED, Status.UNCHANGED} else earlier
        if later is not None and status is not Status.UNRATED:
            self.after[later] += 1

    @property
    def is_shortened(self) -> bool:
        """Whether rows that did not succeed, or are asked for, found no place in the table."""
        return len(self.columns["line"]) >= MOST_ROWS


def _tidy(cell: Any) -> Any:
    """Take out what could turn or break a line: a million of them are tidy already."""
    if not isinstance(cell, str) or (len(cell) <= _LONGEST and cell.isprintable()):
        return cell
    return clean(cell, _LONGEST)


def by_rating(counts: Counter[str], ratings: Sequence[str]) -> list[int]:
    """Put counts in the order of the ratings."""
    return [counts[rating] for rating in ratings]


def list_ratings(*counts: Counter[str]) -> list[str]:
    """List 1 to 10 and whatever else there is: halves in their place, words at the end."""
    found = set().union(*counts) | _COUNTED
    return sorted(found, key=_order)


def _order(rating: str) -> tuple[int, float, str]:
    try:
        return 0, float(rating), ""
    except ValueError:
        return 1, 0.0, rating
