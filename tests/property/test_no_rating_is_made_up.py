"""Whatever a table holds, in whatever kind of file: no rating is read of a row that its cell does not hold.

What each cell means is worked out here once more, by other means than the importer's.
"""

import html
import json
from collections.abc import Sequence
from fractions import Fraction
from xml.sax.saxutils import escape

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.errors import ScaleNeededError, UnknownFormatError
from importer.model import RatingJob
from importer.readers import ReadOptions
from tests.readers.conformance import inherited
from tests.readers.reading import read

ODD = {
    "0.5": Fraction(1, 2),
    "3.5": Fraction(7, 2),
    "8,5": Fraction(17, 2),
    "4½": Fraction(9, 2),
    "★★★": Fraction(3),
    "100": Fraction(100),
    "-1": Fraction(-1),
    "0.0": Fraction(0),
}
WORDS = ("", "n/a", "-", "unrate", "9/10", "80 %", "04. Mai", "ten", "1e1", "٣")
SHARES = {"9/10": 9, "80 %": 8}
SCALES = {None: None, "5": (0, 5), "10": (0, 10), "0-10": (0, 10), "1-10": (1, 10), "100": (0, 100)}
OPEN = {"5", "10", "100"}
"""Scales of which 0 itself is no rating."""

CELLS = st.lists(
    st.one_of(st.integers(0, 12).map(str), st.sampled_from((*ODD, *WORDS))), min_size=1, max_size=20
)


def meanings(cell: str, scale: str | None, zero: str | None) -> set[int]:
    """The ratings that a cell may be read as; 0 removes one."""
    value = ODD.get(cell, Fraction(cell) if cell.isascii() and cell.isdecimal() else None)
    found = {0} if cell == "unrate" or (value == 0 and zero == "unrate") else set()
    if cell in SHARES:  # it names its own scale, whatever the owner's is
        return {SHARES[cell]}
    bounds = SCALES[scale]
    if value == 0 and zero is not None:
        return found
    if bounds is None:
        is_whole = value is not None and 1 <= value <= 10 and value.denominator == 1
        return found | ({int(value)} if value is not None and is_whole else set())
    lowest, highest = bounds
    is_on = value is not None and lowest <= value <= highest and not (value == 0 and scale in OPEN)
    if value is not None and is_on:
        found.add(max(1, int(value * 10 / highest + Fraction(1, 2))))
    return found


def as_csv(cells: Sequence[str]) -> str:
    return "imdb_id,rating\n" + "".join(f'tt{number:07},"{cell}"\n' for number, cell in enumerate(cells, 1))


def as_json(cells: Sequence[str]) -> str:
    records = [{"imdb_id": f"tt{number:07}", "rating": cell} for number, cell in enumerate(cells, 1)]
    return json.dumps(records)


def as_map(cells: Sequence[str]) -> str:
    return json.dumps({f"tt{number:07}": cell for number, cell in enumerate(cells, 1)})


def as_xml(cells: Sequence[str]) -> str:
    rows = (
        f"<film><imdb_id>tt{number:07}</imdb_id><rating>{escape(cell)}</rating></film>"
        for number, cell in enumerate(cells, 1)
    )
    return f"<films>{''.join(rows)}</films>"


def as_page(cells: Sequence[str]) -> str:
    rows = (
        f"<tr><td>tt{number:07}</td><td>{html.escape(cell)}</td></tr>" for number, cell in enumerate(cells, 1)
    )
    return f"<html><table><tr><td>imdb_id</td><td>rating</td></tr>{''.join(rows)}</table></html>"


@inherited
@pytest.mark.parametrize("write", [as_csv, as_json, as_map, as_xml, as_page])
@example(cells=[""], scale=None, zero=None)
@given(cells=CELLS, scale=st.sampled_from(tuple(SCALES)), zero=st.sampled_from((None, "skip", "unrate")))
def test_no_rating_is_read_that_its_cell_does_not_hold(
    tmp_path_factory: pytest.TempPathFactory,
    write: object,
    cells: list[str],
    scale: str | None,
    zero: str | None,
) -> None:
    assert callable(write)
    content = write(cells).encode()
    try:
        rows = read(tmp_path_factory.mktemp("any"), content, reading=ReadOptions(scale=scale, zero=zero))
    except ScaleNeededError:
        assert scale is None, "whoever names a scale is not asked for one"
        return
    except UnknownFormatError:
        assert write is as_xml, "an empty element is no column of an XML file"
        assert not any(cells)
        return
    assert len(rows) == len(cells)
    for row, cell in zip(rows, cells, strict=True):
        assert cell not in SHARES or isinstance(row, RatingJob), cell
        if isinstance(row, RatingJob):
            assert row.rating in meanings(cell, scale, zero), cell
