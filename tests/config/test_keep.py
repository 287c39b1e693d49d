"""Keys that a sign-in puts into the settings file, beside whatever stands there."""

import stat
import tomllib
from pathlib import Path

import pytest

from importer.config.keep import add_settings
from importer.errors import SettingsError

KEYS = {"client_id": "abc", "client_secret": 'q"uote'}


@pytest.mark.parametrize(
    "before",
    [
        "",
        '# mine\n[jobs.night]\nsource = "x.csv"',
        '[trakt]\nbase_url = "https://x.example"\n\n[sync]\nnotify = []\n',
        "[ trakt ] # here",
        '[trakt-v1]\napi_key = "k"\n',
    ],
)
def test_they_stand_in_their_section_and_all_else_stays(before: str, tmp_path: Path) -> None:
    file = tmp_path / "config" / "x.toml"
    if before:
        file.parent.mkdir()
        file.write_text(before)
    add_settings(file, "trakt", KEYS)
    text = file.read_text()
    wanted = tomllib.loads(before)
    assert tomllib.loads(text) == {**wanted, "trakt": {**wanted.get("trakt", {}), **KEYS}}
    assert set(before.splitlines()) <= set(text.splitlines())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_an_account_has_a_section_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('[accounts.bob]\nclient_id = "b"\n')
    add_settings(file, "accounts.ada", KEYS)
    assert tomllib.loads(file.read_text())["accounts"] == {"bob": {"client_id": "b"}, "ada": KEYS}


@pytest.mark.parametrize("before", ["trakt = {base_url = 'x'}\n", "trakt.base_url = 'x'\n"])
def test_a_section_that_is_written_otherwise_is_left_alone(before: str, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text(before)
    with pytest.raises(SettingsError, match="only you can change"):
        add_settings(file, "trakt", KEYS)
    assert file.read_text() == before


def test_the_file_behind_a_link_is_changed(tmp_path: Path) -> None:
    (tmp_path / "x.toml").symlink_to(tmp_path / "y.toml")
    add_settings(tmp_path / "x.toml", "trakt", KEYS)
    assert (tmp_path / "x.toml").is_symlink()
    assert tomllib.loads((tmp_path / "y.toml").read_text())["trakt"] == KEYS
