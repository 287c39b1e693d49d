"""The whole life of a sign-in against the sandbox: a code, a click, renewals, and the end."""

import asyncio
from pathlib import Path
from urllib.parse import urlencode

import pytest

from importer.client.auth import Credentials
from importer.client.sign_in import ask_account, revoke, sign_in
from importer.client.token_store import TokenStore
from importer.client.transport import Transport
from importer.destinations.sign_in import DeviceCode
from importer.destinations.trakt.account import TraktAccount
from importer.destinations.trakt.sign_in import TraktApp
from importer.errors import AuthorizationError
from importer.http import Request
from importer.sandbox import Sandbox, SandboxOptions
from importer.secret import Secret
from tests.client.auth_road import NOW
from tests.hurried_time import run_hurried

APP_KEYS = ("sandbox-client", "sandbox-secret")


class Clock:
    """The time of day, for client and sandbox alike; `passed` moves it on at once."""

    def __init__(self) -> None:
        self.passed = 0.0

    def __call__(self) -> float:
        return NOW + self.passed + asyncio.get_running_loop().time()


async def decide(transport: Transport, code: DeviceCode, action: str) -> None:
    """What a person does in a browser."""
    form = urlencode({"code": code.user_code, "action": action}).encode()
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = await transport.send(Request("POST", code.verification_url, "click", form, headers))
    assert answer.status == 200


async def sign_in_on(
    transport: Transport, app: TraktApp, store: TokenStore, action: str, clock: Clock
) -> None:
    clicks: list[asyncio.Task[None]] = []

    async def click(code: DeviceCode) -> None:
        await asyncio.sleep(12)  # two polls find nobody's decision yet
        await decide(transport, code, action)

    def show(code: DeviceCode) -> None:
        clicks.append(asyncio.create_task(click(code)))

    try:
        await store.save(await sign_in(transport, app, show, clock=clock))
    finally:
        await asyncio.gather(*clicks)


def test_a_sign_in_from_its_code_to_its_end(tmp_path: Path) -> None:
    clock = Clock()

    async def main() -> None:
        options = SandboxOptions(token_life_seconds=2000)
        async with Sandbox(options, clock=clock) as sandbox, Transport(2) as transport:
            app = TraktApp(sandbox.url, APP_KEYS[0], Secret(APP_KEYS[1]))
            store = TokenStore(tmp_path / "tokens" / "sandbox.json", None)
            await sign_in_on(transport, app, store, "approve", clock)
            credentials = Credentials(transport, app, store, clock=clock)
            account = await ask_account(transport, credentials, TraktAccount(sandbox.url, APP_KEYS[0]))
            assert account.username == "demo"
            first = await credentials.access_token()

            clock.passed = 1500  # well within the margin before the end
            got = await asyncio.gather(*[credentials.access_token() for _ in range(20)])
            (second,) = set(got)
            assert second != first
            await ask_account(transport, credentials, TraktAccount(sandbox.url, APP_KEYS[0]))

            # Another process renews: the sandbox's old token dies, and ours is found in the store.
            await Credentials(transport, app, store, clock=clock).renew(second)
            await ask_account(transport, credentials, TraktAccount(sandbox.url, APP_KEYS[0]))
            third = await credentials.access_token()
            assert third not in {first, second}

            assert await revoke(transport, app, Secret(third))
            with pytest.raises(AuthorizationError, match="Sign in again"):
                await ask_account(transport, credentials, TraktAccount(sandbox.url, APP_KEYS[0]))
            assert await store.load() is None

    run_hurried(main())


def test_a_person_who_says_no_is_heard(tmp_path: Path) -> None:
    clock = Clock()

    async def main() -> None:
        async with Sandbox(clock=clock) as sandbox, Transport(2) as transport:
            app = TraktApp(sandbox.url, APP_KEYS[0], Secret(APP_KEYS[1]))
            store = TokenStore(tmp_path / "tokens" / "sandbox.json", None)
            with pytest.raises(AuthorizationError, match="declined"):
                await sign_in_on(transport, app, store, "deny", clock)
            assert await store.load() is None

    run_hurried(main())


def test_an_app_without_a_secret_with_a_redirect_uri_of_its_own_and_words_in_the_poll(tmp_path: Path) -> None:
    clock = Clock()
    uri = "https://mine.example/back"

    async def main() -> None:
        options = SandboxOptions(client_secret="", redirect_uri=uri, json_poll_errors=True)
        async with Sandbox(options, clock=clock) as sandbox, Transport(2) as transport:
            app = TraktApp(sandbox.url, APP_KEYS[0], Secret(""), uri)
            store = TokenStore(tmp_path / "tokens" / "sandbox.json", None)
            await sign_in_on(transport, app, store, "approve", clock)
            credentials = Credentials(transport, app, store, clock=clock)
            first = await credentials.access_token()
            await credentials.renew(first)
            assert await credentials.access_token() != first
            other = TraktApp(sandbox.url, APP_KEYS[0], Secret(""))
            with pytest.raises(AuthorizationError, match="IMPORTER_TRAKT_REDIRECT_URI"):
                await Credentials(transport, other, store, clock=clock).renew(
                    await credentials.access_token()
                )

    run_hurried(main())
