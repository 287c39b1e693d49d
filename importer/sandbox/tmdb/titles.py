"""Titles as TMDB knows them: by numbers of its own, one for each kind.

A title of the catalogue without such a number gets one that is made of its IMDb id, so that it is the same in
every run and leads back to the title.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from importer.sandbox.catalogue import Catalogue, Kind, Title, Wanted
from importer.sandbox.tmdb.options import TmdbOptions

_FROM_IMDB = 5_000_000_000
_LISTS = {Kind.MOVIE: "movie_results", Kind.SHOW: "tv_results", Kind.EPISODE: "tv_episode_results"}
_ALL_LISTS = ("movie_results", "person_results", "tv_results", "tv_episode_results", "tv_season_results")


class Titles:
    """The catalogue, as TMDB has it."""

    def __init__(self, catalogue: Catalogue, options: TmdbOptions) -> None:
        self._catalogue = catalogue
        self._options = options

    def find(self, kind: Kind, text: str) -> Title | None:
        """The movie or show with this number."""
        number = _number(text)
        if number is None:
            return None
        imdb_id = f"tt{number - _FROM_IMDB:07}" if number > _FROM_IMDB else None
        wanted = Wanted(imdb_id=imdb_id) if imdb_id else Wanted(tmdb_id=number)
        name = "imdb_id" if imdb_id else "tmdb_id"
        if self._is_moved(imdb_id) and kind is Kind.SHOW:
            movie = self._catalogue.find(Kind.MOVIE, wanted, (name,))
            return movie and replace(movie, kind=Kind.SHOW)
        return self._catalogue.find(kind, wanted, (name,))

    def find_episode(self, show: Title, season: str, episode: str) -> Title | None:
        """An episode of a show."""
        if not all(part.isascii() and part.isdigit() and len(part) <= 6 for part in (season, episode)):
            return None
        return self._catalogue.find_episode(show, int(season), int(episode))

    def look_up(self, source: str, value: str) -> dict[str, list[dict[str, Any]]]:
        """`GET /find/{id}`: what has this id, by kind."""
        found: dict[str, list[dict[str, Any]]] = {name: [] for name in _ALL_LISTS}
        for title in self._list_with(source, value):
            found[_LISTS[title.kind]].append(self.describe(title))
        return found

    def _list_with(self, source: str, value: str) -> Iterator[Title]:
        if value in self._options.tmdb_unlinked:
            return
        wanted = Wanted(imdb_id=value) if source == "imdb_id" else Wanted(tvdb_id=_number(value))
        named = [self._catalogue.find(kind, wanted, (source,)) for kind in _LISTS]
        found = [title for title in named if title is not None]
        # An id that stands for a made-up title leads to one of each kind.
        titles = [title for title in found if self._catalogue.lists(title)] or found
        for title in titles:
            yield replace(title, kind=Kind.SHOW) if self._is_moved(title.imdb_id) else title
            if title.imdb_id in self._options.tmdb_ambiguous:
                yield replace(title, kind=Kind.SHOW if title.kind is Kind.MOVIE else Kind.MOVIE)

    def _is_moved(self, imdb_id: str | None) -> bool:
        return imdb_id in self._options.tmdb_as_shows

    def number_of(self, title: Title) -> int:
        """TMDB's number of a title."""
        if title.tmdb_id and not self._is_moved(title.imdb_id):
            return title.tmdb_id
        return _FROM_IMDB + int(title.imdb_id[2:]) if title.imdb_id else title.trakt_id

    def describe(self, title: Title) -> dict[str, Any]:
        """A title in a list; an episode names its show by number only."""
        entry: dict[str, Any] = {"id": self.number_of(title), "vote_average": 7.1, "vote_count": 12}
        date = f"{title.year}-06-01" if title.year else ""
        if title.kind is Kind.MOVIE:
            return entry | {"title": title.title, "original_title": title.title, "release_date": date}
        entry |= {"name": title.title}
        if title.kind is Kind.SHOW:
            return entry | {"original_name": title.title, "first_air_date": date}
        show = self.number_of(title.show) if title.show else 0
        numbers = {"season_number": title.season, "episode_number": title.episode}
        return entry | {"air_date": date, "show_id": show} | numbers


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= 15 else None
