"""Golden files: the rows of a sample, one JSON object a line.

After a change that is meant to change them, write them anew and read the difference:

    python -m tests.readers.golden && git diff tests/readers/golden
"""

import json
from pathlib import Path

from importer.readers import open_reader

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
GOLDEN = Path(__file__).parent / "golden"


def golden_path(sample: Path) -> Path:
    return GOLDEN / f"{sample.name}.jsonl"


def render(sample: Path) -> str:
    """Render the rows of a sample; what is None is left out."""
    reader = open_reader(sample)
    rows = [row for chunk in reader.chunks() for row in chunk]
    facts = [{"format": reader.format_name, "notes": list(reader.notes)}]
    facts += [{key: value for key, value in row._asdict().items() if value is not None} for row in rows]
    return "".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in facts)


if __name__ == "__main__":
    for path in sorted(SAMPLES.glob("*.csv")):
        golden_path(path).write_text(render(path), encoding="utf-8")
