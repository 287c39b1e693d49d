"""Simkl's API against the sandbox, signed in."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from importer.destinations.dates import Dates
from importer.destinations.simkl.api import Simkl
from importer.errors import AuthorizationError, StopRunError
from importer.model import MediaKind, RatingJob, Status
from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.simkl.tokens import Tokens
from tests.builders import build_job
from tests.destinations.conformance import MOVIES, SHOW, UNKNOWN, DestinationConformance

RATED, NOT_FOUND = Status.RATED, Status.NOT_FOUND
SCOPE = "media:read media:write"
ADD, REMOVE = "POST simkl/sync/ratings", "POST simkl/sync/ratings/remove"


class SandboxTokens:
    """A sign-in that went well, on the sandbox's own books; with a wrong password, one that did not."""

    def __init__(self, sandbox: Sandbox, *, is_good: bool, scope: str) -> None:
        self._books = Tokens(sandbox.store, 604_800, time.time)
        self._pair = dict(self._books.issue("demo", scope))
        self._is_good = is_good
        self.renewals = 0

    async def access_token(self) -> str:
        return str(self._pair["access_token"]) if self._is_good else "wrong"

    async def renew(self, stale: str) -> None:
        if stale == self._pair["access_token"]:
            renewed = self._books.refresh(self._pair["refresh_token"])
            assert renewed is not None
            self._pair |= renewed
            self.renewals += 1


