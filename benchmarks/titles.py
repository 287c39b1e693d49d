r"""Builds a title index of made-up files in the form and size of IMDb's, and looks titles up in it.

    python -m benchmarks.titles                    a tenth of the real size
    python -m benchmarks.titles --share 1          the real size; needs some 6 GB of disk
    python -m benchmarks.titles --readers          the ways to read such a file, beside each other

Prints times (of the clock, and of the processor in brackets), the peak of memory and the bytes of the index.
The real size is 11 million titles and 50 million names. That three quarters of both are episodes is an
assumption, and so are the words: names here have more different words than real ones.
"""

import argparse
import csv
import gzip
import random
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from io import BufferedReader
from pathlib import Path

import pandas as pd

from benchmarks.children import ROOT
from importer.progress import Progress
from importer.titles.build import build_index
from importer.titles.imdb_files import DataFile, Files, find_files
from importer.titles.index import TitleIndex

TITLES, EPISODES, AKAS, RATED = 2_700_000, 8_300_000, 50_000_000, 1_600_000
"""Rows at the real size: IMDb had about so many in 2026."""

SYLLABLES = re.findall(
    r"\w+", "ka lo mi ter an der vo ru shi na to bel gra fen sol par ti mo qua li ne strö ßel gü ар не ва"
)
COMMON = re.findall(
    r"\w+", "the of and a in man night love house day last girl king blood war dead dark city"
)
_TYPES = ("movie", "short", "tvSeries", "video", "tvMovie", "tvMiniSeries", "tvSpecial", "videoGame")
_WEIGHTS = (26, 39, 10, 11, 5, 3, 3, 3)
_LOOKUPS = 10_000


class Made:
    """The made-up files."""

    def __init__(self, folder: Path, share: float) -> None:
        self._random = random.Random(7)  # the same files every time
        self._folder = folder
        self._titles, self._episodes = int(TITLES * share), int(EPISODES * share)
        self._akas, self._rated = int(AKAS * share), int(RATED * share)
        count = max(int(400_000 * share**0.5), 1000)
        self._words = [
            "".join(self._random.choices(SYLLABLES, k=self._random.randint(2, 5))) for _ in range(count)
        ]
        self.known: list[tuple[str, int]] = []
        """Some of the names, with their years, to be looked up."""

    def write(self) -> None:
        """Write all four."""
        write = self._write
        write(
            DataFile.BASICS,
            "tconst titleType primaryTitle originalTitle isAdult startYear endYear runtimeMinutes genres",
            self._basics(),
        )
        write(
            DataFile.AKAS,
            "titleId ordering title region language types attributes isOriginalTitle",
            self._names(),
        )
        write(DataFile.EPISODE, "tconst parentTconst seasonNumber episodeNumber", self._places())
        write(DataFile.RATINGS, "tconst averageRating numVotes", self._votes())

    def _write(self, name: DataFile, header: str, lines: Iterator[str]) -> None:
        with gzip.open(self._folder / name, "wt", 1, encoding="utf-8", newline="\n") as stream:
            stream.write(header.replace(" ", "\t") + "\n")
            stream.writelines(lines)

    def _name(self) -> str:
        pick = self._random
        words = [
            pick.choice(COMMON)
            if pick.random() < 0.4
            else self._words[int(len(self._words) * pick.random() ** 3)]
            for _ in range(pick.choice((1, 2, 2, 3, 3, 4, 5)))
        ]
        return " ".join(words).title()

    def _basics(self) -> Iterator[str]:
        for number in range(1, self._titles + 1):
            name, year = self._name(), 2026 - int(110 * self._random.random() ** 2)
            if self._random.random() < _LOOKUPS / self._titles:
                self.known.append((name, year))
            type_ = self._random.choices(_TYPES, _WEIGHTS)[0]
            yield f"tt{number:07}\t{type_}\t{name}\t{name}\t0\t{year}\t\\N\t90\tDrama\n"
        for number in range(self._titles + 1, self._titles + self._episodes + 1):
            name = f"Episode #1.{number % 99}"
            yield f"tt{number:07}\ttvEpisode\t{name}\t{name}\t0\t2010\t\\N\t\\N\tDrama\n"

    def _names(self) -> Iterator[str]:
        every = self._akas // 4 // self._titles
        for number in range(1, self._titles + 1):
            for place in range(1, every + 1):
                yield f"tt{number:07}\t{place}\t{self._name()}\tDE\t\\N\timdbDisplay\t\\N\t0\n"
        each = self._akas * 3 // 4 // self._episodes
        for number in range(self._titles + 1, self._titles + self._episodes + 1):
            for place in range(1, each + 1):
                yield f"tt{number:07}\t{place}\tFolge #1.{number % 99}\tDE\tde\t\\N\t\\N\t0\n"

    def _places(self) -> Iterator[str]:
        for number in range(self._titles + 1, self._titles + self._episodes + 1):
            yield f"tt{number:07}\ttt{number % self._titles + 1:07}\t{number % 9 + 1}\t{number % 24 + 1}\n"

    def _votes(self) -> Iterator[str]:
        for number in range(1, self._rated + 1):
            yield f"tt{number:07}\t6.5\t{int(10 ** (self._random.random() * 5)) + 5}\n"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.titles", description=__doc__)
    parser.add_argument("--share", type=float, default=0.1, help="of the real size")
    parser.add_argument("--readers", action="store_true", help="compare ways to read title.akas instead")
    words = parser.parse_args()
    room = ROOT / "benchmarks" / "results"  # on the disk, which /tmp may not be
    room.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=room, prefix="titles-") as folder:
        made = Made(Path(folder), words.share)
        begun = time.perf_counter()
        made.write()
        print(f"{words.share:g} of the real size, written in {time.perf_counter() - begun:.0f} s")
        found = find_files([Path(folder)])
        if words.readers:
            _compare_readers(found[DataFile.AKAS])
        else:
            _measure(found, Path(folder) / "index" / "index.sqlite3", made.known)


