"""`importer login`, `logout`, `whoami`: what people see, where the tokens end up, and the exit codes."""

import io
import json
import re
import stat
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from importer.client import token_store as tokens_module
from tests.auth_server import (
    CLIENT_ID,
    CLIENT_SECRET,
    CODE,
    DEVICE_CODE,
    POLL,
    REVOKE,
    SETTINGS,
    TOKEN,
    USER_CODE,
    AuthServer,
)
from tests.command import Importer, forget_settings, run_command


@pytest.fixture
def server() -> Iterator[AuthServer]:
    with AuthServer() as server:
        yield server


@pytest.fixture
def importer(
    server: AuthServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Importer:
    forget_settings(monkeypatch)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("IMPORTER_TRAKT_BASE_URL", server.url)
    monkeypatch.setenv("IMPORTER_TRAKT_AUTH_URL", server.url)
    monkeypatch.setenv("IMPORTER_TRAKT_CLIENT_ID", CLIENT_ID)
    monkeypatch.setenv("IMPORTER_TRAKT_CLIENT_SECRET", CLIENT_SECRET)
    monkeypatch.setattr(tokens_module, "find_keyring", lambda: None)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    secrets = (CLIENT_SECRET, DEVICE_CODE, "acc3ss-", "r3fresh-")
    return lambda *words: run_command(monkeypatch, capsys, words, secrets)


def pending() -> web.Response:
    return web.Response(status=400, text='{"not": json')


def token_files(folder: Path) -> list[Path]:
    return list(folder.rglob("tokens/*.json"))


class TestLogin:
    def test_address_and_code_are_shown_and_the_tokens_kept(
        self, importer: Importer, server: AuthServer, tmp_path: Path
    ) -> None:
        server.script[POLL] = [pending(), pending(), web.Response(status=502)]
        code, out, err = importer("login", "trakt")
        assert (code, err) == (0, "importer: still waiting: HTTP 502\n")
        assert f"Open      {server.url}/activate\nand enter {USER_CODE}\n" in out
        assert "the code is valid for 10 min" in out
        assert "Account: ada (Ada Lovelace), VIP" in out
        assert "Next: importer run FILE --to trakt" in out
        (file,) = token_files(tmp_path)
        assert f"kept in the file {file}" in out
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert json.loads(file.read_bytes())["refresh_token"] == "r3fresh-1"
        assert server.count(POLL) == 4

    def test_programs_are_told_the_code_and_then_who_is_signed_in(
        self, importer: Importer, server: AuthServer, tmp_path: Path
    ) -> None:
        server.script[POLL] = [pending(), web.Response(status=502)]
        code, out, err = importer("login", "trakt", "--json")
        shown, waiting, done = map(json.loads, out.splitlines())
        assert (code, err) == (0, "")
        assert (shown["event"], shown["user_code"]) == ("code", USER_CODE)
        assert (shown["verification_url"], shown["expires_in_seconds"]) == (f"{server.url}/activate", 600)
        assert (waiting["event"], waiting["reason"]) == ("waiting", "HTTP 502")
        assert (done["event"], done["username"], done["is_vip"]) == ("signed_in", "ada", True)
        assert str(token_files(tmp_path)[0]) in done["kept_in"]
        known = json.loads(importer("whoami", "trakt", "--json")[1])
        assert (known["username"], known["kept_in"]) == ("ada", done["kept_in"])
        assert known["token_valid_until"]

    def test_programs_are_told_of_a_refusal(self, importer: Importer, server: AuthServer) -> None:
        server.script[POLL] = [web.Response(status=418)]
        code, out, err = importer("login", "trakt", "--json")
        refused = json.loads(out.splitlines()[-1])
        assert (refused["event"], refused["exit_code"]) == ("refused", code)
        assert code == 3
        assert refused["reason"] in err

    def test_a_program_is_never_prompted(self, importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.delenv("IMPORTER_TRAKT_CLIENT_ID")
        code, out, _ = importer("login", "trakt", "--json")
        assert (code, json.loads(out)["event"]) == (2, "refused")

    def test_without_a_terminal_there_is_no_prompt_no_picture_and_no_colour(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        code, out, _ = importer("login")
        assert code == 0
        assert "█" not in out
        assert "\x1b" not in out
        monkeypatch.delenv("IMPORTER_TRAKT_CLIENT_ID")
        code, out, err = importer("login", "trakt")
        assert (code, out) == (2, "")
        assert "client id of your Trakt app is missing" in err
        assert "https://trakt.tv/oauth/applications" in err

    def test_a_terminal_shows_a_picture_of_the_address_with_the_code(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
        monkeypatch.setenv("COLUMNS", "80")
        code, out, _ = importer("login", "trakt")
        assert code == 0
        assert out.count("█") > 50
        assert "10:00 left" in out
        monkeypatch.setenv("COLUMNS", "20")
        assert "█" not in importer("login", "trakt")[1]

    def test_keys_that_are_not_set_are_asked_for_once_and_kept(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        asked: list[tuple[str, bool]] = []

        def prompt(what: str, *, hide_input: bool, **_: object) -> str:
            asked.append((what, hide_input))
            return CLIENT_SECRET if hide_input else f" {CLIENT_ID} "

        monkeypatch.setattr("typer.prompt", prompt)
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.delenv("IMPORTER_TRAKT_CLIENT_ID")
        monkeypatch.delenv("IMPORTER_TRAKT_CLIENT_SECRET")
        code, out, _ = importer("login", "trakt")
        assert code == 0
        assert asked == [("Client id", False), ("Client secret (Enter if there is none)", True)]
        assert "https://trakt.tv/oauth/applications" in out
        file = tmp_path / "config" / "rating-importer" / "config.toml"
        assert f"Kept the client id and the client secret in [trakt] of {file}" in out
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        kept = {"client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
        assert tomllib.loads(file.read_text()) == {"trakt": kept}
        assert importer("whoami")[0] == 0
        assert importer("login", "trakt")[0] == 0
        assert len(asked) == 2

    def test_an_account_that_is_in_no_settings_yet_is_made_by_its_sign_in(
        self, importer: Importer, server: AuthServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setattr(
            "typer.prompt", lambda *_, hide_input, **__: CLIENT_SECRET if hide_input else CLIENT_ID
        )
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        at = ("--base-url", server.url, "--auth-url", server.url, "--account", "ada")
        code, out, _ = importer("login", "trakt", *at)
        assert code == 0
        assert "Next: importer run FILE --to trakt --account ada" in out
        file = tmp_path / "config" / "rating-importer" / "config.toml"
        assert list(tomllib.loads(file.read_text())["accounts"]) == ["ada"]
        assert importer("whoami", *at)[0] == 0
        assert importer("logout", "trakt", *at)[0] == 0
        code, _, err = importer("whoami", *at)
        assert code == 3
        assert "Run `importer login trakt --account ada`." in err

    def test_nothing_is_asked_when_the_keys_are_set(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        code, out, _ = importer("login", "trakt")
        assert code == 0
        assert "Every run needs" not in out

    @pytest.mark.parametrize("flag", ["--client-id", "--client-secret", "--access-token"])
    def test_no_secret_is_a_flag(self, importer: Importer, flag: str) -> None:
        assert importer("login", "trakt", flag, "x")[0] == 2

    @pytest.mark.parametrize(
        ("status", "says"),
        [
            (404, "does not know this sign-in"),
            (409, "used already"),
            (410, "expired"),
            (418, "declined"),
        ],
    )
    def test_a_sign_in_that_fails_names_the_next_step(
        self, importer: Importer, server: AuthServer, tmp_path: Path, status: int, says: str
    ) -> None:
        server.script[POLL] = [pending(), web.Response(status=status)]
        code, _, err = importer("login", "trakt")
        assert code == 3
        assert says in err
        assert not token_files(tmp_path)

    def test_an_app_that_is_not_approved_and_a_block_page_are_told_apart(
        self, importer: Importer, server: AuthServer
    ) -> None:
        server.script[CODE] = [web.Response(status=403)]
        code, _, err = importer("login", "trakt")
        assert code == 3
        assert "Only VIP members can create an app" in err
        assert "--to trakt-file" in err
        server.script[CODE] = [web.Response(status=403, text="<html>Sorry</html>", content_type="text/html")]
        code, _, err = importer("login", "trakt")
        assert code == 3
        assert "Cloudflare" in err
        assert "VIP" not in err
        assert "--to trakt-file" in err

    def test_what_may_stand_in_a_runs_way_is_told_although_the_sign_in_stands(
        self, importer: Importer, server: AuthServer, tmp_path: Path
    ) -> None:
        server.script[SETTINGS] = [web.Response(status=403)]
        code, out, err = importer("login", "trakt")
        assert code == 0
        assert "Signed in." in out
        assert "Only VIP members" in err
        assert token_files(tmp_path)

    def test_a_pair_in_the_settings_is_pointed_out(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("IMPORTER_TRAKT_ACCESS_TOKEN", "given")
        monkeypatch.setenv("IMPORTER_TRAKT_REFRESH_TOKEN", "given-too")
        code, _, err = importer("login", "trakt")
        assert code == 0
        assert "which runs use first" in err

    def test_a_place_that_cannot_keep_tokens_is_told_before_anybody_is_asked(
        self, importer: Importer, server: AuthServer, tmp_path: Path
    ) -> None:
        (tmp_path / "state").mkdir()
        (tmp_path / "state" / "tokens").write_text("in the way")
        code, out, err = importer("login", "trakt")
        assert (code, out) == (3, "")
        assert "IMPORTER_STATE_DIR" in err
        assert not server.calls


def test_ctrl_c_while_signing_in_speaks_of_no_journal(
    importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("importer.cli.sign_in_events.show_code", interrupt)
    code, _, err = importer("login")
    assert code == 3
    assert "interrupted; no run was begun, and the same command signs in from the start" in err


class TestNamedSettingsFile:
    """`IMPORTER_CONFIG_FILE` names a file that is not there yet."""

    def test_login_makes_it(
        self, importer: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "new" / "own.toml"
        monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(file))
        code, _, err = importer("whoami")
        assert code == 2
        assert f"IMPORTER_CONFIG_FILE names {file}, which does not exist. Correct the variable, or" in err
        code, out, err = importer("login")
        assert (code, err) == (
            0,
            f"importer: made the settings file {file}, which IMPORTER_CONFIG_FILE names\n",
        )
        assert "Next: importer run FILE --to trakt" in out
        assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"", 0o600)
        assert importer("whoami")[0] == 0

    def test_login_leaves_what_is_there(
        self, importer: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "own.toml"
        file.write_text("# mine\n")
        monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(file))
        assert importer("login")[::2] == (0, "")
        assert file.read_text() == "# mine\n"


class TestWhoami:
    def test_name_end_and_place(self, importer: Importer, tmp_path: Path) -> None:
        importer("login", "trakt")
        for words in (["whoami"], ["whoami", "trakt"]):
            code, out, err = importer(*words)
            assert (code, err) == (0, "")
            assert out.startswith("ada (Ada Lovelace), VIP\n")
            assert re.search(r"token valid until: \d{4}-\d\d-\d\d \d\d:\d\d[+-]\d\d:\d\d, then", out)
            assert f"tokens kept in:    the file {token_files(tmp_path)[0]}" in out

    @pytest.mark.parametrize("command", ["whoami", "logout"])
    def test_without_settings_it_says_how_to_sign_in(
        self, importer: Importer, monkeypatch: pytest.MonkeyPatch, command: str
    ) -> None:
        """Who asks about a sign-in has no use for a file to upload."""
        monkeypatch.delenv("IMPORTER_TRAKT_CLIENT_ID")
        code, out, err = importer(command)
        assert (code, out) == (2, "")
        assert "The client id of your Trakt app is missing" in err
        assert "can make an app there. `importer login trakt` asks for it.\n" in err
        assert "trakt-file" not in err

    def test_nobody(self, importer: Importer, server: AuthServer) -> None:
        code, out, err = importer("whoami")
        assert (code, out) == (3, "")
        assert err == f"importer: Not signed in at {server.url}. Run `importer login trakt`.\n"

    def test_a_refused_token_is_renewed(self, importer: Importer, server: AuthServer) -> None:
        importer("login", "trakt")
        server.script[SETTINGS] = [web.Response(status=401)]
        code, out, _ = importer("whoami")
        assert code == 0
        assert out.startswith("ada")
        assert server.count(TOKEN) == 1

    def test_a_second_401_is_the_end(self, importer: Importer, server: AuthServer) -> None:
        importer("login", "trakt")
        server.script[SETTINGS] = [web.Response(status=401), web.Response(status=401)]
        code, _, err = importer("whoami")
        assert code == 3
        assert "Run `importer login trakt`." in err
        assert server.count(TOKEN) == 1

    def test_a_container_is_signed_in_by_its_settings(
        self, importer: Importer, server: AuthServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        issued = server.issue()
        monkeypatch.setenv("IMPORTER_TRAKT_ACCESS_TOKEN", issued["access_token"])
        monkeypatch.setenv("IMPORTER_TRAKT_REFRESH_TOKEN", issued["refresh_token"])
        code, out, _ = importer("whoami")
        assert code == 0
        assert "not known, since it comes from the settings" in out
        server.script[SETTINGS] = [web.Response(status=401)]
        code, out, _ = importer("whoami")
        assert code == 0
        assert str(token_files(tmp_path)[0]) in out
        assert importer("whoami")[0] == 0  # with the stored pair: the settings' own is spent
        assert server.count(TOKEN) == 1

    def test_keys_are_never_asked_for(self, importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
        monkeypatch.delenv("IMPORTER_TRAKT_CLIENT_ID")
        code, _, err = importer("whoami")
        assert code == 2
        assert "IMPORTER_TRAKT_CLIENT_ID" in err


class TestLogout:
    def test_revoked_and_forgotten(self, importer: Importer, server: AuthServer, tmp_path: Path) -> None:
        importer("login", "trakt")
        code, out, err = importer("logout", "trakt")
        assert (code, err) == (0, "")
        assert f"revoked at {server.url}, and forgotten in the file" in out
        assert not token_files(tmp_path)
        assert server.calls[-1] == (
            REVOKE,
            {"token": "acc3ss-1", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET},
        )
        assert importer("whoami")[0] == 3

    def test_forgotten_even_when_the_host_cannot_be_asked(
        self, importer: Importer, server: AuthServer, tmp_path: Path
    ) -> None:
        importer("login", "trakt")
        server.script[REVOKE] = [web.Response(status=503)]
        code, out, _ = importer("logout", "trakt")
        assert code == 0
        assert "could not be asked to revoke" in out
        assert not token_files(tmp_path)

    def test_nobody_is_signed_in(self, importer: Importer, server: AuthServer) -> None:
        code, out, _ = importer("logout", "trakt")
        assert code == 0
        assert "Nobody is signed in" in out
        assert not server.calls


def test_the_commands_start_without_what_few_of_them_need() -> None:
    heavy = ("keyring", "segno", "pandas", "rich")
    program = f"import sys, importer.cli.login; print([m for m in {heavy} if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout == "[]\n"
