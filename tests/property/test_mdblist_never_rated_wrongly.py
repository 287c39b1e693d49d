"""No row is called rated that the server did not store, whatever its counts say.

A server as a pure function stands where the network would be. It names nothing, and counts as it likes: it
may leave out what was equal, count too much, or not say what was not found. It lies in one thing only: never
in an answer that leaves no choice. The real rules, pool and reader have to find out what became of each row.
"""

import asyncio
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from importer.client.client import Client
from importer.client.pool import WorkerPool
from importer.client.transport import Transport
from importer.destinations.dates import Dates
from importer.destinations.mdblist.api import Mdblist
from importer.errors import ConnectionLostError, Loss
from importer.http import Request, Response
from importer.model import MediaKind, RatingJob, RowsOutcome, Status
from tests.builders import build_job
from tests.property.delivery import deliver_jobs, without_limit

Title = tuple[str, int, int | None, int | None]
"""A kind, a TMDB id of the title or its show, and the numbers of a season or an episode."""

WORDS = {False: ("updated", "added"), True: ("removed", "deleted")}


def title_of(job: RatingJob) -> Title:
    assert job.tmdb_id is not None
    return (str(job.kind), job.tmdb_id, job.season, job.episode)


def flatten(body: Mapping[str, Any]) -> Iterator[tuple[Title, int]]:
    """The titles of a request and their ratings; 0 for a removal."""
    for movie in body.get("movies", ()):
        yield ("movie", movie["ids"]["tmdb"], None, None), movie.get("rating", 0)
    for show in body.get("shows", ()):
        number = show["ids"]["tmdb"]
        if "seasons" not in show:
            yield ("show", number, None, None), show.get("rating", 0)
        for season in show.get("seasons", ()):
            if "episodes" not in season:
                yield ("season", number, season["number"], None), season.get("rating", 0)
            for episode in season.get("episodes", ()):
                yield ("episode", number, season["number"], episode["number"]), episode.get("rating", 0)


@dataclass
class FakeMdblist(Transport):
    """Stores what it knows, and counts at random. `troubles` come first, to whatever is asked."""

    known: set[Title]
    draw: random.Random
    troubles: list[str] = field(default_factory=list)
    stored: dict[Title, int] = field(default_factory=dict)
    ever_stored: set[Title] = field(default_factory=set)
    page_size: int = 3

    async def send(self, request: Request) -> Response:
        trouble = self.troubles.pop(0) if self.troubles else ""
        answer = Response(500, {}, b"")
        if trouble in {"", "answer-lost", "half-done"}:
            answer = self._answer(request)
        await asyncio.sleep(0.1)
        if trouble in {"lost", "answer-lost"}:
            raise ConnectionLostError(Loss.TIMEOUT)
        return answer if not trouble else Response(500 if trouble == "half-done" else int(trouble), {}, b"")

    def _answer(self, request: Request) -> Response:
        if request.method == "GET":
            return self._list(parse_qs(urlsplit(request.url).query))
        items, removes = list(flatten(orjson.loads(request.body or b""))), "/remove" in request.url
        done = sum(self._apply(title, rating) for title, rating in items)
        return Response(200, {}, orjson.dumps(self._count(len(items), done, removes=removes)))

    def _apply(self, title: Title, rating: int) -> bool:
        if not rating:
            return self.stored.pop(title, None) is not None
        if title in self.known:
            self.stored[title] = rating
            self.ever_stored.add(title)
        return title in self.known

    def _count(self, rows: int, done: int, *, removes: bool) -> dict[str, Any]:
        told, missing = done, rows - done
        if self.draw.random() < 0.6:
            told = self.draw.choice([done, rows, 0, self.draw.randint(0, rows + 1)])
            missing = self.draw.randint(0, rows)
        says_missing = self.draw.random() < 0.7
        leaves_no_choice = told + missing == rows if says_missing else rows == 1
        if leaves_no_choice:
            told, missing = done, rows - done
        body: dict[str, Any] = {self.draw.choice(WORDS[removes]): {"shows": told}}
        if says_missing:
            body["not_found"] = self.draw.choice([missing, {"shows": missing}, {"movies": [{}] * missing}])
        # A row that is nowhere is never called a mistake of its own, and one that was stored neither.
        if self.draw.random() < 0.2 and rows > 1:
            body["errors"] = [{"message": "one of them is wrong"}]
        return body

    def _list(self, query: Mapping[str, list[str]]) -> Response:
        place = int(query.get("offset", query.get("cursor", ["0"]))[0])
        body: dict[str, Any] = {f"{kind}s": [] for kind in MediaKind}
        for (kind, tmdb, season, number), rating in list(self.stored.items())[place : place + self.page_size]:
            whole: dict[str, Any] = {"ids": {"tmdb": self.draw.choice([tmdb, str(tmdb)])}}
            if kind == "season":
                whole = {"number": season, "show": whole}
            elif kind == "episode":
                whole = {"season": season, "number": number, "show": whole}
            body[f"{kind}s"].append({"rating": rating, kind: whole})
        following = place + self.page_size if place + self.page_size < len(self.stored) else None
        body["pagination"] = {"total": len(self.stored)}
        if self.draw.random() < 0.5:
            body["pagination"]["next_cursor"] = following and str(following)
        return Response(200, {}, orjson.dumps(body))


