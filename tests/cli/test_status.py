"""`importer status`: accounts and jobs, from what earlier runs wrote down."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from importer.client import sign_in
from importer.monitoring.health import note_next_run
from tests.auth_server import CLIENT_ID, CLIENT_SECRET, AuthServer
from tests.command import Importer, build_command, write

JOBS = """
[jobs.shelf]
source = "shelf.csv"
to = "sandbox"

[jobs.nightly]
source = "shelf.csv"
to = "trakt"
account = "ada"

[accounts.ada]
client_id = "nobody"
"""


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
    monkeypatch.setenv("TZ", "UTC")
    settings = {
        "TRAKT_BASE_URL": server.url,
        "TRAKT_AUTH_URL": server.url,
        "TRAKT_CLIENT_ID": CLIENT_ID,
        "TRAKT_CLIENT_SECRET": CLIENT_SECRET,
    }
    return build_command(tmp_path, monkeypatch, capsys, settings, secrets=(CLIENT_SECRET, "acc3ss-"))


def ask(importer: Importer, *words: str) -> Any:
    code, out, _ = importer("status", "--json", *words)
    assert code == 0
    return json.loads(out)


def test_with_nothing_set_up_it_says_what_comes_first(importer: Importer) -> None:
    code, out, _ = importer("status")
    assert code == 0
    assert "Nobody is signed in. Next: importer login trakt" in out.replace("\n", " ")
    assert "There are no sync jobs in" in out


def test_accounts_that_jobs_need_are_listed_and_how_to_sign_in(importer: Importer, tmp_path: Path) -> None:
    write(tmp_path / "config.toml", JOBS)
    _, out, _ = importer("status")
    assert "trakt    ada      not signed in: importer login trakt --account ada" in out
    assert [line.split()[:3] for line in out.splitlines()[-5:-3]] == [
        ["shelf", "sandbox", "never"],
        ["nightly", "trakt", "ada"],
    ]


def test_a_sign_in_is_shown_with_the_end_of_its_token(importer: Importer, server: AuthServer) -> None:
    assert importer("login", "trakt")[0] == 0
    before = len(server.calls)
    (account,) = ask(importer)["accounts"]
    assert len(server.calls) == before, "no server is asked"
    assert (account["destination"], account["sign_in"]) == ("trakt", "signed in")
    assert datetime.fromisoformat(account["token_until"]) > datetime.now(UTC)
    assert account["user"] is account["room_left"] is None


def test_asked_it_shows_the_user_and_the_room(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    assert importer("login", "trakt")[0] == 0

    async def find(*_: object) -> sign_in.AccountInfo:
        return sign_in.AccountInfo("ada", True, 9_950, None, 10_000)

    monkeypatch.setattr("importer.sync.status.account_info", find)
    (account,) = ask(importer, "--ask")["accounts"]
    assert (account["user"], account["ratings"], account["room_left"]) == ("ada", 9_950, 50)
    assert "9,950    50" in importer("status", "--ask")[1]


def test_a_service_that_cannot_be_asked_is_a_problem_in_its_line(
    importer: Importer, server: AuthServer
) -> None:
    assert importer("login", "trakt")[0] == 0
    server.access_token = server.refresh_token = "revoked by its owner"
    (account,) = ask(importer, "--ask")["accounts"]
    assert account["problem"]


def test_a_job_has_its_last_result_with_the_reason_and_the_next_run(
    importer: Importer, tmp_path: Path
) -> None:
    write(tmp_path / "config.toml", JOBS)
    write(tmp_path / "shelf.csv", "imdb_id,rating\ntt0000417,8\ntt9999999,7\n")
    assert importer("sync", "shelf", "--quiet")[0] == 1
    note_next_run(tmp_path / "state" / "health", "shelf", datetime(2030, 1, 2, 3, 4, tzinfo=UTC))
    job = ask(importer)["jobs"][0]
    assert job["job"] == "shelf"
    assert job["last_run"]["counts"] == {"rated": 1, "not_found": 1}
    assert job["last_run"]["reason"].startswith("1 row not found; line 3: ")
    assert job["next_run_at"] == "2030-01-02T03:04:00+00:00"
    _, out, _ = importer("status")
    assert "rows left  2030-01-02 03:04\n" in out
    assert "\nshelf: 1 row not found; line 3: " in out


def test_a_job_that_no_daemon_runs_says_what_would_run_it(importer: Importer, tmp_path: Path) -> None:
    write(
        tmp_path / "config.toml",
        '[jobs.shelf]\nsource = "shelf.csv"\nto = "sandbox"\ncron = "0 3 * * *"\n'
        '[jobs.once]\nsource = "shelf.csv"\nto = "sandbox"\n',
    )
    shelf, once = ask(importer)["jobs"]
    assert shelf["next_run_at"] is None
    assert datetime.fromisoformat(shelf["would_run_at"]) > datetime.now(UTC)
    assert once["would_run_at"] is None
    _, out, _ = importer("status")
    assert out.count("not scheduled here") == 2
    assert "shelf: importer sync --daemon would run it at " in out
    assert "03:00, and then again" in out
    assert "once: has neither every nor cron; importer sync once runs it once" in out
    note_next_run(tmp_path / "state" / "health", "shelf", datetime.now(UTC))
    assert importer("sync", "shelf", "--off")[0] == 0
    assert "shelf: importer sync --daemon" not in importer("status")[1]


def test_the_address_of_a_source_is_told_without_what_may_be_a_key(
    importer: Importer, tmp_path: Path
) -> None:
    address = "https://media.example/ratings/s3cret-path.csv?api_key=s3cret-key"
    write(tmp_path / "config.toml", f'[jobs.shelf]\nsource = "{address}"\nto = "sandbox"\n')
    code, out, err = importer("status", "--json")
    assert code == 0, err
    assert json.loads(out)["jobs"][0]["source"] == "https://media.example/..."
    assert "s3cret" not in out + importer("status")[1]


def test_a_run_that_finds_nothing_changed_keeps_the_reason(importer: Importer, tmp_path: Path) -> None:
    write(
        tmp_path / "config.toml",
        '[jobs.file]\nsource = "shelf.csv"\nto = "trakt-file"\nwrite_to = "upload.csv"\n',
    )
    write(tmp_path / "shelf.csv", "imdb_id,rating\ntt0000417,8\ntt0000001,99\n")
    assert importer("sync", "file", "--quiet")[0] == 1
    reason = ask(importer)["jobs"][0]["last_run"]["reason"]
    assert reason
    code, out, _ = importer("sync", "file")
    assert "nothing changed" in out
    assert (code, ask(importer)["jobs"][0]["last_run"]["reason"]) == (0, reason)


def test_titles_that_nobody_has_chosen_yet_are_counted(importer: Importer, tmp_path: Path) -> None:
    write(
        tmp_path / "config.toml",
        '[jobs.file]\nsource = "shelf.csv"\nto = "trakt-file"\nwrite_to = "u.csv"\nmatch = "certain"\n'
        'out = "shelf.results.csv"\n',
    )
    write(
        tmp_path / "shelf.results.match.csv",
        "chosen,decision,title,year,kind,id,candidate_title,candidate_year,candidate_kind,imdb_id,tmdb_id,"
        "tvdb_id,trakt_id\n"
        ",ambiguous,Alien,,movie,,Alien,1979,movie,tt0078748,,,\n"
        ",ambiguous,Alien,,movie,,Alien,2020,movie,tt0000020,,,\n"
        "x,ambiguous,Heat,,movie,,Heat,1995,movie,tt0113277,,,\n"
        ",not_found,Nobody,,movie,,,,,,,,\n",
    )
    assert ask(importer)["jobs"][0]["titles_to_decide"] == 1
    assert "file: 1 title to decide in its match file" in importer("status")[1]