def _measure(found: Files, path: Path, known: list[tuple[str, int]]) -> None:
    progress, watch = Progress(), _Watch()
    build_index(found, path, progress, check=lambda: watch.note(str(progress.phase)))
    size = sum(each.stat().st_size for each in found.values())
    print(f"built from {size:,} bytes: {path.stat().st_size:,} bytes")
    print(", ".join(f"{phase} {watch.spell(phase)}" for phase in watch.spent))
    print(f"peak of memory: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB")
    with TitleIndex(path) as index:
        _time(
            "by name and year", lambda: sum(bool(index.search(*each)[0].titles) for each in known), len(known)
        )
        wrong = [(name[:-2] + name[-1:], year) for name, year in known[:1000]]
        _time(
            "with an error", lambda: sum(bool(index.search(*each)[-1].titles) for each in wrong), len(wrong)
        )
        ids = [f"tt{number:07}" for number in range(1, _LOOKUPS + 1)]
        _time("by id", lambda: sum(index.find(each) is not None for each in ids), len(ids))


class _Watch:
    """Seconds by what they were spent on: of the clock, and of the processor."""

    def __init__(self) -> None:
        self.spent: dict[str, tuple[float, float]] = {}
        self._last = time.perf_counter(), time.process_time()

    def note(self, what: str) -> None:
        """Add the time since the last note."""
        now, before = (time.perf_counter(), time.process_time()), self._last
        clock, processor = self.spent.get(what, (0.0, 0.0))
        self.spent[what] = clock + now[0] - before[0], processor + now[1] - before[1]
        self._last = now

    def spell(self, what: str) -> str:
        """Write the times for one thing."""
        clock, processor = self.spent[what]
        return f"{clock:.1f} s ({processor:.1f})"


def _time(what: str, work: Callable[[], int], count: int) -> None:
    watch = _Watch()
    found = work()
    watch.note(what)
    print(f"{count:,} look-ups {what}: {watch.spell(what)}, {found:,} found")


def _compare_readers(path: Path) -> None:
    def split() -> int:
        with gzip.open(path) as unpacked:
            return sum(len(line.split(b"\t", 3)[2]) for line in BufferedReader(unpacked, 1 << 20))

    def read_csv() -> int:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as stream:
            return sum(len(cells[2]) for cells in csv.reader(stream, delimiter="\t", quoting=csv.QUOTE_NONE))

    def read_pandas() -> int:
        chunks = pd.read_csv(
            path,
            sep="\t",
            quoting=csv.QUOTE_NONE,
            usecols=["titleId", "title"],
            dtype=str,
            chunksize=200_000,
            keep_default_na=False,
        )
        return sum(len(name) for chunk in chunks for name in chunk["title"].tolist())

    for read in (split, read_csv, read_pandas):
        begun = time.perf_counter()
        read()
        print(f"{read.__name__}: {time.perf_counter() - begun:.1f} s", file=sys.stdout)


if __name__ == "__main__":
    main()
