"""Lines of states against what they stand for: a dictionary of rows."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given
from hypothesis import strategies as some

from importer.journal import states
from importer.journal.checksums import read_sql

ROWS = 30
RUN = 1


@pytest.fixture
def database() -> Iterator[sqlite3.Connection]:
    with closing(build_database()) as database:
        yield database


def build_database() -> sqlite3.Connection:
    database = sqlite3.connect(":memory:")
    database.executescript(read_sql("schema"))
    return database


def open_rows(database: sqlite3.Connection, rows: list[int]) -> None:
    states.insert(database, RUN, states.join_rows((row, states.OPEN) for row in rows))


def read_lines(database: sqlite3.Connection) -> list[tuple[int, int, int, str | None]]:
    found = "SELECT first_row, last_row, is_claimed, status FROM state ORDER BY last_row"
    return database.execute(found).fetchall()


def test_a_change_that_makes_a_line_equal_to_the_next_one_loses_no_row(database: sqlite3.Connection) -> None:
    open_rows(database, [*range(1, 21)])
    states.change(database, RUN, [(11, 20, states.CLAIMED)])
    states.change(database, RUN, [(1, 20, states.CLAIMED)])
    assert read_lines(database) == [(1, 20, 1, None)]


changes = some.one_of(
    some.just(states.CLAIMED), some.just((0,)), some.sampled_from([(0, "rated"), (0, "failed")])
)
steps = some.lists(
    some.tuples(
        some.one_of(
            some.sets(some.integers(1, ROWS)),
            some.tuples(some.integers(1, ROWS), some.integers(1, ROWS)).map(lambda ends: {*range(*ends)}),
        ),
        some.lists(changes, min_size=1, max_size=3),
    ),
    max_size=8,
)


@given(rows=some.sets(some.integers(1, ROWS), min_size=1), changed=steps)
def test_each_row_has_the_last_of_its_changes(
    rows: set[int], changed: list[tuple[set[int], list[tuple[object, ...]]]]
) -> None:
    expected: dict[int, tuple[object, ...]] = dict.fromkeys(sorted(rows), states.OPEN)
    with closing(build_database()) as database:
        open_rows(database, [*expected])
        for at, values in changed:
            by_row = {row: values[row % len(values)] for row in at}
            states.change(database, RUN, states.join_rows(by_row.items()))
            expected |= {
                row: by_row[row] + state[len(by_row[row]) :]
                for row, state in expected.items()
                if row in by_row
            }
            found = database.execute(f"SELECT first_row, last_row, {states.COLUMNS} FROM state ORDER BY 2")
            by_line = [(row, tuple(state)) for first, last, *state in found for row in range(first, last + 1)]
            assert by_line == [*expected.items()]
