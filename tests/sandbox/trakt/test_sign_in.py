"""The OAuth methods, the activate page, and how long tokens live."""

import asyncio
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.exchange import Call
from importer.sandbox.trakt.activate import build_form_page
from importer.sandbox.trakt.devices import DeviceCode
from importer.sandbox.trakt.tokens import TokenPair
from tests.sandbox.api import Api
from tests.sandbox.trakt.api import ALIEN, CLIENT, REDIRECT_URI, Clock, TraktApi
from tests.sandbox.trakt.conftest import OpenTrakt

WRONG_CLIENTS: list[dict[str, Any]] = [
    {"client_id": "other"},
    {"client_id": None},
    {"client_secret": "other"},
    {"client_secret": 7},
]


async def new_code(trakt: TraktApi) -> dict[str, Any]:
    reply = await trakt.post("/oauth/device/code", {"client_id": CLIENT["client_id"]})
    assert reply.status == 200
    assert isinstance(reply.body, dict)
    return reply.body


async def test_a_device_code_has_every_documented_field(trakt: TraktApi) -> None:
    code = await new_code(trakt)
    assert re.fullmatch(r"[0-9a-f]{64}", code.pop("device_code"))
    assert re.fullmatch(r"[0-9A-F]{8}", code.pop("user_code"))
    address = f"{trakt.api.sandbox.url}/activate"
    assert code == {"verification_url": address, "expires_in": 600, "interval": 5}
    assert (await trakt.get("/activate")).status == 200


async def test_the_tokens_have_every_documented_field(trakt: TraktApi) -> None:
    tokens = dict(trakt.tokens)
    access, refresh = tokens.pop("access_token"), tokens.pop("refresh_token")
    assert re.fullmatch(r"[0-9a-f]{64}", access)
    assert re.fullmatch(r"[0-9a-f]{64}", refresh)
    assert access != refresh
    assert tokens == {
        "token_type": "bearer",
        "expires_in": 604_800,
        "scope": "public",
        "created_at": int(trakt.clock.now),
    }


async def test_polling_follows_the_code_from_pending_to_used(trakt: TraktApi) -> None:
    code = await new_code(trakt)
    pending = await trakt.poll(code["device_code"])
    # It says JSON and is not: a client that parses it breaks, as it does at the real server.
    assert (pending.status, pending.body) == (400, "authorization pending")
    assert pending.headers["Content-Type"].startswith("application/json")
    hasty = await trakt.poll(code["device_code"])
    assert (hasty.status, hasty.headers["Retry-After"]) == (429, "5")
    trakt.clock.now += 5
    assert (await trakt.poll(code["device_code"])).status == 400
    await trakt.decide(code["user_code"], "approve")
    trakt.clock.now += 5
    assert (await trakt.poll(code["device_code"])).status == 200
    trakt.clock.now += 5
    assert (await trakt.poll(code["device_code"])).status == 409


async def test_polling_too_fast_does_not_push_the_next_poll_away(trakt: TraktApi) -> None:
    code = await new_code(trakt)
    statuses = []
    for _ in range(11):
        statuses.append((await trakt.poll(code["device_code"])).status)
        trakt.clock.now += 1
    assert statuses == [400, 429, 429, 429, 429] * 2 + [400]


async def test_a_denied_code_is_418(trakt: TraktApi) -> None:
    code = await new_code(trakt)
    await trakt.decide(code["user_code"], "deny")
    assert [(await trakt.poll(code["device_code"])).status for _ in range(2)] == [418, 418]


@pytest.mark.parametrize("decision", [None, "approve"])
async def test_a_code_expires(open_trakt: OpenTrakt, decision: str | None) -> None:
    trakt = await open_trakt(sign_in=False, device_life_seconds=60)
    code = await new_code(trakt)
    if decision:
        await trakt.decide(code["user_code"], decision)
    trakt.clock.now += 60
    assert code["expires_in"] == 60
    assert (await trakt.poll(code["device_code"])).status == 410
    page = await trakt.decide(code["user_code"], "approve")
    assert (page.status, "Expired" in page.body) == (410, True)


@pytest.mark.parametrize("code", ["unknown", "", None, 7])
async def test_an_unknown_code_is_404(trakt: TraktApi, code: Any) -> None:
    assert (await trakt.poll(code)).status == 404


