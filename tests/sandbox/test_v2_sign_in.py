"""The OAuth methods, the activate page, and how long tokens live."""

import asyncio
import re
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from importer.sandbox import Sandbox, SandboxOptions
from importer.sandbox.activate import build_form_page
from importer.sandbox.devices import DeviceCode
from importer.sandbox.exchange import Call
from importer.sandbox.tokens import TokenPair

from .api import Api
from .conftest import OpenV2
from .v2_api import ALIEN, CLIENT, REDIRECT_URI, Clock, V2Api

WRONG_CLIENTS: list[dict[str, Any]] = [
    {"client_id": "other"},
    {"client_id": None},
    {"client_secret": "other"},
    {"client_secret": 7},
]


async def new_code(v2: V2Api) -> dict[str, Any]:
    reply = await v2.post("/oauth/device/code", {"client_id": CLIENT["client_id"]})
    assert reply.status == 200
    assert isinstance(reply.body, dict)
    return reply.body


async def test_a_device_code_has_every_documented_field(v2: V2Api) -> None:
    code = await new_code(v2)
    assert re.fullmatch(r"[0-9a-f]{64}", code.pop("device_code"))
    assert re.fullmatch(r"[0-9A-F]{8}", code.pop("user_code"))
    address = f"{v2.api.sandbox.url}/activate"
    assert code == {"verification_url": address, "expires_in": 600, "interval": 5}
    assert (await v2.get("/activate")).status == 200


async def test_the_tokens_have_every_documented_field(v2: V2Api) -> None:
    tokens = dict(v2.tokens)
    access, refresh = tokens.pop("access_token"), tokens.pop("refresh_token")
    assert re.fullmatch(r"[0-9a-f]{64}", access)
    assert re.fullmatch(r"[0-9a-f]{64}", refresh)
    assert access != refresh
    assert tokens == {
        "token_type": "bearer",
        "expires_in": 604_800,
        "scope": "public",
        "created_at": int(v2.clock.now),
    }


async def test_polling_follows_the_code_from_pending_to_used(v2: V2Api) -> None:
    code = await new_code(v2)
    pending = await v2.poll(code["device_code"])
    # It says JSON and is not: a client that parses it breaks, as it does at the real server.
    assert (pending.status, pending.body) == (400, "authorization pending")
    assert pending.headers["Content-Type"].startswith("application/json")
    hasty = await v2.poll(code["device_code"])
    assert (hasty.status, hasty.headers["Retry-After"]) == (429, "5")
    v2.clock.now += 5
    assert (await v2.poll(code["device_code"])).status == 400
    await v2.decide(code["user_code"], "approve")
    v2.clock.now += 5
    assert (await v2.poll(code["device_code"])).status == 200
    v2.clock.now += 5
    assert (await v2.poll(code["device_code"])).status == 409


async def test_polling_too_fast_does_not_push_the_next_poll_away(v2: V2Api) -> None:
    code = await new_code(v2)
    statuses = []
    for _ in range(11):
        statuses.append((await v2.poll(code["device_code"])).status)
        v2.clock.now += 1
    assert statuses == [400, 429, 429, 429, 429] * 2 + [400]


async def test_a_denied_code_is_418(v2: V2Api) -> None:
    code = await new_code(v2)
    await v2.decide(code["user_code"], "deny")
    assert [(await v2.poll(code["device_code"])).status for _ in range(2)] == [418, 418]


@pytest.mark.parametrize("decision", [None, "approve"])
async def test_a_code_expires(open_v2: OpenV2, decision: str | None) -> None:
    v2 = await open_v2(sign_in=False, device_life_seconds=60)
    code = await new_code(v2)
    if decision:
        await v2.decide(code["user_code"], decision)
    v2.clock.now += 60
    assert code["expires_in"] == 60
    assert (await v2.poll(code["device_code"])).status == 410
    page = await v2.decide(code["user_code"], "approve")
    assert (page.status, "Expired" in page.body) == (410, True)


@pytest.mark.parametrize("code", ["unknown", "", None, 7])
async def test_an_unknown_code_is_404(v2: V2Api, code: Any) -> None:
    assert (await v2.poll(code)).status == 404


