"""What only unattended runs need is loaded by their commands alone: `importer run` pays for none of it."""

import subprocess
import sys

import pytest

OF_FLEETS = ("cryptography", "dask", "distributed", "psycopg")

WINGS = (
    *OF_FLEETS,
    "importer.fleet",
    "importer.sync",
    "importer.monitoring.health",
    "importer.monitoring.metrics",
    "importer.monitoring.notify",
    "importer.monitoring.announce",
    "apscheduler",
    "prometheus_client",
    "apprise",
    "structlog",
)


def loaded_by(module: str) -> set[str]:
    code = f"import sys, importer.cli.{module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("module", ["run", "plan", "again", "match"])
def test_a_run_by_hand_loads_none_of_it(module: str) -> None:
    assert [name for name in sorted(loaded_by(module)) if name.startswith(WINGS)] == []


@pytest.mark.parametrize("module", ["sync", "schedule_files"])
def test_their_own_commands_load_the_libraries_when_they_are_needed(module: str) -> None:
    libraries = {name.partition(".")[0] for name in loaded_by(module)}
    assert not libraries & {"apscheduler", "prometheus_client", "apprise", "structlog"}


@pytest.mark.parametrize("module", ["sync", "fleet.add", "fleet.status", "fleet.run"])
def test_what_a_fleet_needs_is_loaded_when_it_works(module: str) -> None:
    assert [name for name in sorted(loaded_by(module)) if name.startswith(OF_FLEETS)] == []


def test_the_scheduler_files_are_loaded_by_the_command_that_prints_them() -> None:
    assert not [name for name in loaded_by("sync") if name.startswith("importer.sync.service_files")]
