"""What ratings mean, and how they become 1 to 10."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import UsageError
from importer.model import Status
from importer.readers.cells.errors import CellError, Reason
from importer.readers.cells.scales import Votes, parse_scale, steps


@pytest.mark.parametrize(
    ("scale", "cells"),
    [
        ("5", {"0.5": 1, "2.5": 5, "4.25": 9, "5": 10}),
        ("0-100", {"0": 1, "5": 1, "14": 1, "15": 2, "25": 3, "35": 4, "84": 8, "85": 9, "100": 10}),
        ("0-10", {"0": 1, "1": 1, "7.5": 8, "8,5": 9, "10": 10}),
        ("1=3,2=7,3=10", {"1": 3, "2": 7, "3": 10}),
    ],
)
def test_a_half_becomes_the_higher_rating_and_nothing_less_than_one(
    scale: str, cells: dict[str, int]
) -> None:
    assert {cell: parse_scale(scale).convert(cell) for cell in cells} == cells


@pytest.mark.parametrize(
    ("scale", "cell"),
    [("5", "0"), ("5", "5.5"), ("0-100", "-1"), ("0-100", "101"), ("10", "x"), ("1=3", "2")],
)
def test_nothing_outside_of_a_scale_is_clamped(scale: str, cell: str) -> None:
    with pytest.raises(CellError) as raised:
        parse_scale(scale).convert(cell)
    assert (raised.value.reason, raised.value.status) == (Reason.OFF_SCALE, Status.INVALID)


def test_a_text_that_means_not_rated_is_no_failure() -> None:
    with pytest.raises(CellError) as raised:
        steps("1", "5", "1", none=frozenset({"-"})).convert("-")
    assert (raised.value.reason, raised.value.status) == (Reason.NO_RATING, Status.SKIPPED)


def test_what_a_conversion_changed_is_told_and_what_was_exact_is_not() -> None:
    assert parse_scale("0-100").note("85") == "85 of 100 is rated 9"
    assert parse_scale("0-100").note("80") is None
    assert parse_scale("0-10").note("0") == "0 of 10 is rated 1"


@pytest.mark.parametrize("scale", ["", "x", "0", "5-5", "5-1", "1=11", "1=", "=3", "1=2,3"])
def test_a_scale_that_makes_no_sense_is_told(scale: str) -> None:
    with pytest.raises(UsageError, match=r"^scale"):
        parse_scale(scale)


@given(st.integers(0, 9), st.integers(10, 1000), st.booleans())
def test_a_scale_can_be_typed_as_it_is_shown(lowest: int, highest: int, is_open: bool) -> None:
    scale = parse_scale(str(highest) if is_open else f"{lowest}-{highest}")
    assert parse_scale(scale.flag) == scale


def test_votes_can_be_typed_as_they_are_shown() -> None:
    votes = Votes({"1": 3, "up": 8})
    assert parse_scale(votes.flag) == votes


@pytest.mark.parametrize(("cell", "rating"), [("3½", 7), ("★★★★", 8), ("★★★½", 7), ("½", 1), ("3,5", 7)])
def test_stars_are_read_as_people_write_them(cell: str, rating: int) -> None:
    assert parse_scale("5").convert(cell) == rating


@pytest.mark.parametrize("scale", ["5", "10", "0-10", "100", "0-100"])
@pytest.mark.parametrize(("cell", "rating"), [("90 %", 9), ("8/10", 8), ("4/5", 8), ("★★★★☆", 8)])
def test_a_cell_that_names_its_own_scale_is_read_by_it(scale: str, cell: str, rating: int) -> None:
    assert parse_scale(scale).convert(cell) == rating
    assert parse_scale(scale).note(cell) is None


@pytest.mark.parametrize("cell", ["9/5", "110 %", "85 %", "0/10"])
def test_a_cell_off_its_own_scale_is_not_read_by_another(cell: str) -> None:
    with pytest.raises(CellError):
        parse_scale("0-100").convert(cell)
