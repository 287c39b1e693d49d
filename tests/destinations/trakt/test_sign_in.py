"""Trakt's sign-in rules: what is asked, and what each answer means, line by line of the API pages' tables."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.decisions import Done, RefreshToken, Retry, Stop
from importer.destinations.device_code import SLOWER_SECONDS
from importer.destinations.sign_in import (
    Account,
    DeviceCode,
    Pending,
    RefreshRefused,
    TokenSet,
    dump_tokens,
    parse_tokens,
    read_revoke,
)
from importer.destinations.trakt.account import TraktAccount, read_account, read_activities
from importer.destinations.trakt.sign_in import (
    TraktApp,
    read_poll,
    read_refresh,
)
from importer.destinations.trakt.trouble import explain_forbidden, interpret_trouble
from importer.errors import AuthorizationError, ConnectionLostError, Loss, Remedy, UnreachableError
from importer.http import Request, Response
from importer.secret import Secret
from tests.builders import build_answer
from tests.decisions import value_or

APP = TraktApp("https://auth.example", "app-1d", Secret("app-s3cret"))
NOW = 1_790_000_000.0
TOKENS = {
    "access_token": "acc3ss",
    "token_type": "bearer",
    "expires_in": 604_800,
    "refresh_token": "r3fresh",
    "scope": "public",
    "created_at": 1_789_999_000,
}
TOKEN_SET = TokenSet(Secret("acc3ss"), Secret("r3fresh"), 1_789_999_000, 604_800)
CODE = {
    "device_code": "d3vice",
    "user_code": "5055CC52",
    "verification_url": "https://auth.example/activate",
    "expires_in": 600,
    "interval": 5,
}
DEVICE_CODE = DeviceCode(Secret("d3vice"), "5055CC52", "https://auth.example/activate", 600, 5)
BLOCK_PAGE = build_answer(403, b"<!DOCTYPE html><title>Attention Required!</title>", content_type="text/html")
REFUSED, CERTIFICATE = ConnectionLostError(Loss.REFUSED), ConnectionLostError(Loss.CERTIFICATE)


# What is sent


def content_of(request: Request) -> Any:
    assert request.body is not None
    return orjson.loads(request.body)


@pytest.mark.parametrize(
    ("request_", "path", "content"),
    [
        (APP.build_device_code(), "device/code", {"client_id": "app-1d"}),
        (
            APP.build_poll(DEVICE_CODE),
            "device/token",
            {"code": "d3vice", "client_id": "app-1d", "client_secret": "app-s3cret"},
        ),
        (
            APP.build_refresh(Secret("r3fresh")),
            "token",
            {
                "refresh_token": "r3fresh",
                "client_id": "app-1d",
                "client_secret": "app-s3cret",
                "redirect_uri": "urn:ietf:wg:oauth:2.0:oob",
                "grant_type": "refresh_token",
            },
        ),
        (
            APP.build_revoke(Secret("acc3ss")),
            "revoke",
            {"token": "acc3ss", "client_id": "app-1d", "client_secret": "app-s3cret"},
        ),
    ],
)
def test_requests_are_as_the_api_pages_show_them(request_: Request, path: str, content: object) -> None:
    assert (request_.method, request_.url) == ("POST", f"https://auth.example/oauth/{path}")
    assert request_.headers["Content-Type"] == "application/json"
    assert content_of(request_) == content
    assert repr(request_) == f"<Request POST oauth/{path}>"


def test_the_account_is_asked_for_with_the_required_headers() -> None:
    request = TraktAccount("https://api.example", "app-1d").build_account()
    assert (request.method, request.url) == ("GET", "https://api.example/users/settings")
    assert request.needs_token
    assert (request.headers["trakt-api-key"], request.headers["trakt-api-version"]) == ("app-1d", "2")


# The code


def test_the_code_and_the_address_come_from_the_answer() -> None:
    assert value_or(APP.read_device_code(build_answer(200, CODE))) == DEVICE_CODE


@pytest.mark.parametrize("value", [None, 0, -1, "soon", True, 1e300])
def test_an_interval_or_life_that_makes_no_sense_gets_the_usual_one(value: object) -> None:
    found = value_or(APP.read_device_code(build_answer(200, CODE | {"interval": value, "expires_in": value})))
    assert isinstance(found, DeviceCode)
    assert (found.interval, found.expires_in) == (5, 600)


@pytest.mark.parametrize(
    "change",
    [
        {"verification_url": "javascript:alert(1)"},
        {"verification_url": "https://trakt.tv/\x1b[2J"},
        {"verification_url": None},
        {"user_code": "\x1b]0;evil\x07"},
        {"user_code": 5},
        {"device_code": ""},
    ],
)
def test_nothing_strange_is_shown_to_a_person(change: dict[str, object]) -> None:
    assert isinstance(value_or(APP.read_device_code(build_answer(200, CODE | change))), Retry)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (build_answer(400), "IMPORTER_TRAKT_CLIENT_ID"),
        (build_answer(401, {"error": "invalid_client"}), "IMPORTER_TRAKT_CLIENT_ID"),
        (build_answer(403), "Without the API, a file to upload"),
        (BLOCK_PAGE, "Cloudflare"),
        (build_answer(404), "IMPORTER_TRAKT_AUTH_URL"),
        (build_answer(301), "IMPORTER_TRAKT_AUTH_URL"),
        (build_answer(423), "locked"),
        (CERTIFICATE, "identity"),
    ],
)
def test_a_code_that_is_not_given_stops_with_advice(
    answer: Response | ConnectionLostError, says: str
) -> None:
    found = value_or(APP.read_device_code(answer))
    assert isinstance(found, Stop)
    assert says in str(found.error)
    assert found.error.exit_code == 3


# Polling


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (build_answer(200, TOKENS), TOKEN_SET),
        (build_answer(400, b'{"error": "authorization_pending"'), Pending()),
        (build_answer(400, TOKENS), Pending()),  # not even looked at
        (build_answer(429), Pending("Trakt asks to poll more slowly (429)", 5.0)),
        (build_answer(429, retry_after="12"), Pending("Trakt asks to poll more slowly (429)", 5.0, 12.0)),
        (build_answer(500), Pending("HTTP 500")),
        (build_answer(502, b"<html>"), Pending("HTTP 502")),
        (build_answer(520), Pending("HTTP 520")),
        (REFUSED, Pending("could not connect")),
        (ConnectionLostError(Loss.TIMEOUT), Pending("no answer in time")),
        (ConnectionLostError(Loss.DROPPED), Pending("connection dropped before the answer")),
        (build_answer(200, b"<html>"), Pending("an answer that is not the API's")),
        (build_answer(204), Pending("an answer that is not the API's")),
    ],
)
def test_poll_goes_on_or_succeeds(answer: Response | ConnectionLostError, found: TokenSet | Pending) -> None:
    assert value_or(read_poll(answer, NOW)) == found


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (build_answer(404), "does not know"),
        (build_answer(409), "used already"),
        (build_answer(410), "expired"),
        (build_answer(418), "declined"),
        (build_answer(401), "IMPORTER_TRAKT_CLIENT_SECRET"),
        (build_answer(403), "not approved"),
        (BLOCK_PAGE, "Cloudflare"),
        (build_answer(302), "IMPORTER_TRAKT_AUTH_URL"),
        (CERTIFICATE, "identity"),
    ],
)
def test_poll_ends(answer: Response | ConnectionLostError, says: str) -> None:
    found = value_or(read_poll(answer, NOW))
    assert isinstance(found, Stop)
    assert says in str(found.error)


@pytest.mark.parametrize("status", [404, 409, 410])
def test_how_to_start_over_is_told(status: int) -> None:
    found = value_or(read_poll(build_answer(status), NOW))
    assert isinstance(found, Stop)
    assert isinstance(found.error, AuthorizationError)
    assert found.error.remedy is Remedy.START_OVER


# Refreshing


def test_a_refresh_gives_the_new_pair() -> None:
    assert value_or(read_refresh(build_answer(200, TOKENS), NOW)) == TOKEN_SET


@pytest.mark.parametrize(
    "answer",
    [
        build_answer(400, {"error": "invalid_grant", "error_description": "revoked"}),
        build_answer(401, {"error": "invalid_grant"}, www_authenticate="Bearer"),
    ],
)
def test_a_refused_refresh_ends_the_sign_in(answer: Response) -> None:
    found = value_or(read_refresh(answer, NOW))
    assert isinstance(found, RefreshRefused)
    assert found.error.remedy is Remedy.SIGN_IN


@pytest.mark.parametrize(
    "answer",
    [
        build_answer(400),
        build_answer(401, b"invalid_grant"),
        build_answer(400, {"error": "invalid_request", "error_description": "missing grant_type"}),
        build_answer(403),
        build_answer(403, {"error": "forbidden"}),
    ],
)
def test_a_refusal_that_does_not_name_the_grant_asks_for_a_sign_in_and_keeps_the_tokens(
    answer: Response,
) -> None:
    found = value_or(read_refresh(answer, NOW))
    assert isinstance(found, Stop)
    assert isinstance(found.error, AuthorizationError)
    assert found.error.remedy is Remedy.SIGN_IN


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize(
    "page",
    [
        build_answer(0, b"<html>Please prove that you are human: invalid_grant</html>"),
        build_answer(0, b"captcha", content_type="text/html; charset=utf-8"),
    ],
)
def test_a_web_page_says_nothing_about_the_tokens(status: int, page: Response) -> None:
    found = value_or(read_refresh(page._replace(status=status), NOW))
    assert isinstance(found, Stop)
    assert not isinstance(found.error, AuthorizationError)
    assert "sign-in is kept" in str(found.error)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (build_answer(401, {"error": "invalid_client"}), "IMPORTER_TRAKT_CLIENT_SECRET"),
        (BLOCK_PAGE, "Cloudflare"),
        (build_answer(404), "IMPORTER_TRAKT_AUTH_URL"),
        (build_answer(423), "locked"),
        (CERTIFICATE, "identity"),
    ],
)
def test_what_is_not_about_the_tokens_stops_and_keeps_them(
    answer: Response | ConnectionLostError, says: str
) -> None:
    found = value_or(read_refresh(answer, NOW))
    assert isinstance(found, Stop)
    assert says in str(found.error)


@pytest.mark.parametrize(
    "answer",
    [build_answer(500), build_answer(503), build_answer(522), build_answer(200, b"<html>")],
)
def test_an_outage_while_refreshing_is_tried_once_more_after_2_seconds(
    answer: Response | ConnectionLostError,
) -> None:
    found = value_or(read_refresh(answer, NOW))
    assert isinstance(found, Retry)
    assert (found.seconds, found.policy.attempts) == (2, 2)
    assert isinstance(found.stop(), Stop)


@pytest.mark.parametrize(
    "decide",
    [lambda loss: read_refresh(loss, NOW), read_account, read_activities, interpret_trouble],
    ids=["renewal", "account", "activities", "any question"],
)
def test_a_network_that_is_waking_up_is_waited_for(decide: Callable[[ConnectionLostError], object]) -> None:
    """As long as a batch of ratings waits for it: 1 + 2 + 4 + 8 + 16 s."""
    found = decide(REFUSED)
    assert isinstance(found, Retry)
    assert (found.seconds, found.grows, found.policy.attempts) == (1, True, 6)
    stop = found.stop()
    assert isinstance(stop.error, UnreachableError)
    assert "could not connect" in str(stop.error)


def test_a_person_who_waits_for_a_code_is_told_sooner() -> None:
    found = APP.read_device_code(REFUSED)
    assert isinstance(found, Retry)
    assert found.policy.attempts * found.seconds < 10


def test_429_while_refreshing_waits() -> None:
    found = value_or(read_refresh(build_answer(429, retry_after="7"), NOW))
    assert isinstance(found, Retry)
    assert (found.seconds, found.policy.pauses_all_workers, found.grows) == (7.9, True, False)
    found = value_or(read_refresh(build_answer(429), NOW))
    assert isinstance(found, Retry)
    assert (found.seconds, found.grows) == (30, True)


def test_revoking() -> None:
    assert value_or(read_revoke(build_answer(200, {})))
    assert not value_or(read_revoke(build_answer(503)))
    assert not value_or(read_revoke(REFUSED))


# Who, and 403


def test_the_account() -> None:
    user = {"username": "ada", "name": "Ada Lovelace", "vip": True}
    assert value_or(read_account(build_answer(200, {"user": user}))) == Account(
        "ada", "Ada Lovelace", is_vip=True, cap=20_000
    )
    user = {"username": "ada", "name": "\x1b[31mAda", "vip": "yes"}
    assert value_or(read_account(build_answer(200, {"user": user}))) == Account(
        "ada", "", is_vip=False, cap=10_000
    )
    limits = {"list": {"count": 2}, "ratings": {"item_count": 12_345}}
    told = value_or(read_account(build_answer(200, {"user": user, "limits": limits})))
    assert told == Account("ada", "", is_vip=False, cap=12_345, is_cap_stated=True)
    for odd in (None, {"ratings": 5}, {"ratings": {"item_count": True}}, {"ratings": {"item_count": -1}}):
        found = value_or(read_account(build_answer(200, {"user": user, "limits": odd})))
        assert found == Account("ada", "", is_vip=False, cap=10_000)
    assert isinstance(value_or(read_account(build_answer(401))), RefreshToken)
    assert isinstance(value_or(read_account(build_answer(403))), Stop)
    assert isinstance(value_or(read_account(build_answer(404))), Stop)
    assert isinstance(value_or(read_account(build_answer(200, []))), Retry)
    assert isinstance(value_or(read_account(build_answer(503))), Retry)


@pytest.mark.parametrize("body", [b"", b'{"error": "forbidden"}'])
def test_403_of_the_api_and_of_cloudflare_are_told_apart(body: bytes) -> None:
    forbidden, blocked = explain_forbidden(build_answer(403, body)), explain_forbidden(BLOCK_PAGE)
    app, block = str(forbidden), str(blocked)
    assert "VIP" in app
    assert "Cloudflare" not in app
    assert "Cloudflare" in block
    assert "VIP" not in block
    assert "client id" not in block
    assert forbidden.remedy is blocked.remedy is Remedy.UPLOAD_FILE


# Tokens


def test_only_created_at_plus_expires_in_tells_the_end() -> None:
    assert TOKEN_SET.expires_at == 1_790_603_800
    assert TOKEN_SET.margin_seconds == 600
    assert TokenSet(Secret("a"), None, NOW, 100).margin_seconds == 50
    assert TokenSet(Secret("a"), None, NOW).expires_at is None


def test_a_token_set_shows_no_secret_and_survives_the_store() -> None:
    assert "acc3ss" not in repr(TOKEN_SET)
    assert "r3fresh" not in repr(TOKEN_SET)
    assert parse_tokens(dump_tokens(TOKEN_SET), 0) == TOKEN_SET
    alone = TokenSet(Secret("a"), None, 5)
    assert parse_tokens(dump_tokens(alone), 0) == alone


def test_without_created_at_the_moment_of_the_answer_counts() -> None:
    found = parse_tokens(orjson.dumps({"access_token": "a", "expires_in": 60}), NOW)
    assert found is not None
    assert found.expires_at == NOW + 60


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX: y", "é", None, 5, ["a"]])
def test_what_no_header_can_carry_is_no_token(token: object) -> None:
    assert parse_tokens(orjson.dumps(TOKENS | {"access_token": token}), NOW) is None


# Whatever comes

_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
_values = st.sampled_from(["acc3ss", "https://x.example/a"]) | st.integers(-5, 10**15) | _json
_objects = st.fixed_dictionaries({}, optional=dict.fromkeys([*TOKENS, *CODE, "error", "user"], _values))
_bodies = st.binary(max_size=200) | _objects.map(
    lambda found: (
        orjson.dumps(found, option=orjson.OPT_PASSTHROUGH_DATETIME) if _is_writable(found) else b"\xff"
    )
)
_headers = st.dictionaries(
    st.sampled_from(["Retry-After", "Date", "Content-Type", "X-Account-Locked"]), st.text(max_size=40)
)
_answers: st.SearchStrategy[Response | ConnectionLostError] = st.builds(
    Response,
    st.sampled_from([200, 201, 204, 400, 401, 403, 418, 429]) | st.integers(100, 999),
    _headers,
    _bodies,
) | st.sampled_from(list(Loss)).map(ConnectionLostError)


def _is_writable(found: object) -> bool:
    try:
        orjson.dumps(found)
    except TypeError:  # integers beyond 64 bits, lone surrogates
        return False
    return True


def _holds(answer: Response | ConnectionLostError, *keys: str) -> bool:
    """Whether it is a success of the API with a text under each of these keys."""
    if isinstance(answer, ConnectionLostError) or answer.status not in {200, 201}:
        return False
    content = orjson.loads(answer.body)
    return all(isinstance(content.get(key), str) and content[key] for key in keys)


@given(_answers)
def test_whatever_comes_is_judged_and_nothing_else_passes_for_a_success(
    answer: Response | ConnectionLostError,
) -> None:
    code = value_or(APP.read_device_code(answer))
    assert isinstance(code, DeviceCode | Retry | Stop)
    if isinstance(code, DeviceCode):
        assert _holds(answer, "device_code", "user_code", "verification_url")
        assert code.interval > 0
        assert code.expires_in > 0
    polled, refreshed = value_or(read_poll(answer, NOW)), value_or(read_refresh(answer, NOW))
    assert isinstance(polled, TokenSet | Pending | Stop)
    assert isinstance(refreshed, TokenSet | Retry | Stop | RefreshRefused)
    for found in (polled, refreshed):
        if isinstance(found, TokenSet):
            assert _holds(answer, "access_token")
            assert found.expires_at is None or found.expires_at > found.created_at
    account = value_or(read_account(answer))
    assert isinstance(account, Account | Retry | Stop | RefreshToken)
    for decision in (code, polled, refreshed, account):
        if isinstance(decision, Retry):
            assert decision.seconds >= 0
            assert isinstance(decision.stop(), Stop)
        if isinstance(decision, RefreshRefused):
            assert isinstance(decision.error, AuthorizationError)
        assert "acc3ss" not in repr(decision)
    value_or(read_revoke(answer))


def poll_error(error: object) -> Response:
    return build_answer(400, {"error": error, "error_description": "so it is"})


def test_a_word_in_a_400_of_the_poll_is_obeyed() -> None:
    assert read_poll(poll_error("authorization_pending"), NOW) == Done(Pending())
    slower = read_poll(poll_error("slow_down"), NOW)
    assert isinstance(slower, Done)
    assert isinstance(slower.value, Pending)
    assert slower.value.slower_seconds == SLOWER_SECONDS


@pytest.mark.parametrize(
    ("error", "says"),
    [
        ("access_denied", "declined"),
        ("expired_token", "expired"),
        ("invalid_client", "IMPORTER_TRAKT_CLIENT_SECRET"),
        ("invalid_grant", "refuses this sign-in"),
        ("something_new", "something_new"),
    ],
)
def test_any_other_word_ends_the_poll(error: str, says: str) -> None:
    stop = read_poll(poll_error(error), NOW)
    assert isinstance(stop, Stop)
    assert says in str(stop.error)


def test_an_app_without_a_secret_sends_none_and_names_its_own_redirect_uri() -> None:
    app = replace(APP, client_secret=Secret(""), redirect_uri="https://mine.example/x")
    requests = [app.build_poll(DEVICE_CODE), app.build_refresh(Secret("r")), app.build_revoke(Secret("t"))]
    assert not any(b"client_secret" in request.body for request in requests if request.body)
    assert b"https://mine.example/x" in (requests[1].body or b"")


def test_what_a_refused_grant_may_mean_today_is_told() -> None:
    refused = app_refusal("https://mine.example/x")
    for part in ("spent", "free account holds one", "VIP", "https://mine.example/x", "_REDIRECT_URI"):
        assert part in refused


def app_refusal(redirect_uri: str) -> str:
    app = replace(APP, redirect_uri=redirect_uri)
    done = app.read_refresh(build_answer(400, {"error": "invalid_grant"}), NOW)
    assert isinstance(done, Done)
    assert isinstance(done.value, RefreshRefused)
    return str(done.value.error)
