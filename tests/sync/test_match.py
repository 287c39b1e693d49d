"""A sync job with `match = "certain"` takes certain titles, and begins anew when somebody chose others."""

import csv
from pathlib import Path

import pytest

from importer.model import Status
from importer.runs.prompts import Unattended, Unwatched
from importer.runs.run_report import RunReport
from importer.sync.config import SyncJob
from importer.sync.job import Unchanged, run_job
from importer.titles.settings import index_file
from tests.sync.jobs import job_of
from tests.titles.extract import build

LETTERBOXD = """Date,Name,Year,Letterboxd URI,Rating
2020-01-01,Heat,1995,https://boxd.it/29dW,4.5
2020-01-02,Whiplash,2013,https://boxd.it/7bD2,5
"""


@pytest.fixture
def job(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SyncJob:
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    (tmp_path / "films.csv").write_text(LETTERBOXD)
    (tmp_path / "made").mkdir()
    index_file().parent.mkdir(parents=True)
    build(tmp_path / "made").rename(index_file())
    (tmp_path / "state" / "sync").mkdir()
    return job_of(
        source=str(tmp_path / "films.csv"),
        to="trakt-file",
        match="certain",
        write_to=str(tmp_path / "import.csv"),
    )


def run(job: SyncJob, folder: Path) -> RunReport | Unchanged:
    return run_job("films", job, folder / "films.csv.results", Unattended(), Unwatched())


def ids_of(folder: Path) -> list[str]:
    lines = (folder / "import.csv").read_text("utf-8").splitlines()
    return [row["imdb_id"] for row in csv.DictReader(lines)]


def test_a_choice_in_its_match_file_counts_in_the_next_run(job: SyncJob, tmp_path: Path) -> None:
    first = run(job, tmp_path)
    assert isinstance(first, RunReport)
    assert {tally.status: tally.count for tally in first.tallies} == {
        Status.RATED: 1,
        Status.UNSUPPORTED: 1,
    }
    assert ids_of(tmp_path) == ["tt0113277"]
    match_file = tmp_path / "films.csv.match.csv"
    rows = list(csv.DictReader(match_file.read_text("utf-8-sig").splitlines()))
    assert {row["title"] for row in rows} == {"Whiplash"}
    rows[0]["chosen"] = "yes"
    with match_file.open("w", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    assert isinstance(run(job, tmp_path), RunReport)
    assert ids_of(tmp_path) == ["tt0113277", rows[0]["imdb_id"]]
    run(job, tmp_path)  # what was chosen is an answer now
    assert isinstance(run(job, tmp_path), Unchanged)


def test_where_nothing_changed_it_does_nothing(job: SyncJob, tmp_path: Path) -> None:
    run(job, tmp_path)
    run(job, tmp_path)  # the match file is new
    assert isinstance(run(job, tmp_path), Unchanged)
