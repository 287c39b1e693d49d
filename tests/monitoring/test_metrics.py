"""The metrics: in a file that node_exporter can read, and over HTTP."""

import socket
import threading
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_textfile

from importer.errors import UsageError
from importer.model import Status
from importer.monitoring.health import write_health
from importer.monitoring.metrics import serve_metrics, write_metrics
from tests.monitoring.builders import BEGAN_AT, build_end

PREFIX = "rating_importer_"
BEGAN = BEGAN_AT.timestamp()


def read(text: str) -> dict[tuple[str, str], float]:
    """The samples by short name and job, with the status behind the job for rows."""
    return {
        (
            sample.name.removeprefix(PREFIX),
            "/".join(sample.labels[label] for label in ("job", "status") if label in sample.labels),
        ): sample.value
        for family in parse_textfile(text)
        for sample in family.samples
    }


@pytest.fixture
def health(tmp_path: Path) -> Path:
    return tmp_path / "health"


def test_the_textfile_has_what_the_last_run_of_every_job_came_to(tmp_path: Path, health: Path) -> None:
    later = BEGAN_AT + timedelta(days=1)
    write_health(health, build_end())
    write_health(
        health, build_end(1, began_at=later, ended_at=later + timedelta(seconds=9), counts={"failed": 3})
    )
    write_health(health, build_end(job="weekly"))
    write_metrics(tmp_path / "importer.prom", health)
    samples = read((tmp_path / "importer.prom").read_text())
    assert samples["last_run_timestamp_seconds", "nightly"] == later.timestamp() + 9
    assert samples["last_success_timestamp_seconds", "nightly"] == BEGAN + 2
    assert samples["last_run_duration_seconds", "nightly"] == 9
    assert samples["last_run_exit_code", "nightly"] == 1
    assert samples["consecutive_failures", "nightly"] == 1
    assert samples["rows", "nightly/failed"] == 3
    assert samples["rows", "nightly/rated"] == 0  # a series that is always there can be watched
    assert samples["rows", "weekly/rated"] == 25
    assert len([key for key in samples if key[0] == "rows"]) == 2 * len(Status)


def test_a_job_that_never_went_well_has_no_time_of_success(tmp_path: Path, health: Path) -> None:
    write_health(health, build_end(3))
    write_metrics(tmp_path / "importer.prom", health)
    samples = read((tmp_path / "importer.prom").read_text())
    assert ("last_success_timestamp_seconds", "nightly") not in samples
    assert samples["last_run_exit_code", "nightly"] == 3


def test_the_textfile_is_as_node_exporter_wants_it(tmp_path: Path, health: Path) -> None:
    """No timestamps, one TYPE per metric, a line end at the end, no second file that ends in .prom."""
    write_health(health, build_end(job='odd "name"\\ \n'))
    write_metrics(tmp_path / "importer.prom", health)
    write_metrics(tmp_path / "importer.prom", health)
    text = (tmp_path / "importer.prom").read_text()
    samples = [sample for family in parse_textfile(text) for sample in family.samples]
    assert samples
    assert all(sample.timestamp is None for sample in samples)
    assert {sample.labels["job"] for sample in samples} == {'odd "name"\\ \n'}
    types = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")]
    assert len(types) == len(set(types)) == 8
    assert text.endswith("\n")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["importer.prom"]


def test_jobs_that_end_together_all_stand_in_the_file(tmp_path: Path, health: Path) -> None:
    def run(job: str) -> None:
        write_health(health, build_end(job=job))
        write_metrics(tmp_path / "importer.prom", health)

    threads = [threading.Thread(target=run, args=(f"job-{number}",)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    samples = read((tmp_path / "importer.prom").read_text())
    assert len([key for key in samples if key[0] == "last_run_exit_code"]) == 12


def test_the_endpoint_serves_what_the_health_files_say_now(health: Path) -> None:
    with serve_metrics(health, 0) as port:
        before = fetch(port)
        write_health(health, build_end())
        after = fetch(port)
    assert ("last_run_exit_code", "nightly") not in read(before)
    assert read(after)["rows", "nightly/rated"] == 25


def test_the_endpoint_speaks_openmetrics_to_who_asks_for_it(health: Path) -> None:
    write_health(health, build_end())
    with serve_metrics(health, 0) as port:
        text = fetch(port, Accept="application/openmetrics-text; version=1.0.0")
    assert text.endswith("# EOF\n")
    names = {family.name for family in parse_openmetrics(text)}  # type: ignore[no-untyped-call]
    assert f"{PREFIX}last_success_timestamp_seconds" in names


def test_the_endpoint_is_gone_afterwards(health: Path) -> None:
    with serve_metrics(health, 0) as port:
        fetch(port)
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), 5):
        pass


def test_a_port_that_is_taken_is_named(health: Path) -> None:
    with (
        serve_metrics(health, 0) as port,
        pytest.raises(UsageError, match=f"127.0.0.1 port {port} .*choose another port"),
        serve_metrics(health, port),
    ):
        pass


def fetch(port: int, **headers: str) -> str:
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers=headers)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return str(answer.read().decode())
