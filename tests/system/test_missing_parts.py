"""The core alone: a part that is not installed is missed only where it is needed, and is named there."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from importer.cli import advice
from importer.parts import PARTS, is_there
from importer.readers.tables import csv_rows
from tests.readers.golden import all_corpus, all_samples, golden_path, render
from tests.system.conftest import ROOT
from tests.test_docs import read_table

# What a machine has that never installed the extras; numpy comes with pandas only.
ABSENT = sorted({"numpy", "uvloop", *(library for part in PARTS.values() for library in part.libraries)})
RUN = (
    f"import sys; sys.modules.update(dict.fromkeys({ABSENT})); "
    "from importer.cli.app import main; sys.argv[0] = 'importer'; main()"
)


def run_core(
    folder: Path, environment: dict[str, str], *words: str, **more: str
) -> "subprocess.CompletedProcess[str]":
    """Run the command where no optional part can be imported."""
    return subprocess.run(
        [sys.executable, "-c", RUN, *words],
        cwd=folder,
        env=environment | {"PYTHONPATH": str(ROOT)} | more,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_parts_are_the_extras_of_the_package() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert set(extras) - {"all", "dev", "docs", "release"} == set(PARTS)
    for_one_machine = sorted(PARTS.keys() - {"fleet"})
    assert extras["all"] == [f"rating-importer[{','.join(for_one_machine)}]"]
    for name, part in PARTS.items():
        required = {Requirement(text).name for text in extras[name]}
        assert set(part.libraries) <= required


def test_the_papers_list_the_parts() -> None:
    table = [(name, part.libraries[0], part.purpose) for name, part in PARTS.items()]
    assert [tuple(row) for row in read_table("docs/install.md", "part")] == table


def test_the_core_imports_a_file_as_the_whole_does(tmp_path: Path, environment: dict[str, str]) -> None:
    sample = str(ROOT / "samples" / "imdb-2024.csv")
    done = run_core(tmp_path, environment, "run", sample, "--to", "sandbox", "--out", "core.csv")
    assert (done.returncode, done.stderr.count("Traceback")) == (1, 0), done.stderr
    whole = subprocess.run(
        [sys.executable, "-m", "importer", "run", sample, "--to", "sandbox", "--out", "whole.csv"],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(ROOT), "IMPORTER_STATE_DIR": str(tmp_path / "other")},
        check=False,
        capture_output=True,
    )
    assert whole.returncode == 1
    assert statuses(tmp_path / "core.csv") == statuses(tmp_path / "whole.csv")


def statuses(results: Path) -> list[list[str]]:
    """What became of each row."""
    return [line.split(",")[:4] for line in results.read_text("utf-8").splitlines()]


def test_a_workbook_names_the_part_that_reads_it(tmp_path: Path, environment: dict[str, str]) -> None:
    done = run_core(tmp_path, environment, "inspect", str(ROOT / "samples" / "ratings.xlsx"))
    assert done.returncode == 2
    assert "an Excel workbook needs openpyxl, which is not installed" in done.stderr
    assert f'{sys.executable} -m pip install "rating-importer[xlsx]"' in " ".join(done.stderr.split())


def test_a_setting_names_the_part_that_heeds_it(tmp_path: Path, environment: dict[str, str]) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[sync]\nnotify = ["json://127.0.0.1:1"]\n[jobs.a]\nsource = "a.csv"\nto = "sandbox"\n')
    config.chmod(0o600)
    done = run_core(tmp_path, environment, "sync", IMPORTER_CONFIG_FILE=str(config))
    assert done.returncode == 2
    assert "the setting notify needs apprise, which is not installed" in done.stderr
    assert '-m pip install "rating-importer[notify]"' in " ".join(done.stderr.split())


@pytest.mark.parametrize("words", [("add", "accounts.csv"), ("run",), ("worker",)])
def test_a_fleet_names_the_part_that_it_needs(
    tmp_path: Path, environment: dict[str, str], words: tuple[str, ...]
) -> None:
    (tmp_path / "ada.csv").write_text("imdb_id,rating,type\ntt0111161,9,movie\n")
    (tmp_path / "accounts.csv").write_text("name,source,to,access_token\nada,ada.csv,trakt,t\n")
    app = {"IMPORTER_TRAKT_CLIENT_ID": "c", "IMPORTER_TRAKT_CLIENT_SECRET": "s"}
    done = run_core(tmp_path, environment, "fleet", *words, **app)
    assert done.returncode == 2, done.stderr
    assert '-m pip install "rating-importer[fleet]"' in " ".join(done.stderr.split())


def test_a_sign_in_names_the_part_that_would_keep_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert advice.advise_keyring() == ""
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert not is_there("keyring")
    assert '"rating-importer[keyring]"' in advice.advise_keyring()


def test_an_environment_without_pip_is_added_to_by_uv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pip", None)
    monkeypatch.setattr(sys, "executable", os.path.join("C:", "My Files", "python.exe"))  # noqa: PTH118
    quoted = f'"{sys.executable}"'
    assert advice.type_install("fast") == f'uv pip install --python {quoted} "rating-importer[fast]"'


@pytest.mark.parametrize("sample", [*all_samples(), *all_corpus()], ids=lambda path: path.name)
def test_without_pandas_every_sample_is_read_the_same(sample: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_rows, "pd", None)
    assert render(sample) == golden_path(sample).read_text("utf-8")
