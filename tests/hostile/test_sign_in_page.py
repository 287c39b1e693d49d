"""What a server may say about where and how to sign in, and where a token may go."""

import asyncio
import io
import os
import sys
from pathlib import Path

import pytest

from importer.cli.device_code import show_code
from importer.client.token_store import open_token_store
from importer.destinations.decisions import Done, Retry, Stop
from importer.destinations.registry import choose
from importer.destinations.sign_in import DeviceCode, TokenSet
from importer.destinations.trakt.settings import TraktSettings
from importer.destinations.trakt.sign_in import read_device_code
from importer.errors import OptionError
from importer.http import is_same_site
from importer.runs.open_destination import open_login
from importer.runs.rules import DestinationOptions
from importer.secret import Secret
from tests.builders import build_answer

AUTH = "https://auth.trakt.tv"
CODE = {
    "device_code": "d3vice",
    "user_code": "5055CC52",
    "verification_url": "https://trakt.tv/activate",
    "expires_in": 600,
    "interval": 5,
}


def read(change: dict[str, object], auth_url: str = AUTH) -> object:
    return read_device_code(build_answer(200, CODE | change), auth_url)


@pytest.mark.parametrize(
    ("auth_url", "page"),
    [
        (AUTH, "https://trakt.tv/activate"),
        (AUTH, "https://app.trakt.tv/activate"),
        (AUTH, "https://auth.trakt.tv/activate"),
        ("https://ratings.example.co.uk", "https://example.co.uk/activate"),
        ("http://127.0.0.1:8000", "http://localhost:8000/activate"),
    ],
)
def test_a_page_of_the_sign_ins_own_is_shown(auth_url: str, page: str) -> None:
    assert isinstance(read({"verification_url": page}, auth_url), Done)


@pytest.mark.parametrize(
    ("auth_url", "page"),
    [
        (AUTH, "https://trakt.example/activate"),
        (AUTH, "https://trakt.tv.example.org/activate"),
        (AUTH, "https://nottrakt.tv/activate"),
        (AUTH, "http://trakt.tv/activate"),
        (AUTH, "https://127.0.0.1/activate"),
        ("https://ratings.example.co.uk", "https://other.co.uk/activate"),
        ("https://10.0.0.1", "https://99.0.0.1/activate"),
    ],
)
def test_a_page_of_somebody_else_ends_the_sign_in(auth_url: str, page: str) -> None:
    found = read({"verification_url": page}, auth_url)
    assert isinstance(found, Stop)
    assert "names a page that is not its own" in str(found.error)
    assert page not in str(found.error)


@pytest.mark.parametrize(
    "change",
    [
        {"verification_url": "https://trakt.tv@evil.example/activate"},
        {"verification_url": "https://evil.example\\@trakt.tv/activate"},
        {"verification_url": "https://trаkt.tv/activate"},
        {"verification_url": "https://trakt.tv/" + "a" * 300},
        {"user_code": "A" * 21},
        {"user_code": "5055 CC52; open evil.example"},
        {"user_code": "５０５５"},
    ],
)
def test_what_may_look_like_something_else_is_not_shown(change: dict[str, object]) -> None:
    assert isinstance(read(change), Retry)


def test_nobody_makes_the_importer_poll_faster_than_once_a_second() -> None:
    found = read({"interval": 0.001})
    assert isinstance(found, Done)
    assert found.value.interval == 1


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(("lines", "is_shown"), [(60, True), (15, False)])
def test_a_picture_that_does_not_fit_is_left_out(
    lines: int, is_shown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    monkeypatch.setattr("shutil.get_terminal_size", lambda: os.terminal_size((120, lines)))
    show_code(DeviceCode(Secret("x"), "5055CC52", "https://trakt.tv/activate", 600, 5))
    assert ("\u2580" in terminal.getvalue() or "\u2584" in terminal.getvalue()) is is_shown
    assert "5055CC52" in terminal.getvalue()


# Where a token goes


def load(state: Path, base_url: str) -> TokenSet | None:
    settings = TraktSettings(base_url=base_url, client_id="app")
    store = open_token_store(settings, state)
    return asyncio.run(store.load())


def test_a_token_does_not_go_to_another_api(tmp_path: Path) -> None:
    store = open_token_store(TraktSettings(client_id="app"), tmp_path)
    asyncio.run(store.save(TokenSet(Secret("t0ken"), None, 0.0)))
    assert load(tmp_path, "https://api.trakt.tv") is not None
    assert load(tmp_path, "https://staging.trakt.tv") is not None
    assert load(tmp_path, "https://evil.example") is None


def test_a_token_of_the_settings_does_not_go_where_only_the_command_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"CLIENT_ID": "app", "ACCESS_TOKEN": "t0ken", "REFRESH_TOKEN": "r3fresh"}
    for name, value in settings.items():
        monkeypatch.setenv(f"IMPORTER_TRAKT_{name}", value)
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path))
    (tmp_path / "empty.toml").touch()
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(tmp_path / "empty.toml"))
    spec = choose("trakt")
    with pytest.raises(OptionError, match=r"the access token of the settings is for api\.trakt\.tv"):
        open_login(spec, DestinationOptions(base_url="https://evil.example"), print)
    assert open_login(spec, DestinationOptions(base_url="https://api.trakt.tv"), print)


@pytest.mark.parametrize("url", ["", "no address", "https://"])
def test_what_is_no_address_is_of_no_site(url: str) -> None:
    assert not is_same_site(url, url)
