"""Settings: which source wins, every problem at once, and no secret in any message."""

import copy
import hashlib
import pickle
import stat
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from importer.config.folders import config_file, own_state_dir, shared_state_dir, state_dir
from importer.destinations.trakt import spec as trakt
from importer.destinations.trakt.settings import TraktSettings
from importer.destinations.trakt_v1.settings import TraktV1Settings
from importer.destinations.trakt_v1.spec import TRAKT_V1
from importer.errors import SettingsError, StateFileError
from importer.secret import Secret
from tests import settings_of
from tests.settings_of import load_trakt, load_trakt_v1

PASSWORD = "correct horse"
SHA1 = hashlib.sha1(PASSWORD.encode()).hexdigest()
PREFIX = "IMPORTER_TRAKT_V1_"
COMPLETE = {
    PREFIX + "BASE_URL": "https://ratings.example.org/api/",
    PREFIX + "API_KEY": "k3y-of-env",
    PREFIX + "USERNAME": "ada",
    PREFIX + "PASSWORD": PASSWORD,
}


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    """The file's name; the file is not there until a test writes it."""
    return tmp_path / "config.toml"


def load(
    toml: Path, environ: Mapping[str, str], text: str = "", flags: Mapping[str, object] | None = None
) -> TraktV1Settings:
    toml.write_text(text)
    toml.chmod(0o600)
    return load_trakt_v1(flags or {}, environ=environ, file=toml)


def problems(
    toml: Path, environ: Mapping[str, str], text: str = "", flags: Mapping[str, object] | None = None
) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as caught:
        load(toml, environ, text, flags)
    return caught.value.problems


class TestSecret:
    def test_it_shows_itself_only_on_request(self) -> None:
        secret = Secret("hunter2")
        assert secret.reveal() == "hunter2"
        for shown in (str(secret), repr(secret), f"{secret}", f"{secret!r}", f"{[secret]}", "%s" % secret):  # noqa: UP031
            assert "hunter2" not in shown
            assert "***" in shown

    def test_equality_and_hash(self) -> None:
        assert Secret("a") == Secret("a")
        assert Secret("a") != Secret("b")
        assert Secret("a") != "a"
        assert len({Secret("a"), Secret("a"), Secret("b")}) == 2

    def test_it_is_not_pickled_or_copied(self) -> None:
        for write in (pickle.dumps, copy.copy, copy.deepcopy):
            with pytest.raises(TypeError, match="Secret"):
                write(Secret("hunter2"))


