"""The sign-in's tokens: kept privately and whole, renewed once for everybody, and never shown."""

import asyncio
import logging
import os
import stat
import subprocess
import sys
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import KeyringLocked

from importer.delivery import tokens as tokens_module
from importer.delivery.credentials import Credentials
from importer.delivery.tokens import TokenStore, find_keyring, open_token_store
from importer.delivery.transport import Transport
from importer.destinations.base import Answer
from importer.destinations.trakt_oauth import TraktApp
from importer.destinations.trakt_tokens import TokenSet
from importer.errors import AuthorizationError, ConnectionLostError, Loss, StopRunError
from importer.settings import Secret, TraktSettings
from importer.wire import Request, Response
from tests.auth_server import CLIENT_ID, CLIENT_SECRET, SETTINGS, TOKEN, AuthServer
from tests.builders import build_answer
from tests.virtual_time import run_in_virtual_time

NOW = 1_790_000_000.0
WEEK = 604_800.0
SETTINGS_OF_APP = TraktSettings("https://api.example", "https://auth.example", "app-1d", Secret("app-s3cret"))
APP = TraktApp("https://auth.example", "app-1d", Secret("app-s3cret"))
ROOT = Path(__file__).parents[2]


def pair(number: int = 1, *, created_at: float = NOW, expires_in: float | None = WEEK) -> TokenSet:
    return TokenSet(Secret(f"acc3ss-{number}"), Secret(f"r3fresh-{number}"), created_at, expires_in)


class FakeKeyring(KeyringBackend):
    """A keyring in memory that can be locked."""

    priority = 5
    name = "Fake"

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept: dict[tuple[str, str], str] = {}
        self.is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        self._check()
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._check()
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        self._check()
        del self.kept[service, username]

    def _check(self) -> None:
        if self.is_locked:
            raise KeyringLocked("s3cret detail")


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> FakeKeyring:
    keyring = FakeKeyring()
    monkeypatch.setattr(tokens_module, "find_keyring", lambda: keyring)
    return keyring


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    """Never touch the keyring of whoever runs the tests."""
    monkeypatch.setattr(tokens_module, "find_keyring", lambda: None)


def file_of(folder: Path) -> Path:
    (file,) = (folder / "tokens").glob("*.json")
    return file


