"""`importer login`, `logout` and `whoami` with a key: what people see, and where the key ends up."""

import io
import json
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.client import token_store
from tests.command import Importer, forget_settings, run_command
from tests.destinations.conformance import MOVIES
from tests.road import Server, running_sandbox

KEY = "sandbox-mdblist-key"


@pytest.fixture
def server() -> Iterator[Server]:
    with running_sandbox() as server:
        yield server


@pytest.fixture
def importer(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Importer:
    forget_settings(monkeypatch)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("IMPORTER_MDBLIST_BASE_URL", f"{server.url}/mdblist")
    monkeypatch.setattr(token_store, "find_keyring", lambda: None)

    def run(*words: str, piped: str | None = "") -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", Terminal() if piped is None else io.StringIO(piped))
        return run_command(monkeypatch, capsys, words, (KEY,))

    return run


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def kept_files(folder: Path) -> list[Path]:
    return list(folder.rglob("tokens/*.json"))


def test_the_key_is_checked_kept_and_used(importer: Importer, server: Server, tmp_path: Path) -> None:
    code, out, _ = importer("login", "mdblist", piped=f"{KEY}\n")
    (file,) = kept_files(tmp_path)
    assert code == 0
    assert out.splitlines() == [
        f"The key is kept in the file {file}.",
        "Account: demo",
        "Next: importer run FILE --to mdblist",
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert importer("whoami", "mdblist")[1].splitlines() == ["demo", f"key kept in: the file {file}"]
    (tmp_path / "ratings.csv").write_text(f"imdb_id,rating\n{MOVIES[0]},9\n", "utf-8")
    assert importer("run", "ratings.csv", "--to", "mdblist")[0] == 0
    assert server.stored_movies() == {MOVIES[0]: 9}


def test_programs_are_told_whose_key_it_is(importer: Importer) -> None:
    code, out, _ = importer("login", "mdblist", "--json", piped=f"{KEY}\n")
    told = json.loads(out)
    assert (code, told["event"], told["username"]) == (0, "signed_in", "demo")
    assert json.loads(importer("whoami", "mdblist", "--json")[1])["kept_in"] == told["kept_in"]


def test_a_wrong_key_is_not_kept(importer: Importer, tmp_path: Path) -> None:
    code, _, err = importer("login", "mdblist", piped="wrong\n")
    assert code == 3
    assert "MDBList does not accept the key (403)" in err
    assert not kept_files(tmp_path)


def test_a_key_is_never_a_flag(importer: Importer) -> None:
    assert importer("login", "mdblist", "--api-key", "x")[0] == 2


@pytest.mark.parametrize("piped", ["", "\n", "two words\n"])
def test_what_is_no_key_is_refused(importer: Importer, piped: str) -> None:
    code, _, err = importer("login", "mdblist", piped=piped)
    assert code == 2
    assert "API key" in err


def test_whoever_has_no_key_is_told_how_to_sign_in(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text(f"imdb_id,rating\n{MOVIES[0]},9\n", "utf-8")
    for words in (["whoami", "mdblist"], ["run", "ratings.csv", "--to", "mdblist"]):
        code, _, err = importer(*words)
        assert code == 3
        assert err.endswith("No API key of mdblist is kept. Run `importer login mdblist`.\n")


def test_an_account_has_a_key_of_its_own(
    importer: Importer, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPORTER_ACCOUNTS_ADA_BASE_URL", f"{server.url}/mdblist")
    assert importer("login", "mdblist", "--account", "ada", piped=f"{KEY}\n")[0] == 0
    assert importer("whoami", "mdblist", "--account", "ada")[0] == 0
    code, _, err = importer("whoami", "mdblist")
    assert code == 3
    assert "importer login mdblist`" in err


def test_logout_deletes_the_key(importer: Importer, tmp_path: Path) -> None:
    importer("login", "mdblist", piped=f"{KEY}\n")
    code, out, _ = importer("logout", "mdblist")
    assert (code, kept_files(tmp_path)) == (0, [])
    assert "The key itself still works" in out
    assert "nothing to forget" in importer("logout", "mdblist")[1]


def test_a_key_of_the_settings_goes_first(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    importer("login", "mdblist", piped=f"{KEY}\n")
    monkeypatch.setenv("IMPORTER_MDBLIST_API_KEY", KEY)
    assert importer("whoami", "mdblist")[1].splitlines() == ["demo", "key kept in: the settings (api_key)"]
    assert "your settings still have the key" in importer("logout", "mdblist")[2]
    monkeypatch.setenv("IMPORTER_MDBLIST_API_KEY", "wrong")
    assert importer("whoami", "mdblist")[0] == 3


def test_a_key_is_not_sent_to_another_host(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPORTER_MDBLIST_API_KEY", KEY)
    code, _, err = importer("whoami", "mdblist", "--base-url", "https://elsewhere.example")
    assert code == 2
    assert "the API key of the settings is for 127.0.0.1" in err


def test_a_terminal_is_asked_until_it_is_a_key(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, object]] = []
    typed = iter(["two words", KEY])

    def prompt(_: str, **options: object) -> str:
        asked.append(options)
        return next(typed)

    monkeypatch.setattr("typer.prompt", prompt)
    code, out, err = importer("login", "mdblist", piped=None)
    assert code == 0
    assert out.startswith("https://mdblist.com/preferences/#api shows your key")
    assert "must be one word" in err
    assert [each["hide_input"] for each in asked] == [True, True]