@st.composite
def jobs(draw: st.DrawFn) -> RatingJob:
    """One row; its number and its id are given later."""
    kind = draw(st.sampled_from([kind for kind in MediaKind if kind is not MediaKind.UNKNOWN]))
    is_part = kind in {MediaKind.SEASON, MediaKind.EPISODE}
    return build_job(
        kind=kind,
        rating=draw(st.sampled_from([0, 7, 8, 8])),
        tmdb_id=draw(st.integers(1, 3)),
        season=draw(st.integers(1, 2)) if is_part else None,
        episode=draw(st.integers(1, 3)) if kind is MediaKind.EPISODE else None,
    )


def number(drawn: Sequence[RatingJob]) -> list[RatingJob]:
    """Give the rows numbers, and movies and shows ids of their own: there are no duplicates left."""
    seen: set[Title] = set()
    numbered: list[RatingJob] = []
    for job in drawn:
        row = len(numbered) + 1
        if job.season is None:
            job = job._replace(tmdb_id=row + 100)  # noqa: PLW2901
        if title_of(job) not in seen:
            seen.add(title_of(job))
            numbered.append(job._replace(row=row))
    return numbered


def deliver(
    server: FakeMdblist, table: Sequence[RatingJob], batch_size: int, workers: int, stop_seconds: float | None
) -> tuple[WorkerPool, dict[int, RowsOutcome]]:
    dates = Dates(datetime(2026, 9, 1, tzinfo=UTC))
    mdblist = Mdblist("http://127.0.0.1:1", "key", "x", dates, batch_size=batch_size)
    client = Client(server, without_limit())
    return deliver_jobs(client, mdblist, table, workers=workers, stop_seconds=stop_seconds)


TABLES = st.lists(jobs(), min_size=1, max_size=30).map(number)
TROUBLES = st.lists(
    st.sampled_from(["", "", "429", "500", "502", "400", "404", "lost", "answer-lost", "half-done", "403"]),
    max_size=25,
)
MANY = number([build_job(tmdb_id=1) for _ in range(30)])


@given(
    table=TABLES,
    unknown=st.sets(st.integers(1, 30)),
    seed=st.integers(),
    troubles=TROUBLES,
    batch_size=st.sampled_from([1, 4, 100]),
    workers=st.integers(1, 3),
    stop_seconds=st.none() | st.floats(0.01, 30),
)
@example(MANY, {7}, 0, [], 100, 1, None)
@example(MANY, {7}, 0, ["answer-lost"], 100, 1, None)
def test_whatever_is_counted_no_success_is_told_that_did_not_happen(
    table: list[RatingJob],
    unknown: set[int],
    seed: int,
    troubles: list[str],
    batch_size: int,
    workers: int,
    stop_seconds: float | None,
) -> None:
    server = FakeMdblist(
        {title_of(job) for job in table if job.row not in unknown}, random.Random(seed), list(troubles)
    )
    # Some removals find a rating to remove, some do not.
    server.stored = {title_of(job): 5 for job in table[::2] if not job.rating}
    pool, row_outcomes = deliver(server, table, batch_size, workers, stop_seconds)
    if pool.stopped_by is None:
        assert row_outcomes.keys() == {job.row for job in table}
    for job in table:
        row_outcome, title = row_outcomes.get(job.row), title_of(job)
        if row_outcome is None:
            assert job.row in pool.unconfirmed_rows or title not in server.ever_stored
        elif row_outcome.outcome.status.is_success:
            assert server.stored.get(title) == (job.rating or None)
        elif title in server.ever_stored:
            assert row_outcome.outcome.status in {Status.UNCONFIRMED, Status.FAILED, Status.REJECTED}


@given(table=TABLES, unknown=st.sets(st.integers(1, 30)), seed=st.integers())
def test_without_trouble_every_row_that_the_server_knows_is_rated(
    table: list[RatingJob], unknown: set[int], seed: int
) -> None:
    server = FakeMdblist({title_of(job) for job in table if job.row not in unknown}, random.Random(seed))
    pool, row_outcomes = deliver(server, table, 100, 2, None)
    if pool.stopped_by is not None:  # ten rows in a row that it neither counted nor missed
        return
    for job in table:
        status = row_outcomes[job.row].outcome.status
        if not job.rating:
            assert status is Status.UNRATED
        elif job.row not in unknown:
            assert status is Status.RATED
        else:
            assert status in {Status.NOT_FOUND, Status.UNCONFIRMED}


def test_a_batch_that_is_counted_whole_is_not_believed_unless_nothing_is_missing() -> None:
    for seed in range(30, 60):
        unknown = {7, 12}
        server = FakeMdblist({title_of(job) for job in MANY if job.row not in unknown}, random.Random(seed))
        _, row_outcomes = deliver(server, MANY, 100, 1, None)
        assert {row_outcomes[row].outcome.status for row in unknown} <= {Status.NOT_FOUND, Status.UNCONFIRMED}