class TestFolders:
    def test_variables_name_the_file_and_the_folder(self, tmp_path: Path) -> None:
        assert config_file({"IMPORTER_CONFIG_FILE": "/etc/importer.toml"}) == Path("/etc/importer.toml")
        folder = state_dir({"IMPORTER_STATE_DIR": str(tmp_path / "a" / "state")})
        assert folder == tmp_path / "a" / "state"
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_without_variables_the_platform_decides(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
        assert config_file({"IMPORTER_CONFIG_FILE": ""}).parts[-2:] == ("rating-importer", "config.toml")
        assert tmp_path in state_dir({}).parents

    def test_an_existing_folder_is_left_as_it_is(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o750)
        assert state_dir({"IMPORTER_STATE_DIR": str(tmp_path)}) == tmp_path
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o750

    def test_an_impossible_folder_is_explained(self, tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        with pytest.raises(StateFileError, match="IMPORTER_STATE_DIR"):
            state_dir({"IMPORTER_STATE_DIR": str(tmp_path / "file" / "state")})

    def test_a_run_may_have_one_of_its_own_while_other_threads_keep_theirs(self, tmp_path: Path) -> None:
        environ = {"IMPORTER_STATE_DIR": str(tmp_path / "shared")}
        with own_state_dir(tmp_path / "own"), ThreadPoolExecutor(1) as others:
            assert state_dir(environ) == tmp_path / "own"
            assert shared_state_dir(environ) == tmp_path / "shared", "what is looked up is everybody's"
            assert others.submit(state_dir, environ).result() == tmp_path / "shared"
        assert state_dir(environ) == tmp_path / "shared"

    def test_who_has_no_home_learns_which_variable_to_set(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("HOME", "XDG_STATE_HOME"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)
        for environ in ({}, {"IMPORTER_STATE_DIR": "~/state"}):
            with pytest.raises(SettingsError, match=r"no home.*IMPORTER_STATE_DIR"):
                state_dir(environ)


class TestSources:
    def test_environment_alone(self, toml: Path) -> None:
        got = load(toml, COMPLETE)
        assert got == TraktV1Settings(
            base_url="https://ratings.example.org/api",
            api_key=Secret("k3y-of-env"),
            username="ada",
            password=Secret(PASSWORD),
        )
        assert got.sha1 == SHA1

    def test_file_alone(self, toml: Path) -> None:
        text = f"""
            [trakt-v1]
            base_url = "http://localhost:8080"
            api_key = "k3y-of-file"
            username = "grace"
            password_sha1 = "{SHA1.upper()}"
        """
        got = load(toml, {}, text)
        assert got == TraktV1Settings(
            base_url="http://localhost:8080",
            api_key=Secret("k3y-of-file"),
            username="grace",
            password_sha1=Secret(SHA1),
        )
        assert got.sha1 == SHA1

    def test_flag_beats_environment_beats_file(self, toml: Path) -> None:
        text = '[trakt-v1]\nbase_url = "https://file.example"\nusername = "file"\napi_key = "file"'
        got = load(toml, COMPLETE, text, {"base_url": "https://flag.example"})
        assert (got.base_url, got.username, got.api_key) == (
            "https://flag.example",
            "ada",
            Secret("k3y-of-env"),
        )

    def test_blank_variables_and_flags_not_given_let_the_next_source_speak(self, toml: Path) -> None:
        environ = COMPLETE | {PREFIX + "BASE_URL": "", PREFIX + "USERNAME": "  "}
        text = '[trakt-v1]\nbase_url = "http://file.example"\nusername = "file"\ninsecure_http = true'
        got = load(toml, environ, text, {"base_url": None, "insecure_http": False})
        assert (got.base_url, got.username, got.insecure_http) == ("http://file.example", "file", True)

    def test_the_real_environment_is_not_consulted(self, toml: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in COMPLETE.items():
            monkeypatch.setenv(name, value)
        assert len(problems(toml, {})) == 4

    def test_a_missing_file_is_fine_unless_it_was_named(self, tmp_path: Path) -> None:
        home = {"IMPORTER_CONFIG_FILE": str(tmp_path / "none.toml")}
        with pytest.raises(SettingsError, match="does not exist") as caught:
            load_trakt_v1({}, environ=COMPLETE | home)
        assert len(caught.value.problems) == 1

    def test_a_file_that_is_not_there_leaves_the_environment(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
        assert load_trakt_v1({}, environ=COMPLETE).username == "ada"

    def test_spaces_around_are_dropped_but_belong_to_a_password(self, toml: Path) -> None:
        got = load(toml, COMPLETE | {PREFIX + "API_KEY": "key\n", PREFIX + "PASSWORD": " x "})
        assert got.api_key == Secret("key")
        assert got.sha1 == hashlib.sha1(b" x ").hexdigest()

    def test_a_password_is_hashed_as_the_bytes_that_were_typed(self, toml: Path) -> None:
        got = load(toml, COMPLETE | {PREFIX + "PASSWORD": "caf\udce9"})
        assert got.sha1 == hashlib.sha1(b"caf\xe9").hexdigest()

    def test_password_and_matching_sha1_agree(self, toml: Path) -> None:
        assert load(toml, COMPLETE | {PREFIX + "PASSWORD_SHA1": SHA1.upper()}).password_sha1 == Secret(SHA1)

    @pytest.mark.parametrize("text", ["true", "1", "yes"])
    def test_insecure_http_may_stand_in_a_variable(self, toml: Path, text: str) -> None:
        environ = COMPLETE | {PREFIX + "BASE_URL": "http://nas.lan", PREFIX + "INSECURE_HTTP": text}
        assert load(toml, environ).insecure_http


class TestAddresses:
    @pytest.mark.parametrize(
        ("url", "says"),
        [
            ("ratings.example.org", "no web address"),
            ("ftp://ratings.example.org", "no web address"),
            ("https://", "no web address"),
            ("https://[::1", "no web address"),
            ("https://host:99999", "no web address"),
            ("https://host/a b", "no web address"),
            ("https://api..example.org", "no web address"),
            ("https://.example.org", "no web address"),
            (f"https://{'a' * 64}.example.org", "no web address"),
            (f"https://{'ü' * 64}.example.org", "no web address"),
            ("https://api\u2024\u2024example.org", "no web address"),
            ("https://me:pw@host/", "must not contain a user name"),
            ("https://127.0.0.1\\@host/", "must not contain a user name"),
            ("https://host/?key=1", "without ? and #"),
            ("https://host/#top", "without ? and #"),
            ("https://api.trakt.tv", "no longer speaks"),
            ("https://API.Trakt.tv./", "no longer speaks"),
            ("http://trakt.tv", "no longer speaks"),
            ("http://ratings.example.org", "insecure_http"),
            ("http://127.0.0.1.example.org", "insecure_http"),
            ("http://10.0.0.7:8080", "insecure_http"),
            ("http://127.1", "insecure_http"),
        ],
    )
    def test_refused(self, toml: Path, url: str, says: str) -> None:
        (problem,) = problems(toml, COMPLETE, flags={"base_url": url})
        assert problem.startswith("--base-url ")
        assert says in problem
        assert "pw" not in problem

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1:1",
            "http://127.9.9.9",
            "http://[::1]:80",
            "http://LOCALHOST",
            "https://nottrakt.tv",
        ],
    )
    def test_accepted(self, toml: Path, url: str) -> None:
        assert load(toml, COMPLETE, flags={"base_url": url}).base_url == url

    def test_plain_http_is_accepted_when_asked_for(self, toml: Path) -> None:
        got = load(toml, COMPLETE, flags={"base_url": "http://nas.lan:8080", "insecure_http": True})
        assert got.insecure_http

    def test_one_address_can_have_several_problems(self, toml: Path) -> None:
        assert len(problems(toml, COMPLETE, flags={"base_url": "http://me:pw@nas.lan/?a"})) == 3


class TestProblems:
    def test_everything_missing_is_told_at_once_with_its_places(self, toml: Path) -> None:
        url, key, user, password = problems(toml, {})
        assert "retired" in url
        assert "start a sandbox" in url
        for place in ("--base-url", PREFIX + "BASE_URL", f"base_url in [trakt-v1] of {toml}"):
            assert place in url
        assert PREFIX + "API_KEY" in key
        assert "--" not in key
        assert PREFIX + "USERNAME" in user
        assert PREFIX + "PASSWORD" in password
        assert "password_sha1" in password

    def test_problems_of_all_kinds_come_together(self, toml: Path) -> None:
        environ = {PREFIX + "PASSWORD_SHA1": "not-a-sha1", PREFIX + "PASSWORD": PASSWORD}
        text = '[trakt-v1]\nbase_url = "http://nas.lan"\nusername = 5\nuser = "x"\n[trakt-v2]'
        got = "\n".join(problems(toml, environ, text))
        assert f"user in [trakt-v1] of {toml} is unknown; did you mean username?" in got
        assert f"[trakt-v2] in {toml} is unknown; did you mean trakt-v1?" in got
        assert "The API key is missing" in got
        assert f"username in [trakt-v1] of {toml} must be a text in quotes." in got
        assert f"base_url in [trakt-v1] of {toml} is plain http" in got
        assert f"{PREFIX}PASSWORD_SHA1 is no SHA-1" in got
        assert len(got.splitlines()) == 6

    def test_a_sha1_of_another_password(self, toml: Path) -> None:
        text = f'[trakt-v1]\npassword_sha1 = "{"a" * 40}"'
        (problem,) = problems(toml, COMPLETE, text)
        assert problem == (
            f"password_sha1 in [trakt-v1] of {toml} is not the SHA-1 of {PREFIX}PASSWORD; "
            "keep the right one of the two."
        )

    def test_a_word_for_a_switch(self, toml: Path) -> None:
        (problem,) = problems(toml, COMPLETE, '[trakt-v1]\ninsecure_http = "perhaps"')
        assert problem == f"insecure_http in [trakt-v1] of {toml} must be true or false."

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            (b"[trakt-v1]\napi_key = s3cret\n", "not valid TOML: .*line 2"),
            (b"[trakt-v1]\nusername = '\xff'\n", "not UTF-8"),
        ],
    )
    def test_an_unreadable_file_hides_what_only_seems_missing(
        self, toml: Path, text: bytes, says: str
    ) -> None:
        toml.write_bytes(text)
        with pytest.raises(SettingsError, match=says) as caught:
            load_trakt_v1({"base_url": "nonsense"}, environ={}, file=toml)
        assert len(caught.value.problems) == 2
        assert "s3cret" not in str(caught.value)

    def test_a_folder_for_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(SettingsError, match="cannot be read"):
            load_trakt_v1({}, environ=COMPLETE, file=tmp_path)

    def test_a_file_from_a_windows_editor_is_read(self, toml: Path) -> None:
        toml.write_bytes(b'\xef\xbb\xbf[trakt-v1]\r\nusername = "bom"\r\n')
        environ = {name: value for name, value in COMPLETE.items() if not name.endswith("USERNAME")}
        assert load_trakt_v1({}, environ=environ, file=toml).username == "bom"

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("trakt-v1 = 5", "must be a section"),
            ('base_url = "x"', "is unknown; it can be trakt or simkl"),
            ("[trakt-v1]\nzzz = 1", "is unknown; it can be insecure_http or base_url"),
        ],
    )
    def test_words_in_the_wrong_place(self, toml: Path, text: str, says: str) -> None:
        assert says in problems(toml, COMPLETE, text)[0]


