"""No row is called rated that TMDB did not store, whatever it answers and whatever gets lost.

The look-alike's own methods stand where the network would be. Rows get their ids as in a run, then the real
rules, pool and reader send them, while answers are spoilt or lost.
"""

import asyncio
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import orjson
from hypothesis import example, given
from hypothesis import strategies as st

from importer.client.client import Client
from importer.client.pool import WorkerPool
from importer.client.transport import Transport
from importer.destinations.titles import Found
from importer.destinations.tmdb.api import Tmdb
from importer.destinations.tmdb.find import TmdbFinder
from importer.destinations.tmdb.request import TmdbAccess
from importer.errors import ConnectionLostError, Loss, StopRunError
from importer.http import Request, Response
from importer.matching.cache import LookupCache
from importer.model import MediaKind, Outcome, RatingJob, Status
from importer.progress import Progress
from importer.runs.find_ids import Finding
from importer.sandbox import SandboxOptions
from importer.sandbox.catalogue import Catalogue
from importer.sandbox.shared import Shared
from importer.sandbox.store import Store
from importer.sandbox.titles import Kind
from importer.sandbox.tmdb.routes import build_routes
from tests.builders import build_job
from tests.destinations.conformance import MOVIES, SHOW
from tests.property.delivery import call_route, deliver_jobs, without_limit
from tests.virtual_time import run_in_virtual_time

OZYMANDIAS = "tt2301451"
ACCESS = TmdbAccess("http://127.0.0.1:1/tmdb", "sandbox-tmdb-token", "", "sandbox-tmdb-session")
LOST = ("lost", "answer lost")
SPOILT = ("html", "nothing", "null", "no code", "another code", "done but 500")
STATUSES = ("400", "401", "404", "429", "500", "502", "503")
TROUBLES = st.lists(st.sampled_from(["", "", "", *LOST, *SPOILT, *STATUSES]), max_size=20)
UNKNOWN = ("tt9999990", "tt9999991")
"""Ids that nobody has."""


class SandboxServer(Transport):
    """The look-alike's methods, called directly; `troubles` come first, one for each that is no reading."""

    def __init__(self, options: dict[str, Any], troubles: Sequence[str]) -> None:
        self.store = Store()
        self.close = self.store.close
        self._troubles = list(troubles)
        shared = Shared(self.store, Catalogue(), lambda: 1_700_000_000.0)
        self._routes = build_routes(SandboxOptions(**options), shared)

    async def send(self, request: Request) -> Response:
        await asyncio.sleep(0.1)
        is_spoilt = self._troubles and "/account" not in request.url
        trouble = self._troubles.pop(0) if is_spoilt else ""
        if trouble == "lost":
            raise ConnectionLostError(Loss.TIMEOUT)
        if trouble.isdigit():
            return Response(int(trouble), {}, b"")
        answer = call_route(self._routes, request)
        if trouble == "answer lost":
            raise ConnectionLostError(Loss.DROPPED)
        return spoil(answer, trouble)

    def stored(self) -> dict[str, float]:
        """The ratings by the title's name, which for an episode has its show's and its numbers."""
        found = (each for kind in Kind for each in self.store.ratings("demo", kind))
        return {each.title.key: each.rating for each in found}


def spoil(answer: Response, trouble: str) -> Response:
    """The answer after the work was done, changed so that it says less; it never says what is not so."""
    if trouble == "html":
        return Response(200, {"Content-Type": "text/html"}, b"<html></html>")
    if trouble in {"nothing", "null"}:
        return answer._replace(body=b"" if trouble == "nothing" else b"null")
    if trouble == "done but 500":
        return Response(500, {}, b"")
    if trouble in {"no code", "another code"}:
        content = orjson.loads(answer.body)
        content = {"success": True} | ({"status_code": 99} if trouble == "another code" else {})
        return answer._replace(body=orjson.dumps(content))
    return answer


class MemoryCache(LookupCache):
    """The cache, in memory."""

    def __init__(self) -> None:
        self._kept: dict[str, Found] = {}

    def get(self, question: str) -> Found | None:
        return self._kept.get(question)

    def put(self, question: str, found: Found) -> None:
        self._kept[question] = found


TITLES: dict[str, tuple[dict[str, Any], str]] = {
    "movie": ({"kind": MediaKind.MOVIE, "imdb_id": MOVIES[0]}, f"imdb_id:{MOVIES[0]}"),
    "movie of no kind": ({"kind": MediaKind.UNKNOWN, "imdb_id": MOVIES[1]}, f"imdb_id:{MOVIES[1]}"),
    "movie by number": ({"kind": MediaKind.MOVIE, "tmdb_id": 155}, f"imdb_id:{MOVIES[2]}"),
    "movie, perhaps a show": (
        {"kind": MediaKind.MOVIE, "second_kind": MediaKind.SHOW, "imdb_id": MOVIES[3]},
        f"imdb_id:{MOVIES[3]}",
    ),
    "show": ({"kind": MediaKind.SHOW, "imdb_id": SHOW}, f"imdb_id:{SHOW}"),
    "episode": ({"kind": MediaKind.EPISODE, "imdb_id": OZYMANDIAS}, f"imdb_id:{SHOW}/5x14"),
    "episode by number": (
        {"kind": MediaKind.EPISODE, "imdb_id": SHOW, "season": 1, "episode": 2},
        f"imdb_id:{SHOW}/1x2",
    ),
    "unknown movie": ({"kind": MediaKind.MOVIE, "imdb_id": UNKNOWN[0]}, ""),
    "unknown of no kind": ({"kind": MediaKind.UNKNOWN, "imdb_id": UNKNOWN[1]}, ""),
    "unknown number": ({"kind": MediaKind.MOVIE, "tmdb_id": 987_654_321}, ""),
}