class TestSimkl(DestinationConformance):
    batch_size = 100
    scope = SCOPE
    tokens: SandboxTokens

    def build(self, url: str, *, password: str = "demo") -> Simkl:
        dates = Dates(datetime.now(UTC))
        return Simkl(
            f"{url}/simkl", "sandbox-client", "demo", dates, love=10, hate=1, batch_size=self.batch_size
        )

    def sign_in(self, sandbox: Sandbox, password: str) -> SandboxTokens:
        self.tokens = SandboxTokens(sandbox, is_good=password == "demo", scope=self.scope)
        return self.tokens

    def options(self, faults: tuple[str, ...], **options: Any) -> SandboxOptions:
        # Its limits count real seconds, and here time is hurried.
        return super().options(faults, simkl_post_rate=None, simkl_get_rate=None, **options)

    @staticmethod
    def _movies_but(*unknown: int) -> list[RatingJob]:
        """Six movies, of which these rows are unknown."""
        return [
            build_job(row, imdb_id=f"tt999000{row}" if row in unknown else MOVIES[row]) for row in range(6)
        ]

    # Kinds, and ways to name a title

    @pytest.mark.parametrize("ids", [{"tmdb_id": 278}, {"imdb_id": MOVIES[0], "tmdb_id": 278}])
    def test_a_movie_is_rated_by_any_of_its_ids(self, ids: dict[str, Any]) -> None:
        result = self.deliver([build_job(1, rating=9, **ids)])
        assert result.stored == {MOVIES[0]: 9}

    def test_a_title_of_an_unknown_kind_is_tried_in_each_section(self) -> None:
        ids = [MOVIES[0], SHOW, UNKNOWN]
        jobs = [build_job(row, kind=MediaKind.UNKNOWN, imdb_id=imdb_id) for row, imdb_id in enumerate(ids)]
        result = self.deliver(jobs)
        assert result.statuses == {0: RATED, 1: RATED, 2: NOT_FOUND}
        assert result.row_outcomes[1].outcome.reason == "other_kind"
        assert result.requests == [f"{ADD} 201"] * 3

    @pytest.mark.parametrize("apart", [True, False])
    def test_an_anime_is_found_in_its_own_section_or_in_the_others(self, apart: bool) -> None:
        jobs = [
            build_job(1, imdb_id=MOVIES[0]),
            build_job(2, imdb_id=MOVIES[1]),
            build_job(3, kind=MediaKind.SHOW, imdb_id=SHOW),
        ]
        anime = (MOVIES[0], SHOW)
        result = self.deliver(jobs, simkl_anime=anime, simkl_anime_apart=apart)
        assert result.statuses == {1: RATED, 2: RATED, 3: RATED}
        assert result.stored == {MOVIES[0]: 8, MOVIES[1]: 8, SHOW: 8}
        assert result.requests == [f"{ADD} 201"] * (3 if apart else 2)

    def test_unrating_has_a_path_of_its_own_and_tries_anime_too(self) -> None:
        jobs = [
            build_job(1, imdb_id=MOVIES[0], rating=9),
            build_job(2, imdb_id=MOVIES[0], rating=0),
            build_job(3, imdb_id=UNKNOWN, rating=0),
        ]
        result = self.deliver(jobs, workers=1, simkl_anime=(MOVIES[0],))
        assert result.statuses == {1: RATED, 2: Status.UNRATED, 3: NOT_FOUND}
        assert result.requests.count(f"{REMOVE} 201") == 2

    def test_love_and_hate_are_the_numbers_the_user_said(self) -> None:
        jobs = [
            build_job(1, imdb_id=MOVIES[0], rating="love"),
            build_job(2, imdb_id=MOVIES[1], rating="hate"),
        ]
        assert self.deliver(jobs).stored == {MOVIES[0]: 10, MOVIES[1]: 1}

    # Not found, not counted

    @pytest.mark.parametrize("unknown", [(0,), (5,), (1, 2), (0, 2, 4), (0, 1, 2, 3, 4, 5)])
    def test_not_found_without_ids_of_rows_all_alike_is_found_out_by_halves(
        self, unknown: tuple[int, ...]
    ) -> None:
        result = self.deliver(self._movies_but(*unknown), simkl_not_found_ids=False)
        assert result.statuses == dict.fromkeys(range(6), RATED) | dict.fromkeys(unknown, NOT_FOUND)
        assert result.stored.keys() == {MOVIES[row] for row in range(6) if row not in unknown}

    def test_what_is_not_counted_is_read_back_and_costs_no_halving(self) -> None:
        result = self.deliver(self._movies_but(), simkl_counts=False)
        assert result.statuses == dict.fromkeys(range(6), RATED)
        assert {each.outcome.reason for each in result.row_outcomes.values()} == {"verified"}
        lists = ["GET simkl/sync/activities 200", *["GET simkl/sync/ratings 200"] * 2]
        assert result.requests == [f"{ADD} 201", *lists]

    def test_an_equal_rating_that_is_not_counted_again_is_rated(self) -> None:
        result = self.deliver(self._movies_but(2), "reset-after", simkl_counts_equal=False)
        assert result.statuses == dict.fromkeys(range(6), RATED) | {2: NOT_FOUND}

    def test_a_section_of_anime_that_is_not_known_costs_one_request(self) -> None:
        result = self.deliver(self._movies_but(2, 4), simkl_takes_anime=False)
        assert result.statuses == dict.fromkeys(range(6), RATED) | {2: NOT_FOUND, 4: NOT_FOUND}
        assert result.requests == [f"{ADD} 201"] * 2

    def test_a_removal_that_is_answered_by_nothing_is_looked_for(self) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[row], rating=0) for row in range(3)]
        result = self.deliver(jobs, simkl_bare_removals=True)
        assert result.statuses == dict.fromkeys(range(3), Status.UNRATED)
        assert result.requests.count(f"{REMOVE} 200") == 2  # movies, then anime

    # Refusals and stops

    @pytest.mark.parametrize("fault", ["400", "413", "422"])
    def test_a_refusal_of_the_whole_request_is_halved_until_all_who_can_are_rated(self, fault: str) -> None:
        result = self.deliver(self._movies_but(), f"{fault}@1-3", workers=1)
        # Requests 1 to 3 are the whole, its first half, and the first row of that.
        assert result.statuses == dict.fromkeys(range(6), RATED) | {0: Status.REJECTED}

    @pytest.mark.parametrize("fault", ["409", "423"])
    def test_a_lock_is_waited_for(self, fault: str) -> None:
        result = self.deliver(self._movies_but(), fault)
        assert result.statuses == dict.fromkeys(range(6), RATED)
        assert len(result.requests) == 2

    def test_a_lock_that_each_write_leaves_behind_is_waited_for(self) -> None:
        self.batch_size = 3
        # A fifth of a second of the server's own time is twenty of the client's.
        result = self.deliver(self._movies_but(), workers=1, simkl_lock_seconds=0.2)
        assert result.statuses == dict.fromkeys(range(6), RATED)
        assert f"{ADD} 400" in result.requests

    def test_the_end_of_the_days_requests_stops_the_run_and_says_when_there_are_new_ones(self) -> None:
        self.batch_size = 2
        result = self.deliver(self._movies_but(), workers=1, simkl_day_quota=2)
        assert isinstance(result.stopped_by, StopRunError)
        assert result.stopped_by.exit_code == 3
        assert "there are new ones at 2" in str(result.stopped_by)
        assert str(result.stopped_by).endswith("UTC. The same command then goes on.")
        assert result.statuses == dict.fromkeys(range(4), RATED)
        assert result.unconfirmed_rows == set()
        assert result.requests == [f"{ADD} 201", f"{ADD} 201", f"{ADD} 429"]

    def test_a_sign_in_that_may_only_read_stops_the_run(self) -> None:
        self.scope = "media:read"
        result = self.deliver(self._movies_but())
        assert isinstance(result.stopped_by, AuthorizationError)
        assert "may read at Simkl but not rate" in str(result.stopped_by)
        assert (result.statuses, result.unconfirmed_rows) == ({}, set())

    def test_an_app_that_is_not_known_stops_the_run_at_once(self) -> None:
        result = self.deliver(self._movies_but(), simkl_client_id="another")
        assert isinstance(result.stopped_by, AuthorizationError)
        assert "IMPORTER_SIMKL_CLIENT_ID" in str(result.stopped_by)
        assert result.requests == [f"{ADD} 412"]

    # Tokens

    @pytest.mark.parametrize("position", ["@1", "@2"])
    def test_a_token_that_expires_is_renewed_once_and_costs_no_row(self, position: str) -> None:
        self.batch_size = 2
        result = self.deliver(self._movies_but(), f"expire{position}", workers=1)
        assert result.statuses == dict.fromkeys(range(6), RATED)
        assert len(result.stored) == 6
        assert self.tokens.renewals == 1

    def test_no_request_is_sent_a_third_time_with_a_sign_in_that_does_not_hold(self) -> None:
        result = self.deliver(self._movies_but(), password="wrong", workers=1)
        assert isinstance(result.stopped_by, AuthorizationError)
        assert result.requests == [f"{ADD} 401"] * 2
        assert (result.statuses, result.unconfirmed_rows) == ({}, set())
