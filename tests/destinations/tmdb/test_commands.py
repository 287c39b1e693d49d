"""TMDB from sign-in to undo, as people type it, against the sandbox."""

import csv
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from importer.sandbox.catalogue import Kind
from tests.command import Importer, build_command, read_statuses, write
from tests.destinations.conformance import MOVIES, SHOW, UNKNOWN
from tests.road import Server, find_title, running_sandbox

TOKEN, KEY, SESSION = "sandbox-tmdb-token", "sandbox-tmdb-key", "sandbox-tmdb-session"
OZYMANDIAS = "tt2301451"
ROWS = (
    "imdb_id,rating,type,season,episode\n"
    f"{MOVIES[0]},9,movie,,\n{SHOW},7,tvSeries,,\n{OZYMANDIAS},10,tvEpisode,,\n{SHOW},8,episode,1,2\n"
)
FREE: dict[str, Any] = {"tmdb_rate": None, "auto_approve": True}


@pytest.fixture
def options() -> dict[str, Any]:
    return {}


@pytest.fixture
def server(options: dict[str, Any]) -> Iterator[Server]:
    more = dict(options)
    with running_sandbox(*more.pop("faults", ()), **(FREE | more)) as server:
        yield server


@pytest.fixture
def settings() -> dict[str, str]:
    return {"TMDB_READ_ACCESS_TOKEN": TOKEN}


