"""The account's ratings: one title a request, lists of 20 a page, and what is known of one title.

Where the real server's behaviour is unknown, the docstring says that the sandbox chose.
"""

from collections.abc import Callable
from typing import Any

from importer.sandbox.exchange import Answer, Call, NotAnObjectError, Twist, build_json, read_object
from importer.sandbox.shared import Shared
from importer.sandbox.store import StoredRating
from importer.sandbox.titles import Kind, Title
from importer.sandbox.tmdb.answers import build_status
from importer.sandbox.tmdb.options import TmdbOptions
from importer.sandbox.tmdb.titles import Titles

ACCOUNT_NUMBER = "548"
PAGE_SIZE = 20
LAST_PAGE = 500

_ALL = [halves / 2 for halves in range(1, 21)]


class Ratings:
    """The methods on the account's ratings."""

    def __init__(self, options: TmdbOptions, shared: Shared, titles: Titles) -> None:
        self._options = options
        self._store = shared.store
        self._titles = titles
        self._watchlist = set(options.tmdb_watchlist)

    def rate(self, kind: Kind) -> Callable[[Call], Answer]:
        """POST .../rating: the value is checked before the id."""

        def answer(call: Call) -> Answer:
            try:
                value = read_object(call).get("value")
            except NotAnObjectError:
                return build_status(5)
            if (wrong := _find_fault(value)) or not isinstance(value, int | float):
                return build_status(18, wrong)
            title = self._find(kind, call)
            if title is None:
                return build_status(34)
            is_new = self._store.rating(self._options.username, title) is None
            self._store.put_rating(self._options.username, title, value)
            self._watchlist.discard(title.imdb_id or "")
            return build_status(1 if is_new else 12, rows=1)

        return answer

    def remove(self, kind: Kind) -> Callable[[Call], Answer]:
        """DELETE .../rating. What is not rated is deleted, too: the sandbox's own choice."""

        def answer(call: Call) -> Answer:
            title = self._find(kind, call)
            if title is None:
                return build_status(34)
            was_there = self._store.remove_rating(self._options.username, title)
            return build_status(13 if was_there or not self._options.tmdb_tells_unrated else 34, rows=1)

        return answer

    def read(self, kind: Kind) -> Callable[[Call], Answer]:
        """GET /account/{id}/rated/...: another's account is not found: the sandbox's choice."""

        def answer(call: Call) -> Answer:
            page = _read_page_number(call.query.get("page", "1"))
            if call.params["account"] != ACCOUNT_NUMBER:
                return build_status(34)
            if page is None:
                return build_status(22)
            if call.twist is Twist.SAME_PAGE:
                page = 1
            total = self._store.count_ratings(self._options.username, [kind], _ALL)
            is_rising = call.query.get("sort_by", "created_at.asc") == "created_at.asc"
            found = self._list_page(kind, page, total, is_rising=is_rising)
            entries = [] if call.twist is Twist.EMPTY_LIST else [self._describe(each) for each in found]
            body = {
                "page": page,
                "results": entries,
                "total_pages": -(-total // PAGE_SIZE),
                "total_results": total,
            }
            return build_json(200, body, rows=len(entries))

        return answer

    def _list_page(self, kind: Kind, page: int, total: int, *, is_rising: bool) -> list[StoredRating]:
        begin, end = (page - 1) * PAGE_SIZE, min(page * PAGE_SIZE, total)
        if begin >= end:
            return []
        skip = total - end if is_rising else begin
        found = self._store.newest_ratings(self._options.username, [kind], _ALL, end - begin, skip)
        return found[::-1] if is_rising else found

    def tell_states(self, kind: Kind) -> Callable[[Call], Answer]:
        """GET /{movie|tv}/{id}/account_states: the rating of one title, or false."""

        def answer(call: Call) -> Answer:
            title = self._find(kind, call)
            if title is None:
                return build_status(34)
            found = self._store.rating(self._options.username, title)
            rated = {"value": float(found.rating)} if found else False
            number, is_listed = self._titles.number_of(title), title.imdb_id in self._watchlist
            return build_json(200, {"id": number, "rated": rated, "watchlist": is_listed})

        return answer

    def tell_account(self, _call: Call) -> Answer:
        """GET /account: of the real answer's fields those that matter here."""
        return build_json(200, {"id": int(ACCOUNT_NUMBER), "username": self._options.username, "name": ""})

    def find(self, call: Call) -> Answer:
        """GET /find/{id}: a source that is none of these is a wrong parameter (the sandbox's own choice)."""
        source, value = call.query.get("external_source", ""), call.params["id"]
        if source not in {"imdb_id", "tvdb_id"}:
            return build_status(5)
        found = self._titles.look_up(source, value)
        if call.twist is Twist.EMPTY_LIST:
            found = {name: [] for name in found}
        return build_json(200, found)

    def _find(self, kind: Kind, call: Call) -> Title | None:
        whole = Kind.MOVIE if kind is Kind.MOVIE else Kind.SHOW
        title = self._titles.find(whole, call.params["id"])
        if title is None or kind is whole:
            return title
        return self._titles.find_episode(title, call.params["season"], call.params["episode"])

    def _describe(self, stored: StoredRating) -> dict[str, Any]:
        return self._titles.describe(stored.title) | {"rating": float(stored.rating)}


def _find_fault(value: object) -> str:
    """What is wrong with a value, in the server's words; a missing one is too low: the sandbox's choice."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        return "Value too low: Value must be greater than 0.0."
    if value > 10:
        return "Value too high: Value must be less than, or equal to 10.0."
    if value * 2 % 1:
        return "Value invalid: Values must be a multiple of 0.50."
    return ""


def _read_page_number(text: str) -> int | None:
    page = int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0
    return page if 1 <= page <= LAST_PAGE else None
