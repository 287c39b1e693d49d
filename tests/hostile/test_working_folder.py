"""Code in the folder that a person works in (an unpacked "export", say) is never run."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.system.conftest import COMMAND, environment

__all__ = ["environment"]

PACKAGE = Path(__file__).parents[2] / "importer"
SHADOWS = ("typer", "aiohttp", "pydantic", "encodings", "site", "sitecustomize", "importer")
JOB = '[jobs.{0}]\nsource = "ratings.csv"\nto = "letterboxd-file"\nwrite_to = "{0}.csv"\n'


def test_every_python_that_is_started_leaves_the_working_folder_out() -> None:
    """With -P (Python 3.11); only the command itself, which a person types, may come another way."""
    starts = {
        source.name: re.findall(r'sys\.executable,\s*("-P",\s*)?"-m"', source.read_text("utf-8"))
        for source in PACKAGE.rglob("*.py")
    }
    found = {name: safe for name, safe in starts.items() if safe}
    assert found.keys() >= {"processes.py", "local_sandbox.py", "service.py", "commands.py"}
    assert all(all(safe) for safe in found.values()), found


def test_every_process_is_started_in_one_of_these_ways() -> None:
    """A new place that starts a process must be looked at, and added here."""
    starts = re.compile(
        r"subprocess\.(?:run|Popen|call|check_\w+)\(|create_subprocess_\w+\(|os\.(?:exec|spawn)\w*\("
    )
    found = {source.name for source in PACKAGE.rglob("*.py") if starts.search(source.read_text("utf-8"))}
    assert found == {"processes.py", "local_sandbox.py", "commands.py", "alone.py", "local_workers.py"}


@pytest.mark.parametrize(
    "words", [["run", "ratings.csv", "--to", "sandbox"], ["sync"]], ids=["sandbox of a run", "two sync jobs"]
)
def test_a_module_lying_there_is_not_run(
    tmp_path: Path, environment: dict[str, str], words: list[str]
) -> None:
    for name in SHADOWS:
        (tmp_path / f"{name}.py").write_text("import pathlib; pathlib.Path('ran').touch()\n")
    (tmp_path / "ratings.csv").write_text("imdb_id,rating\ntt0111161,9\n")
    (tmp_path / "config.toml").write_text(JOB.format("one") + JOB.format("two"))
    done = subprocess.run(
        [COMMAND, *words],
        cwd=tmp_path,
        env=environment | {"IMPORTER_CONFIG_FILE": str(tmp_path / "config.toml")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert not (tmp_path / "ran").exists()
    assert done.returncode == 0, done.stderr
