"""/search and /users/settings: finding a title by an id, by its name or by words, and who is signed in.

    GET /search/imdb/tt0078748?type=movie           Alien (1979): the title with this id
    GET /search/movie/exact?query=alien             Alien (1979): the titles of this name, whatever the case
    GET /search/movie?query=alien&years=1975-1985   Alien (1979), then what begins so or shares a word

The search by words is simple: the real one's scores are not documented. It and the exact one know the listed
titles only, never the made-up ones of `any_title`; the search by id knows both.
"""

import re
from collections.abc import Sequence
from typing import Any

from importer.sandbox.catalogue import Catalogue
from importer.sandbox.exchange import Answer, Call, Twist, build_json
from importer.sandbox.titles import Kind, Title
from importer.sandbox.trakt.input import ID_ORDER, read_ids
from importer.sandbox.trakt.options import TraktOptions
from importer.sandbox.trakt.output import blurred, build_refusal, titled
from importer.sandbox.trakt.pages import Pages

_ID_TYPES = ("trakt", "imdb", "tmdb", "tvdb")
_SEARCHED = (Kind.MOVIE, Kind.SHOW, Kind.EPISODE)
_USUAL_PAGE = 50

# Each rank is above all scores of the next; the numbers are the sandbox's own choice.
_SAME, _SAME_BUT_CASE, _BEGINNING, _ALL_WORDS = 1000.0, 900.0, 500.0, 100.0

_BY_ID, _EXACT, _LOOSE = 2**53 + 1, 1000, 1
"""Scores that say nothing: whole numbers, perhaps larger than a float can hold (#796 of trakt-api)."""

_YEARS = re.compile(r"(\d{4})(?:-(\d{4}))?", re.ASCII)
# A backslash escapes the next character; without one these characters are operators.
_SPECIAL = re.compile(r'\\(.)|[+\-&|!(){}\[\]^"~*?:/]')