async def test_a_poll_can_be_refused_in_json(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(sign_in=False, json_poll_errors=True, device_life_seconds=60)
    denied, expired = await new_code(trakt), await new_code(trakt)
    replies = [await trakt.poll(expired["device_code"]) for _ in range(2)]
    await trakt.decide(denied["user_code"], "deny")
    trakt.clock.now += 60
    replies += [await trakt.poll(code["device_code"]) for code in (denied, expired)]
    replies.append(await trakt.poll("unknown"))
    wrong = {**CLIENT, "code": expired["device_code"], "client_id": "other"}
    replies.append(await trakt.post("/oauth/device/token", wrong))
    assert {it.status for it in replies} == {400}
    assert [it.body["error"] for it in replies] == [
        *("authorization_pending", "slow_down", "access_denied", "expired_token"),
        *("invalid_grant", "invalid_client"),
    ]


@pytest.mark.parametrize("secret", ["sandbox-secret", ""])
async def test_the_client_secret_may_be_left_out(open_trakt: OpenTrakt, secret: str) -> None:
    trakt = await open_trakt(sign_in=False, auto_approve=True, device_interval=0, client_secret=secret)
    client = {"client_id": CLIENT["client_id"]}
    code = await new_code(trakt)
    reply = await trakt.post("/oauth/device/token", {**client, "code": code["device_code"]})
    trakt.use(reply.body)
    trakt.use((await trakt.refresh(client_secret=None)).body)
    assert (await trakt.get("/users/settings")).status == 200
    token = {"token": trakt.tokens["access_token"]}
    assert (await trakt.post("/oauth/revoke", {**client, **token})).status == 200
    assert (await trakt.get("/users/settings")).status == 401


async def test_a_refresh_must_name_the_redirect_uri_of_the_app(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(redirect_uri="https://example.org/")
    refused = await trakt.refresh()
    assert (refused.status, refused.body["error"]) == (400, "invalid_grant")
    assert (await trakt.refresh(redirect_uri="https://example.org/")).status == 200


@pytest.mark.parametrize("status", [400, 401])
async def test_a_web_page_can_answer_a_refresh_and_the_pair_stays(open_trakt: OpenTrakt, status: int) -> None:
    trakt = await open_trakt(faults=(f"token:html{status}@2",))
    reply = await trakt.refresh()
    assert reply.status == status
    assert reply.headers["Content-Type"].startswith("text/html")
    assert (await trakt.refresh()).status == 200


async def test_with_auto_approve_nobody_needs_to_click(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(sign_in=False, auto_approve=True, device_interval=0)
    code = await new_code(trakt)
    assert code["interval"] == 0
    assert [(await trakt.poll(code["device_code"])).status for _ in range(2)] == [200, 409]


async def test_a_token_stays_that_of_its_user_whoever_the_sandbox_is_started_for_later(
    open_trakt: OpenTrakt, tmp_path: Path
) -> None:
    """So one sandbox has the accounts of a whole fleet."""
    data = tmp_path / "fleet.sqlite3"
    ada = await open_trakt(username="ada", data=data)
    bob = await open_trakt(username="bob", data=data)
    for tokens, name in ((ada.tokens, "ada"), (bob.tokens, "bob")):
        bob.use(tokens)
        assert (await bob.get("/users/settings")).body["user"]["username"] == name


@pytest.mark.parametrize("wrong", WRONG_CLIENTS)
async def test_a_wrong_client_is_401_everywhere(trakt: TraktApi, wrong: dict[str, Any]) -> None:
    code = await new_code(trakt)
    refusals = [
        await trakt.post("/oauth/device/token", {**CLIENT, "code": code["device_code"], **wrong}),
        await trakt.post("/oauth/revoke", {**CLIENT, "token": trakt.tokens["access_token"], **wrong}),
    ]
    if "client_id" in wrong:
        refusals.append(await trakt.post("/oauth/device/code", wrong))
    if all(wrong.values()) and 7 not in wrong.values():
        refusals.append(await trakt.refresh(**wrong))
    assert {(it.status, it.body["error"]) for it in refusals} == {(401, "invalid_client")}
    assert (await trakt.get("/users/settings")).status == 200


async def test_a_refresh_gives_a_new_pair_and_ends_the_old_one(trakt: TraktApi) -> None:
    old = trakt.tokens
    trakt.clock.now += 100
    reply = await trakt.refresh()
    assert reply.status == 200
    assert not {reply.body[name] for name in ("access_token", "refresh_token")} & set(map(str, old.values()))
    assert reply.body["created_at"] == int(trakt.clock.now)
    assert (await trakt.get("/users/settings")).status == 401
    again = await trakt.refresh(refresh_token=old["refresh_token"])
    assert (again.status, again.body["error"]) == (400, "invalid_grant")
    trakt.use(reply.body)
    assert (await trakt.get("/users/settings")).status == 200


async def test_of_refreshes_at_once_exactly_one_succeeds(trakt: TraktApi) -> None:
    replies = await asyncio.gather(*(trakt.refresh() for _ in range(8)))
    assert sorted(it.status for it in replies) == [200, *[400] * 7]


async def test_an_access_token_lives_as_long_as_it_says(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(token_life_seconds=100)
    assert trakt.tokens["expires_in"] == 100
    trakt.clock.now = trakt.tokens["created_at"] + 99.9
    assert (await trakt.rate(movies=[{**ALIEN, "rating": 5}])).status == 201
    trakt.clock.now = trakt.tokens["created_at"] + 100
    assert (await trakt.rate(movies=[{**ALIEN, "rating": 6}])).status == 401
    # The refresh token has no expiry of its own.
    trakt.clock.now += 10**8
    trakt.use((await trakt.refresh()).body)
    assert await trakt.held() == [("movie", "Alien", 5)]


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_both(trakt: TraktApi, name: str) -> None:
    reply = await trakt.post("/oauth/revoke", {**CLIENT, "token": trakt.tokens[name]})
    assert (reply.status, reply.body) == (200, {})
    assert (await trakt.get("/users/settings")).status == 401
    assert (await trakt.refresh()).body["error"] == "invalid_grant"
    assert (await trakt.post("/oauth/revoke", {**CLIENT, "token": "unknown"})).status == 200


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"redirect_uri": None}, 400, "invalid_request"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"refresh_token": None}, 400, "invalid_request"),
        ({"grant_type": "authorization_code"}, 400, "unsupported_grant_type"),
        ({"redirect_uri": "https://example.org/"}, 400, "invalid_grant"),
        ({"refresh_token": "unknown"}, 400, "invalid_grant"),
        ({"refresh_token": "\ud800"}, 400, "invalid_grant"),
    ],
)
async def test_a_refresh_that_cannot_be_says_why_and_keeps_the_pair(
    trakt: TraktApi, changes: dict[str, Any], status: int, error: str
) -> None:
    reply = await trakt.refresh(**changes)
    assert (reply.status, reply.body["error"]) == (status, error)
    assert reply.body["error_description"]
    assert (await trakt.refresh()).status == 200


