"""Titles: a movie, a show, a season or an episode, with their ids."""

import re
import unicodedata
import zlib
from dataclasses import dataclass
from enum import StrEnum

ID_NAMES = ("imdb_id", "tmdb_id", "tvdb_id")

# A season's or episode's id is made of the show's id and the numbers, so that it can be split again.
_PART_NUMBERS = 10_000
_FIRST_TRAKT_ID = 1_000
_TRAKT_IDS = 90_000_000


class Kind(StrEnum):
    """The kinds of titles. Trakt's original API rates no seasons."""

    MOVIE = "movie"
    SHOW = "show"
    SEASON = "season"
    EPISODE = "episode"


@dataclass(frozen=True, slots=True)
class Title:
    """A movie, a show, or a season or an episode with its show and number.

    `given_trakt_id` is the id of a made-up title; all others have one derived from their key.
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
        """Equal for the same title: its first id, or the show and numbers of a season or episode."""
        if self.show is not None:
            return f"{self.show.key}/{self.season}x{self.episode}"
        for name in (*ID_NAMES, "given_trakt_id"):
            if value := getattr(self, name):
                return f"{name}:{value}"
        return f"title:{self.title} ({self.year})"

    @property
    def trakt_id(self) -> int:
        """Its Trakt id: invented, but the same in every run."""
        if self.given_trakt_id is not None:
            return self.given_trakt_id
        if self.show is None:
            return _FIRST_TRAKT_ID + zlib.crc32(self.key.encode()) % _TRAKT_IDS
        season_id = self.show.trakt_id * _PART_NUMBERS + self.season
        return season_id if self.kind is Kind.SEASON else season_id * _PART_NUMBERS + self.episode

    @property
    def slug(self) -> str | None:
        """`alien-1979`; seasons and episodes have none. The real rules are finer and not documented."""
        if self.kind not in {Kind.MOVIE, Kind.SHOW}:
            return None
        plain = unicodedata.normalize("NFKD", self.title).encode("ascii", "ignore").decode().lower()
        words = re.findall(r"[a-z0-9]+", plain.replace("'", "")) or [str(self.trakt_id)]
        return "-".join([*words, str(self.year)] if self.year else words)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A title as a request names it: well-formed ids, title and year, each optional."""

    imdb_id: str | None = None
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    title: str | None = None
    year: int | None = None
    trakt_id: int | None = None
    slug: str | None = None


def split_part_id(kind: Kind, trakt_id: int) -> tuple[int, int, int | None] | None:
    """Split the Trakt id of a season or an episode into its show's Trakt id, season and episode number."""
    if kind is Kind.SEASON:
        return *divmod(trakt_id, _PART_NUMBERS), None
    if kind is Kind.EPISODE:
        rest, episode = divmod(trakt_id, _PART_NUMBERS)
        return *divmod(rest, _PART_NUMBERS), episode
    return None
