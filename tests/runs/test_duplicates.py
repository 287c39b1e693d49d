"""What is settled before anything is sent, and what travels together."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.client.batching import Batcher, BatchSize
from importer.model import Batch, Rating, RatingJob, Status
from importer.runs.conflicts import Conflict, OnConflict, resolve_conflict
from importer.runs.duplicates import duplicate_of, pick_winner
from tests.builders import build_job


@pytest.mark.parametrize(
    ("rows", "winner"),
    [
        pytest.param([(1, "2024-01-01"), (2, "2023-01-01")], 1, id="the newest wins"),
        pytest.param([(1, "2024-01-01"), (2, "2024-01-01")], 2, id="the last on one day"),
        pytest.param([(1, None), (2, None), (3, None)], 3, id="the last without dates"),
        pytest.param([(1, "1999-01-01"), (2, None)], 1, id="any date beats none"),
        pytest.param([(1, "2024-01-01T09:00:00Z"), (2, "2024-01-01")], 1, id="an instant beats its bare day"),
        pytest.param([(1, "2024-01-02"), (2, "2024-01-01T23:59:59Z")], 1, id="a later day beats an instant"),
        pytest.param([(7, None)], 7, id="alone"),
    ],
)
def test_pick_winner(rows: list[tuple[int, str | None]], winner: int) -> None:
    assert pick_winner(rows) == winner
    assert pick_winner(rows[::-1]) == winner


DAY, NEXT_DAY = "2024-05-01", "2024-05-02"


@pytest.mark.parametrize(
    ("policy", "row", "held", "is_kept"),
    [
        pytest.param(
            "overwrite", (3, DAY), (7, NEXT_DAY), False, id="overwrite does, be it newer and higher"
        ),
        pytest.param("keep", (9, NEXT_DAY), (7, DAY), True, id="keep does, be the row newer and higher"),
        pytest.param("keep", (9, None), (7, None), True, id="keep needs no dates"),
        pytest.param("newest", (9, DAY), (7, NEXT_DAY), True, id="the account's is newer"),
        pytest.param("newest", (9, NEXT_DAY), (7, DAY), False, id="the row's is newer"),
        pytest.param("newest", (9, DAY), (7, DAY), False, id="of one day"),
        pytest.param("newest", (9, None), (7, DAY), False, id="the row has no date"),
        pytest.param("newest", (9, DAY), (7, None), False, id="the account has no date"),
        pytest.param("newest", (9, DAY), (7, f"{DAY}T23:59:59.000Z"), False, id="a day against its instant"),
        pytest.param("newest", (9, DAY), (7, f"{NEXT_DAY}T00:00:00Z"), True, id="a day against a later one"),
        pytest.param("newest", (9, f"{DAY}T09:00:00Z"), (7, DAY), False, id="an instant against its day"),
        pytest.param("newest", (9, f"{DAY}T09:00:00Z"), (7, f"{DAY}T09:00:01.000Z"), True, id="by a second"),
        pytest.param("newest", (9, f"{DAY}T09:00:00Z"), (7, f"{DAY}T09:00:00.900Z"), False, id="no finer"),
        pytest.param(
            "newest", (9, f"{DAY}T09:00:00Z"), (7, f"{DAY}T11:00:00+02:00"), False, id="one instant"
        ),
        pytest.param("highest", (6, NEXT_DAY), (7, DAY), True, id="the account's is higher"),
        pytest.param("highest", (8, DAY), (7, NEXT_DAY), False, id="the row's is higher"),
        pytest.param("highest", ("hate", None), ("love", None), True, id="love is higher than hate"),
        pytest.param("highest", ("love", None), ("hate", None), False, id="hate is not higher"),
        pytest.param("highest", ("love", None), (9, None), False, id="a word and a number do not compare"),
        pytest.param("ask", (9, DAY), (7, DAY), False, id="what is asked is not answered here"),
    ],
)
def test_who_gives_way(
    policy: str, row: tuple[Rating, str | None], held: tuple[Rating, str | None], is_kept: bool
) -> None:
    conflict = Conflict(build_job(rating=row[0], rated_at=row[1]), *held)
    outcome = resolve_conflict(OnConflict(policy), conflict)
    assert (outcome is not None) == is_kept
    if outcome is not None:
        assert outcome.status is Status.KEPT
        assert outcome.reason == f"policy_{policy}"
        assert f"--on-conflict {policy}" in outcome.message


def test_what_is_kept_names_both_ratings_with_their_days() -> None:
    outcome = resolve_conflict(
        OnConflict.NEWEST, Conflict(build_job(rating=9, rated_at=DAY), 7, "2024-06-02T09:00:00Z")
    )
    assert outcome is not None
    assert outcome.message == (
        "kept: the account's rating is newer; "
        "account: 7 (2024-06-02), row: 9 (2024-05-01) (--on-conflict newest)"
    )


def test_a_duplicate_names_the_row_that_counts() -> None:
    outcome = duplicate_of(12, 14)
    assert outcome.status is Status.DUPLICATE
    assert "row 12 (line 14)" in outcome.message


def pair(row: int, method: str = "rate/movie") -> tuple[str, RatingJob]:
    return method, build_job(row)


def rows_of(batch: Batch) -> list[int]:
    return [job.row for job in batch.jobs]


def test_a_batch_is_given_out_as_soon_as_it_is_full() -> None:
    batcher = Batcher(BatchSize(2))
    assert list(batcher.add([pair(1)])) == []
    assert [rows_of(batch) for batch in batcher.add([pair(2), pair(3), pair(4), pair(5)])] == [[1, 2], [3, 4]]
    assert [rows_of(batch) for batch in batcher.flush()] == [[5]]


def test_jobs_of_two_kinds_of_request_never_share_a_batch() -> None:
    batcher = Batcher(BatchSize(2))
    batches = list(batcher.add([pair(1, "rate/movies"), pair(2, "rate/shows"), pair(3, "rate/movies")]))
    assert [(batch.request_kind, rows_of(batch)) for batch in batches] == [("rate/movies", [1, 3])]
    assert [(batch.request_kind, rows_of(batch)) for batch in batcher.flush()] == [("rate/shows", [2])]


def test_batches_of_one_go_out_at_once() -> None:
    assert [rows_of(batch) for batch in Batcher(BatchSize(1)).add([pair(1), pair(2)])] == [[1], [2]]


def test_nothing_is_left_after_a_flush() -> None:
    batcher = Batcher(BatchSize(5))
    list(batcher.add([pair(1)]))
    list(batcher.flush())
    assert list(batcher.flush()) == []


@given(
    methods=st.lists(st.sampled_from(["rate/movies", "rate/shows", "rate/episodes"]), max_size=60),
    size=st.integers(1, 10),
)
def test_every_job_leaves_once_in_order_and_no_batch_is_larger_than_asked(
    methods: list[str], size: int
) -> None:
    pairs = [pair(row, method) for row, method in enumerate(methods, 1)]
    batcher = Batcher(BatchSize(size))
    batches = [*batcher.add(pairs), *batcher.flush()]
    for method in set(methods):
        rows = [row for batch in batches if batch.request_kind == method for row in rows_of(batch)]
        assert rows == [job.row for each, job in pairs if each == method]
    assert all(1 <= len(batch.jobs) <= size for batch in batches)


def test_a_smaller_size_holds_from_the_next_batch_on() -> None:
    size = BatchSize(4)
    batcher = Batcher(size)
    assert list(batcher.add([pair(1)])) == []
    size.shrink()
    assert [rows_of(batch) for batch in batcher.add([pair(2), pair(3), pair(4)])] == [[1, 2], [3, 4]]


def test_too_much_halves_the_size_and_success_brings_it_back_slowly() -> None:
    size = BatchSize(100)
    size.shrink()
    size.shrink()
    assert size.now == 25
    size.grow()
    assert size.now == 30
    for _ in range(100):
        size.grow()
    assert size.now == 100


def test_the_size_never_falls_below_one() -> None:
    size = BatchSize(3)
    for _ in range(10):
        size.shrink()
    assert size.now == 1


def test_halves_hold_all_jobs_in_order() -> None:
    batch = Batch("rate/movies", [build_job(row) for row in range(1, 6)])
    assert [rows_of(half) for half in batch.halves()] == [[1, 2], [3, 4, 5]]
    assert {half.request_kind for half in batch.halves()} == {"rate/movies"}
