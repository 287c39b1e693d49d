"""Golden files: the rows of a sample, one JSON object a line.

After a change that is meant to change them, write them anew and read the difference:

    python -m tests.readers.golden && git diff tests/readers/golden
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from importer.errors import UnreadableFileError
from importer.readers import ReadOptions, open_reader
from importer.readers.base import Reader

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
CORPUS = Path(__file__).parent / "corpus"
GOLDEN = Path(__file__).parent / "golden"

READINGS: Mapping[str, ReadOptions] = {
    "allocine.csv": ReadOptions(scale="5"),
    "crosswatch-letterboxd.csv": ReadOptions(scale="10"),
    "filmow.csv": ReadOptions(scale="5"),
    "imdb-list.csv": ReadOptions(lists=True),
    "criticker.csv": ReadOptions(scale="0-100"),
    "criticker-pandas.csv": ReadOptions(scale="0-100"),
    "movielens-dataset.zip": ReadOptions(user="1"),
    "netflix.csv": ReadOptions(scale="1=3,2=7,3=10", profile="Anna"),
    "netflix-bom.csv": ReadOptions(scale="1=3,2=7,3=10", profile="Anna"),
    "ratings.json": ReadOptions(
        mapping={
            "score": "rating",
            "seen": "rated_at",
            "movie.name": "title",
            "movie.released": "year",
            "movie.ids.imdb": "imdb_id",
            "movie.ids.tmdb": "tmdb_id",
        },
        scale="0-5",
    ),
    "tvtime-movies.csv": ReadOptions(scale="1=2,27=4,28=6,29=8,3=10"),
    "tvtime.zip": ReadOptions(scale="1=2,27=4,28=6,29=8,3=10"),
}
"""What the owner of a sample has to say before it can be read."""


def all_samples() -> Sequence[Path]:
    """Every sample."""
    return _exports(SAMPLES)


def all_corpus() -> Sequence[Path]:
    """Every mangled file of the corpus."""
    return _exports(CORPUS)


def _exports(folder: Path) -> Sequence[Path]:
    return [path for path in sorted(folder.glob("*")) if path.is_file() and path.suffix != ".md"]


def golden_path(sample: Path) -> Path:
    return GOLDEN / f"{sample.name}.jsonl"


def open_sample(sample: Path) -> Reader:
    return open_reader(sample, READINGS.get(sample.name), name=sample.name)


@cache
def format_of(sample: Path) -> str:
    """Name the format that a sample is taken for; many tests ask for it."""
    return open_sample(sample).format_name


def render(sample: Path) -> str:
    """Render the rows of a sample, and what ends the reading; what is None is left out."""
    reader = open_sample(sample)
    facts: list[dict[str, object]] = [{"format": reader.format_name, "notes": list(reader.notes)}]
    try:
        for chunk in reader.chunks():
            facts += (
                {key: value for key, value in row._asdict().items() if value is not None} for row in chunk
            )
    except UnreadableFileError as error:
        facts.append({"ends": str(error)})
    return "".join(json.dumps(fact, ensure_ascii=False) + "\n" for fact in facts)


if __name__ == "__main__":
    for path in (*all_samples(), *all_corpus()):
        golden_path(path).write_text(render(path), encoding="utf-8")
