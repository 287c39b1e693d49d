"""Rows in are lines out, once each and in order, and no success is reported that did not happen."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from importer.model import Status
from tests.road import Road, running_sandbox

IDS = ("tt0111161", "tt0068646", "tt0468569", "tt0050083", "tt0108052", "tt9999999", "tt12x", "")
RATINGS = ("1", "5", "9", "10", "love", "unrate", "soon", "", "8.5")


def _script(effect: str, place: str) -> str:
    word, colon, argument = effect.partition(":")
    return f"{word}{place}{colon}{argument}"


_rows = st.lists(st.tuples(st.sampled_from(IDS), st.sampled_from(RATINGS)), max_size=25)
_effects = st.sampled_from(
    [
        *("429:retry-after=1", "overcapacity", "500", "html502", "html200", "empty200", "truncate", "404"),
        *("reset", "reset-after", "partial", "hang=61s", "hang-after=61s", "400", "413", "401", "302"),
    ]
)
_places = st.one_of(
    st.integers(1, 9).map(lambda first: f"@{first}"),
    st.integers(1, 7).map(lambda many: f"x{many}"),
    st.integers(2, 5).map(lambda every: f"/{every}"),
)
_faults = st.lists(st.builds(_script, _effects, _places), max_size=3)


@settings(max_examples=40)
@given(rows=_rows, faults=_faults)
def test_rows_in_are_lines_out_whatever_the_server_does_single(
    rows: Sequence[tuple[str, str]], faults: Sequence[str]
) -> None:
    _check(rows, faults, bulk=False)


@settings(max_examples=40)
@given(rows=_rows, faults=_faults)
def test_rows_in_are_lines_out_whatever_the_server_does_bulk(
    rows: Sequence[tuple[str, str]], faults: Sequence[str]
) -> None:
    # A bulk row may be asked about twice; a refusal of what is stored already is a lie nobody sees through.
    _check(rows, [fault for fault in faults if not fault.startswith(("400", "404", "413"))], bulk=True)


def _check(rows: Sequence[tuple[str, str]], faults: Sequence[str], *, bulk: bool) -> None:
    with tempfile.TemporaryDirectory() as folder, running_sandbox(*faults) as sandbox:
        road = Road(Path(folder), bulk=bulk)
        road.write(*(f"{imdb_id},{rating}" for imdb_id, rating in rows))
        report = road.run(sandbox.url, workers=3)
        lines = road.read_results()
        stored = sandbox.stored_movies()

    assert [(line["row"], line["imdb_id"], line["rating"]) for line in lines] == [
        (str(number), imdb_id, rating) for number, (imdb_id, rating) in enumerate(rows, 1)
    ]
    if report.stopped_by is None:
        assert not {line["status"] for line in lines} & {Status.NOT_SENT}
    for line in lines:
        if line["status"] == Status.RATED:
            assert str(stored.get(line["imdb_id"])) in {line["rating"], "10"}
        elif line["status"] == Status.UNRATED:
            assert line["imdb_id"] not in stored
        elif line["status"] in {Status.NOT_SENT, Status.INVALID, Status.NOT_FOUND}:
            won = any(
                other["status"] in {Status.RATED, Status.UNCONFIRMED, Status.FAILED}
                and other["imdb_id"] == line["imdb_id"]
                for other in lines
            )
            assert won or line["imdb_id"] not in stored