async def test_an_access_token_is_no_refresh_token(trakt: TraktApi) -> None:
    assert (await trakt.refresh(refresh_token=trakt.tokens["access_token"])).status == 400
    trakt.headers["Authorization"] = f"Bearer {trakt.tokens['refresh_token']}"
    assert (await trakt.get("/users/settings")).status == 401


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff"])
@pytest.mark.parametrize("path", ["device/code", "device/token", "token", "revoke"])
async def test_a_body_that_is_no_json_object_is_an_invalid_request(
    trakt: TraktApi, path: str, data: bytes
) -> None:
    reply = await trakt.send("POST", f"/oauth/{path}", data)
    assert (reply.status, reply.body["error"]) == (400, "invalid_request")


async def test_the_page_is_a_form_that_a_person_can_use(trakt: TraktApi) -> None:
    reply = await trakt.get("/activate")
    assert reply.headers["Content-Type"].startswith("text/html")
    for needed in ('<html lang="en">', '<label for="code">', 'value="approve"', 'value="deny"', "demo"):
        assert needed in reply.body
    assert "http" not in reply.body
    assert "<script" not in reply.body
    for path in ("/activate/5055cc52", "/activate?code=5055-CC52"):
        assert 'value="5055CC52"' in (await trakt.get(path)).body


