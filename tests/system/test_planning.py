"""`importer plan`, `run --plan`, `--on-conflict` and `--mirror`, as they are typed."""

import csv
import json
import os
import pty
import subprocess
from pathlib import Path

import pytest

from tests.system.conftest import COMMAND, Importer

SHAWSHANK, GODFATHER, KNIGHT = "tt0111161", "tt0068646", "tt0468569"
TO = ("--to", "sandbox", "--api", "v2")


def write(folder: Path, *lines: str) -> None:
    (folder / "ratings.csv").write_text("\n".join(["imdb_id,title,rating,rated_at", *lines, ""]), "utf-8")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def account(importer: Importer, tmp_path: Path) -> None:
    """Two films, rated in 2020 by an earlier run."""
    write(tmp_path, f"{SHAWSHANK},Shawshank,5,2020-01-01", f"{GODFATHER},Godfather,5,2020-01-01")
    assert importer("run", "ratings.csv", *TO).returncode == 0
    write(tmp_path, f"{SHAWSHANK},Shawshank,9,2021-01-01", f"{KNIGHT},Knight,8,")


@pytest.mark.usefixtures("account")
def test_plan_then_send_it(importer: Importer, tmp_path: Path) -> None:
    planned = importer("plan", "ratings.csv", *TO, "--mirror")
    assert planned.returncode == 0, planned.stderr
    assert "line 2, Shawshank: change 5 -> 9" in planned.stdout
    assert "The Godfather: remove 5" in planned.stdout
    assert "importer run --plan ratings.plan.csv" in planned.stdout
    assert f"{COMMAND} run --plan ratings.plan.csv" in planned.stdout  # as the program was started
    runs = importer("runs").stdout
    assert runs.count("\n") == 2
    as_export = importer("run", "ratings.plan.csv", *TO)
    assert as_export.returncode == 2
    assert "ratings.plan.csv: this is a plan of the importer" in as_export.stderr
    assert "`importer run --plan FILE` sends it" in as_export.stderr
    rehearsed = importer("run", "--plan", "ratings.plan.csv", "--dry-run")
    assert "only sending checks whether it changed since the plan was made" in rehearsed.stdout
    sent = importer("run", "--plan", "ratings.plan.csv")
    assert sent.returncode == 0, sent.stderr
    assert "only sending checks" not in sent.stdout
    results = tmp_path / "ratings.plan.results.csv"
    assert [row["status"] for row in read(results)] == ["rated", "rated", "unrated"]
    again = importer("run", "--plan", "ratings.plan.csv")
    assert again.returncode == 0, again.stderr
    assert [row["status"] for row in read(results)] == ["unchanged"] * 3
    elsewhere = importer("run", "--plan", "ratings.plan.csv", "--to", "trakt", "--api", "v1")
    assert elsewhere.returncode == 2
    assert "--to trakt: ratings.plan.csv is a plan for sandbox-v2; leave this out" in elsewhere.stderr


@pytest.mark.usefixtures("account")
def test_the_plan_on_standard_output_and_as_json(importer: Importer) -> None:
    shown = importer("plan", "ratings.csv", *TO, "--out", "-")
    assert [row["action"] for row in csv.DictReader(shown.stdout.splitlines())] == ["change", "add"]
    assert "To send: 2 rows" in shown.stderr
    found = json.loads(importer("plan", "ratings.csv", *TO, "--json").stdout)
    assert [row["action"] for row in found["rows"]] == ["change", "add"]


@pytest.mark.usefixtures("account")
def test_the_policy_is_part_of_the_run(importer: Importer, tmp_path: Path) -> None:
    """A run that another policy began is not continued by this one."""
    stopped = importer("run", "ratings.csv", *TO, "--limit", "1")
    assert stopped.returncode == 3
    kept = importer("run", "ratings.csv", *TO, "--on-conflict", "keep")
    assert kept.returncode == 0
    assert "continues the run" not in kept.stdout
    assert len(read(tmp_path / "ratings.results.csv")) == 2