async def test_with_auto_approve_nobody_needs_to_click(open_v2: OpenV2) -> None:
    v2 = await open_v2(sign_in=False, auto_approve=True, device_interval=0)
    code = await new_code(v2)
    assert code["interval"] == 0
    assert [(await v2.poll(code["device_code"])).status for _ in range(2)] == [200, 409]


@pytest.mark.parametrize("wrong", WRONG_CLIENTS)
async def test_a_wrong_client_is_401_everywhere(v2: V2Api, wrong: dict[str, Any]) -> None:
    code = await new_code(v2)
    refusals = [
        await v2.post("/oauth/device/token", {**CLIENT, "code": code["device_code"], **wrong}),
        await v2.post("/oauth/revoke", {**CLIENT, "token": v2.tokens["access_token"], **wrong}),
    ]
    if "client_id" in wrong:
        refusals.append(await v2.post("/oauth/device/code", wrong))
    if all(wrong.values()) and 7 not in wrong.values():
        refusals.append(await v2.refresh(**wrong))
    assert {(it.status, it.body["error"]) for it in refusals} == {(401, "invalid_client")}
    assert (await v2.get("/users/settings")).status == 200


async def test_a_refresh_gives_a_new_pair_and_ends_the_old_one(v2: V2Api) -> None:
    old = v2.tokens
    v2.clock.now += 100
    reply = await v2.refresh()
    assert reply.status == 200
    assert not {reply.body[name] for name in ("access_token", "refresh_token")} & set(map(str, old.values()))
    assert reply.body["created_at"] == int(v2.clock.now)
    assert (await v2.get("/users/settings")).status == 401
    again = await v2.refresh(refresh_token=old["refresh_token"])
    assert (again.status, again.body["error"]) == (400, "invalid_grant")
    v2.use(reply.body)
    assert (await v2.get("/users/settings")).status == 200


async def test_of_refreshes_at_once_exactly_one_succeeds(v2: V2Api) -> None:
    replies = await asyncio.gather(*(v2.refresh() for _ in range(8)))
    assert sorted(it.status for it in replies) == [200, *[400] * 7]


async def test_an_access_token_lives_as_long_as_it_says(open_v2: OpenV2) -> None:
    v2 = await open_v2(token_life_seconds=100)
    assert v2.tokens["expires_in"] == 100
    v2.clock.now = v2.tokens["created_at"] + 99.9
    assert (await v2.rate(movies=[{**ALIEN, "rating": 5}])).status == 201
    v2.clock.now = v2.tokens["created_at"] + 100
    assert (await v2.rate(movies=[{**ALIEN, "rating": 6}])).status == 401
    # The refresh token has no expiry of its own.
    v2.clock.now += 10**8
    v2.use((await v2.refresh()).body)
    assert await v2.held() == [("movie", "Alien", 5)]


@pytest.mark.parametrize("name", ["access_token", "refresh_token"])
async def test_revoking_either_token_ends_both(v2: V2Api, name: str) -> None:
    reply = await v2.post("/oauth/revoke", {**CLIENT, "token": v2.tokens[name]})
    assert (reply.status, reply.body) == (200, {})
    assert (await v2.get("/users/settings")).status == 401
    assert (await v2.refresh()).body["error"] == "invalid_grant"
    assert (await v2.post("/oauth/revoke", {**CLIENT, "token": "unknown"})).status == 200


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
    v2: V2Api, changes: dict[str, Any], status: int, error: str
) -> None:
    reply = await v2.refresh(**changes)
    assert (reply.status, reply.body["error"]) == (status, error)
    assert reply.body["error_description"]
    assert (await v2.refresh()).status == 200


async def test_an_access_token_is_no_refresh_token(v2: V2Api) -> None:
    assert (await v2.refresh(refresh_token=v2.tokens["access_token"])).status == 400
    v2.headers["Authorization"] = f"Bearer {v2.tokens['refresh_token']}"
    assert (await v2.get("/users/settings")).status == 401


