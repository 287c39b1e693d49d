"""Today's Trakt API against the sandbox, signed in."""

import time
from datetime import UTC, datetime
from typing import Any

import pytest

from importer.destinations.dates import Dates
from importer.destinations.trakt.api import TraktV2
from importer.errors import AccountLimitError, AuthorizationError
from importer.model import MediaKind, RatingJob, Status
from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.trakt.tokens import Tokens
from tests.builders import build_job
from tests.destinations.conformance import MOVIES, SHOW, UNKNOWN, DestinationConformance

OTHER_SHOW = "tt0306414"
PILOT = "tt0959621"
RATED, NOT_FOUND = Status.RATED, Status.NOT_FOUND


class SandboxTokens:
    """A sign-in that went well, on the sandbox's own books; with a wrong password, one that did not."""

    def __init__(self, sandbox: Sandbox, *, is_good: bool) -> None:
        self._books = Tokens(sandbox.store, 604_800, time.time)
        self._pair = self._books.issue("demo")
        self._is_good = is_good
        self.renewals = 0

    async def access_token(self) -> str:
        return self._pair.access_token if self._is_good else "wrong"

    async def renew(self, stale: str) -> None:
        if stale == self._pair.access_token:
            pair = self._books.refresh(self._pair.refresh_token)
            assert pair is not None
            self._pair = pair
            self.renewals += 1


