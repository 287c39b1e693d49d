"""Nothing of a sign-in is lost or shown, also when workers are cancelled and processes compete."""

import asyncio
import logging
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.client import token_store as tokens_module
from importer.client.auth import Credentials
from importer.client.token_store import open_token_store
from importer.client.transport import Transport
from importer.destinations.sign_in import TokenSet
from importer.destinations.trakt.settings import TraktSettings
from importer.destinations.trakt.sign_in import TraktApp
from importer.errors import AuthorizationError, StopRunError
from importer.secret import Secret
from tests.auth_server import CLIENT_ID, CLIENT_SECRET, SETTINGS, TOKEN, AuthServer
from tests.builders import build_answer
from tests.client.auth_road import APP, WEEK, Host, pair, road
from tests.virtual_time import run_in_virtual_time

ROOT = Path(__file__).parents[2]


class TestNothingIsLost:
    def test_the_new_pair_is_stored_before_it_is_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path)
            seen: list[str] = []
            save = way.store.save

            async def watch(tokens: TokenSet) -> None:
                await asyncio.sleep(5)
                seen.append("stored")
                await save(tokens)

            monkeypatch.setattr(way.store, "save", watch)
            renewal = asyncio.create_task(way.credentials.renew("acc3ss-1"))
            await asyncio.sleep(1)
            seen.append(way.credentials._tokens.access_token.reveal() if way.credentials._tokens else "none")
            await renewal
            seen.append(await way.credentials.access_token())
            assert seen == ["none", "stored", "acc3ss-2"]

        run_in_virtual_time(main())

    def test_a_worker_that_is_cancelled_meanwhile_still_stores_the_new_pair(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(answer_seconds=10), tmp_path)
            worker = asyncio.create_task(way.credentials.renew("acc3ss-1"))
            await asyncio.sleep(1)
            worker.cancel()
            with pytest.raises(asyncio.CancelledError):
                await worker
            assert (await way.stored()).access_token == Secret("acc3ss-2")
            assert await way.credentials.access_token() == "acc3ss-2"
            await way.another().renew("acc3ss-1")  # and the lock is free again
            assert way.host.refreshes == 1

        run_in_virtual_time(main())

    def test_a_pair_that_cannot_be_kept_is_not_used(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        async def main() -> None:
            way = await road(Host(), tmp_path)
            monkeypatch.setattr(Path, "replace", fail)
            with pytest.raises(StopRunError, match="its drive is full"):
                await way.credentials.renew("acc3ss-1")
            assert way.credentials._tokens is None

        run_in_virtual_time(main())

    def test_a_lock_that_is_never_given_back_is_not_waited_for_for_ever(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path)
            async with way.store.locked():
                with pytest.raises(StopRunError, match="Another process uses"):
                    await way.credentials.renew("acc3ss-1")

        run_in_virtual_time(main())


class TestSecrecy:
    def test_no_repr_no_log_and_no_traceback_shows_a_token(
        self, tmp_path: Path, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
    ) -> None:
        caplog.set_level(logging.DEBUG)
        shown: list[str] = []

        async def main() -> None:
            for answer in (build_answer(400), build_answer(500), build_answer(403)):
                way = await road(Host(answer, answer), tmp_path)
                try:
                    await way.credentials.renew("acc3ss-1")
                except StopRunError as error:
                    shown.append(
                        "".join(
                            traceback.TracebackException.from_exception(error, capture_locals=True).format()
                        )
                    )
                shown.extend(map(repr, (way.credentials, way.store, APP, pair())))

        run_in_virtual_time(main())
        output = capsys.readouterr()
        assert len(shown) == 15
        for text in (*shown, caplog.text, output.out, output.err):
            for secret in ("r3fresh-1", "app-s3cret"):
                assert secret not in text  # even with local variables printed


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never touch the keyring of whoever runs the tests."""
    monkeypatch.setattr(tokens_module, "find_keyring", lambda: None)


# Real processes against a real server

PROCESS = """
import asyncio, sys
from pathlib import Path
from importer.client.auth import Credentials
from importer.client.token_store import open_token_store
from importer.client.transport import Transport
from importer.destinations.trakt.sign_in import TraktApp
from importer.config.folders import state_dir
from importer.destinations.trakt.spec import TRAKT
from importer.runs.settings import load_spec_settings

async def main():
    settings = load_spec_settings(TRAKT, {}, file=Path(sys.argv[1])).settings
    store = open_token_store(settings, state_dir())
    app = TraktApp(settings.auth_url, settings.client_id, settings.client_secret)
    async with Transport(1) as transport:
        credentials = Credentials(transport, app, store)
        stale = await credentials.access_token()
        print("ready", flush=True)
        sys.stdin.readline()
        await asyncio.gather(*[credentials.renew(stale) for _ in range(5)])
        print((await credentials.access_token())[-1])

asyncio.run(main())
"""


@pytest.fixture
def server() -> Iterator[AuthServer]:
    with AuthServer() as server:
        yield server


def test_two_processes_with_the_same_stale_token_renew_once(server: AuthServer, tmp_path: Path) -> None:
    settings = TraktSettings(
        base_url=server.url, auth_url=server.url, client_id=CLIENT_ID, client_secret=Secret(CLIENT_SECRET)
    )
    issued = server.issue()
    first = TokenSet(
        Secret(issued["access_token"]), Secret(issued["refresh_token"]), issued["created_at"], WEEK
    )
    asyncio.run(open_token_store(settings, tmp_path).save(first))
    server.slow_seconds = 0.05  # long enough for the other process to come to the lock
    (tmp_path / "config.toml").write_text("")
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "IMPORTER_STATE_DIR": str(tmp_path),
        "IMPORTER_TRAKT_BASE_URL": server.url,
        "IMPORTER_TRAKT_AUTH_URL": server.url,
        "IMPORTER_TRAKT_CLIENT_ID": CLIENT_ID,
        "IMPORTER_TRAKT_CLIENT_SECRET": CLIENT_SECRET,
    }
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", PROCESS, str(tmp_path / "config.toml")],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=30)[0] for process in processes] == ["2\n", "2\n"]
    assert server.count(TOKEN) == 1
    stored = asyncio.run(open_token_store(settings, tmp_path).load())
    assert stored is not None
    assert stored.refresh_token == Secret(server.refresh_token)


async def test_over_the_real_transport_a_spent_token_ends_the_sign_in(
    server: AuthServer, tmp_path: Path
) -> None:
    settings = TraktSettings(
        base_url=server.url, auth_url=server.url, client_id=CLIENT_ID, client_secret=Secret(CLIENT_SECRET)
    )
    store = open_token_store(settings, tmp_path)
    await store.save(pair(7))
    async with Transport(1) as transport:
        app = TraktApp(server.url, CLIENT_ID, Secret(CLIENT_SECRET))
        with pytest.raises(AuthorizationError, match="spent, revoked or too old"):
            await Credentials(transport, app, store).renew("acc3ss-7")
    assert server.count(TOKEN) == 1
    assert server.count(SETTINGS) == 0
    assert await store.load() is None
