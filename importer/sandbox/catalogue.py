"""Which titles the sandbox knows, and by which ids they are found.

Reads `catalogue.csv` on the first question. In which order ids are tried is the API's rule, so the caller
brings it; what is done with a title is the store's business.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from pathlib import Path

CATALOGUE_FILE = Path(__file__).with_name("catalogue.csv")

ID_NAMES = ("imdb_id", "tmdb_id", "tvdb_id")

# A catalogue of all episodes would be huge, so a known show has every episode within these bounds.
LAST_SEASON = 50
LAST_EPISODE = 200
LAST_NUMBER_OF_ANY_TITLE = 9999


class Kind(StrEnum):
    """What can be rated."""

    MOVIE = "movie"
    SHOW = "show"
    EPISODE = "episode"


@dataclass(frozen=True, slots=True)
class Title:
    """A movie, a show, or an episode with its show, season and number."""

    kind: Kind
    title: str
    year: int | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    show: "Title | None" = None
    season: int = 0
    episode: int = 0

    @property
    def key(self) -> str:
        """What makes two mentions the same title: its first id; for an episode the show and the number."""
        if self.show is not None:
            return f"{self.show.key}/{self.season}x{self.episode}"
        for name in ID_NAMES:
            if value := getattr(self, name):
                return f"{name}:{value}"
        return f"title:{self.title} ({self.year})"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a request says about a title: well-formed ids, title and year, each where given."""

    imdb_id: str | None = None
    tmdb_id: int | None = None
    tvdb_id: int | None = None
    title: str | None = None
    year: int | None = None


class Catalogue:
    """The known titles; with `any_title` also whatever a well-formed id, or a title and year, names."""

    def __init__(self, file: Path = CATALOGUE_FILE, *, any_title: bool = False) -> None:
        self._file = file
        self._any_title = any_title

    def find(self, kind: Kind, wanted: Wanted, id_order: Sequence[str]) -> Title | None:
        """The movie or show that the first fitting id names, else the one with exactly this title and year.

        An id that nothing carries is passed over for the next one.
        """
        for name in id_order:
            if (found := self._by_id.get((kind, name, getattr(wanted, name)))) is not None:
                return found
        by_title = self._by_title.get((kind, wanted.title, wanted.year))
        if by_title is not None or not self._any_title:
            return by_title
        return self._made_up(kind, wanted, id_order)

    def find_episode(self, show: Title, season: int, episode: int) -> Title | None:
        """An episode of a known show: its own row, or any number within the bounds named above."""
        listed = self._episodes.get((show.imdb_id, season, episode))
        if listed is not None:
            return replace(listed, show=show)
        last_season, last_episode = LAST_SEASON, LAST_EPISODE
        if self._any_title:
            last_season = last_episode = LAST_NUMBER_OF_ANY_TITLE
        if not (0 <= season <= last_season and 1 <= episode <= last_episode):
            return None
        return Title(Kind.EPISODE, f"Episode {episode}", show=show, season=season, episode=episode)

    def _made_up(self, kind: Kind, wanted: Wanted, id_order: Sequence[str]) -> Title | None:
        """A title for `any_title`, unless an id is known to belong to another kind.

        So a client that sends an episode's own id as its show's is told even then.
        """
        ids = {name: value for name in id_order if (value := getattr(wanted, name)) is not None}
        if any((other, name, value) in self._by_id for other in Kind for name, value in ids.items()):
            return None
        if not ids and (wanted.title is None or wanted.year is None):
            return None
        title = wanted.title or " ".join(f"{name.removesuffix('_id')} {value}" for name, value in ids.items())
        return Title(kind, title, wanted.year, **ids)

    @cached_property
    def _titles(self) -> list[tuple[Title, str]]:
        with self._file.open(encoding="utf-8", newline="") as lines:
            return [(_read_title(row), row["show_imdb_id"]) for row in csv.DictReader(lines)]

    @cached_property
    def _by_id(self) -> dict[tuple[Kind, str, object], Title]:
        return {
            (title.kind, name, value): title
            for title, _ in self._titles
            for name in ID_NAMES
            if (value := getattr(title, name)) is not None
        }

    @cached_property
    def _by_title(self) -> dict[tuple[Kind, str | None, int | None], Title]:
        return {
            (title.kind, title.title, title.year): title
            for title, _ in self._titles
            if title.kind is not Kind.EPISODE and title.year is not None
        }

    @cached_property
    def _episodes(self) -> dict[tuple[str | None, int, int], Title]:
        return {
            (show_imdb_id, title.season, title.episode): title
            for title, show_imdb_id in self._titles
            if title.kind is Kind.EPISODE
        }


def _read_title(row: Mapping[str, str]) -> Title:
    """A line of the catalogue; an empty cell means that the value is not known."""

    def number(name: str) -> int | None:
        return int(row[name]) if row[name] else None

    return Title(
        kind=Kind(row["kind"]),
        title=row["title"],
        year=number("year"),
        imdb_id=row["imdb_id"] or None,
        tmdb_id=number("tmdb_id"),
        tvdb_id=number("tvdb_id"),
        season=number("season") or 0,
        episode=number("episode") or 0,
    )
