"""No row is called rated that the server did not store, however little its `not_found` says.

A server as a pure function stands where the network would be: it knows some titles, leaves out of its
echoes whatever it likes, and refuses a whole request for one row it cannot stand. The real rules, pool and
courier have to find out what became of each row.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil, log2
from typing import Any, NamedTuple

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from importer.client.client import Client
from importer.client.pool import WorkerPool
from importer.client.transport import Transport
from importer.destinations.dates import Dates
from importer.destinations.titles import possible_kinds
from importer.destinations.trakt.api import TraktV2
from importer.errors import ConnectionLostError, Loss
from importer.http import Request, Response
from importer.model import MediaKind, RatingJob, RowsOutcome, Status
from tests.builders import build_job
from tests.property.delivery import deliver_jobs, without_limit

Item = dict[str, Any]
Title = tuple[str, ...]
"""A bucket and an IMDb id; for a part of a show also its numbers."""

DATES = (None, "2014-09-01", "2015-10-02")
BUCKETS = {MediaKind.MOVIE: "movies", MediaKind.SHOW: "shows", MediaKind.EPISODE: "episodes"}


# The server


def title_of(bucket: str, item: Item) -> Title:
    numbers = []
    part = item
    for nested in ("seasons", "episodes"):
        if nested in part:
            (part,) = part[nested]
            numbers.append(str(part["number"]))
    return (bucket, item["ids"]["imdb"], *numbers)


def rating_of(item: Item) -> int:
    for nested in ("seasons", "episodes"):
        item = item.get(nested, [item])[0]
    return int(item["rating"])


def echo_all(item: Item) -> Item:
    return item


def drop_ids(item: Item) -> Item:
    return {name: value for name, value in item.items() if name != "ids"}


def drop_all(_: Item) -> Item:
    return {}


def drop_at_random(seed: int) -> Callable[[Item], Item]:
    draw = random.Random(seed)
    return lambda item: {name: value for name, value in item.items() if draw.random() < 0.5}


@dataclass
class FakeTrakt(Transport):
    """Stores what it knows, says of the rest as much as `echo` lets it. `troubles` come first."""

    known: set[Title]
    poisoned: set[str]
    echo: Callable[[Item], Item] = echo_all
    troubles: list[str] = field(default_factory=list)
    stored: dict[Title, int] = field(default_factory=dict)
    ever_stored: set[Title] = field(default_factory=set)
    requests: int = 0

    async def send(self, request: Request) -> Response:
        self.requests += 1
        trouble = self.troubles.pop(0) if self.troubles else ""
        answer = Response(500, {}, b"")
        if trouble in {"", "answer-lost", "half-done"}:
            answer = self._answer(request.url.endswith("/remove"), orjson.loads(request.body or b""))
        await asyncio.sleep(0.1)
        if trouble in {"lost", "answer-lost"}:
            raise ConnectionLostError(Loss.TIMEOUT)
        return answer if not trouble else Response(500 if trouble == "half-done" else int(trouble), {}, b"")

    def _answer(self, removes: bool, arrays: Mapping[str, list[Item]]) -> Response:
        ((bucket, items),) = arrays.items()
        if any(item["ids"]["imdb"] in self.poisoned for item in items):
            return Response(422, {}, b"no")
        done, not_found = 0, []
        for item in items:
            title = title_of(bucket, item)
            if title not in self.known:
                not_found.append(self.echo(item))
            elif removes:
                done += self.stored.pop(title, None) is not None
            else:
                self.stored[title] = rating_of(item)
                self.ever_stored.add(title)
                done += 1
        body = {"deleted" if removes else "added": {bucket: done}, "not_found": {bucket: not_found}}
        return Response(200 if removes else 201, {}, orjson.dumps(body))


# The rows


class Row(NamedTuple):
    """A job, and where the server knows its title, if at all."""

    job: RatingJob
    known: Title | None
    poisoned: bool

    @property
    def expected(self) -> Status:
        if self.poisoned:
            return Status.REJECTED
        if self.known is None:
            return Status.NOT_FOUND
        return Status.RATED if self.job.rating else Status.UNRATED


@st.composite
def rows(draw: st.DrawFn) -> Row:
    """One row; its number and id are given later."""
    kind = draw(st.sampled_from([*BUCKETS, MediaKind.UNKNOWN]))
    second = draw(st.sampled_from([None, *BUCKETS]))
    numbered = draw(st.booleans()) and kind is MediaKind.EPISODE
    job = build_job(
        kind=kind,
        second_kind=None if second is kind or kind is MediaKind.UNKNOWN or numbered else second,
        rating=draw(st.sampled_from([0, 7, 8, 8])),
        rated_at=draw(st.sampled_from(DATES)),
        imdb_id="tt",
        season=1 if numbered else None,
        episode=draw(st.integers(1, 3)) if numbered else None,
    )
    known: Title | None = None
    if draw(st.booleans()):
        numbers = (str(job.season), str(job.episode)) if numbered else ()
        places = ["shows"] if numbered else [BUCKETS[each] for each in possible_kinds(job)]
        known = (draw(st.sampled_from(places)), *numbers)
    return Row(job, known, draw(st.integers(0, 9)) == 0)


def number(drawn: Sequence[Row]) -> list[Row]:
    """Give each row its number and an id of its own: there are no duplicates left where batches are made."""
    numbered = []
    for place, row in enumerate(drawn, 1):
        imdb_id = f"tt{place:07}"
        known = row.known and (row.known[0], imdb_id, *row.known[1:])
        numbered.append(Row(row.job._replace(row=place, imdb_id=imdb_id), known, row.poisoned))
    return numbered


def build_server(table: Sequence[Row], echo: Callable[[Item], Item], troubles: Sequence[str]) -> FakeTrakt:
    server = FakeTrakt(
        known={row.known for row in table if row.known},
        poisoned={str(row.job.imdb_id) for row in table if row.poisoned},
        echo=echo,
        troubles=list(troubles),
    )
    # Some removals find a rating to remove, some do not.
    server.stored = {row.known: 5 for row in table[::2] if row.known and not row.job.rating}
    return server


def deliver(
    server: FakeTrakt, table: Sequence[Row], batch_size: int, workers: int, stop_seconds: float | None = None
) -> tuple[WorkerPool, dict[int, RowsOutcome]]:
    trakt = TraktV2(
        "http://127.0.0.1:1", "id", "x", Dates(datetime(2026, 9, 1, tzinfo=UTC)), batch_size=batch_size
    )
    jobs = [row.job for row in table]
    client = Client(server, without_limit())
    return deliver_jobs(client, trakt, jobs, workers=workers, stop_seconds=stop_seconds)


def is_as_asked(server: FakeTrakt, row: Row) -> bool:
    """Whether the account stands as the row wants it."""
    if row.known is None:
        return False
    return server.stored.get(row.known) == (row.job.rating or None)


# The properties

TABLES = st.lists(rows(), min_size=1, max_size=30).map(number)
ECHOES = st.sampled_from([echo_all, drop_ids, drop_all]) | st.integers().map(drop_at_random)
MANY_ALIKE = number([Row(build_job(), ("movies",) if place % 7 else None, False) for place in range(30)])


@given(table=TABLES, echo=ECHOES, batch_size=st.sampled_from([1, 2, 7, 100]), workers=st.integers(1, 3))
@example(table=MANY_ALIKE, echo=drop_ids, batch_size=100, workers=1)
@example(table=MANY_ALIKE, echo=drop_all, batch_size=100, workers=1)
def test_every_row_has_the_one_outcome_that_is_true(
    table: list[Row], echo: Callable[[Item], Item], batch_size: int, workers: int
) -> None:
    server = build_server(table, echo, ())
    pool, row_outcomes = deliver(server, table, batch_size, workers)
    assert pool.stopped_by is None
    assert {row: row_outcome.outcome.status for row, row_outcome in row_outcomes.items()} == {
        row.job.row: row.expected for row in table
    }
    for row in table:
        assert is_as_asked(server, row) or not row.expected.is_success
        assert (row.known in server.ever_stored) == (row.expected is Status.RATED)
    assert server.requests <= count_requests_at_most(table, batch_size, echo)


def count_requests_at_most(table: Sequence[Row], batch_size: int, echo: Callable[[Item], Item]) -> int:
    """One request for each batch, also of further kinds; two a level for each row that is hard to find."""
    trakt = TraktV2("", "", "", Dates(datetime(2026, 9, 1, tzinfo=UTC)))
    first = Counter(trakt.request_kind(row.job) for row in table)
    batches = sum(ceil(rows / batch_size) for rows in first.values())
    moved = [row for row in table if row.known is None or row.known[0] not in trakt.request_kind(row.job)]
    further = 2 * min(len(moved), 2 * len(BUCKETS) * ceil(len(moved) / batch_size))
    hard = sum(row.poisoned for row in table) + (0 if echo is echo_all else len(moved))
    levels = 1 + ceil(log2(min(batch_size, len(table)) + 1))
    return batches + further + 3 * hard * 2 * levels


def test_a_server_that_echoes_ids_costs_no_request_more_than_there_are_batches() -> None:
    server = build_server(MANY_ALIKE, echo_all, ())
    _, row_outcomes = deliver(server, MANY_ALIKE, 10, 1)
    assert server.requests == 3
    assert Counter(row_outcome.outcome.status for row_outcome in row_outcomes.values()) == {
        Status.RATED: 25,
        Status.NOT_FOUND: 5,
    }


def test_one_poisoned_row_of_a_hundred_costs_two_requests_a_level() -> None:
    table = number([Row(build_job(), ("movies",), place == 61) for place in range(100)])
    server = build_server(table, echo_all, ())
    _, row_outcomes = deliver(server, table, 100, 1)
    assert [
        row for row, row_outcome in row_outcomes.items() if row_outcome.outcome.status is Status.REJECTED
    ] == [62]
    assert server.requests <= 1 + 2 * 7


TROUBLES = st.lists(
    st.sampled_from(["", "", "429", "500", "502", "400", "422", "lost", "answer-lost", "half-done"]),
    max_size=25,
)


@given(
    table=TABLES,
    echo=ECHOES,
    troubles=TROUBLES,
    batch_size=st.sampled_from([1, 4, 100]),
    workers=st.integers(1, 3),
    stop_seconds=st.none() | st.floats(0.01, 30),
)
def test_whatever_the_trouble_no_success_is_told_that_did_not_happen(
    table: list[Row],
    echo: Callable[[Item], Item],
    troubles: list[str],
    batch_size: int,
    workers: int,
    stop_seconds: float | None,
) -> None:
    server = build_server(table, echo, troubles)
    pool, row_outcomes = deliver(server, table, batch_size, workers, stop_seconds)
    if pool.stopped_by is None:
        assert row_outcomes.keys() == {row.job.row for row in table}
    for row in table:
        row_outcome = row_outcomes.get(row.job.row)
        if row_outcome is None:
            # Still open: rows that were to be asked for again in halves may have been stored, too.
            told = row.job.row in pool.unconfirmed_rows
            assert told or row.known not in server.ever_stored
        elif row_outcome.outcome.status.is_success:
            assert is_as_asked(server, row)
        elif row.known in server.ever_stored:
            assert row_outcome.outcome.status in {Status.UNCONFIRMED, Status.FAILED, Status.REJECTED}
