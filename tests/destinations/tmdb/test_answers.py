"""What each answer of TMDB means, line by line of its list of status codes. No event loop."""

from typing import Any

import pytest

from importer.destinations.decisions import RATED, UNRATED, BatchDecision, Done, Effect, Retry, Stop
from importer.destinations.policies import SERVER_ERROR
from importer.destinations.tmdb.answers import MISSING, NONSENSE, NOT_COUNTED, NOT_REMOVED, OVERLOADED
from importer.destinations.tmdb.api import Tmdb
from importer.destinations.tmdb.request import TmdbAccess
from importer.destinations.tmdb.trouble import RATE_LIMITED
from importer.errors import AuthorizationError, ConnectionLostError, Loss, Remedy
from importer.http import Response
from importer.model import Batch, Outcome, Status
from tests.builders import build_answer, build_batch, build_job

SECRETS = ("T0KEN", "K3Y", "SE55ION")
TMDB = Tmdb(TmdbAccess("https://api.example.org", *SECRETS), "ada")
RATING = build_batch(build_job(1, tmdb_id=949), method="movie")
REMOVAL = build_batch(build_job(1, tmdb_id=949, rating=0), method="movie/remove")
BOTH = pytest.mark.parametrize("batch", [RATING, REMOVAL])
HTML = {"Content-Type": "text/html"}


def read(batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
    return TMDB.interpret_response(batch, answer)


def coded(status: int, code: int, message: str = "Words.", **headers: str) -> Response:
    body = {"success": status < 300, "status_code": code, "status_message": message}
    return build_answer(status, body)._replace(headers=headers)


class TestSuccess:
    @pytest.mark.parametrize(
        ("batch", "status", "code", "expected"),
        [
            (RATING, 201, 1, Done((RATED,))),
            (RATING, 201, 12, Done((RATED,))),  # changed, or equal
            (RATING, 200, 12, Done((RATED,))),
            (REMOVAL, 200, 13, Done((UNRATED,))),
        ],
    )
    def test_the_code_says_what_was_done(
        self, batch: Batch, status: int, code: int, expected: object
    ) -> None:
        assert read(batch, coded(status, code)) == expected

    @pytest.mark.parametrize(
        ("batch", "answer", "policy"),
        [
            (RATING, coded(201, 13), NONSENSE),
            (RATING, coded(200, 99), NONSENSE),
            (RATING, build_answer(201, {"success": True}), NONSENSE),
            (RATING, build_answer(201, {"status_code": True}), NONSENSE),
            (RATING, build_answer(201, {"status_code": "1"}), NONSENSE),
            (RATING, Response(200, HTML, b"<html>"), NONSENSE),
            (RATING, Response(204, {}, b""), NONSENSE),
            (REMOVAL, Response(200, HTML, b"<html>"), NONSENSE),
            (REMOVAL, coded(200, 1), NOT_COUNTED),
            (REMOVAL, coded(201, 12), NOT_COUNTED),
        ],
    )
    def test_what_says_something_else_is_no_success(
        self, batch: Batch, answer: Response, policy: object
    ) -> None:
        decision = read(batch, answer)
        assert isinstance(decision, Retry)
        assert (decision.policy, decision.effect) == (policy, Effect.UNKNOWN)


class TestRefusals:
    @BOTH
    @pytest.mark.parametrize(
        ("status", "code", "words"),
        [
            (400, 18, "Value too low: Value must be greater than 0.0."),
            (400, 18, "Value invalid: Values must be a multiple of 0.50."),
            (422, 5, "Invalid parameters."),
        ],
    )
    def test_a_refused_row_says_why(self, batch: Batch, status: int, code: int, words: str) -> None:
        expected = Outcome(Status.REJECTED, f"http_{status}", f"TMDB answers HTTP {status}: {words}")
        assert read(batch, coded(status, code, words)) == Done((expected,))

    def test_an_unknown_title_is_not_found(self) -> None:
        assert read(RATING, coded(404, 34)) == Done((MISSING,))

    def test_the_account_shows_what_was_not_there_to_remove(self) -> None:
        decision = read(REMOVAL, coded(404, 34))
        assert isinstance(decision, Retry)
        assert decision.policy is NOT_REMOVED
        assert decision.policy.reads_back_first
        assert decision.give_up(REMOVAL) == Done((MISSING,))

    @BOTH
    @pytest.mark.parametrize(
        ("answer", "words", "remedy"),
        [
            (coded(401, 7), "does not accept the token or key", None),
            (coded(401, 3), "wants a session", Remedy.SIGN_IN),
            (coded(401, 17), "wants a session", Remedy.SIGN_IN),
            (Response(401, {}, b"401 Unauthorized"), "wants a session", Remedy.SIGN_IN),
            (coded(403, 3), "wants a session", Remedy.SIGN_IN),
        ],
    )
    def test_wrong_credentials_stop_the_run(
        self, batch: Batch, answer: Response, words: str, remedy: Remedy | None
    ) -> None:
        decision = read(batch, answer)
        assert isinstance(decision, Stop)
        assert isinstance(decision.error, AuthorizationError)
        assert words in decision.error.message
        assert decision.error.remedy is remedy

    @BOTH
    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            (Response(403, HTML, b"<html>"), "another network"),
            (Response(404, {}, b"404 page not found"), "no TMDB at this address"),
            (Response(301, {}, b""), "no TMDB at this address"),
            (Response(405, {}, b""), "no TMDB at this address"),
            (Response(418, {}, b""), "makes no sense here"),
        ],
    )
    def test_what_is_not_about_the_row_stops_the_run(
        self, batch: Batch, answer: Response, words: str
    ) -> None:
        decision = read(batch, answer)
        assert isinstance(decision, Stop)
        assert words in str(decision.error)


