"""TMDB's sign-in: a page to approve on, and a session."""

import orjson
import pytest

from importer.destinations.decisions import Done, Retry, Stop
from importer.destinations.sign_in import DeviceCode, Pending, TokenSet
from importer.destinations.tmdb.request import TmdbAccess
from importer.destinations.tmdb.sign_in import TmdbSignIn
from importer.errors import AuthorizationError, ConnectionLostError, Loss, Remedy
from importer.http import Response
from importer.secret import Secret
from tests.builders import build_answer

BASE = "https://api.themoviedb.org"
FLOW = TmdbSignIn(TmdbAccess(BASE, "T0KEN", "", "0LD"))
CODE = DeviceCode(Secret("req"), "", "https://www.themoviedb.org/authenticate/req", 3600, 5)
GRANTED = {"success": True, "expires_at": "2026-08-26 17:04:39 UTC", "request_token": "req"}


def named(page: str | None, base_url: str = BASE) -> object:
    headers = {} if page is None else {"Authentication-Callback": page}
    answer = build_answer(200, GRANTED)._replace(headers=headers)
    return TmdbSignIn(TmdbAccess(base_url, "T0KEN")).read_device_code(answer)


def refused(status: int, code: int) -> Response:
    return build_answer(status, {"success": False, "status_code": code, "status_message": "Words."})


class TestRequests:
    def test_they_are_those_of_the_papers_and_have_no_session(self) -> None:
        token, poll = FLOW.build_device_code(), FLOW.build_poll(CODE)
        assert (token.method, token.url) == ("GET", f"{BASE}/3/authentication/token/new")
        assert (poll.method, poll.url) == ("POST", f"{BASE}/3/authentication/session/new")
        assert orjson.loads(poll.body or b"") == {"request_token": "req"}
        for request in (token, poll):
            assert request.headers["Authorization"] == "Bearer T0KEN"

    def test_the_end_of_a_session(self) -> None:
        end = FLOW.build_revoke(Secret("SE55ION"))
        assert (end.method, end.url) == ("DELETE", f"{BASE}/3/authentication/session")
        assert orjson.loads(end.body or b"") == {"session_id": "SE55ION"}
        assert "SE55ION" not in repr(end)

    def test_a_key_stands_in_the_address(self) -> None:
        request = TmdbSignIn(TmdbAccess(BASE, "", "K3Y")).build_device_code()
        assert request.url == f"{BASE}/3/authentication/token/new?api_key=K3Y"
        assert "K3Y" not in repr(request)


class TestPages:
    @pytest.mark.parametrize(
        ("page", "base_url", "shown"),
        [
            (
                "https://www.themoviedb.org/authenticate/req",
                BASE,
                "https://www.themoviedb.org/authenticate/req",
            ),
            ("https://www.themoviedb.org/other/req", BASE, "https://www.themoviedb.org/other/req"),
            (None, BASE, "https://www.themoviedb.org/authenticate/req"),
            (
                "http://127.0.0.1:8080/authenticate/req",
                "http://127.0.0.1:8080",
                "http://127.0.0.1:8080/authenticate/req",
            ),
        ],
    )
    def test_the_page_is_that_of_the_answer_or_the_documented_one(
        self, page: str | None, base_url: str, shown: str
    ) -> None:
        decision = named(page, base_url)
        assert isinstance(decision, Done)
        code = decision.value
        assert (code.verification_url, code.whole_url, code.user_code) == (shown, shown, "")
        assert code.device_code.reveal() == "req"
        assert (code.expires_in, code.interval) == (3600, 5)

    @pytest.mark.parametrize(
        ("page", "base_url"),
        [
            ("https://themoviedb.org.example.net/authenticate/req", BASE),
            ("http://www.themoviedb.org/authenticate/req", BASE),
            ("javascript:alert(1)", BASE),
            ("https://me@www.themoviedb.org/authenticate/req", BASE),
            (None, "https://tmdb.example.org"),
        ],
    )
    def test_no_other_page_is_ever_shown(self, page: str | None, base_url: str) -> None:
        decision = named(page, base_url)
        assert isinstance(decision, Stop)
        assert "IMPORTER_TMDB_BASE_URL" in decision.error.message
        assert page is None or page not in decision.error.message

    @pytest.mark.parametrize(
        "content", [{}, {"request_token": ""}, {"request_token": 5}, {"request_token": "a b"}]
    )
    def test_an_answer_without_a_token_is_none(self, content: object) -> None:
        assert isinstance(FLOW.read_device_code(build_answer(200, content)), Retry)

    def test_a_wrong_token_is_named(self) -> None:
        decision = FLOW.read_device_code(refused(401, 7))
        assert isinstance(decision, Stop)
        assert "does not accept the token or key" in decision.error.message


class TestPolls:
    def test_a_session_has_no_end(self) -> None:
        decision = FLOW.read_poll(build_answer(200, {"success": True, "session_id": "SE55ION"}), 5.0)
        assert isinstance(decision, Done)
        assert decision.value == TokenSet(Secret("SE55ION"), None, 5.0)

    @pytest.mark.parametrize(
        ("answer", "seconds"),
        [
            (refused(401, 17), 0),
            (refused(429, 25), 5),
            (refused(503, 9), 0),
            (build_answer(200, {"success": True}), 0),
            (Response(200, {}, b"<html>"), 0),
            (ConnectionLostError(Loss.TIMEOUT), 0),
        ],
    )
    def test_what_says_nothing_is_asked_again(
        self, answer: Response | ConnectionLostError, seconds: float
    ) -> None:
        decision = FLOW.read_poll(answer, 5.0)
        assert isinstance(decision, Done)
        assert isinstance(decision.value, Pending)
        assert decision.value.slower_seconds == seconds

    @pytest.mark.parametrize(
        ("answer", "remedy"),
        [
            (refused(401, 33), Remedy.START_OVER),
            (refused(404, 34), Remedy.START_OVER),
            (refused(422, 5), Remedy.START_OVER),
            (refused(401, 7), None),
        ],
    )
    def test_a_refusal_ends_the_sign_in(self, answer: Response, remedy: Remedy | None) -> None:
        decision = FLOW.read_poll(answer, 5.0)
        assert isinstance(decision, Stop)
        assert isinstance(decision.error, AuthorizationError)
        assert decision.error.remedy is remedy
