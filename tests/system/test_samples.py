"""Every sample goes into a sandbox, the first ones by the installed command; the results equal the goldens.

After a change that is meant to change them, `GOLDEN=write pytest tests/system/test_samples.py` writes the
golden files anew; read the difference before you commit it.
"""

import csv
import os
from pathlib import Path

import pytest

from importer.readers import ReadOptions
from importer.runs.sources import ExportFile
from tests.readers.golden import READINGS, all_samples
from tests.road import OPEN, Road
from tests.road import running_sandbox as running_server
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
    _compare(tmp_path / f"{sample.stem}.results.csv", GOLDEN / f"{sample.stem}{'-bulk' if bulk else ''}.csv")


class SampleRoad(Road):
    """The road of a sample through today's API, read as its owner would have it."""

    @property
    def source(self) -> ExportFile:
        return ExportFile(str(self.file), READINGS.get(self.file.name, ReadOptions()))


@pytest.mark.usefixtures("time_enough")
@pytest.mark.parametrize("sample", OTHERS, ids=lambda sample: sample.name)
def test_an_export_of_every_kind_comes_to_what_its_golden_file_says(sample: Path, tmp_path: Path) -> None:
    road = SampleRoad(tmp_path, is_v2=True)
    road.file = sample
    with running_server(**OPEN | {"any_title": False}) as server:
        road.run(server.url)
    _compare(road.results, GOLDEN / f"{sample.name}.csv")


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
