"""A fleet from the command line: add, run, status, results, undo, each in a process of its own."""

import csv
import json
import os
import signal
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fleet.commands import Fleet, write_accounts
from tests.fleet.site import Site, running_site, write_ratings


@pytest.fixture
def site() -> Iterator[Site]:
    with running_site() as site:
        yield site


@pytest.fixture
def fleet(tmp_path: Path, site: Site) -> Fleet:
    return Fleet(tmp_path, site)


def test_the_whole_way_from_add_to_undo(fleet: Fleet, site: Site, tmp_path: Path) -> None:
    file = write_accounts(site, tmp_path, ["ada", "bob", "cyd"], 5)
    added = fleet("add", str(file))
    assert (added.returncode, added.stderr) == (0, "")
    assert fleet.states() == {"due": 3}

    ran = fleet("run")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.endswith("3 turns: 3 good\n")
    assert [site.count_stored(name) for name in ("ada", "bob", "cyd")] == [5, 5, 5]
    assert not site.twice()
    assert fleet.states() == {"waiting": 3}

    nothing = fleet("run")
    assert (nothing.returncode, nothing.stdout) == (0, "No account was due.\n")

    results = fleet("results", "ada")
    assert [line["status"] for line in csv.DictReader(results.stdout.splitlines())] == ["rated"] * 5

    shown = fleet("show", "ada", "--json")
    run_id = json.loads(shown.stdout)["last"]["run"]
    undone = fleet("undo", "ada", run_id, "--yes")
    assert (undone.returncode, undone.stderr) == (0, "")
    assert site.count_stored("ada") == 0
    assert site.count_stored("bob") == 5
    assert fleet.states() == {"waiting": 2, "set_aside": 1}, "the next turn would bring them back"
    assert fleet("resume", "ada").returncode == 0
    assert fleet("run").returncode == 0
    assert site.count_stored("ada") == 5
    printed = "".join(each.stdout + each.stderr for each in (added, ran, results, shown, undone))
    secrets = [cell for line in csv.reader(file.read_text().splitlines()) for cell in line[2:]][2:]
    assert len(secrets) == 6
    assert not any(secret in printed for secret in secrets)


def test_a_dump_is_split_and_sent_to_its_users(fleet: Fleet, site: Site, tmp_path: Path) -> None:
    lines = [f"{user},tt{number:07},{number % 10 + 1},movie" for number in range(1, 7) for user in ("7", "8")]
    (tmp_path / "dump.csv").write_text("\n".join(["member,imdb_id,rating,type", *lines]) + "\n")
    pair = site.sign_up("ada")
    (tmp_path / "accounts.csv").write_text(f"name,user,access_token\nada,7,{pair.access_token}\n")

    assert fleet("split", "dump.csv", "--user", "member", "--into", "split").returncode == 0
    added = fleet("add", "accounts.csv", "--from", "split")
    assert added.returncode == 0
    assert "1 user of split without an account.\n" in added.stdout
    assert fleet("run").returncode == 0
    assert site.count_stored("ada") == 6
    statuses = [line["status"] for line in csv.DictReader(fleet("results", "ada").stdout.splitlines())]
    assert statuses == ["rated"] * 6


def test_the_exit_code_is_the_worst_of_all_accounts(fleet: Fleet, site: Site, tmp_path: Path) -> None:
    file = write_accounts(site, tmp_path, ["ada", "bob"], 2)
    with (tmp_path / "bob.csv").open("a") as source:
        source.write("tt0000009,11,movie\n")
    assert fleet("add", str(file)).returncode == 0
    ran = fleet("run")

    assert ran.returncode == 1
    assert "ada: good\n" in ran.stdout
    assert "bob: rows did not succeed\n" in ran.stdout
    assert "\n2 turns: " in ran.stdout
    assert "1 with rows that did not succeed" in ran.stdout
    assert ran.stdout.endswith("fleet results bob\n")
    assert [line["status"] for line in csv.DictReader(fleet("results", "bob").stdout.splitlines())][
        -1
    ] == "invalid"


def test_a_revoked_sign_in_waits_for_a_new_one(fleet: Fleet, site: Site, tmp_path: Path) -> None:
    (tmp_path / "accounts.csv").write_text("name,source,access_token\nada,ada.csv,nobodys\n")
    write_ratings(tmp_path / "ada.csv", 3)
    fleet("add", "accounts.csv")
    ran = fleet("run")
    assert ran.returncode == 3
    assert fleet.states() == {"signed_out": 1}
    assert "add it again with a new one" in fleet("status").stdout

    fleet("add", str(write_accounts(site, tmp_path, ["ada"], 3)))
    assert fleet("run").returncode == 0
    assert site.count_stored("ada") == 3


def test_worker_processes_do_the_same(fleet: Fleet, site: Site, tmp_path: Path) -> None:
    names = [f"user{number}" for number in range(6)]
    fleet("add", str(write_accounts(site, tmp_path, names, 3)))
    ran = fleet("run", "--processes", "2", "--log-format", "json")

    assert ran.returncode == 0, ran.stderr
    assert ran.stdout == ""
    events = [json.loads(line) for line in ran.stderr.splitlines()]
    started = {each["account"] for each in events if each["event"] == "run_started"}
    assert started == set(names)
    assert {each["account"] for each in events if each["event"] == "account_ended"} == set(names)
    assert [site.count_stored(name) for name in names] == [3] * 6
    assert not site.twice()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT from outside")
@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_the_same_command_goes_on_after_an_end_in_the_midst(
    fleet: Fleet, site: Site, tmp_path: Path, kind: signal.Signals
) -> None:
    names = [f"user{number}" for number in range(20)]
    fleet("add", str(write_accounts(site, tmp_path, names, 3)))
    process = fleet.start("run", "--threads", "1")
    assert process.stdout is not None
    try:
        assert process.stdout.readline().endswith(": good\n")
        process.send_signal(kind)
        _, errors = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == (3 if kind == signal.SIGINT else -kind)
    assert "the same command goes on from there" in errors or kind == signal.SIGKILL
    assert fleet.states()["due"]

    assert fleet("run").returncode == 0
    assert [site.count_stored(name) for name in names] == [3] * 20
    assert not site.twice()


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGINT from outside")
def test_ctrl_c_ends_a_fleet_that_stays_and_metrics_are_served(
    fleet: Fleet, site: Site, tmp_path: Path
) -> None:
    fleet("add", str(write_accounts(site, tmp_path, ["ada"], 3)))
    process = fleet.start("serve", "--metrics-at", "0", "--log-format", "json")
    assert process.stderr is not None
    try:
        address = ""
        for line in process.stderr:
            event = json.loads(line)
            if "metrics are served" in str(event.get("message")):
                address = event["message"].rpartition(" ")[2]
            if event["event"] == "account_ended":
                break
        with urllib.request.urlopen(address, timeout=60) as answer:
            text = answer.read().decode()
        assert 'rating_importer_fleet_accounts{state="waiting"} 1.0' in text
        assert 'rating_importer_fleet_rows{status="rated"} 3.0' in text
        assert "ada" not in text
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 0
    assert fleet.states() == {"waiting": 1}


def test_an_address_that_others_could_use_is_refused(fleet: Fleet) -> None:
    for words in (["worker", "tcp://10.0.0.1:8786"], ["scheduler", "--listen", "tcp://0.0.0.0:8786"]):
        refused = fleet(*words)
        assert refused.returncode == 2
        assert "whoever reaches such a port can run programs there" in refused.stderr
