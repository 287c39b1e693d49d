"""What a title is: a movie, a show, a season or an episode, and the ids that name it.

Values only. Which titles there are is the catalogue's knowledge.
"""

import re
import unicodedata
import zlib
from dataclasses import dataclass
from enum import StrEnum

ID_NAMES = ("imdb_id", "tmdb_id", "tvdb_id")

# Season and episode ids are made of the show's id and the numbers, so that they can be taken apart again.
_PART_NUMBERS = 10_000
_FIRST_TRAKT_ID = 1_000
_TRAKT_IDS = 90_000_000


class Kind(StrEnum):
    """What can be rated; only v2 rates seasons."""

    MOVIE = "movie"
    SHOW = "show"
    SEASON = "season"
    EPISODE = "episode"


@dataclass(frozen=True, slots=True)
class Title:
    """A movie, a show, or a season or an episode with its show and number.

    `given_trakt_id` is the id under which a title was made up; all others have one derived from their key.
    """

    kind: Kind
    title: str
    year: int | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    show: "Title | None" = None
    season: int = 0
    episode: int = 0
    given_trakt_id: int | None = None

    @property
    def key(self) -> str:
        """What makes two mentions the same title: its first id; for a part of a show the show and number."""
        if self.show is not None:
            return f"{self.show.key}/{self.season}x{self.episode}"
        for name in (*ID_NAMES, "given_trakt_id"):
            if value := getattr(self, name):
                return f"{name}:{value}"
        return f"title:{self.title} ({self.year})"

    @property
    def trakt_id(self) -> int:
        """Its Trakt id: the sandbox's own invention, the same in every run."""
        if self.given_trakt_id is not None:
            return self.given_trakt_id
        if self.show is None:
            return _FIRST_TRAKT_ID + zlib.crc32(self.key.encode()) % _TRAKT_IDS
        season_id = self.show.trakt_id * _PART_NUMBERS + self.season
        return season_id if self.kind is Kind.SEASON else season_id * _PART_NUMBERS + self.episode

    @property
    def slug(self) -> str | None:
        """`alien-1979`; seasons and episodes have none. The real ones follow finer rules, nowhere written."""
        if self.kind not in {Kind.MOVIE, Kind.SHOW}:
            return None
        plain = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode().lower()
        words = re.findall(r"[a-z0-9]+", plain.replace("'", "")) or [str(self.trakt_id)]
        return "-".join([*words, str(self.year)] if self.year else words)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request says about a title: well-formed ids, title and year, each where given."""

    imdb_id: str | None = None
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    title: str | None = None
    year: int | None = None
    trakt_id: int | None = None
    slug: str | None = None


def split_part_id(kind: Kind, trakt_id: int) -> tuple[int, int, int | None] | None:
    """Show's Trakt id, season and (of an episode) number, out of the Trakt id of a part of a show."""
    if kind is Kind.SEASON:
        return *divmod(trakt_id, _PART_NUMBERS), None
    if kind is Kind.EPISODE:
        rest, episode = divmod(trakt_id, _PART_NUMBERS)
        return *divmod(rest, _PART_NUMBERS), episode
    return None