class TestSecrecy:
    SECRETS = ("k3y-of-env", PASSWORD, SHA1, "s3cret")

    def test_settings_print_masked(self, toml: Path) -> None:
        got = load(toml, COMPLETE)
        for secret in self.SECRETS:
            assert secret not in f"{got} {got!r}"

    def test_no_problem_and_no_traceback_shows_a_secret(self, toml: Path) -> None:
        secret = self.SECRETS[-1]  # by name, so that a traceback's source lines do not show it
        environ = COMPLETE | {PREFIX + "PASSWORD_SHA1": secret, PREFIX + "INSECURE_HTTP": secret}
        text = f'[trakt-v1]\napi_key = ["{secret}"]'
        with pytest.raises(SettingsError) as caught:
            load(toml, environ, text, {"base_url": f"http://u:{secret}@nas.lan/?{secret}"})
        shown = "".join(traceback.format_exception(caught.value))
        assert caught.value.__cause__ is None
        assert caught.value.__context__ is None  # pydantic's error holds what was put in
        for secret in self.SECRETS:
            assert secret not in str(caught.value)
            assert secret not in shown

    def test_a_file_with_secrets_that_everybody_can_read_earns_a_warning(self, toml: Path) -> None:
        toml.write_text('[trakt-v1]\napi_key = "s3cret"')
        toml.chmod(0o644)
        (warning,) = settings_of.load(TRAKT_V1, {}, COMPLETE, toml).warnings
        assert f"chmod 600 '{toml}'" in warning
        toml.chmod(0o600)
        assert settings_of.load(TRAKT_V1, {}, COMPLETE, toml).warnings == ()
        toml.write_text('[trakt-v1]\nusername = "ada"')
        toml.chmod(0o644)
        assert settings_of.load(TRAKT_V1, {}, COMPLETE, toml).warnings == ()


