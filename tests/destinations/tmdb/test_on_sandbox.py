"""TMDB against the sandbox."""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from importer.client.client import Client
from importer.destinations.tmdb.api import Tmdb
from importer.destinations.tmdb.find import TmdbFinder
from importer.destinations.tmdb.request import TmdbAccess
from importer.matching.cache import LookupCache
from importer.model import MediaKind, RatingJob, RowsOutcome, Status
from importer.progress import Progress
from importer.runs.find_ids import Finding
from importer.sandbox import SandboxOptions
from tests.builders import build_job
from tests.destinations.conformance import MOVIES, SHOW, UNKNOWN, DestinationConformance

TOKEN, KEY, SESSION = "sandbox-tmdb-token", "sandbox-tmdb-key", "sandbox-tmdb-session"
OZYMANDIAS = "tt2301451"
SHOW_NUMBER = 1396
RATED, NOT_FOUND = Status.RATED, Status.NOT_FOUND


class TmdbConformance(DestinationConformance):
    """The suite, with the step that gives rows their ids."""

    token, key, session = TOKEN, "", SESSION

    def build(self, url: str, *, password: str = "demo") -> Tmdb:
        is_right = password == "demo"
        token, key = (self.token and (self.token if is_right else "wrong"), self.key if is_right else "")
        access = TmdbAccess(f"{url}/tmdb", token, key or ("" if token else "wrong"), self.session)
        return Tmdb(access, "demo", love=10, hate=1)

    def options(self, faults: tuple[str, ...], **options: Any) -> SandboxOptions:
        # Its limit counts real seconds, and here time is hurried.
        return super().options(faults, **({"tmdb_rate": None} | options))

    async def prepare(
        self,
        jobs: Sequence[RatingJob],
        url: str,
        client: Client,
        take: Callable[[Sequence[RowsOutcome]], None],
    ) -> Sequence[RatingJob]:
        finder = TmdbFinder(self.build(url).access)
        with tempfile.TemporaryDirectory() as folder, LookupCache(Path(folder) / "cache.sqlite3") as cache:
            found = await Finding(finder, cache, client, 4, Progress()).fill_in(jobs)
        take([RowsOutcome([row], outcome, 1, 200, None, None) for row, outcome in found.outcomes])
        filled = {job.row: job for job in found.jobs}
        closed = {row for row, _ in found.outcomes}
        return [filled.get(job.row, job) for job in jobs if job.row not in closed]


class TestWithTokenAndSession(TmdbConformance):
    pass


class TestWithTokenAlone(TmdbConformance):
    session = ""


class TestWithKeyAndSession(TmdbConformance):
    token, key = "", KEY

    def test_episodes_are_rated_by_their_own_id_and_by_their_show(self) -> None:
        jobs = [
            build_job(1, kind=MediaKind.EPISODE, imdb_id=OZYMANDIAS, rating=10),
            build_job(2, kind=MediaKind.EPISODE, imdb_id=SHOW, season=1, episode=2, rating=7),
            build_job(3, kind=MediaKind.EPISODE, tmdb_id=SHOW_NUMBER, season=1, episode=3, rating=6),
            build_job(4, kind=MediaKind.EPISODE, tmdb_id=SHOW_NUMBER, season=77, episode=3, rating=6),
        ]
        result = self.deliver(jobs)
        assert list(result.statuses.values()) == [RATED, RATED, RATED, NOT_FOUND]
        assert sorted(result.stored.values()) == [6, 7, 10]
        assert result.stored[OZYMANDIAS] == 10

    def test_the_kind_is_what_the_answer_says(self) -> None:
        jobs = [
            build_job(1, kind=MediaKind.UNKNOWN, imdb_id=MOVIES[0], rating=9),
            build_job(2, kind=MediaKind.UNKNOWN, imdb_id=SHOW, rating=8),
            build_job(3, kind=MediaKind.MOVIE, imdb_id=MOVIES[1], rating=7),
        ]
        result = self.deliver(jobs, tmdb_as_shows=(MOVIES[1],))
        assert result.stored == {MOVIES[0]: 9, SHOW: 8, MOVIES[1]: 7}
        assert "POST tmdb/show/rating 201" in result.requests

    def test_two_answers_of_different_kinds_are_never_guessed(self) -> None:
        jobs = [
            build_job(1, kind=MediaKind.UNKNOWN, imdb_id=MOVIES[0]),
            build_job(2, imdb_id=MOVIES[0], second_kind=MediaKind.SHOW),
            build_job(3, imdb_id=MOVIES[0]),
        ]
        result = self.deliver(jobs, tmdb_ambiguous=(MOVIES[0],))
        assert result.statuses == {1: NOT_FOUND, 2: NOT_FOUND, 3: RATED}
        assert result.row_outcomes[1].outcome.reason == "ambiguous"

    def test_an_id_that_tmdb_does_not_link_is_not_found(self) -> None:
        result = self.deliver([build_job(1, imdb_id=MOVIES[0])], tmdb_unlinked=(MOVIES[0],))
        assert result.statuses == {1: NOT_FOUND}
        assert result.requests == ["GET tmdb/find 200"]

    def test_each_id_is_asked_for_once(self) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[row % 2], rating=row + 1) for row in range(4)]
        assert self.deliver(jobs).requests.count("GET tmdb/find 200") == 2

    def test_a_half_of_ten_arrives(self) -> None:
        job = build_job(1, imdb_id=MOVIES[0])._replace(rating="8.5")
        assert self.deliver([job]).stored == {MOVIES[0]: 8.5}

    @pytest.mark.parametrize("tells", [False, True])
    def test_a_removal_of_what_is_not_rated_is_done(self, tells: bool) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[row], rating=0) for row in range(2)]
        result = self.deliver(jobs, tmdb_tells_unrated=tells)
        assert set(result.statuses.values()) == {Status.UNRATED}

    def test_a_removal_of_an_unknown_title_is_not_a_failure(self) -> None:
        result = self.deliver([build_job(1, tmdb_id=987654321, rating=0)])
        assert result.statuses == {1: Status.UNRATED}

    def test_a_429_without_a_wait_pauses_all(self) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[row]) for row in range(6)]
        result = self.deliver(jobs, "429x3", "search:429x2")
        assert set(result.statuses.values()) == {RATED}

    def test_without_an_approved_session_the_run_stops(self) -> None:
        jobs = [build_job(row, tmdb_id=row + 1) for row in range(3)]
        self.session = ""
        result = self.deliver(jobs)
        assert "session" in str(result.stopped_by)
        assert not result.row_outcomes

    def test_an_unknown_title_is_not_asked_to_be_rated(self) -> None:
        assert self.deliver([build_job(1, imdb_id=UNKNOWN)]).requests == ["GET tmdb/find 200"]