class TestFile:
    def test_a_pair_is_kept_for_its_owner_alone(self, tmp_path: Path) -> None:
        store = open_token_store(SETTINGS_OF_APP, tmp_path)
        assert asyncio.run(store.load()) is None
        asyncio.run(store.save(pair()))
        assert asyncio.run(open_token_store(SETTINGS_OF_APP, tmp_path).load()) == pair()
        file = file_of(tmp_path)
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
        assert store.where == f"the file {file}"

    def test_a_folder_that_others_can_read_is_closed(self, tmp_path: Path) -> None:
        (tmp_path / "tokens").mkdir(mode=0o755)
        asyncio.run(open_token_store(SETTINGS_OF_APP, tmp_path).save(pair()))
        assert stat.S_IMODE((tmp_path / "tokens").stat().st_mode) == 0o700

    @pytest.mark.parametrize("broken", ["os.fsync", "pathlib.Path.replace"])
    def test_a_write_that_fails_leaves_the_old_pair_whole(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, broken: str
    ) -> None:
        def fail(*_: object) -> None:
            raise OSError(28, "No space left on device")

        store = open_token_store(SETTINGS_OF_APP, tmp_path)
        asyncio.run(store.save(pair(1)))
        monkeypatch.setattr(broken, fail)
        with pytest.raises(StopRunError, match=r"No space left on device.*IMPORTER_STATE_DIR"):
            asyncio.run(store.save(pair(2)))
        assert asyncio.run(store.load()) == pair(1)
        assert [path.name for path in (tmp_path / "tokens").iterdir()] == [file_of(tmp_path).name]

    def test_the_file_is_on_the_disk_before_it_takes_the_old_ones_place(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order: list[str] = []
        fsync, rename = os.fsync, Path.replace

        def note_fsync(handle: int) -> None:
            order.append("fsync")
            fsync(handle)

        def note_replace(path: Path, target: Path) -> None:
            order.append("replace")
            rename(path, target)

        monkeypatch.setattr(os, "fsync", note_fsync)
        monkeypatch.setattr(Path, "replace", note_replace)
        asyncio.run(open_token_store(SETTINGS_OF_APP, tmp_path).save(pair()))
        assert order == ["fsync", "replace", "fsync"]

    def test_a_damaged_file_means_not_signed_in(self, tmp_path: Path) -> None:
        store = open_token_store(SETTINGS_OF_APP, tmp_path)
        asyncio.run(store.save(pair()))
        for content in (b"", b"{", b"[]", b'{"access_token": 5}', b"\xff"):
            file_of(tmp_path).write_bytes(content)
            assert asyncio.run(store.load()) is None

    def test_forgetting(self, tmp_path: Path) -> None:
        store = open_token_store(SETTINGS_OF_APP, tmp_path)
        asyncio.run(store.save(pair()))
        asyncio.run(store.forget())
        asyncio.run(store.forget())
        assert asyncio.run(store.load()) is None

    @pytest.mark.parametrize(
        "other",
        [
            replace(SETTINGS_OF_APP, auth_url="https://api.example"),
            replace(SETTINGS_OF_APP, client_id="another"),
        ],
    )
    def test_each_host_and_app_has_its_own(self, tmp_path: Path, other: TraktSettings) -> None:
        asyncio.run(open_token_store(SETTINGS_OF_APP, tmp_path).save(pair()))
        assert asyncio.run(open_token_store(other, tmp_path).load()) is None

    def test_a_folder_that_cannot_be_made_is_told_before_anything_is_sent(self, tmp_path: Path) -> None:
        (tmp_path / "tokens").write_text("in the way")

        async def lock() -> None:
            async with open_token_store(SETTINGS_OF_APP, tmp_path).locked():
                pass

        with pytest.raises(StopRunError, match="IMPORTER_STATE_DIR"):
            asyncio.run(lock())


class TestKeyring:
    def test_a_usable_keyring_is_preferred(self, tmp_path: Path, keyring: FakeKeyring) -> None:
        store = open_token_store(SETTINGS_OF_APP, tmp_path)
        asyncio.run(store.save(pair()))
        assert asyncio.run(store.load()) == pair()
        assert [service for service, _ in keyring.kept] == ["rating-importer"]
        assert not list(tmp_path.rglob("*.json"))
        assert store.where == "the system's keyring (Fake)"
        asyncio.run(store.forget())
        assert not keyring.kept

    def test_a_keyring_that_fails_gives_way_to_the_file(self, tmp_path: Path, keyring: FakeKeyring) -> None:
        store = open_token_store(SETTINGS_OF_APP, tmp_path)
        asyncio.run(store.save(pair(1)))
        keyring.is_locked = True
        assert asyncio.run(store.load()) is None
        asyncio.run(store.save(pair(2, created_at=NOW + 1)))
        assert "the keyring cannot be used: KeyringLocked" in store.where
        assert "s3cret" not in store.where
        assert asyncio.run(store.load()) == pair(2, created_at=NOW + 1)

    def test_the_newer_pair_counts_wherever_it_is(self, tmp_path: Path, keyring: FakeKeyring) -> None:
        store = open_token_store(SETTINGS_OF_APP, tmp_path)
        asyncio.run(store.save(pair(1)))
        keyring.is_locked = True
        asyncio.run(store.save(pair(2, created_at=NOW + 1)))
        keyring.is_locked = False
        assert asyncio.run(store.load()) == pair(2, created_at=NOW + 1)
        asyncio.run(store.save(pair(3, created_at=NOW + 2)))
        assert asyncio.run(store.load()) == pair(3, created_at=NOW + 2)
        assert not list(tmp_path.rglob("*.json"))

    @pytest.mark.parametrize("backend", [FailKeyring, NullKeyring])
    def test_keyrings_that_keep_nothing_are_not_used(
        self, monkeypatch: pytest.MonkeyPatch, backend: type[KeyringBackend]
    ) -> None:
        monkeypatch.setattr("keyring.get_keyring", backend)
        assert find_keyring() is None
        monkeypatch.setattr("keyring.get_keyring", FakeKeyring)
        assert isinstance(find_keyring(), FakeKeyring)

    def test_a_backend_that_raises_is_not_used(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def fail() -> KeyringBackend:
            raise RuntimeError("no bus")

        monkeypatch.setattr("keyring.get_keyring", fail)
        assert find_keyring() is None


class TestPairFromSettings:
    GIVEN = replace(SETTINGS_OF_APP, access_token=Secret("acc3ss-0"), refresh_token=Secret("r3fresh-0"))

    def test_it_is_used_as_it_is(self, tmp_path: Path) -> None:
        store = open_token_store(self.GIVEN, tmp_path)
        assert asyncio.run(store.load()) == TokenSet(Secret("acc3ss-0"), Secret("r3fresh-0"), 0.0)
        assert store.where == "the settings (access_token)"
        assert store.is_given

    def test_what_it_was_renewed_to_is_preferred_until_another_is_given(self, tmp_path: Path) -> None:
        asyncio.run(open_token_store(self.GIVEN, tmp_path).save(pair(1)))
        assert asyncio.run(open_token_store(self.GIVEN, tmp_path).load()) == pair(1)
        another = replace(self.GIVEN, access_token=Secret("acc3ss-9"))
        found = asyncio.run(open_token_store(another, tmp_path).load())
        assert found is not None
        assert found.access_token == Secret("acc3ss-9")

    def test_a_sign_in_beside_it_is_left_alone(self, tmp_path: Path) -> None:
        asyncio.run(open_token_store(SETTINGS_OF_APP, tmp_path).save(pair(5)))
        asyncio.run(open_token_store(self.GIVEN, tmp_path).save(pair(1)))
        assert asyncio.run(open_token_store(SETTINGS_OF_APP, tmp_path).load()) == pair(5)


class Host:
    """A sign-in host: scripted answers first, then new pairs. `clock` is the time of day."""

    def __init__(self, *answers: Answer, life_seconds: float = WEEK, answer_seconds: float = 0.0) -> None:
        self._answers = list(answers)
        self._life_seconds = life_seconds
        self._answer_seconds = answer_seconds
        self.refreshes = 0
        self.issued = 1
        self.day_begins: float = 0

    def clock(self) -> float:
        return NOW + asyncio.get_running_loop().time() - self.day_begins

    async def send(self, request: Request) -> Response:
        self.refreshes += 1
        assert request.label == "POST oauth/token"
        await asyncio.sleep(self._answer_seconds)
        if self._answers:
            answer = self._answers.pop(0)
            if isinstance(answer, ConnectionLostError):
                raise answer
            return answer
        self.issued += 1
        return build_answer(
            200,
            {
                "access_token": f"acc3ss-{self.issued}",
                "refresh_token": f"r3fresh-{self.issued}",
                "created_at": self.clock(),
                "expires_in": self._life_seconds,
            },
        )


class Road:
    """Credentials over a host and a store that already holds the first pair."""

    def __init__(self, host: Host, folder: Path) -> None:
        host.day_begins = asyncio.get_running_loop().time()
        self.host = host
        self.store = TokenStore(folder / "tokens" / "x.json", None)
        self.credentials = self.another()

    def another(self) -> Credentials:
        """As another process has them: only the store is shared."""
        return Credentials(self.host, APP, self.store, clock=self.host.clock)

    async def stored(self) -> TokenSet:
        found = await self.store.load()
        assert found is not None
        return found


async def road(host: Host, folder: Path, tokens: TokenSet | None = None) -> Road:
    way = Road(host, folder)
    await way.store.save(tokens or pair())
    return way


class TestAheadOfTime:
    def test_a_token_is_used_until_shortly_before_its_end_and_then_renewed_once(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path)
            assert await way.credentials.access_token() == "acc3ss-1"
            await asyncio.sleep(WEEK - 601)
            assert await way.credentials.access_token() == "acc3ss-1"
            await asyncio.sleep(2)
            got = await asyncio.gather(*[way.credentials.access_token() for _ in range(50)])
            assert set(got) == {"acc3ss-2"}
            assert way.host.refreshes == 1
            assert (await way.stored()).access_token == Secret("acc3ss-2")
            assert way.credentials.expires_at == pytest.approx(way.host.clock() + WEEK)

        run_in_virtual_time(main())

    def test_the_margin_is_never_more_than_half_of_a_short_life(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(life_seconds=100), tmp_path, pair(expires_in=100))
            for _ in range(100):  # in a thousand seconds a life of a hundred is renewed after each fifty
                await way.credentials.access_token()
                await asyncio.sleep(10)
            assert way.host.refreshes == 19

        run_in_virtual_time(main())

    def test_a_wrong_clock_renews_once_and_not_at_every_request(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path)
            ahead = Credentials(way.host, APP, way.store, clock=lambda: NOW + 10 * WEEK)
            for _ in range(20):
                await ahead.access_token()
            assert way.host.refreshes == 1

        # What the host says the token was created at is weeks before this machine's now.
        run_in_virtual_time(main())

    def test_an_outage_does_not_stop_a_run_whose_token_still_holds(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(*[build_answer(503)] * 4), tmp_path, pair(created_at=NOW - WEEK + 300))
            assert await way.credentials.access_token() == "acc3ss-1"
            assert way.host.refreshes == 2
            assert await way.credentials.access_token() == "acc3ss-1"
            assert way.host.refreshes == 2
            await asyncio.sleep(61)
            assert await way.credentials.access_token() == "acc3ss-1"
            await asyncio.sleep(61)
            assert await way.credentials.access_token() == "acc3ss-2"
            assert way.host.refreshes == 5

        run_in_virtual_time(main())

    def test_an_outage_stops_a_run_whose_token_has_ended_and_keeps_the_pair(self, tmp_path: Path) -> None:
        async def main() -> None:
            host = Host(build_answer(503), ConnectionLostError(Loss.DROPPED))
            way = await road(host, tmp_path, pair(created_at=NOW - WEEK))
            with pytest.raises(StopRunError, match="same command again"):
                await way.credentials.access_token()
            assert way.host.refreshes == 2
            assert await way.store.load() is not None

        run_in_virtual_time(main())

    def test_a_pair_of_unknown_life_is_not_renewed_ahead(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path, pair(expires_in=None))
            await asyncio.sleep(2 * WEEK)
            assert await way.credentials.access_token() == "acc3ss-1"
            assert way.credentials.expires_at is None

        run_in_virtual_time(main())


class TestRefused:
    def test_fifty_workers_with_the_same_stale_token_renew_once(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(answer_seconds=3), tmp_path)
            stale = await way.credentials.access_token()
            await asyncio.gather(*[way.credentials.renew(stale) for _ in range(50)])
            await way.credentials.renew(stale)  # a straggler
            assert way.host.refreshes == 1
            assert await way.credentials.access_token() == "acc3ss-2"

        run_in_virtual_time(main())

    def test_what_another_process_has_renewed_is_taken(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(answer_seconds=3), tmp_path)
            ours, theirs = way.credentials, way.another()
            stale = await ours.access_token()
            assert await theirs.access_token() == stale
            await asyncio.gather(ours.renew(stale), theirs.renew(stale))
            assert way.host.refreshes == 1
            assert await ours.access_token() == await theirs.access_token() == "acc3ss-2"

        run_in_virtual_time(main())

    def test_a_refused_renewal_drops_the_pair_and_is_not_tried_again(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(build_answer(400, {"error": "invalid_grant"})), tmp_path)
            stale = await way.credentials.access_token()
            for _ in range(3):
                with pytest.raises(AuthorizationError, match="`importer login trakt`"):
                    await way.credentials.renew(stale)
                with pytest.raises(AuthorizationError, match="`importer login trakt`"):
                    await way.credentials.access_token()
            assert way.host.refreshes == 1
            assert await way.store.load() is None

        run_in_virtual_time(main())

    def test_a_wrong_app_or_a_block_page_keeps_the_pair(self, tmp_path: Path) -> None:
        block = build_answer(403, b"<html>", content_type="text/html")
        for answer in (build_answer(401, {"error": "invalid_client"}), block):

            async def main(answer: Answer = answer) -> None:
                way = await road(Host(answer), tmp_path)
                with pytest.raises(AuthorizationError):
                    await way.credentials.renew("acc3ss-1")
                assert await way.store.load() == pair()

            run_in_virtual_time(main())

    def test_a_container_is_told_about_its_settings(self, tmp_path: Path) -> None:
        async def main() -> None:
            host = Host(build_answer(400))
            store = TokenStore(tmp_path / "tokens" / "x.json", None, pair(expires_in=None))
            credentials = Credentials(host, APP, store, clock=lambda: NOW)
            assert await credentials.access_token() == "acc3ss-1"
            for _ in range(2):
                with pytest.raises(AuthorizationError, match="settings hold a token pair"):
                    await credentials.renew("acc3ss-1")
            assert host.refreshes == 1

        run_in_virtual_time(main())

    def test_without_a_refresh_token_nothing_is_asked(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path, TokenSet(Secret("acc3ss-1"), None, NOW))
            with pytest.raises(AuthorizationError, match="no refresh token"):
                await way.credentials.renew("acc3ss-1")
            assert way.host.refreshes == 0

        run_in_virtual_time(main())

    def test_429_is_waited_out_and_an_outage_tried_once_more(self, tmp_path: Path) -> None:
        async def main() -> None:
            limited = build_answer(429, b"slow down", retry_after="7")
            way = await road(Host(limited, limited, build_answer(502)), tmp_path)
            begun = asyncio.get_running_loop().time()
            await way.credentials.renew("acc3ss-1")
            assert asyncio.get_running_loop().time() - begun == pytest.approx(7.9 + 7.9 + 2)
            assert await way.credentials.access_token() == "acc3ss-2"

        run_in_virtual_time(main())

    def test_who_is_not_signed_in_is_told_how(self, tmp_path: Path) -> None:
        async def main() -> None:
            credentials = Credentials(Host(), APP, TokenStore(tmp_path / "tokens" / "x.json", None))
            with pytest.raises(AuthorizationError, match=r"Not signed in at https://auth\.example"):
                await credentials.access_token()

        run_in_virtual_time(main())

    def test_who_signed_out_meanwhile_is_not_signed_in_again(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path)
            stale = await way.credentials.access_token()
            await way.store.forget()
            with pytest.raises(AuthorizationError, match="Signed out"):
                await way.credentials.renew(stale)
            assert way.host.refreshes == 0

        run_in_virtual_time(main())

    def test_a_refresh_token_that_is_not_replaced_stays(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(build_answer(200, {"access_token": "n3w", "expires_in": 60})), tmp_path)
            await way.credentials.renew("acc3ss-1")
            stored = await way.stored()
            assert (stored.access_token, stored.refresh_token) == (Secret("n3w"), Secret("r3fresh-1"))

        run_in_virtual_time(main())


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
            with pytest.raises(StopRunError, match="No space left"):
                await way.credentials.renew("acc3ss-1")
            assert way.credentials._tokens is None

        run_in_virtual_time(main())

    def test_a_lock_that_is_never_given_back_is_not_waited_for_for_ever(self, tmp_path: Path) -> None:
        async def main() -> None:
            way = await road(Host(), tmp_path)
            async with way.store.locked():
                with pytest.raises(StopRunError, match="Another process holds"):
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


# Real processes against a real server

PROCESS = """
import asyncio, sys
from pathlib import Path
from importer.delivery.credentials import Credentials
from importer.delivery.tokens import open_token_store
from importer.delivery.transport import Transport
from importer.destinations.trakt_oauth import TraktApp
from importer.settings import load_trakt, state_dir

async def main():
    settings = load_trakt({}, file=Path(sys.argv[1]))
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
    settings = TraktSettings(server.url, server.url, CLIENT_ID, Secret(CLIENT_SECRET))
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
    settings = TraktSettings(server.url, server.url, CLIENT_ID, Secret(CLIENT_SECRET))
    store = open_token_store(settings, tmp_path)
    await store.save(pair(7))
    async with Transport(1) as transport:
        app = TraktApp(server.url, CLIENT_ID, Secret(CLIENT_SECRET))
        with pytest.raises(AuthorizationError, match="spent, revoked or too old"):
            await Credentials(transport, app, store).renew("acc3ss-7")
    assert server.count(TOKEN) == 1
    assert server.count(SETTINGS) == 0
    assert await store.load() is None
