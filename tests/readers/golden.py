"""Golden files: the rows of a sample, one JSON object a line.

After a change that is meant to change them, write them anew and read the difference:

    python -m tests.readers.golden && git diff tests/readers/golden
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from importer.readers import Reading, open_reader
from importer.readers.base import Reader

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
CORPUS = Path(__file__).parent / "corpus"
GOLDEN = Path(__file__).parent / "golden"

READINGS: Mapping[str, Reading] = {
    "imdb-list.csv": Reading(lists=True),
}
"""What the owner of a sample has to say before it can be read."""


def all_samples() -> Sequence[Path]:
    """Every sample, and every mangled file of the corpus."""
    files = [path for folder in (SAMPLES, CORPUS) for path in sorted(folder.glob("*")) if path.is_file()]
    return [path for path in files if path.suffix not in {".md", ".py"}]


def golden_path(sample: Path) -> Path:
    return GOLDEN / f"{sample.name}.jsonl"


def open_sample(sample: Path) -> Reader:
    return open_reader(sample, READINGS.get(sample.name), name=sample.name)


def render(sample: Path) -> str:
    """Render the rows of a sample; what is None is left out."""
    reader = open_sample(sample)
    rows = [row for chunk in reader.chunks() for row in chunk]
    facts = [{"format": reader.format_name, "notes": list(reader.notes)}]
    facts += [{key: value for key, value in row._asdict().items() if value is not None} for row in rows]
    return "".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in facts)


if __name__ == "__main__":
    for path in all_samples():
        golden_path(path).write_text(render(path), encoding="utf-8")