async def test_the_page_takes_the_code_as_people_type_it_and_only_once(trakt: TraktApi) -> None:
    code = await new_code(trakt)
    typed = f" {code['user_code'][:4].lower()}-{code['user_code'][4:]} "
    approved = await trakt.decide(typed, "approve")
    assert (approved.status, "<h1>Approved</h1>" in approved.body) == (200, True)
    again = await trakt.decide(typed, "deny")
    assert (again.status, "<h1>Already decided</h1>" in again.body) == (409, True)
    assert (await trakt.poll(code["device_code"])).status == 200


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"code": "00000000", "action": "approve"}, 404),
        ({"code": "00000000"}, 400),
        ({"code": "", "action": "approve"}, 400),
        ({"code": "00000000", "action": "delete"}, 400),
        ({}, 400),
    ],
)
async def test_the_page_names_the_problem_and_lets_people_try_again(
    trakt: TraktApi, fields: dict[str, str], status: int
) -> None:
    reply = await trakt.form(fields)
    assert reply.status == status
    assert 'role="alert"' in reply.body
    assert "<form" in reply.body


async def test_what_was_typed_cannot_become_markup(trakt: TraktApi) -> None:
    reply = await trakt.form({"code": '"><script>x</script>', "action": "approve"})
    assert reply.status == 404
    assert "<SCRIPT>" not in reply.body.upper()
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert b"<script>" not in build_form_page("", "<script>").body


async def test_sign_in_and_ratings_outlive_the_server(tmp_path: Path, catalogue: Path) -> None:
    options = SandboxOptions(catalogue=catalogue, data=tmp_path / "sandbox.db", post_rate=None)
    clock, tokens = Clock(), dict[str, Any]()
    for first in (True, False):
        async with (
            Sandbox(options, clock=clock) as sandbox,
            aiohttp.ClientSession() as web,
        ):
            trakt = TraktApi(Api(sandbox, web), clock)
            if first:
                await trakt.sign_in()
                tokens = trakt.tokens
                await trakt.rate(movies=[{**ALIEN, "rating": 5}])
                pending = await new_code(trakt)
                before = (await trakt.get("/sync/last_activities")).body
            trakt.use(tokens)
            assert await trakt.held() == [("movie", "Alien", 5)]
            assert (await trakt.get("/sync/last_activities")).body == before
    async with Sandbox(options, clock=clock) as sandbox, aiohttp.ClientSession() as web:
        trakt = TraktApi(Api(sandbox, web), clock)
        trakt.use(tokens)
        await trakt.decide(pending["user_code"], "approve")
        assert (await trakt.poll(pending["device_code"])).status == 200
        assert (await trakt.refresh()).status == 200


async def test_no_secret_is_kept_logged_or_shown(
    tmp_path: Path, catalogue: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    data = tmp_path / "sandbox.db"
    options = SandboxOptions(catalogue=catalogue, data=data, post_rate=None)
    async with Sandbox(options) as sandbox, aiohttp.ClientSession() as web:
        trakt = TraktApi(Api(sandbox, web), Clock())
        code = await new_code(trakt)
        await trakt.get(f"/activate/{code['user_code']}")
        await trakt.decide(code["user_code"], "approve")
        trakt.use((await trakt.poll(code["device_code"])).body)
        old = trakt.tokens
        trakt.use((await trakt.refresh()).body)
        await trakt.rate(movies=[{**ALIEN, "rating": 5}])
        await trakt.send("POST", f"/sync/{old['access_token']}")
    secrets = [*code.values(), *old.values(), *trakt.tokens.values(), *CLIENT.values()]
    written = data.read_bytes()
    for secret in (it for it in secrets if isinstance(it, str) and len(it) > 6 and "http" not in it):
        assert secret.encode() not in written
        assert secret not in caplog.text


def test_values_that_hold_secrets_show_none() -> None:
    options = SandboxOptions(client_id="the-client", client_secret="the-secret")
    pair = TokenPair("the-access", "the-refresh", 0, 0)
    code = DeviceCode("the-device", "the-user")
    call = Call({}, {"Authorization": "Bearer the-token"})
    assert not re.search("the-", f"{options!r} {pair!r} {code!r} {call!r}")
    assert REDIRECT_URI.startswith("urn:")