@pytest.mark.parametrize("data", [b"{", b"[]", b"\xff"])
@pytest.mark.parametrize("path", ["device/code", "device/token", "token", "revoke"])
async def test_a_body_that_is_no_json_object_is_an_invalid_request(v2: V2Api, path: str, data: bytes) -> None:
    reply = await v2.send("POST", f"/oauth/{path}", data)
    assert (reply.status, reply.body["error"]) == (400, "invalid_request")


async def test_the_page_is_a_form_that_a_person_can_use(v2: V2Api) -> None:
    reply = await v2.get("/activate")
    assert reply.headers["Content-Type"].startswith("text/html")
    for needed in ('<html lang="en">', '<label for="code">', 'value="approve"', 'value="deny"', "demo"):
        assert needed in reply.body
    assert "http" not in reply.body
    assert "<script" not in reply.body
    for path in ("/activate/5055cc52", "/activate?code=5055-CC52"):
        assert 'value="5055CC52"' in (await v2.get(path)).body


async def test_the_page_takes_the_code_as_people_type_it_and_only_once(v2: V2Api) -> None:
    code = await new_code(v2)
    typed = f" {code['user_code'][:4].lower()}-{code['user_code'][4:]} "
    approved = await v2.decide(typed, "approve")
    assert (approved.status, "<h1>Approved</h1>" in approved.body) == (200, True)
    again = await v2.decide(typed, "deny")
    assert (again.status, "<h1>Already decided</h1>" in again.body) == (409, True)
    assert (await v2.poll(code["device_code"])).status == 200


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
    v2: V2Api, fields: dict[str, str], status: int
) -> None:
    reply = await v2.form(fields)
    assert reply.status == status
    assert 'role="alert"' in reply.body
    assert "<form" in reply.body


async def test_what_was_typed_cannot_become_markup(v2: V2Api) -> None:
    reply = await v2.form({"code": '"><script>x</script>', "action": "approve"})
    assert reply.status == 404
    assert "<SCRIPT>" not in reply.body.upper()
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert b"<script>" not in build_form_page("", "<script>").body


async def test_sign_in_and_ratings_outlive_the_server(tmp_path: Path, catalogue: Path) -> None:
    options = SandboxOptions(data=tmp_path / "sandbox.db", post_rate=None)
    clock, tokens = Clock(), dict[str, Any]()
    for first in (True, False):
        async with (
            Sandbox(options, catalogue=catalogue, clock=clock) as sandbox,
            aiohttp.ClientSession() as web,
        ):
            v2 = V2Api(Api(sandbox, web), clock)
            if first:
                await v2.sign_in()
                tokens = v2.tokens
                await v2.rate(movies=[{**ALIEN, "rating": 5}])
                pending = await new_code(v2)
                before = (await v2.get("/sync/last_activities")).body
            v2.use(tokens)
            assert await v2.held() == [("movie", "Alien", 5)]
            assert (await v2.get("/sync/last_activities")).body == before
    async with Sandbox(options, catalogue=catalogue, clock=clock) as sandbox, aiohttp.ClientSession() as web:
        v2 = V2Api(Api(sandbox, web), clock)
        v2.use(tokens)
        await v2.decide(pending["user_code"], "approve")
        assert (await v2.poll(pending["device_code"])).status == 200
        assert (await v2.refresh()).status == 200


async def test_no_secret_is_kept_logged_or_shown(
    tmp_path: Path, catalogue: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    data = tmp_path / "sandbox.db"
    options = SandboxOptions(data=data, post_rate=None)
    async with Sandbox(options, catalogue=catalogue) as sandbox, aiohttp.ClientSession() as web:
        v2 = V2Api(Api(sandbox, web), Clock())
        code = await new_code(v2)
        await v2.get(f"/activate/{code['user_code']}")
        await v2.decide(code["user_code"], "approve")
        v2.use((await v2.poll(code["device_code"])).body)
        old = v2.tokens
        v2.use((await v2.refresh()).body)
        await v2.rate(movies=[{**ALIEN, "rating": 5}])
        await v2.send("POST", f"/sync/{old['access_token']}")
    secrets = [*code.values(), *old.values(), *v2.tokens.values(), *CLIENT.values()]
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