@pytest.mark.usefixtures("account")
def test_mirror_removes_and_undo_brings_back(importer: Importer, tmp_path: Path) -> None:
    done = importer("run", "ratings.csv", *TO, "--mirror")
    assert done.returncode == 0, done.stderr
    assert [row["status"] for row in read(tmp_path / "ratings.results.csv")] == ["rated", "rated", "unrated"]
    run_id = json.loads(importer("runs", "--json").stdout)["runs"][-1]["run"]
    undone = importer("undo", run_id)
    assert undone.returncode == 0, undone.stderr
    assert [row["rating"] for row in read(tmp_path / f"undo-{run_id}.csv")] == ["5", "unrate", "5"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("run",), "name the file to import, or a plan with --plan, or an account with --from"),
        (("run", "ratings.csv", "--plan", "ratings.plan.csv"), "only one"),
        (("run", "--plan", "ratings.csv"), "this is no plan of the importer"),
        (("run", "--plan", "nothing.csv"), "there is no such file"),
        (("run", "ratings.csv", *TO, "--mirror", "--dry-run"), "importer plan --mirror"),
        (("run", "ratings.csv", *TO, "--on-conflict", "ask"), "no terminal to ask on"),
        (("plan", "ratings.csv", *TO, "--on-conflict", "ask"), "no terminal to ask on"),
        (("plan", "ratings.csv", "--to", "trakt-file"), "a plan needs an account"),
        (("plan", "ratings.csv", *TO, "--out", "ratings.csv"), "is the input file itself"),
        (("run", "--plan", "plan.csv", "--mirror"), "give options for that to `importer plan`"),
        (("run", "--plan", "plan.csv", "--on-conflict", "keep"), "give options for that to `importer plan`"),
        (("run", "--plan", "plan.csv", "--resolved", "none.csv"), "give options for that to `importer plan`"),
        (("run", "--plan", "plan.csv", "--scale", "5"), "give options for that to `importer plan`"),
        (("run", "ratings.csv", "--to", "trakt-file", "--mirror"), "does not go with a file"),
        (("run", "ratings.csv", "--to", "trakt-file", "--on-conflict", "keep"), "does not go with a file"),
    ],
)
def test_what_makes_no_sense_is_refused(
    importer: Importer, tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    write(tmp_path, f"{SHAWSHANK},Shawshank,9,")
    done = importer(*words)
    assert done.returncode == 2
    assert told in done.stderr


@pytest.mark.usefixtures("account")
def test_a_person_is_asked_title_by_title(environment: dict[str, str], tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        os.write(ours, b"n\n")
        done = subprocess.run(
            [COMMAND, "run", "ratings.csv", *TO, "--on-conflict", "ask"],
            cwd=tmp_path, env=environment, stdin=theirs, capture_output=True,
            encoding="utf-8", timeout=100, check=False,
        )  # fmt: skip
    finally:
        os.close(ours)
        os.close(theirs)
    assert done.returncode == 0, done.stderr
    asked = "Shawshank: the account has 5 (2020-01-01), the row has 9 (2021-01-01). Overwrite it?"
    assert asked in done.stderr
    assert [row["status"] for row in read(tmp_path / "ratings.results.csv")] == ["kept", "rated"]


@pytest.mark.usefixtures("account")
@pytest.mark.parametrize(("words", "status"), [((), "unchanged"), (("--recheck",), "not_sent")])
def test_a_dry_run_believes_what_the_run_would_believe(
    importer: Importer, tmp_path: Path, words: tuple[str, ...], status: str
) -> None:
    write(tmp_path, f"{SHAWSHANK},Shawshank,5,2020-01-01")
    importer("run", "ratings.csv", *TO, "--dry-run", "--out", "ratings.results.csv", *words)
    assert [row["status"] for row in read(tmp_path / "ratings.results.csv")] == [status]


def test_a_dry_run_knows_that_a_file_is_written_whole(importer: Importer, tmp_path: Path) -> None:
    write(tmp_path, f"{SHAWSHANK},Shawshank,5,2020-01-01")
    assert importer("run", "ratings.csv", "--to", "trakt-file").returncode == 0
    importer("run", "ratings.csv", "--to", "trakt-file", "--dry-run", "--out", "ratings.results.csv")
    assert [row["status"] for row in read(tmp_path / "ratings.results.csv")] == ["not_sent"]


@pytest.mark.usefixtures("account")
def test_a_plan_says_of_rows_without_ids_what_a_run_says(importer: Importer, tmp_path: Path) -> None:
    write(tmp_path, f"{KNIGHT},Knight,8,", ",Alien,9,")
    planned = importer("plan", "ratings.csv", *TO)
    assert planned.returncode == 1, planned.stderr
    assert "unsupported  the destination cannot take this kind of title, or rows without its ids" in (
        planned.stdout
    )
    (row,) = [row for row in read(tmp_path / "ratings.plan.csv") if row["action"] == "unsupported"]
    assert f"line 3, Alien: {row['message']}" in planned.stdout
    ran = importer("run", "ratings.csv", *TO)
    (told,) = [row for row in read(tmp_path / "ratings.results.csv") if row["status"] == "unsupported"]
    assert (
        (row["reason"], row["message"]) == (told["reason"], told["message"]) == ("needs_id", told["message"])
    )
    step = "Next: to look up the rows without ids:\n"
    assert step in planned.stdout
    assert planned.stdout.partition(step)[2] == ran.stdout.partition(step)[2]


def test_a_refused_plan_is_listed_as_a_run_that_sent_nothing(importer: Importer, tmp_path: Path) -> None:
    ratings = tmp_path / "ratings.csv"
    ratings.write_text("imdb_id,type,rating\ntt0111161,movie,9\n", "utf-8")
    importer("plan", "ratings.csv", *TO)
    ratings.write_text("imdb_id,type,rating\ntt0111161,movie,5\n", "utf-8")
    importer("run", "ratings.csv", *TO)
    refused = importer("run", "--plan", "ratings.plan.csv")
    assert (refused.returncode, "the account has changed since" in refused.stderr) == (2, True)
    _, sent, unsent = importer("runs").stdout.splitlines()
    assert "  ended   ratings.csv" in sent
    assert "  unsent  ratings.plan.csv" in unsent
