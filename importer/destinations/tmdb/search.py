"""Searches TMDB for a title by name or id (https://developer.themoviedb.org). Pure; needs a token.

    GET /3/search/movie?query=Heat&primary_release_year=1995   films of that year: a short list, mostly whole
    GET /3/search/multi?query=Heat                             films and shows of any year, 20 of them
    GET /3/find/tt0113277?external_source=imdb_id              what an IMDb id is

Answers are not trusted: an entry without a name or a valid id is dropped.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from importer.destinations.decisions import Decision, Done, Effect, Retry, Stop, interpret_loss
from importer.destinations.titles import Candidate, Found, Unsearchable
from importer.destinations.tmdb.entries import is_id, list_found, read_year
from importer.destinations.tmdb.trouble import PATIENT_QUESTION, RATE_LIMITED
from importer.errors import AuthorizationError, ConnectionLostError, StopRunError
from importer.http import Request, Response, parse_object, read_retry_after
from importer.model import MediaKind
from importer.secret import Secret

LONGEST_QUERY = 200
"""The most characters of a title in a query: more would not fit into an address."""

REQUESTS_PER_SECOND = 20
"""Half of what TMDB allows (docs: rate limiting, about 40)."""

POSTERS = "https://image.tmdb.org/t/p/"
"""Where the posters are, in several sizes."""

_match_poster = re.compile(r"/[A-Za-z0-9_-]{1,60}\.(jpg|png)").fullmatch
_SOURCES = {"imdb": "imdb_id", "tvdb": "tvdb_id"}
_KINDS = {"movie": MediaKind.MOVIE, "tv": MediaKind.SHOW}
_PAGES = {MediaKind.MOVIE: "movie", MediaKind.SHOW: "tv"}
_LONGEST_TITLE = 500


@dataclass(frozen=True, slots=True)
class TmdbSearch:
    """The search of TMDB. `kept_as` is its name in the names of cached answers."""

    base_url: str
    token: Secret = field(repr=False)
    kept_as: str = "tmdb"

    def build_exact_search(
        self, title: str, kinds: Collection[MediaKind], year: int | None = None
    ) -> Request | None:
        """Ask for films of this name and year; None without a year, as the list would be cut off."""
        if year is None or MediaKind.MOVIE not in kinds:
            return None
        return self._get("/search/movie", query=title[:LONGEST_QUERY], primary_release_year=str(year))

    def read_exact_search(self, answer: Response | ConnectionLostError) -> Decision[Found | Unsearchable]:
        """Read the films of an answer."""
        return self._read(answer, lambda body: _read_results(body, "movie"))

    def build_search(
        self, title: str, years: range | None, kinds: Collection[MediaKind]
    ) -> Request | Unsearchable:
        """Ask for films and shows of a similar name, of any year; there is no search for episodes."""
        del years
        if MediaKind.EPISODE in kinds:
            return Unsearchable("TMDB has no search for episodes")
        return self._get("/search/multi", query=title[:LONGEST_QUERY])

    def read_search(self, answer: Response | ConnectionLostError) -> Decision[Found | Unsearchable]:
        """Read the films and shows of an answer; people are left out."""
        return self._read(answer, lambda body: _read_results(body, ""))

    def build_lookup(self, source: str, value: str) -> Request | Unsearchable:
        """Ask what an IMDb or TVDB id is."""
        if source not in _SOURCES:
            return Unsearchable(f"TMDB cannot be asked what a {source} id is")
        return self._get(f"/find/{value}", external_source=_SOURCES[source])

    def read_lookup(
        self, answer: Response | ConnectionLostError, source: str, value: str
    ) -> Decision[Found | Unsearchable]:
        """Read the titles with the id; a 404 or empty lists mean none."""
        if isinstance(answer, Response) and answer.status == 404:
            return Done(Found())
        return self._read(answer, lambda body: Found(tuple(_read_found(body, source, value))))

    def _get(self, path: str, **query: str) -> Request:
        headers = {"Authorization": f"Bearer {self.token.reveal()}"}
        url = f"{self.base_url}/3{path}?{urlencode(query)}"
        return Request("GET", url, f"GET {path.removeprefix('/').partition('/')[0]}", headers=headers)

    def _read(
        self, answer: Response | ConnectionLostError, read: Callable[[Mapping[str, Any]], Found]
    ) -> Decision[Found | Unsearchable]:
        if isinstance(answer, ConnectionLostError):
            return interpret_loss(answer, "TMDB", PATIENT_QUESTION)
        status = answer.status
        if status == 200 and (body := parse_object(answer.body)):
            return Done(read(body))
        if status in {400, 414, 422}:
            return Done(Unsearchable(f"TMDB refuses to search for it (HTTP {status})"))
        if status == 401:
            return Stop(AuthorizationError("TMDB does not accept the token (401): copy it again."))
        if status == 429:
            wait = read_retry_after(answer.headers)
            return Retry("TMDB asks to slow down (429)", RATE_LIMITED, wait_seconds=wait)
        if status == 200 or status >= 500:
            return Retry(f"HTTP {status}", PATIENT_QUESTION, Effect.NONE, read_retry_after(answer.headers))
        return Stop(StopRunError(f"TMDB answers HTTP {status}, which makes no sense here."))


def _read_results(body: Mapping[str, Any], type_: str) -> Found:
    """Read a page of results; `type_` is that of entries that name none."""
    results = body.get("results")
    entries = [each for each in results if isinstance(each, dict)] if isinstance(results, list) else []
    titles = []
    for entry in entries:
        kind = _KINDS.get(str(entry.get("media_type") or type_))
        if kind is not None and (found := _read_title(kind, entry)) is not None:
            titles.append(found)
    pages = body.get("total_pages")
    return Found(tuple(dict.fromkeys(titles)), is_cut_off=not isinstance(pages, int) or pages > 1)


def _read_found(body: Mapping[str, Any], source: str, value: str) -> Iterator[Candidate]:
    for kind, entry in list_found(body):
        found = _read_title(kind, entry) if isinstance(entry, dict) else None
        if found is not None:
            yield found._replace(imdb_id=value) if source == "imdb" else found._replace(tvdb_id=int(value))


def _read_title(kind: MediaKind, entry: Mapping[str, Any]) -> Candidate | None:
    tmdb_id, is_film = entry.get("id"), kind is MediaKind.MOVIE
    name = _read_text(entry.get("title" if is_film else "name"))
    original = _read_text(entry.get("original_title" if is_film else "original_name"))
    if not is_id(tmdb_id) or not name:
        return None
    page = _PAGES.get(kind)
    return Candidate(
        kind,
        name,
        read_year(kind, entry),
        tmdb_id=tmdb_id,
        other_titles=(original,) if original and original != name else (),
        url=f"https://www.themoviedb.org/{page}/{tmdb_id}" if page else "",
        poster=_read_poster(entry.get("poster_path")),
    )


def _read_poster(path: object) -> str:
    """Return the address of a small poster (docs: image basics)."""
    return f"{POSTERS}w154{path}" if isinstance(path, str) and _match_poster(path) else ""


def _read_text(value: object) -> str:
    """Return the name on one printable line."""
    if not isinstance(value, str):
        return ""
    shown = "".join(each if each.isprintable() else " " for each in value[:_LONGEST_TITLE])
    return " ".join(shown.split())
