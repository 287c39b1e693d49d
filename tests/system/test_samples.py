"""The installed command imports every sample into a sandbox process; the results equal the golden files.

After a change that is meant to change them, `GOLDEN=write pytest tests/system/test_samples.py` writes the
golden files anew; read the difference before you commit it.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.readers import Reading
from tests.readers.golden import READINGS, all_samples
from tests.system.conftest import ROOT, Importer, running_sandbox

GOLDEN = Path(__file__).parent / "golden"
FIRST = ("imdb-2015", "imdb-2017-interim", "imdb-2018", "imdb-2024", "ratings", "ratings-semicolon")
"""The samples of the main job, which go through both forms of the original API; all others through v2."""
SAMPLES = [ROOT / "samples" / f"{name}.csv" for name in FIRST]
OTHERS = [sample for sample in all_samples() if sample not in SAMPLES]
VOLATILE = ("sent_at", "duration_ms")


@pytest.mark.parametrize("bulk", [False, True], ids=["single", "bulk"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_results_of_a_sample_equal_its_golden_file(
    sample: Path, bulk: bool, importer: Importer, environment: dict[str, str], tmp_path: Path
) -> None:
    words = ["--bulk"] if bulk else []
    with running_sandbox(environment) as url:
        done = importer("run", str(sample), "--to", "trakt-v1", "--base-url", url, *words)
    assert done.returncode == 1, done.stderr
    _compare(tmp_path / "results.csv", GOLDEN / f"{sample.stem}{'-bulk' if bulk else ''}.csv")


@pytest.mark.parametrize("sample", OTHERS, ids=lambda sample: sample.name)
def test_an_export_of_every_kind_comes_to_what_its_golden_file_says(
    sample: Path, importer: Importer, tmp_path: Path
) -> None:
    words = flags_of(READINGS.get(sample.name, Reading()))
    done = importer("run", str(sample), "--to", "sandbox", "--api", "v2", "--yes", *words)
    assert done.returncode in {0, 1}, done.stderr
    _compare(tmp_path / "results.csv", GOLDEN / f"{sample.name}.csv")


def flags_of(reading: Reading) -> Iterator[str]:
    """What is typed so that a file is read so."""
    for column, field in reading.mapping.items():
        yield f"--map={column}={field}"
    for name in ("scale", "user", "profile"):
        if value := getattr(reading, name):
            yield f"--{name}={value}"
    if reading.lists:
        yield "--lists"


def _compare(results: Path, golden: Path) -> None:
    lines = _read(results)
    if os.environ.get("GOLDEN") == "write":
        _write(golden, lines)
    assert lines == _read(golden)


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return [
            {name: cell for name, cell in line.items() if name not in VOLATILE}
            for line in csv.DictReader(file)
        ]


def _write(path: Path, lines: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, lines[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
