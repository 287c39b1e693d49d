"""Trakt's original API against the sandbox: single requests, and bulk."""

import hashlib

from importer.destinations.trakt_v1.api import TraktV1
from importer.model import MediaKind, Status
from tests.builders import build_job
from tests.destinations.conformance import MOVIES, SHOW, DestinationConformance


class _OnSandbox(DestinationConformance):
    bulk = False

    def build(self, url: str, *, password: str = "demo") -> TraktV1:
        digest = hashlib.sha1(password.encode()).hexdigest()
        return TraktV1(url, "demo", "sandbox-key", digest, bulk=self.bulk)

    def test_an_episode_is_rated_by_its_shows_id_and_number(self) -> None:
        job = build_job(1, kind=MediaKind.EPISODE, imdb_id=SHOW, season=5, episode=14, rating=10)
        assert self.deliver([job]).statuses == {1: Status.RATED}

    def test_love_and_hate_are_taken(self) -> None:
        jobs = [
            build_job(1, imdb_id=MOVIES[0], rating="love"),
            build_job(2, imdb_id=MOVIES[1], rating="hate"),
        ]
        assert self.deliver(jobs).statuses == {1: Status.RATED, 2: Status.RATED}


class TestSingle(_OnSandbox):
    def test_a_lost_answer_is_looked_up_and_not_posted_to_the_feed_twice(self) -> None:
        result = self.deliver([build_job(1, imdb_id=MOVIES[0])], "reset-after")
        assert result.statuses == {1: Status.RATED}
        assert result.row_outcomes[1].outcome.reason == "verified"
        assert result.posts == 1


class TestBulk(_OnSandbox):
    bulk = True

    def test_nothing_is_posted_to_the_feed(self) -> None:
        jobs = [build_job(row, imdb_id=MOVIES[row]) for row in range(6)]
        assert self.deliver(jobs).posts == 0
