"""`importer schedule` as people type it: one file, about this machine, without a secret in it."""

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner, Result

from importer.cli.app import app
from importer.errors import SettingsError, UsageError

FORMS = ["--systemd", "--cron", "--launchd", "--windows", "--docker"]
SETTINGS = """
[trakt]
client_id = "5ECRETid"
client_secret = "5ECRETsecret"
access_token = "5ECRETaccess"
refresh_token = "5ECRETrefresh"

[jobs.nightly]
source = "exports/2026/*.csv"
out = "out/results.csv"

[jobs.weekly]
source = "https://example.org/ratings.csv"
to = "sandbox"
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "conf/out").mkdir(parents=True)
    (tmp_path / "conf/config.toml").write_text(SETTINGS)
    (tmp_path / "conf/config.toml").chmod(0o600)
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(tmp_path / "conf/config.toml"))
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setattr(sys, "argv", [str(tmp_path / "venv/bin/importer"), "schedule"])
    return tmp_path


def run(*words: str) -> Result:
    return CliRunner().invoke(app, ["schedule", *words])


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("words", [[], ["nightly"], ["nightly", "--every", "6h"], ["--at", "04:30"]])
def test_every_form_names_the_command_of_this_machine_and_no_secret(
    home: Path, form: str, words: Sequence[str]
) -> None:
    done = run(form, *words)
    assert done.exit_code == 0, done.exception
    assert not done.stderr
    assert str(home / "state") in done.stdout
    assert str(home / "conf/config.toml") in done.stdout
    assert "sync" in done.stdout
    assert form == "--docker" or str(home / "venv/bin/importer") in done.stdout
    assert "5ECRET" not in done.stdout


def test_a_secret_of_the_environment_is_not_written_but_told_to_be_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("IMPORTER_TRAKT_CLIENT_SECRET", "5ECRETword")
    done = run("--systemd", "nightly")
    assert "IMPORTER_TRAKT_CLIENT_SECRET is set here, and a scheduler will not know it" in done.stderr
    assert "5ECRET" not in done.output


@pytest.mark.parametrize("words", [[], ["--cron", "--systemd"], ["nightly"]])
def test_exactly_one_form_is_asked_for(words: list[str]) -> None:
    assert "choose one of --systemd" in str(run(*words).exception)


def test_a_job_that_there_is_not_is_refused() -> None:
    done = run("--cron", "nihgtly")
    assert isinstance(done.exception, SettingsError)
    assert "nightly" in str(done.exception)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (["--every", "6h", "--at", "03:00"], "give one"),
        (["--every", "7h"], "divide an hour or a day"),
        (["--every", "often"], "--every: 'often'"),
        (["--at", "25:00"], "--at '25:00': write it as HH:MM"),
    ],
)
def test_odd_times_are_refused(words: list[str], problem: str) -> None:
    done = run("--cron", *words)
    assert isinstance(done.exception, UsageError)
    assert problem in str(done.exception)


def test_it_runs_at_three_unless_told(home: Path) -> None:
    assert "\n0 3 * * * " in run("--cron").stdout
    assert "\n30 4 * * * " in run("--cron", "--at", "04:30").stdout


def add_job(home: Path, name: str, times: str) -> None:
    with (home / "conf/config.toml").open("a") as file:
        file.write(f'\n[jobs.{name}]\nsource = "x.csv"\nto = "sandbox"\n{times}\n')


def test_a_jobs_own_period_is_used_unless_another_is_typed(home: Path) -> None:
    add_job(home, "often", 'every = "6h"')
    done = run("--cron", "often")
    assert done.stdout == run("--cron", "often", "--every", "6h").stdout
    assert not done.stderr
    done = run("--cron", "often", "--at", "04:30")
    assert "\n30 4 * * * " in done.stdout
    assert not done.stderr


@pytest.mark.parametrize("times", ['every = "7h"', 'cron = "0 5 * * *"'])
def test_a_time_of_a_job_that_the_file_does_not_have_is_told(home: Path, times: str) -> None:
    add_job(home, "odd", times)
    done = run("--cron", "odd")
    assert done.exit_code == 0
    assert "\n0 3 * * * " in done.stdout
    said = times.replace('"', "'")
    assert f"{said} of [jobs.odd] is not in this file, which runs daily at 03:00: say --every" in done.stderr


def test_jobs_that_differ_run_daily_and_that_is_told(home: Path) -> None:
    add_job(home, "often", 'every = "6h"')
    done = run("--cron")
    assert "\n0 3 * * * " in done.stdout
    assert "every = '6h' of [jobs.often] is not in this file" in done.stderr
    assert "nightly" not in done.stderr


def test_the_same_machine_and_job_have_the_same_minute_every_time() -> None:
    assert (
        run("--cron", "nightly", "--every", "1h").stdout == run("--cron", "nightly", "--every", "1h").stdout
    )


def test_a_container_sees_the_folders_of_the_job_and_no_others(home: Path) -> None:
    file = yaml.safe_load(run("--docker", "nightly").stdout)
    places = [volume.split(":") for volume in file["services"]["rating-importer-nightly"]["volumes"]]
    assert [place for place, *_ in places] == [
        str(home / "state"),
        str(home / "conf/out"),
        str(home / "conf"),
        str(home / "conf/exports/2026"),
    ]
    assert [rest[1:] for _, *rest in places] == [[], [], ["ro"], ["ro"]]


def test_python_m_importer_is_scheduled_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["/somewhere/importer/__main__.py"])
    assert f"{sys.executable} -P -m importer sync" in run("--cron").stdout


def test_a_path_with_a_line_break_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(home / "state\nUser=root"))
    assert "cannot stand in such a file" in str(run("--systemd").exception)


def test_a_folder_for_results_that_there_is_not_is_told(home: Path) -> None:
    (home / "conf/out").rmdir()
    done = run("--systemd", "nightly")
    assert done.exit_code == 0
    assert f"there is no folder {home / 'conf/out'}, where the results are to go" in done.stderr


@pytest.mark.parametrize("form", ["--systemd", "--cron", "--docker"])
def test_the_sign_in_of_each_account_is_named_as_it_is_typed(home: Path, form: str) -> None:
    job = '\n[jobs.{0}]\nsource = "{0}.csv"\naccount = "{0}"\n[accounts.{0}]\nclient_id = "x"\n'
    with (home / "conf/config.toml").open("a") as file:
        file.write(job.format("ada"))
        file.write(job.format("ben"))
    lines = run(form).stdout.splitlines()
    assert [line.partition(" login ")[2] for line in lines if " login " in line] == [
        "trakt",
        "trakt --account ada",
        "trakt --account ben",
    ]
    assert [
        line for line in run(form, "ben").stdout.splitlines() if line.endswith("login trakt --account ben")
    ]
    assert " login " not in run(form, "weekly").stdout
