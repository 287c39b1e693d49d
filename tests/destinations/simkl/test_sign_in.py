"""Simkl's sign-in and account, answer by answer."""

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.decisions import Done, RefreshToken, Retry, Stop
from importer.destinations.sign_in import (
    Account,
    DayQuota,
    DeviceCode,
    Pending,
    RefreshRefused,
    TokenSet,
    read_revoke,
)
from importer.destinations.simkl.account import SimklAccount, read_account, read_activities
from importer.destinations.simkl.sign_in import SimklApp, read_poll, read_refresh
from importer.errors import AuthorizationError, ConnectionLostError, Loss, Remedy
from importer.http import Response
from importer.secret import Secret
from tests.builders import build_answer
from tests.decisions import value_or

APP = SimklApp("https://api.simkl.com", "app-1d")
NOW = 1_790_000_000.0
CODE: dict[str, Any] = {
    "device_code": "d3vice",
    "user_code": "ABCD-EFGH",
    "verification_uri": "https://simkl.com/pin",
    "verification_uri_complete": "https://simkl.com/pin?code=ABCD-EFGH",
    "expires_in": 900,
    "interval": 5,
}
TOKENS = {
    "access_token": "simkl_at_acc3ss",
    "refresh_token": "r3fresh",
    "token_type": "Bearer",
    "expires_in": 604_800,
    "scope": "media:read media:write",
}
TOKEN_SET = TokenSet(Secret("simkl_at_acc3ss"), Secret("r3fresh"), NOW, 604_800)


def error(status: int, word: str) -> Response:
    return build_answer(status, {"error": word})


# Requests


def test_requests_are_those_of_a_public_client() -> None:
    code = value_or(APP.read_device_code(build_answer(200, CODE)))
    assert isinstance(code, DeviceCode)
    bodies = {
        request.url.partition("?")[0].rpartition("/")[2]: orjson.loads(request.body or b"")
        for request in (
            APP.build_device_code(),
            APP.build_poll(code),
            APP.build_revoke(Secret("t")),
        )
    }
    client = {"client_id": "app-1d"}
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    assert bodies == {
        "device": client | {"scope": "media:read media:write"},
        "token": client | {"grant_type": grant, "device_code": "d3vice"},
        "revoke": client | {"token": "t"},
    }
    renewal = orjson.loads(APP.build_refresh(Secret("r")).body or b"")
    assert renewal == client | {"grant_type": "refresh_token", "refresh_token": "r"}
    assert "app-1d" not in repr(APP)


# The code


def test_the_code_and_its_pages_come_from_the_answer() -> None:
    assert value_or(APP.read_device_code(build_answer(200, CODE))) == DeviceCode(
        Secret("d3vice"), "ABCD-EFGH", CODE["verification_uri"], 900, 5, CODE["verification_uri_complete"]
    )


@pytest.mark.parametrize("whole", [None, "https://elsewhere.example/pin?code=A", "javascript:alert(1)", 5])
def test_a_whole_address_that_is_not_simkls_is_not_shown(whole: object) -> None:
    found = value_or(APP.read_device_code(build_answer(200, CODE | {"verification_uri_complete": whole})))
    assert isinstance(found, DeviceCode)
    assert found.whole_url == ""


