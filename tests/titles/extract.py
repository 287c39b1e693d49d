"""A made-up extract of IMDb's data files, in their exact form: columns, order, `\\N`, gzip.

titles = [Title(113277, "movie", "Heat", 1995, votes=700_000, akas=("Хват",))]
write_files(folder, titles)          title.basics.tsv.gz, title.akas.tsv.gz, ...
"""

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from importer.progress import Progress
from importer.titles.build import build_index
from importer.titles.imdb_files import DataFile, find_files

BASICS = "tconst titleType primaryTitle originalTitle isAdult startYear endYear runtimeMinutes genres"
AKAS = "titleId ordering title region language types attributes isOriginalTitle"
EPISODE = "tconst parentTconst seasonNumber episodeNumber"
RATINGS = "tconst averageRating numVotes"


@dataclass(frozen=True, slots=True)
class Title:
    number: int
    type: str
    title: str
    year: int | None
    original: str = ""
    votes: int = 0
    akas: Sequence[str] = ()

    @property
    def id(self) -> str:
        return f"tt{self.number:07}"


@dataclass(frozen=True, slots=True)
class Episode:
    number: int
    title: str
    show: int
    season: int | None
    episode: int | None


KNOWN = (
    Title(113277, "movie", "Heat", 1995, votes=760_000, akas=("Chaleur", "Heat - La sfida", "Схватка")),
    Title(93164, "movie", "Heat", 1986, votes=7_000),
    Title(133093, "movie", "The Matrix", 1999, votes=2_100_000, akas=("Matrix", "Матрица")),
    Title(2582802, "movie", "Whiplash", 2014, votes=1_000_000, akas=("Whiplash: Música y obsesión",)),
    Title(2654430, "short", "Whiplash", 2013, votes=6_000),
    Title(7286456, "movie", "Joker", 2019, votes=1_500_000),
    Title(11006642, "short", "Joker", 2019, votes=12),
    Title(87544, "movie", "Nausicaä of the Valley of the Wind", 1984, "Kaze no tani no Naushika", 190_000),
    Title(107290, "movie", "Jurassic Park", 1993, votes=1_100_000),
    Title(88247, "movie", "The Terminator", 1984, votes=950_000, akas=("Terminator",)),
    Title(79817, "movie", "Rocky II", 1979, votes=230_000),
    Title(80913, "movie", "Die Fälschung", 1981, votes=900, akas=("Circle of Deceit",)),
    Title(903747, "tvSeries", "Breaking Bad", 2008, votes=2_300_000),
    Title(11280740, "tvMiniSeries", "Severance", 2022, votes=300_000),
    Title(3501112, "tvSpecial", "Bo Burnham: Make Happy", 2016, votes=20_000),
    Title(386676, "videoGame", "Heat", 1995, votes=40),
)
EPISODES = (
    Episode(959621, "Pilot", 903747, 1, 1),
    Episode(2301451, "Ozymandias", 903747, 5, 14),
    Episode(7777771, "Unaired", 903747, None, None),
)


def write_files(
    folder: Path, titles: Iterable[Title] = KNOWN, episodes: Iterable[Episode] = EPISODES
) -> Path:
    """Write the four files."""
    titles, episodes = list(titles), list(episodes)
    folder.mkdir(exist_ok=True)
    basics = [
        (each.id, each.type, each.title, each.original or each.title, 0, each.year, None, 90, "Drama")
        for each in titles
    ]
    basics += [
        (f"tt{each.number:07}", "tvEpisode", each.title, each.title, 0, 2008, None, 45, "Drama")
        for each in episodes
    ]
    akas = [
        (each.id, place, name, "XX", None, "imdbDisplay", None, 0)
        for each in titles
        for place, name in enumerate((each.title, *each.akas), 1)
    ]
    akas += [(f"tt{each.number:07}", 1, each.title, "XX", None, "imdbDisplay", None, 0) for each in episodes]
    places = [(f"tt{each.number:07}", f"tt{each.show:07}", each.season, each.episode) for each in episodes]
    ratings = [(each.id, 7.5, each.votes) for each in titles if each.votes]
    _write(folder / DataFile.BASICS, BASICS, basics)
    _write(folder / DataFile.AKAS, AKAS, akas)
    _write(folder / DataFile.EPISODE, EPISODE, places)
    _write(folder / DataFile.RATINGS, RATINGS, ratings)
    return folder


def _write(path: Path, header: str, rows: Iterable[Sequence[object]]) -> None:
    lines = [header.replace(" ", "\t")]
    # IMDb sorts by the id as text.
    lines += sorted("\t".join("\\N" if cell is None else str(cell) for cell in row) for row in rows)
    with gzip.open(path, "wt", encoding="utf-8", newline="\n") as stream:
        stream.write("\n".join(lines) + "\n")


def build(folder: Path, titles: Iterable[Title] = KNOWN, episodes: Iterable[Episode] = EPISODES) -> Path:
    """Write the files and build the index of them."""
    path = folder / "index.sqlite3"
    build_index(find_files([write_files(folder / "imdb", titles, episodes)]), path, Progress())
    return path