@pytest.fixture
def importer(
    server: Server,
    settings: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Importer:
    write(tmp_path / "ratings.csv", ROWS)
    base = {"TMDB_BASE_URL": f"{server.url}/tmdb"}
    return build_command(tmp_path, monkeypatch, capsys, base | settings, secrets=(TOKEN, KEY, SESSION))


def requests_since(server: Server, number: int) -> list[str]:
    return [f"{each.method} {each.path.removeprefix('tmdb/')}" for each in server.requests("tmdb/")[number:]]


def count_requests(server: Server) -> int:
    return len(server.requests("tmdb/"))


def kept_files(folder: Path) -> list[Path]:
    return list(folder.rglob("tokens/*.json"))


class TestSignIn:
    @pytest.mark.parametrize("options", [{"tmdb_token_alone": False}])
    def test_login_whoami_and_logout(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 3
        exit_code, out, _ = importer("login", "tmdb")
        assert exit_code == 0
        (file,) = kept_files(tmp_path)
        assert f"Open      {server.url}/tmdb/authenticate/" in out
        assert "and approve there." in out
        assert f"Signed in. The session is kept in the file {file}." in out
        assert "Account: demo\n" in out
        assert "Next: importer run FILE --to tmdb" in out
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert importer("whoami", "tmdb")[1].splitlines() == ["demo", f"session kept in: the file {file}"]
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 0
        exit_code, out, _ = importer("logout", "tmdb")
        assert (exit_code, "Signed out: ended at 127.0.0.1" in out) == (0, True)
        assert not kept_files(tmp_path)
        exit_code, _, err = importer("whoami", "tmdb")
        assert (exit_code, "importer login tmdb" in err) == (3, True)

    @pytest.mark.parametrize("settings", [{"TMDB_API_KEY": KEY}])
    def test_a_key_needs_a_session(self, importer: Importer, server: Server) -> None:
        exit_code, _, err = importer("run", "ratings.csv", "--to", "tmdb")
        assert (exit_code, "No session of tmdb is kept" in err) == (3, True)
        assert importer("login", "tmdb")[0] == 0
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 0
        assert len(server.stored()) == 4

    @pytest.mark.parametrize("settings", [{"TMDB_API_KEY": KEY, "TMDB_SESSION_ID": SESSION}])
    def test_a_session_of_the_settings_goes_first(self, importer: Importer) -> None:
        assert importer("whoami", "tmdb")[1].splitlines()[1] == "session kept in: the settings (session_id)"
        assert "remove it" in importer("login", "tmdb")[2]

    def test_the_token_alone_may_do(self, importer: Importer, server: Server) -> None:
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 0
        assert len(server.stored()) == 4

    @pytest.mark.parametrize("settings", [{}])
    def test_without_a_token_both_names_are_said(self, importer: Importer) -> None:
        for words in (("login", "tmdb"), ("run", "ratings.csv", "--to", "tmdb")):
            exit_code, _, err = importer(*words)
            assert exit_code == 2
            assert "IMPORTER_TMDB_READ_ACCESS_TOKEN" in err
            assert "IMPORTER_TMDB_API_KEY" in err

    @pytest.mark.parametrize("settings", [{"TMDB_READ_ACCESS_TOKEN": "wrong-token"}])
    def test_a_wrong_token_stops(self, importer: Importer, server: Server) -> None:
        for words in (("login", "tmdb"), ("run", "ratings.csv", "--to", "tmdb")):
            exit_code, _, err = importer(*words)
            assert (exit_code, "does not accept the token or key" in err) == (3, True)
        assert not server.stored()

    @pytest.mark.parametrize("options", [{"tmdb_callback": False}])
    def test_an_unknown_host_that_names_no_page_is_not_believed(self, importer: Importer) -> None:
        exit_code, _, err = importer("login", "tmdb")
        assert (exit_code, "names no page" in err) == (3, True)

    def test_a_token_of_the_settings_goes_to_its_host_only(self, importer: Importer, server: Server) -> None:
        for words in (("login", "tmdb"), ("run", "ratings.csv", "--to", "tmdb")):
            exit_code, _, err = importer(*words, "--base-url", "https://tmdb.example.org")
            assert exit_code == 2
            assert "the read access token of the settings is for 127.0.0.1" in err
        assert not server.requests("tmdb/")

    def test_accounts_have_tokens_of_their_own(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        base = f'base_url = "{server.url}/tmdb"\n'
        write(tmp_path / "config.toml", f'[accounts.ada]\napi_key = "{KEY}"\n{base}')
        assert importer("login", "tmdb", "--account", "ada")[0] == 0
        assert importer("run", "ratings.csv", "--to", "tmdb", "--account", "ada")[0] == 0
        assert len(server.stored()) == 4

    @pytest.mark.parametrize("settings", [{"TMDB_API_KEY": KEY, "TMDB_SESSION_ID": SESSION}])
    def test_what_stands_in_addresses_is_written_nowhere(self, importer: Importer, tmp_path: Path) -> None:
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 0
        importer("show", "last")
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert any(path.suffix == ".sqlite3" for path in files)
        for path in files:
            content = path.read_bytes()
            assert KEY.encode() not in content, path
            assert SESSION.encode() not in content, path


class TestRuns:
    def test_ids_are_found_before_anything_is_compared(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 0
        assert sorted(rating for rating, _ in server.stored().values()) == [7, 8, 9, 10]
        asked = requests_since(server, 0)
        assert asked[:4] == ["GET account", *["GET find"] * 3]
        posts = [each for each in asked if each.startswith("POST")]
        assert sorted(posts) == [*["POST episode/rating"] * 2, "POST movie/rating", "POST show/rating"]
        with (tmp_path / "ratings.results.csv").open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        assert [line["kind"] for line in lines] == ["movie", "show", "episode", "episode"]
        assert (lines[2]["season"], lines[2]["episode"], lines[2]["tmdb_id"]) == ("5", "14", "1396")
        assert f"{OZYMANDIAS} is 5x14" in lines[2]["message"]

    def test_a_second_run_asks_for_no_id_and_sends_nothing(self, importer: Importer, server: Server) -> None:
        importer("run", "ratings.csv", "--to", "tmdb")
        begun = count_requests(server)
        assert importer("run", "ratings.csv", "--to", "tmdb", "--on-conflict", "keep")[0] == 0
        asked = requests_since(server, begun)
        assert not [each for each in asked if each.startswith(("POST", "GET find"))]

    def test_a_changed_file_asks_for_what_is_new(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        importer("run", "ratings.csv", "--to", "tmdb")
        write(tmp_path / "ratings.csv", f"{ROWS}{MOVIES[1]},5,movie,,\n")
        begun = count_requests(server)
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 0
        asked = requests_since(server, begun)
        assert asked.count("GET find") == 1
        assert [each for each in asked if each.startswith("POST")] == ["POST movie/rating"]

    def test_a_plan_is_made_and_sent(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        assert importer("plan", "ratings.csv", "--to", "tmdb")[0] == 0
        assert server.stored() == {}
        begun = count_requests(server)
        assert importer("run", "--plan", "ratings.plan.csv")[0] == 0
        assert "GET find" not in requests_since(server, begun)
        assert read_statuses(tmp_path / "ratings.plan.results.csv") == ["rated"] * 4

    def test_a_dry_run_asks_nothing(self, importer: Importer, server: Server) -> None:
        assert importer("run", "ratings.csv", "--to", "tmdb", "--dry-run")[0] == 0
        assert "GET find" not in requests_since(server, 0)

    def test_run_retry_and_undo(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},7\n")
        server.rate(MOVIES[0], 3)
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 1
        assert read_statuses(tmp_path / "ratings.results.csv") == ["rated", "not_found"]
        results = tmp_path / "ratings.results.csv"
        results.write_text(results.read_text("utf-8").replace(UNKNOWN, MOVIES[2]), "utf-8")
        assert importer("retry", "--all", "ratings.results.csv")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[2]: 7}
        first = importer("runs")[1].splitlines()[1].split()[0]
        begun = count_requests(server)
        assert importer("undo", first)[0] == 0
        assert "GET find" not in requests_since(server, begun)
        assert server.stored_movies() == {MOVIES[0]: 3, MOVIES[2]: 7}

    def test_an_undo_brings_back_a_half(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        server.rate(MOVIES[0], 8.5)
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},4\n")
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 4}
        assert importer("undo", "last")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 8.5}

    def test_an_undo_takes_back_all_kinds(self, importer: Importer, server: Server) -> None:
        importer("run", "ratings.csv", "--to", "tmdb")
        assert importer("undo", "last")[0] == 0
        assert server.stored() == {}

    @pytest.mark.parametrize(
        ("policy", "before", "after"),
        [("keep", 3, 3), ("overwrite", 3, 9), ("highest", 3, 9), ("highest", 9.5, 9.5), ("newest", 9.5, 9)],
    )
    def test_conflicts(
        self, importer: Importer, server: Server, tmp_path: Path, policy: str, before: float, after: float
    ) -> None:
        server.rate(MOVIES[0], before)
        write(tmp_path / "ratings.csv", f"imdb_id,rating,rated_at\n{MOVIES[0]},9,2020-01-01\n")
        assert importer("run", "ratings.csv", "--to", "tmdb", "--on-conflict", policy)[0] == 0
        assert server.stored_movies() == {MOVIES[0]: after}

    def test_it_is_said_that_dates_are_lost(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        assert "keeps no dates" not in importer("run", "ratings.csv", "--to", "tmdb")[2]
        write(tmp_path / "dated.csv", f"imdb_id,rating,rated_at\n{MOVIES[3]},9,2020-01-01\n")
        assert "TMDB keeps no dates" in importer("run", "dated.csv", "--to", "tmdb")[2]
        assert "keeps no dates" not in importer("run", "dated.csv", "--to", "tmdb")[2]

    def test_two_rows_of_one_title_are_seen_before_they_are_sent(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,tmdb_id,rating,type\n{MOVIES[0]},,3,movie\n,278,8,movie\n")
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 0
        assert read_statuses(tmp_path / "ratings.results.csv") == ["duplicate", "rated"]
        assert server.stored_movies() == {MOVIES[0]: 8}

    def test_a_mirror_removes_what_the_file_has_not(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{MOVIES[2]},4\n")
        assert importer("run", "ratings.csv", "--to", "tmdb")[0] == 0
        server.rate(MOVIES[1], 5)
        server.rate(find_title(SHOW, Kind.SHOW), 6)
        assert importer("run", "ratings.csv", "--to", "tmdb", "--mirror", "--yes")[0] == 0
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[2]: 4}
        assert len(server.stored()) == 3

    def test_a_mirror_whose_rows_are_not_all_found_removes_nothing(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        server.rate(MOVIES[1], 5)
        write(tmp_path / "ratings.csv", f"imdb_id,rating\n{MOVIES[0]},9\n{UNKNOWN},4\n")
        assert importer("run", "ratings.csv", "--to", "tmdb", "--mirror", "--yes")[0] == 1
        assert server.stored_movies() == {MOVIES[0]: 9, MOVIES[1]: 5}

    def test_a_sync_job_goes_there(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        write(tmp_path / "config.toml", '[jobs.nightly]\nsource = "ratings.csv"\nto = "tmdb"\n')
        for _ in range(2):
            assert importer("sync", "nightly")[0] == 0
        asked = requests_since(server, 0)
        assert len([each for each in asked if each.startswith("POST")]) == 4
        assert asked.count("GET find") == 3

    def test_an_account_is_a_source(self, importer: Importer, server: Server, tmp_path: Path) -> None:
        importer("run", "ratings.csv", "--to", "tmdb")
        first = importer("runs")[1].splitlines()[1].split()[0]
        assert importer("export", "tmdb", "backup.csv")[0] == 0
        with (tmp_path / "backup.csv").open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        assert sorted((line["tmdb_id"], line["rating"]) for line in lines) == [
            *(("1396", rating) for rating in ("10", "7", "8")),
            ("278", "9"),
        ]
        assert importer("undo", first)[0] == 0
        assert importer("run", "backup.csv", "--to", "tmdb")[0] == 0
        assert len(server.stored()) == 4

    @pytest.mark.parametrize("options", [{"faults": ("search:503@1-",)}])
    def test_an_outage_of_the_search_is_no_missing_title(
        self, importer: Importer, server: Server, tmp_path: Path
    ) -> None:
        exit_code, out, _ = importer("run", "ratings.csv", "--to", "tmdb")
        assert exit_code == 3
        assert "TMDB gives no proper answer (HTTP 503)" in out
        assert read_statuses(tmp_path / "ratings.results.csv") == ["not_sent"] * 4
        assert not server.stored()