TRAKT = "IMPORTER_TRAKT_"
APP = {TRAKT + "CLIENT_ID": "app-1d", TRAKT + "CLIENT_SECRET": "app-s3cret"}


class TestTrakt:
    def test_the_hosts_have_defaults(self, toml: Path) -> None:
        toml.write_text("")
        got = load_trakt({}, environ=APP, file=toml)
        assert (got.base_url, got.auth_url) == ("https://api.trakt.tv", "https://auth.trakt.tv")
        assert (got.client_id, got.client_secret) == ("app-1d", Secret("app-s3cret"))
        assert (got.access_token, got.refresh_token, got.insecure_http) == (Secret(""), Secret(""), False)

    def test_flag_beats_environment_beats_file(self, toml: Path) -> None:
        toml.write_text(
            '[trakt]\nbase_url = "https://file.example"\nauth_url = "https://file.example"\n'
            'client_id = "of-file"\nclient_secret = "of-file"\naccess_token = "a"\nrefresh_token = "r"'
        )
        toml.chmod(0o600)
        environ = {TRAKT + "CLIENT_ID": "of-env", TRAKT + "AUTH_URL": "https://env.example/"}
        got = load_trakt({"base_url": "http://127.0.0.1:9/"}, environ=environ, file=toml)
        assert got == TraktSettings(
            base_url="http://127.0.0.1:9",
            auth_url="https://env.example",
            client_id="of-env",
            client_secret=Secret("of-file"),
            access_token=Secret("a"),
            refresh_token=Secret("r"),
        )

    def test_no_secret_comes_from_a_flag(self, toml: Path) -> None:
        toml.write_text("")
        with pytest.raises(SettingsError) as caught:
            load_trakt({"client_id": "x", "client_secret": "y"}, environ={}, file=toml)
        (client_id,) = caught.value.problems  # a secret is not needed: new apps may have none
        assert TRAKT + "CLIENT_ID" in client_id
        assert f"client_id in [trakt] of {toml}" in client_id
        assert "--client" not in client_id

    def test_a_command_that_asks_needs_nothing(self, toml: Path) -> None:
        toml.write_text("")
        got = load_trakt({}, environ={}, file=toml, needs=())
        assert (got.client_id, got.client_secret.reveal()) == ("", "")
        with pytest.raises(SettingsError) as caught:
            load_trakt({}, environ={}, file=toml, needs=("client_id",))
        assert len(caught.value.problems) == 1

    @pytest.mark.parametrize("key", ["base_url", "auth_url"])
    def test_plain_http_only_to_this_machine_or_when_accepted(self, toml: Path, key: str) -> None:
        toml.write_text("")
        with pytest.raises(SettingsError, match=r"your tokens would travel in clear to nas\.lan"):
            load_trakt({key: "http://nas.lan"}, environ=APP, file=toml)
        load_trakt({key: "http://nas.lan", "insecure_http": True}, environ=APP, file=toml)
        load_trakt({key: "http://localhost:1"}, environ=APP, file=toml)

    def test_everything_wrong_is_told_at_once_without_a_secret(self, toml: Path) -> None:
        toml.write_text('[trakt]\nclient_idd = "x"\nbase_url = "nonsense"')
        environ = {TRAKT + "CLIENT_SECRET": "s3cret word", TRAKT + "REFRESH_TOKEN": "s3cret\u00e9"}
        with pytest.raises(SettingsError) as caught:
            load_trakt({}, environ=environ, file=toml)
        got = "\n".join(caught.value.problems)
        assert f"client_idd in [trakt] of {toml} is unknown; did you mean client_id?" in got
        assert "The client id of your Trakt app is missing" in got
        assert TRAKT + "REFRESH_TOKEN stands alone" in got
        assert "is no web address" in got
        assert TRAKT + "CLIENT_SECRET must be one word" in got
        assert "s3cret" not in got
        assert len(got.splitlines()) == 6

    def test_a_token_cannot_smuggle_in_a_header(self, toml: Path) -> None:
        toml.write_text("")
        with pytest.raises(SettingsError, match="line breaks"):
            load_trakt({}, environ=APP | {TRAKT + "ACCESS_TOKEN": "a\r\nHost: evil"}, file=toml)

    def test_a_typo_in_another_destination_s_section_is_its_own_matter(self, toml: Path) -> None:
        toml.write_text('[trakt-v1]\nzzz = 1\n[trakt]\nclient_id = "x"')
        assert load_trakt({}, environ=APP, file=toml).client_id == "app-1d"

    def test_settings_print_masked(self, toml: Path) -> None:
        toml.write_text("")
        environ = APP | {TRAKT + "ACCESS_TOKEN": "t0ken", TRAKT + "REFRESH_TOKEN": "t0ken-too"}
        shown = repr(load_trakt({}, environ=environ, file=toml))
        assert not any(secret in shown for secret in environ.values())

    def test_a_readable_file_with_secrets_earns_a_warning(self, toml: Path) -> None:
        toml.write_text('[trakt]\nclient_id = "x"\nclient_secret = "y"')
        toml.chmod(0o644)
        (warning,) = settings_of.load(trakt.TRAKT, {}, {}, toml).warnings
        assert "chmod 600" in warning
