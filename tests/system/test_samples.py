"""The installed command imports every sample into a sandbox process; the results equal the golden files.

After a change that is meant to change them, `GOLDEN=write pytest tests/system/test_samples.py` writes the
golden files anew; read the difference before you commit it.
"""

import csv
import os
from pathlib import Path

import pytest

from tests.system.conftest import ROOT, Importer, running_sandbox

GOLDEN = Path(__file__).parent / "golden"
SAMPLES = sorted((ROOT / "samples").glob("*.csv"))
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
    lines = _read(tmp_path / "results.csv")
    golden = GOLDEN / f"{sample.stem}{'-bulk' if bulk else ''}.csv"
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
