"""Simkl: whatever the look-alike answers, a row is called rated only if the store has its rating.

The look-alike's own methods answer, without sockets and on virtual time; answers are lost and spoilt on the
way.
"""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from importer.client.client import Client
from importer.client.pool import WorkerPool
from importer.client.transport import Transport
from importer.destinations.dates import Dates
from importer.destinations.simkl.api import Simkl
from importer.errors import ConnectionLostError, Loss
from importer.http import Request, Response
from importer.model import MediaKind, RatingJob, RowsOutcome, Status
from importer.sandbox import SandboxOptions
from importer.sandbox.catalogue import Catalogue, Kind
from importer.sandbox.exchange import Twist
from importer.sandbox.shared import Shared
from importer.sandbox.simkl.routes import build_routes
from importer.sandbox.simkl.tokens import Tokens
from importer.sandbox.store import Store
from tests.builders import build_job
from tests.property.delivery import call_route, deliver_jobs, without_limit

NOW = 1_790_000_000.0
HEADERS = {"User-Agent": "tests/1.0"}

LOST = ("lost", "answer lost")
SPOILT = ("html", "nothing", "null", "uncounted", "half counted", "unnamed", "echo without ids", "echo empty")
STATUSES = ("400", "409", "412", "413", "422", "423", "429", "500", "502", "lock", "done but 500")
TWISTS = {"echo without ids": Twist.NOT_FOUND_WITHOUT_IDS, "echo empty": Twist.NOT_FOUND_EMPTY}
TROUBLES = st.lists(st.sampled_from(["", "", "", *LOST, *SPOILT, *STATUSES]), max_size=20)


class SandboxServer(Transport):
    """The look-alike's methods, called directly; `troubles` come first, one a request that writes."""

    def __init__(self, options: dict[str, Any], troubles: Sequence[str]) -> None:
        self.store = Store()
        self.close = self.store.close
        self._troubles = list(troubles)
        chosen = SandboxOptions(simkl_day_quota=10**9, **options)
        shared = Shared(self.store, Catalogue(any_title=True), lambda: NOW)
        self._routes = build_routes(chosen, shared)
        books = Tokens(self.store, 604_800, shared.clock)
        self._token = books.issue("demo", "media:read media:write")["access_token"]

    async def access_token(self) -> str:
        return str(self._token)

    async def renew(self, stale: str) -> None:
        raise AssertionError(f"the token was good: {stale[:8]}")

    async def send(self, request: Request) -> Response:
        await asyncio.sleep(0.1)
        trouble = self._troubles.pop(0) if self._troubles and request.method == "POST" else ""
        if trouble == "lost":
            raise ConnectionLostError(Loss.TIMEOUT)
        if trouble.isdigit():
            return Response(int(trouble), {}, b"")
        if trouble == "lock":
            return Response(400, {}, b'{"error": "RATE_LIMIT"}')
        answer = call_route(self._routes, request, HEADERS, TWISTS.get(trouble))
        if trouble == "answer lost":
            raise ConnectionLostError(Loss.DROPPED)
        return spoil(answer, trouble)

    def ratings_of(self, imdb_id: str | None) -> set[float]:
        stored = [each for kind in Kind for each in self.store.ratings("demo", kind)]
        return {each.rating for each in stored if each.title.imdb_id == imdb_id}


def spoil(answer: Response, trouble: str) -> Response:
    """The answer after the work was done, changed so that it says less; it never says what is not so."""
    if trouble == "html":
        return Response(200, {"Content-Type": "text/html"}, b"<html></html>")
    if trouble in {"nothing", "null"}:
        return answer._replace(body=b"" if trouble == "nothing" else b"null")
    if trouble == "done but 500":
        return Response(500, {}, b"")
    if trouble in {"uncounted", "half counted", "unnamed"} and answer.status == 201:
        content = orjson.loads(answer.body)
        if trouble == "unnamed":
            content["not_found"] = {}
        else:
            counts = content.get("added", content.get("deleted"))
            for name in ("movies", "shows"):
                counts[name] = counts[name] // 2 if trouble == "half counted" else 0
        return answer._replace(body=orjson.dumps(content))
    return answer


