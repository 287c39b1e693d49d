"""Where the tokens are kept: privately, whole, and in the right place."""

import asyncio
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from keyring.backend import KeyringBackend
from keyring.backends.fail import Keyring as FailKeyring
from keyring.backends.null import Keyring as NullKeyring
from keyring.errors import KeyringLocked

from importer.client import keyring as keyring_module
from importer.client import token_store as tokens_module
from importer.client.token_store import find_keyring, open_token_store
from importer.destinations.sign_in import TokenSet
from importer.destinations.trakt.settings import TraktSettings
from importer.errors import StopRunError
from importer.secret import Secret
from tests.client.auth_road import NOW, SETTINGS_OF_APP, pair


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
        with pytest.raises(StopRunError, match=r"its drive is full.*sign in again.*Make room"):
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

    def test_a_keyring_that_hangs_is_waited_for_once_and_gives_way_to_the_file(
        self, tmp_path: Path, keyring: FakeKeyring, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        warnings: list[str] = []
        asked = Event()

        def hang(*_: object) -> None:
            assert not asked.is_set(), "asked twice"
            asked.set()
            Event().wait()

        for name in ("get_password", "set_password", "delete_password"):
            monkeypatch.setattr(keyring, name, hang)
        monkeypatch.setattr(keyring_module, "KEYRING_SECONDS", 0)
        store = open_token_store(SETTINGS_OF_APP, tmp_path, warn=warnings.append)

        async def use() -> TokenSet | None:
            await store.save(pair())
            loaded = await store.load()
            await store.forget()
            return loaded

        assert asyncio.run(use()) == pair()
        assert "the keyring gave no answer within" in store.where
        assert len(warnings) == 1
        assert "the file is used instead" in warnings[0]

    def test_a_search_for_a_keyring_that_hangs_is_not_waited_for_either(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tokens_module, "find_keyring", Event().wait)
        monkeypatch.setattr(keyring_module, "KEYRING_SECONDS", 0)
        store = open_token_store(SETTINGS_OF_APP, tmp_path)
        assert asyncio.run(store.load()) is None
        assert "the keyring gave no answer within" in store.trouble

    def test_where_the_settings_hold_the_tokens_no_keyring_is_asked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tokens_module, "find_keyring", lambda: pytest.fail("asked"))
        store = open_token_store(replace(SETTINGS_OF_APP, access_token=Secret("acc3ss-0")), tmp_path)

        async def use() -> None:
            await store.load()
            await store.save(pair())
            await store.forget()

        asyncio.run(use())

    def test_one_sigterm_ends_a_command_whose_keyring_hangs(self, tmp_path: Path) -> None:
        (tmp_path / "hanging.py").write_text(HANGING)
        begin = (
            "import sys, importer.client.keyring as k; k.KEYRING_SECONDS = 600\n"
            "from importer.cli.app import main; sys.argv = ['importer', 'whoami']; main()"
        )
        environ = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), str(tmp_path)]),
            "PYTHON_KEYRING_BACKEND": "hanging.Hanging",
            "IMPORTER_TRAKT_CLIENT_ID": "an-app",
            "IMPORTER_TRAKT_CLIENT_SECRET": "its-secret",
        }
        with subprocess.Popen(
            [sys.executable, "-c", begin], env=environ, stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == "asked\n"
            child.send_signal(signal.SIGTERM)
            child.communicate(timeout=60)
        assert child.returncode in {3, -signal.SIGTERM}


HANGING = """
import threading
from keyring.backend import KeyringBackend

class Hanging(KeyringBackend):
    priority = 5
    def get_password(self, service, username):
        print("asked", flush=True)
        threading.Event().wait()
    set_password = delete_password = get_password
"""


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