class Lookup:
    """The methods that find titles, and the settings of the account."""

    def __init__(self, catalogue: Catalogue, options: TraktOptions) -> None:
        self._catalogue = catalogue
        self._options = options
        self._pages = Pages(_USUAL_PAGE)

    def find_by_id(self, call: Call) -> Answer:
        """GET /search/{id_type}/{id}?type=movie,show,episode: every title with this id.

        Without a hit: 200 and an empty list (inferred from the API page, which documents no 404). The
        sandbox's own choices: with `any_title` an unknown id is of the first type asked for; a wrong id_type
        is 404.
        """
        id_type, text = call.params["id_type"], call.params["id"]
        kinds = _read_kinds(call.query.get("type"))
        if id_type not in _ID_TYPES or kinds is None:
            return build_refusal(404, "no such type")
        is_number = id_type != "imdb" and text.isascii() and text.isdigit() and len(text) < 16
        ids = {id_type: int(text) if is_number else text}
        named = [self._catalogue.find(kind, read_ids(kind, ids), ID_ORDER[kind]) for kind in kinds]
        found = [title for title in named if title is not None]
        # A made-up title is found for every kind, but it can only have one.
        listed = [title for title in found if self._catalogue.lists(title)]
        return build_json(200, _shape([(_BY_ID, title) for title in listed or found[:1]], call))

    def find_by_words(self, call: Call) -> Answer:
        """GET /search/{type}?query=&fields=&years=: best first, in pages of 50 unless `limit` is given.

        The sandbox's own choices: special characters (API page search lists them) are blanks unless a
        backslash escapes them; without a query 400; only titles are searched, so other `fields` alone find
        nothing. A `loose_search` gives its hits in the order of the catalogue.
        """
        kinds = _read_kinds(call.params["type"])
        if kinds is None:
            return build_refusal(404, "no such type")
        words, years = _unescape(call.query.get("query", "")), _read_years(call.query.get("years"))
        if not words or years is None:
            return build_refusal(400, "years is a year or a range" if words else "query is missing")
        fields = call.query.get("fields", "title").split(",")
        if self._options.loose_search:
            fields, years = ["title"], range(0)
        found = [
            (_LOOSE if self._options.loose_search else score, title)
            for kind in kinds
            for title in self._catalogue.titles(kind)
            if "title" in fields
            and (not years or title.year in years)
            and not (self._options.search_lacks_exact and _is_named(title, words))
            and (score := _score(words, title.title)) > 0
        ]
        found.sort(key=lambda hit: -hit[0])
        return self._show_page(found, call)

    def find_exactly(self, call: Call) -> Answer:
        """GET /search/{type}/exact?query=: the movies and shows of this very name (contracts, search).

        The sandbox's own choices: upper and lower case are the same, no character is an operator, and a
        wrong type is 404.
        """
        kinds = _read_kinds(call.params["type"])
        if kinds is None or Kind.EPISODE in kinds:
            return build_refusal(404, "no such type")
        name = " ".join(call.query.get("query", "").split())
        if not name:
            return build_refusal(400, "query is missing")
        titles = [title for kind in kinds for title in self._catalogue.titles(kind)]
        return self._show_page([(_EXACT, title) for title in titles if _is_named(title, name)], call)

    def _show_page(self, found: Sequence[tuple[float, Title]], call: Call) -> Answer:
        page = self._pages.read(call.query)
        shown = _shape(found[page.skip : page.skip + page.size], call)
        return build_json(200, shown, headers=self._pages.headers(page, len(found)))

    def settings(self, _call: Call, username: str) -> Answer:
        """GET /users/settings, with the fields that matter to ratings.

        The documented limits do not name one of ratings. `tells_rating_cap` adds it in the form of the
        others: the sandbox's own choice.
        """
        vip = self._options.vip
        lists, watchlist = (100, 5_000) if vip else (2, 250)
        limits: dict[str, dict[str, int]] = {
            "list": {"count": lists, "item_count": watchlist},
            "watchlist": {"item_count": watchlist},
            "favorites": {"item_count": 100},
        }
        if self._options.tells_rating_cap:
            limits["ratings"] = {"item_count": self._options.account_limit}
        user = {"username": username, "private": False, "name": username, "vip": vip, "vip_ep": False}
        settings = {
            "user": {**user, "ids": {"slug": username}},
            "account": {"timezone": "UTC", "date_format": "ymd", "time_24hr": True},
            "browsing": {"watch_after_rating": None},
            "limits": limits,
            "permissions": {"commenting": True, "liking": True, "following": True},
        }
        return build_json(200, settings)


def _shape(hits: Sequence[tuple[float, Title]], call: Call) -> list[dict[str, Any]]:
    shown = [] if call.twist is Twist.EMPTY_LIST else hits
    return [{"score": score, **blurred(titled(title), call.twist)} for score, title in shown]


def _is_named(title: Title, name: str) -> bool:
    return title.title.casefold() == name.casefold()


def _read_kinds(text: str | None) -> Sequence[Kind] | None:
    """The kinds of a comma list, in its order; None if search does not know one of them."""
    if text is None:
        return _SEARCHED
    names = text.split(",")
    return [Kind(name) for name in names] if set(names) <= set(_SEARCHED) else None


def _read_years(text: str | None) -> range | None:
    """`1981` or `1980-1989`; empty for any year, None if the text is wrong."""
    if not text:
        return range(0)
    match = _YEARS.fullmatch(text)
    return range(int(match[1]), int(match[2] or match[1]) + 1) if match else None


def _unescape(query: str) -> str:
    return " ".join(_SPECIAL.sub(lambda found: found[1] or " ", query).split())


def _score(query: str, title: str) -> float:
    """How well a title fits: the same, the same but for case, begins so, or holds all or some words."""
    if query == title:
        return _SAME
    sought, candidate = query.casefold(), title.casefold()
    if sought == candidate:
        return _SAME_BUT_CASE
    share = len(sought) / max(len(candidate), len(sought))
    if candidate.startswith(sought):
        return round(_BEGINNING + 100 * share, 3)
    words = set(re.findall(r"\w+", sought))
    common = words & set(re.findall(r"\w+", candidate))
    return round(_ALL_WORDS * len(common) / max(len(words), 1) + share * bool(common), 3)
