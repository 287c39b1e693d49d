"""`importer inspect` as a command: it needs no settings, sends nothing and leaves nothing behind."""

import json
import subprocess
import sys
from inspect import signature
from pathlib import Path

import pytest

from importer.cli import again, plan, run
from importer.cli import inspect as inspect_command
from importer.destinations.registry import choose
from importer.runs.places import Api, PlaceOptions
from importer.sync.config import SyncJob
from tests.readers.golden import SAMPLES


def inspect(tmp_path: Path, *words: str, given: str = "") -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "importer", "inspect", *words],
        env={"IMPORTER_STATE_DIR": str(tmp_path / "state"), "HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
        cwd=tmp_path,
        input=given,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize(
    "to", ["trakt", "trakt-v1", "sandbox", "trakt-file", "letterboxd-file", "imdb-file", "csv-file"]
)
def test_every_destination_says_what_it_would_take(tmp_path: Path, to: str) -> None:
    done = inspect(tmp_path, str(SAMPLES / "imdb-2024.csv"), "--to", to, "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["rows"] == 131 == found["would_be_sent"] + sum(odd["count"] for odd in found["odd"])
    assert (found["format"], found["destination"]) == ("imdb", to)
    assert not list(tmp_path.iterdir()), "it leaves nothing behind"


def test_it_speaks_of_the_api_that_a_run_would_speak() -> None:
    """Who looks first and runs then, with the same words, is told of the same destination."""
    commands = (inspect_command.inspect, run.run, plan.plan, again.retry)
    defaults = {signature(command).parameters["api"].default for command in commands}
    assert defaults == {None} == {SyncJob(source="a.csv").place.api}
    assert PlaceOptions(("sandbox",)).spec is choose("sandbox", Api.V2)


def test_standard_input_is_read(tmp_path: Path) -> None:
    done = inspect(tmp_path, "-", given="title,year,rating\nAlien,1979,9\n")
    assert done.returncode == 0, done.stderr
    assert "standard input\n  format   csv" in done.stdout
    assert "1 row without any id: `importer match`" in done.stdout


def test_a_file_of_no_known_format_is_a_usage_error(tmp_path: Path) -> None:
    done = inspect(tmp_path, "-", given="a,b\n1,2\n")
    assert done.returncode == 2
    assert "no known format has these columns" in done.stderr
