"""How many jobs travel together: smaller when it was too much, larger again little by little."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.client.batching import Batcher, BatchSize
from importer.model import Batch
from tests.builders import build_job


def test_the_ceiling_comes_first() -> None:
    assert BatchSize(100).now == 100


def test_what_was_too_much_is_halved_down_to_one() -> None:
    size, seen = BatchSize(100), []
    for _ in range(9):
        size.shrink()
        seen.append(size.now)
    assert seen == [50, 25, 12, 6, 3, 1, 1, 1, 1]


def test_what_goes_well_grows_by_a_twentieth_up_to_the_ceiling() -> None:
    size, seen = BatchSize(100), []
    size.shrink()
    for _ in range(12):
        size.grow()
        seen.append(size.now)
    assert seen == [55, 60, 65, 70, 75, 80, 85, 90, 95, 100, 100, 100]


def test_a_small_ceiling_is_reached_again_too() -> None:
    size = BatchSize(3)
    size.shrink()
    assert size.now == 1
    for _ in range(20):
        size.grow()
    assert size.now == 3


def test_one_stays_one() -> None:
    size = BatchSize(1)
    size.shrink()
    assert size.now == 1
    size.grow()
    assert size.now == 1


@given(st.integers(1, 200), st.lists(st.booleans(), max_size=80))
def test_the_size_stays_between_one_and_the_ceiling(ceiling: int, went_well: list[bool]) -> None:
    size = BatchSize(ceiling)
    for well in went_well:
        before = size.now
        size.grow() if well else size.shrink()
        assert 1 <= size.now <= ceiling
        assert size.now >= before if well else size.now <= before


def rows_of(batches: list[Batch]) -> list[tuple[str, list[int]]]:
    return [(batch.request_kind, [job.row for job in batch.jobs]) for batch in batches]


def test_jobs_of_one_method_travel_together_in_order() -> None:
    batcher = Batcher(BatchSize(2))
    methods = ["movies", "shows", "movies", "movies", "shows", "episodes"]
    full = [*batcher.add((method, build_job(row)) for row, method in enumerate(methods))]
    assert rows_of(full) == [("movies", [0, 2]), ("shows", [1, 4])]
    assert rows_of([*batcher.flush()]) == [("movies", [3]), ("episodes", [5])]
    assert [*batcher.flush()] == []


def test_a_size_that_shrinks_holds_from_the_next_batch_on() -> None:
    size = BatchSize(4)
    batcher = Batcher(size)
    jobs = (("movies", build_job(row)) for row in range(8))
    batches = []
    for batch in batcher.add(jobs):
        batches.append(batch)
        size.shrink()
    assert rows_of(batches) == [("movies", rows) for rows in ([0, 1, 2, 3], [4, 5], [6], [7])]


def test_no_batch_is_a_part_of_another() -> None:
    batcher = Batcher(BatchSize(2))
    assert not any(batch.is_part for batch in batcher.add(("movies", build_job(row)) for row in range(4)))


@pytest.mark.parametrize("rows", [1, 2, 3, 7, 100])
def test_halves_are_parts_and_together_the_whole(rows: int) -> None:
    jobs = [build_job(row) for row in range(rows)]
    first, second = Batch("movies", jobs).halves()
    assert [*first.jobs, *second.jobs] == jobs
    assert 0 <= len(second.jobs) - len(first.jobs) <= 1
    assert first.is_part
    assert second.is_part
    assert first.request_kind == second.request_kind == "movies"


@given(
    st.integers(1, 6),
    st.lists(st.sampled_from(["movies", "shows", "shows/remove"]), max_size=40),
    st.lists(st.booleans(), max_size=40),
)
def test_every_job_is_in_exactly_one_batch_of_its_method(
    ceiling: int, methods: list[str], went_well: list[bool]
) -> None:
    size = BatchSize(ceiling)
    batcher = Batcher(size)
    seen: list[tuple[int, str]] = []
    signs = iter(went_well)
    for batch in batcher.add((method, build_job(row)) for row, method in enumerate(methods)):
        assert 1 <= len(batch.jobs) <= ceiling
        seen += [(job.row, batch.request_kind) for job in batch.jobs]
        size.grow() if next(signs, True) else size.shrink()
    seen += [(job.row, batch.request_kind) for batch in batcher.flush() for job in batch.jobs]
    assert sorted(seen) == list(enumerate(methods))