@st.composite
def rows(draw: st.DrawFn) -> tuple[RatingJob, str]:
    """One row, and what Simkl has: nothing, a title, or an anime."""
    kind = draw(st.sampled_from([MediaKind.MOVIE, MediaKind.SHOW, MediaKind.UNKNOWN]))
    second = draw(st.sampled_from([None, MediaKind.MOVIE, MediaKind.SHOW]))
    job = build_job(
        kind=kind,
        second_kind=None if second is kind or kind is MediaKind.UNKNOWN else second,
        rating=draw(st.sampled_from([0, 7, 8, 8])),
        rated_at=draw(st.sampled_from([None, "2014-09-01"])),
        imdb_id="tt",
    )
    return job, draw(st.sampled_from(["nothing", "title", "title", "anime"]))


def number(drawn: Sequence[tuple[RatingJob, str]]) -> list[tuple[RatingJob, str]]:
    """Give each row a title of its own; an id of few digits is one that Simkl does not know."""
    return [
        (job._replace(row=place, imdb_id=f"tt{place}" if what == "nothing" else f"tt{place:07}"), what)
        for place, (job, what) in enumerate(drawn, 1)
    ]


TABLES = st.lists(rows(), min_size=1, max_size=20).map(number)
OPTIONS = st.fixed_dictionaries(
    {
        name: st.booleans()
        for name in (
            *("simkl_anime_apart", "simkl_takes_anime", "simkl_null_lists", "simkl_not_found_ids"),
            *("simkl_counts_equal", "simkl_counts", "simkl_bare_removals"),
        )
    }
)


def deliver(
    server: SandboxServer, table: Sequence[tuple[RatingJob, str]], batch_size: int
) -> tuple[WorkerPool, dict[int, RowsOutcome]]:
    dates = Dates(datetime(2026, 9, 1, tzinfo=UTC))
    simkl = Simkl("http://127.0.0.1:1/simkl", "sandbox-client", "demo", dates, batch_size=batch_size)
    client = Client(server, without_limit(), server)
    return deliver_jobs(client, simkl, [job for job, _ in table])


@given(table=TABLES, options=OPTIONS, troubles=TROUBLES, batch_size=st.sampled_from([1, 3, 100]))
def test_no_success_is_told_that_did_not_happen(
    table: list[tuple[RatingJob, str]], options: dict[str, Any], troubles: list[str], batch_size: int
) -> None:
    anime = tuple(str(job.imdb_id) for job, what in table if what == "anime")
    with closing(SandboxServer({**options, "simkl_anime": anime}, troubles)) as server:
        pool, row_outcomes = deliver(server, table, batch_size)
        if pool.stopped_by is None:
            assert row_outcomes.keys() == {job.row for job, _ in table}
        for job, what in table:
            row_outcome = row_outcomes.get(job.row)
            stored = server.ratings_of(job.imdb_id)
            if row_outcome is None:
                told = job.row in pool.unconfirmed_rows
                assert told or not stored
            elif row_outcome.outcome.status.is_success:
                assert stored == ({job.rating} if job.rating else set())
                assert what != "nothing" or not job.rating


@example(
    # An echo without ids splits the section of anime, in which the second row is then not counted again.
    table=number([(build_job(rating=7), "nothing"), (build_job(rating=7), "anime")]),
    options={
        **dict.fromkeys(("simkl_takes_anime", "simkl_null_lists", "simkl_not_found_ids"), False),
        **dict.fromkeys(("simkl_counts_equal", "simkl_bare_removals"), False),
        **dict.fromkeys(("simkl_anime_apart", "simkl_counts"), True),
    },
    batch_size=3,
)
@given(table=TABLES, options=OPTIONS, batch_size=st.sampled_from([1, 3, 100]))
def test_without_trouble_every_row_has_the_one_outcome_that_is_true(
    table: list[tuple[RatingJob, str]], options: dict[str, Any], batch_size: int
) -> None:
    anime = tuple(str(job.imdb_id) for job, what in table if what == "anime")
    with closing(SandboxServer({**options, "simkl_anime": anime, "simkl_takes_anime": True}, [])) as server:
        pool, row_outcomes = deliver(server, table, batch_size)
        assert pool.stopped_by is None
        for job, what in table:
            good = Status.RATED if job.rating else Status.UNRATED
            is_silent = options["simkl_bare_removals"] and not job.rating
            expected = Status.NOT_FOUND if what == "nothing" and not is_silent else good
            if not options["simkl_counts"] and what != "title":
                # Where nothing is counted, a further section cannot be told from one that is ignored.
                assert row_outcomes[job.row].outcome.status in {expected, Status.NOT_FOUND}
                continue
            assert row_outcomes[job.row].outcome.status is expected
