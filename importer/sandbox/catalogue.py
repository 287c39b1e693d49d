"""The titles that the sandbox knows, read from `catalogue.csv` when first needed.

    catalogue.find(Kind.MOVIE, Wanted(imdb_id="tt0078748"), ("imdb_id", "tmdb_id"))  ->  Title Alien (1979)

The order in which ids are tried is the service's rule.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from importer.sandbox.titles import ID_NAMES, Kind, Title, Wanted, split_part_id

__all__ = ["CATALOGUE_FILE", "ID_NAMES", "Catalogue", "Kind", "Title", "Wanted"]

CATALOGUE_FILE = Path(__file__).with_name("catalogue.csv")

# A catalogue of all episodes would be huge, so a known show has every episode within these bounds.
LAST_SEASON = 50
LAST_EPISODE = 200
LAST_NUMBER_OF_ANY_TITLE = 9999


class Catalogue:
    """The known titles; with `any_title` also one for every well-formed id, or title and year.

    `merged` leads from IMDb ids that were given up to those that took over.
    """

    def __init__(
        self,
        file: Path = CATALOGUE_FILE,
        *,
        any_title: bool = False,
        merged: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._file = file
        self._any_title = any_title
        self._merged = merged

    def find(self, kind: Kind, wanted: Wanted, id_order: Sequence[str]) -> Title | None:
        """The title of the first known id, else the one with exactly this title and year; None if unknown."""
        wanted = replace(wanted, imdb_id=self._merged.get(wanted.imdb_id or "", wanted.imdb_id))
        for name in id_order:
            if (found := self._by_id.get((kind, name, getattr(wanted, name)))) is not None:
                return found
        found = self._by_title.get((kind, wanted.title, wanted.year)) or self._find_part(kind, wanted)
        if found is not None or not self._any_title:
            return found
        return self._made_up(kind, wanted, id_order)

    def find_season(self, show: Title, season: int) -> Title | None:
        """A season of a known show: one of a listed episode, or any number within the bounds above."""
        listed = (show.imdb_id, season) in self._seasons
        last = LAST_NUMBER_OF_ANY_TITLE if self._any_title else LAST_SEASON
        if not listed and not 0 <= season <= last:
            return None
        return Title(Kind.SEASON, f"Season {season}", show=show, season=season)

    def find_episode(self, show: Title, season: int, episode: int) -> Title | None:
        """An episode of a known show: a listed one, or any number within the bounds above."""
        listed = self._episodes.get((show.imdb_id, season, episode))
        if listed is not None:
            return replace(listed, show=show)
        last_season, last_episode = LAST_SEASON, LAST_EPISODE
        if self._any_title:
            last_season = last_episode = LAST_NUMBER_OF_ANY_TITLE
        if not (0 <= season <= last_season and 1 <= episode <= last_episode):
            return None
        return Title(Kind.EPISODE, f"Episode {episode}", show=show, season=season, episode=episode)

    def titles(self, kind: Kind) -> list[Title]:
        """Every listed title of this kind."""
        return [title for title in self._titles if title.kind is kind]

    def lists(self, title: Title) -> bool:
        """False for a title that was made up for `any_title`."""
        whole = title.show or title
        return (whole.kind, "trakt_id", whole.trakt_id) in self._by_id

    def _find_part(self, kind: Kind, wanted: Wanted) -> Title | None:
        """The season or episode of a listed show with this Trakt id: most of these are not listed."""
        part = split_part_id(kind, wanted.trakt_id) if wanted.trakt_id else None
        show = part and self._by_id.get((Kind.SHOW, "trakt_id", part[0]))
        if not part or show is None:
            return None
        _, season, episode = part
        return self.find_season(show, season) if episode is None else self.find_episode(show, season, episode)

    def _made_up(self, kind: Kind, wanted: Wanted, id_order: Sequence[str]) -> Title | None:
        """A title for `any_title`, unless a title of another kind has its IMDb id.

        So a client that sends an episode's own id as its show's gets an error even then. The other ids may
        belong to one title of each kind. A slug alone is not enough.
        """
        ids = {name: value for name in id_order if name != "slug" and (value := getattr(wanted, name))}
        if any((other, "imdb_id", wanted.imdb_id) in self._by_id for other in Kind):
            return None
        if not ids and (wanted.title is None or wanted.year is None):
            return None
        title = wanted.title or " ".join(f"{name.removesuffix('_id')} {value}" for name, value in ids.items())
        made_up = Title(
            kind,
            title,
            wanted.year,
            imdb_id=wanted.imdb_id if "imdb_id" in ids else None,
            tmdb_id=wanted.tmdb_id if "tmdb_id" in ids else None,
            tvdb_id=wanted.tvdb_id if "tvdb_id" in ids else None,
            given_trakt_id=wanted.trakt_id if "trakt_id" in ids else None,
        )
        if kind not in {Kind.SEASON, Kind.EPISODE}:
            return made_up
        # A season or episode needs a show, or nobody could read it back.
        show = Title(Kind.SHOW, f"Show of {title}", given_trakt_id=made_up.trakt_id)
        return replace(made_up, show=show, season=1, episode=int(kind is Kind.EPISODE))

    @cached_property
    def _titles(self) -> list[Title]:
        with self._file.open(encoding="utf-8", newline="") as lines:
            read = [(_read_title(row), row["show_imdb_id"]) for row in csv.DictReader(lines)]
        shows = {title.imdb_id: title for title, _ in read if title.kind is Kind.SHOW}
        return [replace(title, show=shows.get(show_id)) if show_id else title for title, show_id in read]

    @cached_property
    def _by_id(self) -> dict[tuple[Kind, str, object], Title]:
        return {
            (title.kind, name, value): title
            for title in self._titles
            for name in (*ID_NAMES, "trakt_id", "slug")
            if (value := getattr(title, name)) is not None
        }

    @cached_property
    def _by_title(self) -> dict[tuple[Kind, str | None, int | None], Title]:
        return {
            (title.kind, title.title, title.year): title
            for title in self._titles
            if title.kind is not Kind.EPISODE and title.year is not None
        }

    @cached_property
    def _episodes(self) -> dict[tuple[str | None, int, int], Title]:
        return {
            (title.show.imdb_id, title.season, title.episode): title
            for title in self._titles
            if title.show is not None
        }

    @cached_property
    def _seasons(self) -> set[tuple[str | None, int]]:
        return {(show_id, season) for show_id, season, _ in self._episodes}


def _read_title(row: Mapping[str, str]) -> Title:
    """A line of the catalogue; an empty cell is an unknown value."""

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
