"""MDBList against the sandbox."""

from datetime import UTC, datetime
from typing import Any

import pytest

from importer.destinations.dates import Dates
from importer.destinations.mdblist.api import Mdblist
from importer.model import MediaKind, RatingJob, Status
from importer.sandbox import SandboxOptions
from tests.builders import build_job
from tests.destinations.conformance import MOVIES, SHOW, UNKNOWN, DestinationConformance

KEY = "sandbox-mdblist-key"
OTHER_SHOW = "tt0306414"
RATED, NOT_FOUND = Status.RATED, Status.NOT_FOUND
ANSWERS = ("schema", "sample", "added", "lists", "none")


class TestMdblist(DestinationConformance):
    batch_size = 100

    def build(self, url: str, *, password: str = "demo") -> Mdblist:
        key = KEY if password == "demo" else "wrong"
        dates = Dates(datetime.now(UTC))
        return Mdblist(f"{url}/mdblist", key, "demo", dates, love=10, hate=1, batch_size=self.batch_size)

    def options(self, faults: tuple[str, ...], **options: Any) -> SandboxOptions:
        # Its limits count real seconds, and here time is hurried.
        unlimited = {"mdblist_write_rate": None, "mdblist_read_rate": None}
        return super().options(faults, **(unlimited | options))

    def test_seasons_and_episodes_are_rated_by_their_show_and_number(self) -> None:
        jobs = [
            build_job(1, kind=MediaKind.EPISODE, imdb_id=SHOW, season=5, episode=14, rating=10),
            build_job(2, kind=MediaKind.EPISODE, imdb_id=SHOW, season=5, episode=15, rating=9),
            build_job(3, kind=MediaKind.EPISODE, imdb_id=SHOW, season=1, episode=1, rating=8),
            build_job(4, kind=MediaKind.EPISODE, imdb_id=OTHER_SHOW, season=1, episode=1, rating=7),
            build_job(5, kind=MediaKind.SEASON, imdb_id=SHOW, season=5, rating=6),
            build_job(6, kind=MediaKind.SEASON, imdb_id=SHOW, season=0, rating=5),
            build_job(7, kind=MediaKind.SHOW, imdb_id=SHOW, rating=4),
        ]
        result = self.deliver(jobs)
        assert result.statuses == dict.fromkeys(range(1, 8), RATED)
        assert sorted(result.stored.values()) == [4, 5, 6, 7, 8, 9, 10]

    @pytest.mark.parametrize("answers", ANSWERS)
    @pytest.mark.parametrize("counts_equal", [True, False])
    @pytest.mark.parametrize("paging", ["cursor", "offset", "sample", "cursor-then-offset"])
    def test_whatever_is_counted_each_row_is_told_what_became_of_it(
        self, answers: str, counts_equal: bool, paging: str
    ) -> None:
        jobs = [
            *(build_job(row, imdb_id=MOVIES[row % 6], rating=row % 6 + 1) for row in range(12)),
            build_job(12, imdb_id=UNKNOWN),
            build_job(13, imdb_id="tt9999998"),
            build_job(14, kind=MediaKind.EPISODE, imdb_id=SHOW, season=5, episode=14, rating=10),
            build_job(15, kind=MediaKind.EPISODE, imdb_id=SHOW, season=99, episode=1, rating=10),
        ]
        result = self.deliver(
            jobs,
            mdblist_answers=answers,
            mdblist_counts_equal=counts_equal,
            mdblist_counts_under_shows=counts_equal,
            mdblist_paging=paging,
            mdblist_page_limit=2,
            mdblist_text_ids=counts_equal,
            mdblist_inline_episodes=not counts_equal,
        )
        missing = [result.statuses[row] for row in (12, 13, 15)]
        assert [result.statuses[row] for row in (*range(12), 14)] == [RATED] * 13
        # Where no answer says that a title is not found, no row says it either.
        silent = answers in {"sample", "added", "none"}
        assert missing == [Status.UNCONFIRMED if silent else NOT_FOUND] * 3

    def test_what_the_account_shows_is_not_sent_again(self) -> None:
        jobs = self._movies_but(3)
        result = self.deliver(jobs)
        assert result.statuses[3] is NOT_FOUND
        assert list(result.statuses.values()).count(RATED) == 5
        posts = [each for each in result.requests if each.startswith("POST")]
        assert posts == ["POST mdblist/sync/ratings 200"] * 2
        assert len(result.requests) == 3

    def test_an_answer_that_leaves_no_choice_needs_no_reading(self) -> None:
        jobs = self._movies_but()
        assert self.deliver(jobs).requests == ["POST mdblist/sync/ratings 200"]
        jobs = self._movies_but(*range(6))
        result = self.deliver(jobs)
        assert set(result.statuses.values()) == {NOT_FOUND}
        assert result.requests == ["POST mdblist/sync/ratings 200"]

    def test_if_the_account_cannot_be_read_the_batch_is_halved(self) -> None:
        result = self.deliver(self._movies_but(3), "read:404@1-")
        assert result.statuses[3] is NOT_FOUND
        assert list(result.statuses.values()).count(RATED) == 5

    def test_a_removal_of_what_is_not_rated_is_done(self) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[row], rating=0) for row in range(3)]
        assert set(self.deliver(jobs).statuses.values()) == {Status.UNRATED}

    @pytest.mark.parametrize("answers", ANSWERS)
    def test_removals_arrive_whatever_is_counted(self, answers: str) -> None:
        rated = [build_job(row, imdb_id=MOVIES[row], rating=9) for row in range(3)]
        removed = [job._replace(row=job.row + 3, rating=0) for job in rated[:2]]
        result = self.deliver([*rated, *removed], workers=1, mdblist_answers=answers)
        assert [result.statuses[row] for row in (3, 4)] == [Status.UNRATED] * 2
        assert result.stored == {MOVIES[2]: 9}

    def test_a_day_without_requests_left_stops_the_run(self) -> None:
        self.batch_size = 2
        result = self.deliver(self._movies_but(), workers=1, mdblist_day_limit=1)
        assert "midnight UTC" in str(result.stopped_by)
        assert list(result.statuses.values()) == [RATED] * 2
        assert len(result.stored) == 2
        assert not result.unconfirmed_rows

    def test_a_whole_batch_is_refused_for_one_row_and_the_others_are_rated(self) -> None:
        result = self.deliver(self._movies_but(), "400", workers=1)
        assert set(result.statuses.values()) == {RATED}

    @staticmethod
    def _movies_but(*unknown: int) -> list[RatingJob]:
        """Six movies, of which these rows are unknown."""
        return [
            build_job(row, imdb_id=f"tt999000{row}" if row in unknown else MOVIES[row]) for row in range(6)
        ]