class TestTraktV2(DestinationConformance):
    batch_size = 100
    tokens: SandboxTokens

    def build(self, url: str, *, password: str = "demo") -> TraktV2:
        dates = Dates(datetime.now(UTC))
        return TraktV2(url, "sandbox-client", "demo", dates, love=10, hate=1, batch_size=self.batch_size)

    def sign_in(self, sandbox: Sandbox, password: str) -> SandboxTokens:
        self.tokens = SandboxTokens(sandbox, is_good=password == "demo")
        return self.tokens

    def options(self, faults: tuple[str, ...], **options: Any) -> SandboxOptions:
        # Its limits count real seconds, and here time is hurried.
        return super().options(faults, post_rate=None, get_rate=None, **options)

    # Kinds, and ways to name a title

    def test_an_episode_is_rated_by_its_own_imdb_id(self) -> None:
        result = self.deliver([build_job(1, kind=MediaKind.EPISODE, imdb_id=PILOT, rating=9)])
        assert result.statuses == {1: RATED}
        assert result.stored == {PILOT: 9}

    @pytest.mark.parametrize("episode", [None, 14])
    def test_a_season_or_an_episode_is_rated_by_its_shows_id_and_number(self, episode: int | None) -> None:
        kind = MediaKind.SEASON if episode is None else MediaKind.EPISODE
        job = build_job(1, kind=kind, imdb_id=SHOW, season=5, episode=episode, rating=10)
        result = self.deliver([job])
        assert result.statuses == {1: RATED}
        assert list(result.stored.values()) == [10]
        assert SHOW not in result.stored

    def test_an_episode_that_was_never_made_is_not_found_and_its_neighbour_is_rated(self) -> None:
        job = build_job(1, kind=MediaKind.EPISODE, imdb_id=SHOW, season=1, episode=1)
        result = self.deliver([job, job._replace(row=2, episode=999)])
        assert result.statuses == {1: RATED, 2: NOT_FOUND}

    def test_love_and_hate_are_the_numbers_the_user_said(self) -> None:
        jobs = [
            build_job(1, imdb_id=MOVIES[0], rating="love"),
            build_job(2, imdb_id=MOVIES[1], rating="hate"),
        ]
        assert self.deliver(jobs).stored == {MOVIES[0]: 10, MOVIES[1]: 1}

    def test_unrating_has_a_path_of_its_own(self) -> None:
        jobs = [
            build_job(1, imdb_id=MOVIES[0], rating=9),
            build_job(2, imdb_id=MOVIES[1], rating=0),
            build_job(3, imdb_id=UNKNOWN, rating=0),
        ]
        result = self.deliver(jobs, workers=1)
        assert result.statuses == {1: RATED, 2: Status.UNRATED, 3: NOT_FOUND}
        assert result.requests == ["POST sync/ratings 201", "POST sync/ratings/remove 200"]

    # Not found

    @staticmethod
    def _alike_but(*unknown: int) -> list[RatingJob]:
        """Six movies, of which these rows are unknown."""
        return [
            build_job(row, imdb_id=f"tt999000{row}" if row in unknown else MOVIES[row]) for row in range(6)
        ]

    def test_not_found_without_ids_is_known_by_a_rating_that_no_other_row_has(self) -> None:
        jobs = self._alike_but(4)
        jobs[4] = jobs[4]._replace(rating=3)
        result = self.deliver(jobs, not_found_ids=False)
        assert result.statuses == dict.fromkeys(range(6), RATED) | {4: NOT_FOUND}
        assert result.requests == ["POST sync/ratings 201"]

    @pytest.mark.parametrize("unknown", [(0,), (5,), (1, 2), (0, 2, 4), (0, 1, 2, 3, 4, 5)])
    def test_not_found_without_ids_of_rows_all_alike_is_found_out_by_halves(
        self, unknown: tuple[int, ...]
    ) -> None:
        result = self.deliver(self._alike_but(*unknown), not_found_ids=False)
        assert result.statuses == dict.fromkeys(range(6), RATED) | dict.fromkeys(unknown, NOT_FOUND)
        assert result.stored.keys() == {MOVIES[row] for row in range(6) if row not in unknown}

    def test_contested_titles_are_tried_in_their_other_kind_once_in_one_follow_up_request(self) -> None:
        ids = [SHOW, MOVIES[0], OTHER_SHOW, UNKNOWN]
        jobs = [
            build_job(row, kind=MediaKind.MOVIE, second_kind=MediaKind.SHOW, imdb_id=imdb_id, rating=row + 5)
            for row, imdb_id in enumerate(ids)
        ]
        result = self.deliver(jobs)
        assert result.statuses == {0: RATED, 1: RATED, 2: RATED, 3: NOT_FOUND}
        assert [result.row_outcomes[row].outcome.reason for row in range(3)] == [
            "other_kind",
            "",
            "other_kind",
        ]
        assert result.stored == {SHOW: 5, MOVIES[0]: 6, OTHER_SHOW: 7}
        assert result.requests == ["POST sync/ratings 201"] * 2

    def test_follow_up_requests_of_both_ways_are_one_each(self) -> None:
        jobs = [
            build_job(1, kind=MediaKind.MOVIE, second_kind=MediaKind.SHOW, imdb_id=SHOW),
            build_job(2, kind=MediaKind.SHOW, second_kind=MediaKind.MOVIE, imdb_id=MOVIES[0]),
            build_job(3, kind=MediaKind.MOVIE, second_kind=MediaKind.SHOW, imdb_id=OTHER_SHOW, rating=0),
        ]
        result = self.deliver(jobs)
        assert result.statuses == {1: RATED, 2: RATED, 3: Status.UNRATED}
        assert sorted(result.requests) == [
            *["POST sync/ratings 201"] * 4,
            *["POST sync/ratings/remove 200"] * 2,
        ]

    def test_a_title_of_an_unknown_kind_is_tried_in_each_kind(self) -> None:
        ids = [MOVIES[0], SHOW, PILOT, UNKNOWN]
        jobs = [build_job(row, kind=MediaKind.UNKNOWN, imdb_id=imdb_id) for row, imdb_id in enumerate(ids)]
        result = self.deliver(jobs)
        assert result.statuses == {0: RATED, 1: RATED, 2: RATED, 3: NOT_FOUND}
        assert result.requests == ["POST sync/ratings 201"] * 3

    # Refusals and stops

    @pytest.mark.parametrize("fault", ["400", "413", "422"])
    def test_a_refusal_of_the_whole_request_is_halved_until_all_who_can_are_rated(self, fault: str) -> None:
        result = self.deliver(self._alike_but(), f"{fault}@1-3", workers=1)
        # Requests 1 to 3 are the whole, its first half, and the first row of that.
        assert result.statuses == dict.fromkeys(range(6), RATED) | {0: Status.REJECTED}

    def test_420_halves_down_to_the_last_place_and_then_stops(self) -> None:
        self.batch_size = 2
        result = self.deliver(self._alike_but(), rating_cap=3, workers=1)
        assert isinstance(result.stopped_by, AccountLimitError)
        assert "3 ratings" in str(result.stopped_by)
        assert "https://trakt.tv/vip" in str(result.stopped_by)
        assert result.statuses == {0: RATED, 1: RATED, 2: RATED}
        assert result.unconfirmed_rows == set()
        assert result.requests == [f"POST sync/ratings {status}" for status in (201, 420, 201, 420)]

    def test_an_app_that_is_not_approved_stops_the_run(self) -> None:
        result = self.deliver(self._alike_but(), approved=False)
        assert isinstance(result.stopped_by, AuthorizationError)
        assert "not approved" in str(result.stopped_by)
        assert result.statuses == {}

    # Tokens

    @pytest.mark.parametrize("position", ["@1", "@2"])
    def test_a_token_that_expires_is_renewed_once_and_costs_no_row(self, position: str) -> None:
        self.batch_size = 2
        result = self.deliver(self._alike_but(), f"expire{position}", workers=2)
        assert result.statuses == dict.fromkeys(range(6), RATED)
        assert len(result.stored) == 6
        assert self.tokens.renewals == 1

    def test_no_request_is_sent_a_third_time_with_a_sign_in_that_does_not_hold(self) -> None:
        result = self.deliver(self._alike_but(), password="wrong")
        assert isinstance(result.stopped_by, AuthorizationError)
        assert result.requests == ["POST sync/ratings 401"] * 2
        assert (result.statuses, result.unconfirmed_rows) == ({}, set())