@pytest.mark.parametrize(
    "change",
    [{"verification_uri": None}, {"user_code": "\x1b]0;evil\x07"}, {"device_code": ""}],
)
def test_nothing_strange_is_shown_to_a_person(change: dict[str, object]) -> None:
    assert isinstance(value_or(APP.read_device_code(build_answer(200, CODE | change))), Retry)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (build_answer(200, CODE | {"verification_uri": "https://evil.example/pin"}), "not its own"),
        (error(401, "invalid_client"), "IMPORTER_SIMKL_CLIENT_ID"),
        (error(400, "unauthorized_client"), "before auth V2"),
        (build_answer(412), "IMPORTER_SIMKL_CLIENT_ID"),
        (build_answer(404), "IMPORTER_SIMKL_BASE_URL"),
        (ConnectionLostError(Loss.CERTIFICATE), "identity"),
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
        (build_answer(200, {**TOKENS, "scope": None}), TOKEN_SET),
        (build_answer(400), Pending()),
        (error(400, "authorization_pending"), Pending()),
        (error(400, "slow_down"), Pending("Simkl asks to poll more slowly (slow_down)", 5.0)),
        (build_answer(500), Pending("HTTP 500")),
        (build_answer(429), Pending("Simkl asks to slow down (429)")),
        (ConnectionLostError(Loss.TIMEOUT), Pending("no answer in time")),
        (build_answer(200, b"<html>"), Pending("an answer that is not the API's")),
    ],
)
def test_a_poll(answer: Response | ConnectionLostError, found: object) -> None:
    assert value_or(read_poll(answer, NOW)) == found


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (build_answer(200, TOKENS | {"scope": "media:read"}), "read but not rate"),
        (error(400, "expired_token"), "expired"),
        (error(400, "invalid_grant"), "(invalid_grant)"),
        (error(400, "simkl_at_acc3ss"), "refuses this sign-in (400)"),
        (error(400, "access_denied"), "declined"),
        (error(401, "invalid_client"), "IMPORTER_SIMKL_CLIENT_ID"),
    ],
)
def test_a_poll_that_ends_the_sign_in(answer: Response, says: str) -> None:
    found = value_or(read_poll(answer, NOW))
    assert isinstance(found, Stop)
    assert isinstance(found.error, AuthorizationError)
    assert says in str(found.error)


# Renewing


def test_a_renewal_may_leave_out_the_refresh_token_which_stays_valid() -> None:
    body = {name: value for name, value in TOKENS.items() if name != "refresh_token"}
    found = value_or(read_refresh(build_answer(200, body), NOW))
    assert found == TokenSet(Secret("simkl_at_acc3ss"), None, NOW, 604_800)


@pytest.mark.parametrize("status", [400, 401])
def test_only_invalid_grant_forgets_the_sign_in(status: int) -> None:
    found = value_or(read_refresh(error(status, "invalid_grant"), NOW))
    assert isinstance(found, RefreshRefused)
    assert found.error.remedy is Remedy.SIGN_IN


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(400, "invalid_request"), Stop),
        (error(401, "invalid_client"), Stop),
        (build_answer(401), Stop),
        (build_answer(412), Stop),
        (error(400, "rate_limit"), Retry),
        (build_answer(200, b"{}"), Retry),
        (build_answer(500), Retry),
        (build_answer(429), Retry),
        (ConnectionLostError(Loss.REFUSED), Retry),
        (ConnectionLostError(Loss.CERTIFICATE), Stop),
    ],
)
def test_any_other_trouble_keeps_the_sign_in(answer: Response | ConnectionLostError, kind: type) -> None:
    assert isinstance(value_or(read_refresh(answer, NOW)), kind)


def test_a_token_is_revoked_or_not() -> None:
    assert read_revoke(build_answer(200)) == Done(True)
    assert read_revoke(build_answer(500)) == Done(False)
    assert read_revoke(ConnectionLostError(Loss.DROPPED)) == Done(False)


# The account


@pytest.mark.parametrize(
    ("body", "username", "quota"),
    [
        ({"user": {"name": "Ada"}, "account": {"id": 7, "type": "free"}}, "Ada (id 7)", 500),
        ({"user": {"name": "Ada"}, "account": {"id": 7, "type": "pro"}}, "Ada (id 7)", 1_000),
        ({"user": {"name": "Ada"}, "account": {"id": 7, "type": "vip"}}, "Ada (id 7)", 10_000),
        ({"user": {"name": "Ada"}, "account": {"id": 7, "type": "new"}}, "Ada (id 7)", None),
        ({"user": {"name": "Ada"}, "account": {"id": 7, "type": ["free"]}}, "Ada (id 7)", None),
        ({"user": {"name": "\x1b[2J"}, "account": {"id": 7}}, "account (id 7)", None),
        ({"user": {"name": "Ada"}}, "Ada", None),
        ({"user": {"name": "Ada"}, "account": {"id": True}}, "Ada", None),
    ],
)
def test_the_account_is_named_with_its_id(body: Any, username: str, quota: int | None) -> None:
    found = value_or(read_account(build_answer(200, body)))
    assert isinstance(found, Account)
    assert found.username == username
    assert (found.day_quota and found.day_quota.requests) == quota
    assert found.cap is None
    assert quota is None or isinstance(found.day_quota, DayQuota)


