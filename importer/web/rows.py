"""The rows of a plan or of results, as a table that is searched, filtered, sorted and shown a page at a time.

    table = read_table(path, PLAN_COLUMNS)                # kept for the next page
    view = table.view(Wanted(search="alien", filters={"action": "change"}, sort="title"))
    view.rows[:50], view.total, table.counts("reason")

The browser never gets more than a page, so a table of any size is filtered alike, also without scripts. Where
there are scripts, static/rows.js shows the pages as one table that is scrolled.
"""

import csv
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from importer.errors import UsageError
from importer.files import AtomicFiles, neutralise, restore
from importer.text import clean

ROWS_PER_PAGE = 50
_MOST_TABLES = 3
_MOST_KEPT = 12
_SEARCHED = ("title", "imdb_id", "tmdb_id", "tvdb_id", "trakt_id", "year", "message")
_NUMBERS = frozenset({"row", "line", "from", "to", "rating", "previous_rating", "year"})
_LONGEST_CELL = 400

csv.field_size_limit(64 << 20)  # as large as an upload

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a table."""

    search: str = ""
    filters: Mapping[str, str] = field(default_factory=dict)
    sort: str = ""
    """A column; with - before it the other way round."""
    page: int = 1

    @classmethod
    def of(cls, request: web.Request, columns: Sequence[str]) -> "Wanted":
        """Read it from an address."""
        asked = request.query
        page = asked.get("page", "1")
        return cls(
            asked.get("q", "").strip()[:200],
            {name: asked[name] for name in columns if asked.get(name)},
            asked.get("sort", ""),
            int(page) if page.isdecimal() and len(page) < 9 else 1,
        )

    @property
    def is_part(self) -> bool:
        """Whether a search or a filter leaves rows out."""
        return bool(self.search or self.filters)

    def as_query(self, **changes: str) -> dict[str, str]:
        """Return it as the parts of an address, with some of them changed; other rows begin at page one."""
        page = str(self.page) if self.page > 1 and not changes.keys() - {"page"} else ""
        return {"q": self.search, **self.filters, "sort": self.sort, "page": page} | changes


@dataclass(frozen=True, slots=True)
class View:
    """A page of the rows that fit."""

    rows: Sequence[Row]
    total: int
    page: int
    pages: int
    size: int = ROWS_PER_PAGE

    @property
    def first(self) -> int:
        """The number of its first row among those that fit."""
        return (self.page - 1) * ROWS_PER_PAGE + 1 if self.total else 0


class Table:
    """All rows, and what they are searched by."""

    def __init__(self, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        self._columns = tuple(columns)
        self._places = {name: place for place, name in enumerate(columns)}
        self._rows = [tuple(map(_cell, row)) for row in rows]
        searched = [self._places[name] for name in _SEARCHED if name in self._places]
        self._texts = ["\n".join([row[place] for place in searched]).casefold() for row in self._rows]
        self._kept: OrderedDict[tuple[str, ...], Any] = OrderedDict()

    def __len__(self) -> int:
        return len(self._rows)

    def keep(self, key: tuple[str, ...], build: Callable[[], Any]) -> Any:
        """Return what `build` makes of these rows, which never change; the last few are kept."""
        if key not in self._kept:
            self._kept[key] = build()
            while len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

    def counts(self, column: str) -> Mapping[str, int]:
        """Count the rows by the values of a column, the most frequent first."""
        place = self._places[column]
        found: Mapping[str, int] = self.keep(
            ("counts", column), lambda: dict(Counter(row[place] for row in self._rows).most_common())
        )
        return found

    def count_where(self, **values: str) -> int:
        """Count the rows with these values."""
        return len(self._find(Wanted(filters=values)))

    def view(self, wanted: Wanted) -> View:
        """Return a page of the rows that fit."""
        found = self._find(wanted)
        pages = max(1, -(-len(found) // ROWS_PER_PAGE))
        page = min(max(1, wanted.page), pages)
        shown = found[(page - 1) * ROWS_PER_PAGE : page * ROWS_PER_PAGE]
        return View([self._as_mapping(number) for number in shown], len(found), page, pages)

    def numbers(self, wanted: Wanted) -> list[int]:
        """Return the `row` of each row that fits."""
        place = self._places["row"]
        return [int(self._rows[number][place]) for number in self._find(wanted)]

    def turn_to(self, row: int, wanted: Wanted) -> Wanted:
        """Ask for the page with this row instead, if it fits."""
        numbers = self.numbers(wanted)
        return replace(wanted, page=numbers.index(row) // ROWS_PER_PAGE + 1) if row in numbers else wanted

    def find(self, row: str) -> Row | None:
        """Find a row by its number in the file."""
        place = self._places["row"]
        number = next((number for number, cells in enumerate(self._rows) if cells[place] == row), None)
        return None if number is None else self._as_mapping(number)

    def _find(self, wanted: Wanted) -> Sequence[int]:
        filters = (cell for pair in sorted(wanted.filters.items()) for cell in pair)
        found: Sequence[int] = self.keep(
            ("found", wanted.search, wanted.sort, *filters), lambda: self._look_for(wanted)
        )
        return found

    def _look_for(self, wanted: Wanted) -> Sequence[int]:
        found = self._order(wanted.sort)
        if words := wanted.search.casefold().split():
            texts = self._texts
            found = [number for number in found if all(word in texts[number] for word in words)]
        for column, value in wanted.filters.items():
            rows, place = self._rows, self._places[column]
            value = "" if value == "-" else value  # noqa: PLW2901 - the word for none, which an address can hold
            found = [number for number in found if rows[number][place] == value]
        return found

    def _order(self, sort: str) -> Sequence[int]:
        column = sort.removeprefix("-")
        if column not in self._places:
            return range(len(self._rows))
        key = self._key(self._places[column], is_number=column in _NUMBERS)
        order: Sequence[int] = self.keep(
            ("order", sort), lambda: sorted(range(len(self._rows)), key=key, reverse=sort.startswith("-"))
        )
        return order

    def _key(self, place: int, *, is_number: bool) -> Callable[[int], tuple[int, int, str]]:
        def key(number: int) -> tuple[int, int, str]:
            cell = self._rows[number][place]
            if is_number and cell.isdecimal() and len(cell) < 19:
                return 0, int(cell), ""
            return (1 if cell else 2), 0, cell.casefold()

        return key

    def _as_mapping(self, number: int) -> Row:
        return {
            name: clean(cell, _LONGEST_CELL)
            for name, cell in zip(self._columns, self._rows[number], strict=True)
        }


def _cell(value: object) -> str:
    text = "" if value is None else str(value)
    return sys.intern(text) if len(text) < 12 else text  # few of the short ones differ


_tables: OrderedDict[tuple[object, ...], Table] = OrderedDict()


def keep_table(key: tuple[object, ...], build: Callable[[], Table]) -> Table:
    """Return the table of this key, built once; the last few are kept."""
    if key not in _tables:
        _tables[key] = build()
        while len(_tables) > _MOST_TABLES:
            _tables.popitem(last=False)
    _tables.move_to_end(key)
    return _tables[key]


def read_table(path: Path, columns: Sequence[str]) -> Table:
    """Read a plan or results that this program wrote. Raises UsageError."""
    try:
        facts = path.stat()
        return keep_table(
            (path, facts.st_mtime_ns, facts.st_size), lambda: Table(columns, _read_cells(path, columns))
        )
    except OSError as error:
        raise UsageError(f"The table is not there ({error.strerror}). Make it again.") from error
    except (csv.Error, ValueError) as error:
        raise UsageError(f"The table cannot be read: {error}") from error


def _read_cells(path: Path, columns: Sequence[str]) -> Iterable[Sequence[str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream)
        if tuple(next(lines, ())) != tuple(columns):
            raise ValueError("it has other columns")
        for line in lines:
            yield [restore(cell) for cell in line]


def rewrite(path: Path, out: Path, columns: Sequence[str], changes: Mapping[int, Mapping[str, str]]) -> None:
    """Copy a plan or results, with other cells in some rows; the cells are as safe as they were."""
    places = {name: place for place, name in enumerate(columns)}
    with path.open(encoding="utf-8", newline="") as stream, AtomicFiles() as files:
        lines = csv.reader(stream)
        writer = csv.writer(files.open(out))
        writer.writerow(next(lines))
        for line in lines:
            for name, value in changes.get(int(line[0]), {}).items():
                line[places[name]] = neutralise(value)
            writer.writerow(line)
        files.commit([out])
