"""Searches Trakt for a title by name or id (`GET /search`). Pure; needs an app, but no sign-in.

    GET /search/movie,show/exact?query=Heat              the titles of this name (guide: search)
    GET /search/movie,show?query=Heat&years=1994-1996    names like it; it ignores `years` and `fields` since
                                                         early 2026 and may miss the very name (#578, #668)
    GET /search/tmdb/949?type=movie,show,episode         the titles with this id

Answers are not trusted: an invalid id is dropped, and so is a title without ids.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard
from urllib.parse import urlencode

from importer.destinations.decisions import Decision, Done
from importer.destinations.titles import Candidate, EpisodeOf, Found, Unsearchable, is_imdb_id
from importer.destinations.trakt.request import build_request
from importer.destinations.trakt.trouble import PATIENT_QUESTION, interpret_trouble
from importer.errors import ConnectionLostError
from importer.http import Request, Response, is_web_page, parse_list
from importer.model import MediaKind

PAGE_SIZE = 50
"""Titles of an answer: the best ones come first. If there are more, the answer counts as cut off."""

LONGEST_QUERY = 200
"""The most characters of a title in a query: more would not fit into an address."""

_REFUSALS = {400, 414, 422}

_SPECIAL = re.compile(r'[+\-&|!(){}\[\]^"~*?:/\\]')
"""Special characters of a query, escaped with a backslash (API page search; issue #76)."""

_FIELDS = {
    # All names of a title, and nothing of its story (contracts, search: table of fields).
    MediaKind.MOVIE: "title,original_title,translations,aliases",
    MediaKind.SHOW: "title,original_title,translations,aliases",
    MediaKind.EPISODE: "title",
}

_SEARCHED = {kind: str(kind) for kind in (MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE)}

_EXACT = {MediaKind.MOVIE, MediaKind.SHOW}
_PAGE = {"extended": "full", "page": "1", "limit": str(PAGE_SIZE)}

_match_slug = re.compile(r"[a-z0-9][a-z0-9-]{0,199}").fullmatch
_LARGEST_ID = 10**15
_MOST_EPISODES = 100_000
_FIRST_YEAR, _LAST_YEAR = 1870, 2199
_LONGEST_TITLE = 500


@dataclass(frozen=True, slots=True)
class TraktSearch:
    """The search of one host, for one app. `kept_as` is the host in the names of cached answers."""

    base_url: str
    client_id: str = field(repr=False)
    kept_as: str = ""

    def build_exact_search(
        self, title: str, kinds: Collection[MediaKind], year: int | None = None
    ) -> Request | None:
        """Ask for movies and shows of exactly this name; None for other kinds (contracts, search: exact)."""
        if not _EXACT.issuperset(kinds):
            return None
        query = {"query": title[:LONGEST_QUERY], **_PAGE}  # not documented: special characters
        path = f"/search/{_join(kinds)}/exact?{urlencode(query)}"
        return build_request("GET", self.base_url, path, self.client_id)

    def read_exact_search(self, answer: Response | ConnectionLostError) -> Decision[Found | Unsearchable]:
        """Read as `read_search` does; a server without this search (404) finds nothing."""
        if isinstance(answer, Response) and answer.status == 404 and not is_web_page(answer):
            return Done(Found())
        return self.read_search(answer)

    def build_search(self, title: str, years: range | None, kinds: Collection[MediaKind]) -> Request:
        """Ask for titles with a similar name, of these years if any (API page search: filters).

        With `extended=full` an answer has the original title, too (contracts, movieResponseSchema).
        """
        query = {"query": escape(title[:LONGEST_QUERY]), "fields": _FIELDS[next(iter(kinds))]}
        if years:
            query["years"] = f"{years[0]}-{years[-1]}"
        path = f"/search/{_join(kinds)}?{urlencode(query | _PAGE)}"
        return build_request("GET", self.base_url, path, self.client_id)

    def build_lookup(self, source: str, value: str) -> Request:
        """Ask for the titles with an id (API page search by id: without OAuth)."""
        path = f"/search/{source}/{value}?type={_join(_SEARCHED)}&extended=full"
        return build_request("GET", self.base_url, path, self.client_id)

    def read_search(self, answer: Response | ConnectionLostError) -> Decision[Found | Unsearchable]:
        """Read the titles of an answer; an empty list with 200 means none."""
        if isinstance(answer, Response) and not is_web_page(answer):
            if answer.status == 200 and (found := _parse(answer)) is not None:
                return Done(found)
            if answer.status in _REFUSALS:
                return Done(Unsearchable(f"the server refuses to search for it (HTTP {answer.status})"))
        return interpret_trouble(answer, PATIENT_QUESTION)

    def read_lookup(
        self, answer: Response | ConnectionLostError, source: str, value: str
    ) -> Decision[Found | Unsearchable]:
        """Read the titles with the id. An empty list or a 404 means none (neither is documented)."""
        if isinstance(answer, Response) and answer.status == 404 and not is_web_page(answer):
            return Done(Found())
        decision = self.read_search(answer)
        if not isinstance(decision, Done) or isinstance(decision.value, Unsearchable):
            return decision
        titles = decision.value.titles
        return Done(Found(tuple(each for each in titles if str(getattr(each, f"{source}_id")) == value)))


def escape(text: str) -> str:
    """Escape special characters with a backslash (API page search: special characters)."""
    return _SPECIAL.sub(r"\\\g<0>", text)


def _join(kinds: Iterable[MediaKind]) -> str:
    return ",".join(map(str, kinds))


def _parse(answer: Response) -> Found | None:
    """Parse an answer; None if the body is not one."""
    entries = parse_list(answer.body)
    if entries is None:
        return None
    return Found(tuple(dict.fromkeys(_read_entries(entries))), _is_cut_off(answer, len(entries)))


def _is_cut_off(answer: Response, entries: int) -> bool:
    """Whether there are more titles: the page is full or the headers, which may lag behind (#823), say so."""
    pages = _read_count(answer, "X-Pagination-Page-Count", 1)
    limit = _read_count(answer, "X-Pagination-Limit", PAGE_SIZE)
    items = _read_count(answer, "X-Pagination-Item-Count", entries)
    return entries >= min(limit or PAGE_SIZE, PAGE_SIZE) or pages > 1 or items > entries


def _read_count(answer: Response, name: str, otherwise: int) -> int:
    text = answer.headers.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def _read_entries(entries: list[Any]) -> Iterator[Candidate]:
    for entry in entries:
        kind = entry.get("type") if isinstance(entry, dict) else None
        if not isinstance(kind, str) or kind not in _SEARCHED.values():
            continue
        shaped = entry.get(kind)
        if isinstance(shaped, dict) and (found := _read_title(MediaKind(kind), shaped)) is not None:
            is_episode = found.kind is MediaKind.EPISODE
            yield found._replace(place=_read_place(shaped, entry.get("show"))) if is_episode else found


def _read_place(episode: Mapping[str, Any], show: object) -> EpisodeOf | None:
    """Read where an episode belongs (API page search by id: episodes come with their show)."""
    of = _read_title(MediaKind.SHOW, show) if isinstance(show, dict) else None
    season, number = episode.get("season"), episode.get("number")
    if of is None or not of.title or not _is_number(season) or not _is_number(number):
        return None
    ids = of.imdb_id, of.tmdb_id, of.tvdb_id, of.trakt_id
    return EpisodeOf(of.title, of.year, season, number, *ids)


def _is_number(value: object) -> TypeGuard[int]:
    return type(value) is int and 0 <= value < _MOST_EPISODES


def _read_title(kind: MediaKind, shaped: Mapping[str, Any]) -> Candidate | None:
    title, original = _read_text(shaped.get("title")), _read_text(shaped.get("original_title"))
    ids = shaped.get("ids")
    if not isinstance(ids, dict):
        return None
    imdb_id = ids.get("imdb")  # null and "https://www.imdb.com/titl" were seen (issue #47)
    year = shaped.get("year")
    found = Candidate(
        kind,
        title,
        year if type(year) is int and _FIRST_YEAR <= year <= _LAST_YEAR else None,
        imdb_id=imdb_id if isinstance(imdb_id, str) and is_imdb_id(imdb_id) else None,
        tmdb_id=_read_number(ids.get("tmdb")),
        tvdb_id=_read_number(ids.get("tvdb")),
        trakt_id=_read_number(ids.get("trakt")),
        other_titles=(original,) if original and original != title else (),
    )
    if not any((found.imdb_id, found.tmdb_id, found.tvdb_id, found.trakt_id)):
        return None
    return found._replace(url=_build_url(found, ids.get("slug")))


def _build_url(found: Candidate, slug: object) -> str:
    """The title's page, where people check whether it is the right one."""
    if found.imdb_id:
        return f"https://www.imdb.com/title/{found.imdb_id}/"
    if isinstance(slug, str) and _match_slug(slug) and found.kind is not MediaKind.EPISODE:
        return f"https://trakt.tv/{found.kind}s/{slug}"
    return ""


def _read_number(value: object) -> int | None:
    return value if type(value) is int and 0 < value < _LARGEST_ID else None


def _read_text(value: object) -> str:
    """Return the name on one printable line."""
    if not isinstance(value, str):
        return ""
    shown = "".join(each if each.isprintable() else " " for each in value[:_LONGEST_TITLE])
    return " ".join(shown.split())