@pytest.mark.parametrize("body", [{}, {"user": {}}, {"user": "Ada"}, {"user": {"name": ""}}, [], b"<html>"])
def test_nobody_is_no_account(body: Any) -> None:
    assert isinstance(value_or(read_account(build_answer(200, body))), Retry)


def test_a_refused_token_is_renewed() -> None:
    assert isinstance(read_account(error(401, "invalid_token")), RefreshToken)
    assert isinstance(read_activities(error(401, "invalid_token")), RefreshToken)


def test_how_many_ratings_there_are_is_not_asked() -> None:
    SimklAccount("https://api.simkl.com", "app").build_count()


# What changed

GROUPS = {
    name: {"all": "x", "rated_at": f"2026-11-0{day}T00:00:00Z", "removed_from_list": None}
    for day, name in enumerate(("movies", "tv_shows", "anime"), 1)
}


def test_ratings_and_removals_of_all_groups_count() -> None:
    found = value_or(read_activities(build_answer(200, {"all": "y", "settings": {"all": "z"}, **GROUPS})))
    assert found == {
        "movies rated_at": "2026-11-01T00:00:00Z",
        "movies removed_from_list": "",
        "tv_shows rated_at": "2026-11-02T00:00:00Z",
        "tv_shows removed_from_list": "",
        "anime rated_at": "2026-11-03T00:00:00Z",
        "anime removed_from_list": "",
    }


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {**GROUPS, "anime": None},
        {**GROUPS, "anime": {"rated_at": "x"}},
        {**GROUPS, "movies": {"rated_at": 5, "removed_from_list": None}},
        {**GROUPS, "movies": {"rated_at": "x" * 99, "removed_from_list": None}},
    ],
)
def test_a_part_proves_nothing(body: Any) -> None:
    assert value_or(read_activities(build_answer(200, body))) == {}


@pytest.mark.parametrize("status", [404, 405, 410, 501])
def test_a_server_that_does_not_say_proves_nothing(status: int) -> None:
    assert value_or(read_activities(build_answer(status))) == {}


# Whatever comes

_values = st.none() | st.integers(-5, 10**15) | st.sampled_from(["acc3ss", "https://simkl.com/a", "free", ""])
_objects = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys([*TOKENS, *CODE, "error", "movies"], _values)
    | dict.fromkeys(["user", "account"], st.dictionaries(st.sampled_from(["name", "id", "type"]), _values)),
)
_answers: st.SearchStrategy[Response | ConnectionLostError] = st.builds(
    Response,
    st.sampled_from([200, 201, 400, 401, 403, 412, 429]) | st.integers(100, 999),
    st.dictionaries(st.sampled_from(["Retry-After", "Date", "Content-Type"]), st.text(max_size=20)),
    st.binary(max_size=50) | _objects.map(orjson.dumps),
) | st.sampled_from(list(Loss)).map(ConnectionLostError)


@given(_answers)
def test_whatever_comes_is_judged_and_no_token_is_shown(answer: Response | ConnectionLostError) -> None:
    decisions = [
        value_or(APP.read_device_code(answer)),
        value_or(read_poll(answer, NOW)),
        value_or(read_refresh(answer, NOW)),
        value_or(read_account(answer)),
        value_or(read_activities(answer)),
    ]
    kinds = [
        (DeviceCode, Retry, Stop),
        (TokenSet, Pending, Stop),
        (TokenSet, RefreshRefused, Retry, Stop),
        (Account, RefreshToken, Retry, Stop),
        (dict, RefreshToken, Retry, Stop),
    ]
    for decision, allowed in zip(decisions, kinds, strict=True):
        assert isinstance(decision, allowed)
        if not isinstance(decision, DeviceCode):
            assert "acc3ss" not in repr(decision)
