r"""IMDb's public data files, read line by line (https://developer.imdb.com/non-commercial-datasets/).

    title.basics.tsv.gz    tt0113277  movie  Heat  Heat  0  1995  \N  170  Action,Crime,Drama
    title.akas.tsv.gz      tt0113277  7      Хват  RU    \N  imdbDisplay  \N  0
    title.episode.tsv.gz   tt0959621  tt0903747  1  1
    title.ratings.tsv.gz   tt0113277  8.3  760000

Lines are split as bytes: no cell is quoted, and most of the 70 million lines are not needed. Of what was
measured (`benchmarks/titles.py`), that is the fastest: `csv` takes 1.6 times as long, pandas 1.3 times.
"""

import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from io import BufferedReader
from pathlib import Path

from importer.errors import UnreadableFileError, UsageError

PAGE = "https://developer.imdb.com/non-commercial-datasets/"

MISSING = rb"\N"

_BLOCK_BYTES = 1 << 20
_LINES_BETWEEN_REPORTS = 50_000


class DataFile(StrEnum):
    """The files that the index is made of, by the names that IMDb gives them."""

    BASICS = "title.basics.tsv.gz"
    AKAS = "title.akas.tsv.gz"
    EPISODE = "title.episode.tsv.gz"
    RATINGS = "title.ratings.tsv.gz"


_COLUMNS: dict[DataFile, tuple[str, ...]] = {
    DataFile.BASICS: ("tconst", "titleType", "primaryTitle", "originalTitle", "startYear"),
    DataFile.AKAS: ("titleId", "title"),
    DataFile.EPISODE: ("tconst", "parentTconst", "seasonNumber", "episodeNumber"),
    DataFile.RATINGS: ("tconst", "numVotes"),
}
"""The columns that are read. Others, and their order, may change."""

_match_id = re.compile(rb"tt[0-9]{7,10}").fullmatch

Files = dict[DataFile, Path]


def find_files(places: Sequence[Path]) -> Files:
    """Find the data files by name, in a folder or one by one. Raises UsageError.

    `title.basics` is needed; a file may be unpacked (`title.basics.tsv`).
    """
    found: Files = {}
    for place in places:
        for path in sorted(place.iterdir()) if place.is_dir() else [place]:
            kind = next((each for each in DataFile if path.name in {each, each.removesuffix(".gz")}), None)
            if kind is not None:
                found[kind] = path
            elif path is place:
                names = ", ".join(DataFile)
                raise UsageError(f"{path}: the index is made of {names}; this file has another name")
    if DataFile.BASICS not in found:
        where = ", ".join(map(str, places)) or "nothing"
        raise UsageError(f"{where}: there is no {DataFile.BASICS}; {PAGE} says where IMDb has it")
    return found


def parse_id(cell: bytes) -> int | None:
    """Return the number of an id, 113277 for tt0113277; None for anything else."""
    return int(cell[2:]) if _match_id(cell) else None


def parse_number(cell: bytes) -> int | None:
    """Return a whole number; None if it is missing."""
    return int(cell) if cell.isdigit() and len(cell) < 12 else None


class IdSet:
    """A set of ids: a bit for each, 5 MB for all."""

    def __init__(self) -> None:
        self._bits = bytearray()

    def add(self, number: int) -> None:
        """Add an id."""
        place = number >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits)))
        self._bits[place] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] >> (number & 7) & 1)


class Lines:
    """The lines of a data file, as their wanted cells. Iterable once; raises UnreadableFileError."""

    def __init__(self, kind: DataFile, path: Path, report_bytes: Callable[[int], None]) -> None:
        """`report_bytes` gets the number of bytes read from the disk since its last call."""
        self._kind = kind
        self._path = path
        self._report_bytes = report_bytes

    def __iter__(self) -> Iterator[list[bytes]]:
        """Yield all cells up to the last wanted one, in the file's order: see `places`."""
        with self._open() as (stream, position):
            header = stream.readline().rstrip(b"\r\n").split(b"\t")
            self.places = self._find_places(header)
            most, told = max(self.places) + 1, 0
            for number, line in enumerate(stream):
                cells = line.rstrip(b"\n").split(b"\t", most)
                if len(cells) >= most:
                    yield cells
                elif line.strip():
                    raise self._problem(f"line {number + 2} ends too early; download the file again")
                if number % _LINES_BETWEEN_REPORTS == 0:
                    now = position()
                    self._report_bytes(now - told)
                    told = now
            self._report_bytes(position() - told)

    def _find_places(self, header: list[bytes]) -> list[int]:
        wanted = [column.encode() for column in _COLUMNS[self._kind]]
        missing = [column.decode() for column in wanted if column not in header]
        if missing:
            raise self._problem(f"it has no column {', '.join(missing)}")
        return [header.index(column) for column in wanted]

    @contextmanager
    def _open(self) -> Iterator[tuple[BufferedReader, Callable[[], int]]]:
        try:
            with self._path.open("rb") as raw:
                if self._path.suffix != ".gz":
                    yield raw, raw.tell
                    return
                with gzip.GzipFile(fileobj=raw) as unpacked:
                    # Iterating over GzipFile itself calls Python code for every line.
                    yield BufferedReader(unpacked, _BLOCK_BYTES), raw.tell
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self._problem(f"it is damaged or incomplete ({error}); download it again") from error
        except OSError as error:
            raise self._problem(error.strerror or str(error)) from error

    def _problem(self, problem: str) -> UnreadableFileError:
        return UnreadableFileError(str(self._path), problem, remedy=f"{PAGE} describes these files.")
