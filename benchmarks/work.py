"""The importer's work, as functions that a child process runs: imports first, then the clock."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path

import aiohttp  # noqa: F401 - or the first connection would import it while the clock runs
import pandas as pd  # noqa: F401 - as would the readers
import typer
import uvloop  # noqa: F401 - as would the sending

from benchmarks.children import Figures, build_environment, measure
from benchmarks.exports import write_export
from importer.cli.app import load_command
from importer.fleet.splitting import split_dump
from importer.journal.history import find_run, list_runs, read_results
from importer.readers import open_reader
from importer.runs.results_csv import write_results


def import_ratings(file: str, to: str, url: str, state: str, *, verifies: bool = True) -> Figures:
    """All of `importer run` but its start-up, without any limit of its own.

    Building the command from its options is start-up, too: 8 ms, a thirteenth of row b in its quick size.
    """
    os.environ |= {"IMPORTER_TRAKT_ACCESS_TOKEN": "access", "IMPORTER_TRAKT_REFRESH_TOKEN": "refresh"}
    alone = typer.Typer()
    alone.command()(load_command("run"))
    run = typer.main.get_command(alone)
    with tempfile.TemporaryDirectory() as name:
        warm = Path(name)
        _run(run, warm, url, str(write_export(warm / "few.csv", 10, only_movies=True)), to, "--dry-run")
    words = [file, to, "--verify" if verifies else "--no-verify"]
    if to == "trakt":  # the others have no limit unless an option sets one
        words += ["--rate", "999999999/s"]
    return measure(lambda: _run(run, Path(state), url, *words))


def _run(run: Callable[..., object], state: Path, url: str, file: str, to: str, *words: str) -> None:
    os.environ.update(build_environment(url, state))
    typed = [file, "--to", to, "--out", str(state / "results.csv"), "--quiet", "--yes", *words]
    code = run(typed, standalone_mode=False)
    assert code == 0, f"exit code {code}"


def read_to_jobs(file: str) -> Figures:
    """Read a file to jobs, and keep none."""

    def read() -> None:
        for _ in open_reader(Path(file)).chunks():
            pass

    return measure(read)


def write_results_file(state: str) -> Figures:
    """Write the results of the only run in the journals."""
    folder = Path(state) / "journals"
    run = find_run(folder, list_runs(folder)[0].run_id)

    def write() -> None:
        write_results(Path(state) / "again.csv", read_results(run))

    return measure(write)


def split_by_user(file: str, into: str) -> Figures:
    """Split a dump of many users."""
    return measure(lambda: split_dump(Path(file), "userId", Path(into)))