@st.composite
def tables(draw: st.DrawFn) -> list[tuple[RatingJob, str]]:
    names = draw(st.lists(st.sampled_from(sorted(TITLES)), min_size=1, unique=True))
    return [
        (build_job(row, **TITLES[name][0], rating=draw(st.sampled_from([0, 7, 8, "8.5"]))), TITLES[name][1])
        for row, name in enumerate(names, 1)
    ]


OPTIONS = st.fixed_dictionaries(
    {
        "tmdb_tells_unrated": st.booleans(),
        "tmdb_ambiguous": st.sampled_from([(), MOVIES, (MOVIES[1],), (SHOW,)]),
        "tmdb_unlinked": st.sampled_from([(), (MOVIES[0],), (OZYMANDIAS,), (SHOW,)]),
    }
)


def deliver(
    server: SandboxServer, table: Sequence[tuple[RatingJob, str]], workers: int
) -> tuple[WorkerPool | None, dict[int, Outcome]]:
    """Find ids and send; without a pool the run stopped before anything was sent."""
    client, jobs = Client(server, without_limit()), [job for job, _ in table]
    finding = Finding(TmdbFinder(ACCESS), MemoryCache(), client, workers, Progress())
    try:
        found = run_in_virtual_time(finding.fill_in(jobs))
    except StopRunError:
        return None, {}
    filled, outcomes = {job.row: job for job in found.jobs}, dict(found.outcomes)
    ready = [filled.get(job.row, job) for job in jobs if job.row not in outcomes]
    pool, sent = deliver_jobs(client, Tmdb(ACCESS, "demo"), ready, workers=workers)
    return pool, outcomes | {row: each.outcome for row, each in sent.items()}


def rate_before(server: SandboxServer, table: Sequence[tuple[RatingJob, str]]) -> None:
    """Some removals find a rating to remove, some do not."""
    catalogue = Catalogue()
    for title in (
        *catalogue.titles(Kind.MOVIE),
        *catalogue.titles(Kind.SHOW),
        *catalogue.titles(Kind.EPISODE),
    ):
        if any(not job.rating and key == title.key for job, key in table[::2]):
            server.store.put_rating("demo", title, 5)


@given(table=tables(), options=OPTIONS, troubles=TROUBLES, workers=st.integers(1, 3))
@example([(build_job(1, imdb_id=MOVIES[0]), f"imdb_id:{MOVIES[0]}")], {}, ["", "another code"], 1)
@example([(build_job(1, tmdb_id=155, rating=0), f"imdb_id:{MOVIES[2]}")], {}, ["another code"], 1)
def test_no_success_is_told_that_did_not_happen(
    table: list[tuple[RatingJob, str]], options: dict[str, Any], troubles: list[str], workers: int
) -> None:
    with closing(SandboxServer(options, troubles)) as server:
        rate_before(server, table)
        before = server.stored()
        pool, outcomes = deliver(server, table, workers)
        stored = server.stored()
        if pool is None:
            assert stored == before
            return
        if pool.stopped_by is None:
            assert outcomes.keys() == {job.row for job, _ in table}
        for job, key in table:
            outcome, wanted = outcomes.get(job.row), float(job.rating) if job.rating else None
            if outcome is None:
                assert job.row in pool.unconfirmed_rows or stored.get(key) == before.get(key)
            elif outcome.status.is_success:
                assert stored.get(key) == wanted
        assert stored.keys() <= before.keys() | {key for _, key in table}  # nothing else was touched


@given(table=tables(), workers=st.integers(1, 3), tells=st.booleans())
def test_without_trouble_every_row_has_the_one_outcome_that_is_true(
    table: list[tuple[RatingJob, str]], workers: int, tells: bool
) -> None:
    with closing(SandboxServer({"tmdb_tells_unrated": tells}, [])) as server:
        pool, outcomes = deliver(server, table, workers)
        assert pool is not None
        assert pool.stopped_by is None
        for job, key in table:
            if key:
                expected = {Status.RATED if job.rating else Status.UNRATED}
            else:
                # The removal of a title that nobody knows: it has no rating, as its list shows.
                expected = {Status.NOT_FOUND} | ({Status.UNRATED} if not job.rating else set())
            assert outcomes[job.row].status in expected
            assert server.stored().get(key) == (float(job.rating) if job.rating and key else None)