class TestWaits:
    @BOTH
    @pytest.mark.parametrize(
        ("headers", "seconds"), [({}, 10), ({"Retry-After": "2"}, 2.9), ({"Retry-After": "soon"}, 10)]
    )
    def test_a_429_pauses_all(self, batch: Batch, headers: dict[str, str], seconds: float) -> None:
        decision = read(batch, coded(429, 25, **headers))
        assert isinstance(decision, Retry)
        assert decision.policy is RATE_LIMITED
        assert decision.policy.pauses_all_workers
        assert not decision.policy.counts
        assert decision.seconds == pytest.approx(seconds)

    @BOTH
    @pytest.mark.parametrize(
        ("answer", "policy"),
        [
            (coded(500, 11), SERVER_ERROR),
            (Response(500, {}, b""), SERVER_ERROR),
            (Response(501, {}, b""), SERVER_ERROR),
            (coded(503, 9), OVERLOADED),
            (coded(503, 46), OVERLOADED),
            (coded(504, 24), OVERLOADED),
            (Response(502, HTML, b"<html>"), OVERLOADED),
            (Response(522, HTML, b"<html>"), OVERLOADED),
            (Response(408, {}, b""), OVERLOADED),
        ],
    )
    def test_an_outage_is_waited_out(self, batch: Batch, answer: Response, policy: object) -> None:
        decision = read(batch, answer)
        assert isinstance(decision, Retry)
        assert (decision.policy, decision.effect) == (policy, Effect.UNKNOWN)

    @BOTH
    def test_a_lost_answer_leaves_open_what_was_done(self, batch: Batch) -> None:
        decision = read(batch, ConnectionLostError(Loss.DROPPED))
        assert isinstance(decision, Retry)
        assert decision.effect is Effect.UNKNOWN

    def test_an_outage_that_lasts_ends_the_run_and_a_broken_row_only_the_row(self) -> None:
        outage, broken = read(RATING, coded(503, 9)), read(RATING, coded(500, 11))
        assert isinstance(outage, Retry)
        assert isinstance(broken, Retry)
        assert isinstance(outage.give_up(RATING), Stop)
        given_up = broken.give_up(RATING)
        assert isinstance(given_up, Done)
        assert given_up.value[0].status is Status.FAILED


@BOTH
@pytest.mark.parametrize("status", [*range(200, 210), *range(300, 310), *range(400, 452), *range(500, 530)])
@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"status_code": 7}', b'{"status_code": 2'])
def test_no_answer_without_the_right_code_is_a_success(batch: Batch, status: int, body: bytes) -> None:
    decision = read(batch, Response(status, {}, body))
    outcomes = decision.value if isinstance(decision, Done) else ()
    assert not any(outcome.status.is_success for outcome in outcomes)


@pytest.mark.parametrize("status", [400, 401, 404, 418, 500])
def test_no_secret_is_told(status: int) -> None:
    words: Any = f"{' '.join(SECRETS)} is wrong"
    decision = read(RATING, coded(status, 18, words))
    assert not any(secret in repr(decision) for secret in SECRETS)
    assert not any(secret in str(getattr(decision, "error", "")) for secret in SECRETS)
