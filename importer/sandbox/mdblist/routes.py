"""The methods of MDBList, below `/mdblist`: the other services have paths of the same names.

    POST /sync/ratings, /sync/ratings/remove     {"updated": {"movies": 3}, "not_found": {"movies": 1}, ...}
    GET  /sync/ratings, /sync/last_activities, /user

Where the real server's behaviour is unknown, the docstring says that the sandbox chose.
"""

import base64
import binascii
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from importer.sandbox.exchange import (
    Answer,
    Call,
    NotAnObjectError,
    Route,
    Target,
    Twist,
    build_json,
)
from importer.sandbox.mdblist.gate import Gate
from importer.sandbox.mdblist.input import ID_ORDER, BadRequestError, Item, read_items
from importer.sandbox.mdblist.options import MdblistOptions
from importer.sandbox.mdblist.output import Counts, build_counts, list_rating, write_moment
from importer.sandbox.shared import Shared
from importer.sandbox.titles import Kind, Title

PREFIX = "/mdblist"

_ALL = [halves / 2 for halves in range(2, 21)]
"""Ratings given on MDBList's own site may be half steps."""

_USUAL_PAGE = 100


def build_routes(options: MdblistOptions, shared: Shared) -> list[Route]:
    """Every method of this API."""
    gate, ratings = Gate(options, shared.clock), Ratings(options, shared)

    def writing(path: str, answer: Callable[[Call], Answer]) -> Route:
        label = f"mdblist/{path}"
        return Route("POST", f"/{label}", label, gate.admit(answer), Target.RATE, gate.pace_writing)

    def reading(path: str, answer: Callable[[Call], Answer], target: Target | None) -> Route:
        label = f"mdblist/{path}"
        return Route("GET", f"/{label}", label, gate.admit(answer), target, gate.pace_reading)

    return [
        writing("sync/ratings", partial(ratings.change, rated=True)),
        writing("sync/ratings/remove", partial(ratings.change, rated=False)),
        reading("sync/ratings", ratings.read, Target.READ),
        reading("sync/last_activities", ratings.tell_activities, None),
        reading("user", ratings.tell_user, Target.PROBE),
    ]


class Ratings:
    """The methods on the account's ratings."""

    def __init__(self, options: MdblistOptions, shared: Shared) -> None:
        self._options = options
        self._store = shared.store
        self._catalogue = shared.catalogue
        self._clock = shared.clock
        self._user = options.username

    def change(self, call: Call, *, rated: bool) -> Answer:
        """POST /sync/ratings and /remove: counts per kind, which name nothing.

        A removal counts a title that has no rating as not found. A request with nothing that the server
        knows the form of counts nothing.
        """
        try:
            items = read_items(call, rated=rated)
            done, missing, errors = Counter[Kind](), Counter[Kind](), []
            with self._store.changes():
                for item in items:
                    error = self._apply(item, done, missing)
                    errors += [error] if error else []
        except (NotAnObjectError, BadRequestError) as error:
            return build_json(400, {"error": str(error)})
        return build_counts(self._options, done, missing, errors, rated=rated, rows=len(items))

    def _apply(self, item: Item, done: Counts, missing: Counts) -> str:
        """Carry out one item and count it; return what is wrong with it."""
        if item.rating is None:
            return "invalid rating"
        title = self._find(item)
        if title is None:
            missing[item.kind] += 1
        elif not item.rating:
            (done if self._store.remove_rating(self._user, title) else missing)[item.kind] += 1
        else:
            before = self._store.rating(self._user, title)
            self._store.put_rating(self._user, title, item.rating, item.rated_at)
            is_equal = before is not None and before.rating == item.rating
            done[item.kind] += self._options.mdblist_counts_equal or not is_equal
        return ""

    def _find(self, item: Item) -> Title | None:
        whole = Kind.MOVIE if item.kind is Kind.MOVIE else Kind.SHOW
        title = self._catalogue.find(whole, item.wanted, ID_ORDER)
        if title is None or item.kind is whole:
            return title
        if item.kind is Kind.SEASON:
            return self._catalogue.find_season(title, item.season)
        return self._catalogue.find_episode(title, item.season, item.episode)

    def read(self, call: Call) -> Answer:
        """GET /sync/ratings: a page of all kinds mixed, newest first (the order is the sandbox's choice)."""
        options, query = self._options, call.query
        limit = min(_read_whole(query.get("limit"), _USUAL_PAGE), 1000, options.mdblist_page_limit)
        skip = _read_whole(query.get("offset"), 0) if "cursor" not in query else _read_cursor(query["cursor"])
        if skip is None or limit < 1:
            return build_json(400, {"detail": "no such page"})
        total = self._store.count_all_ratings(self._user)
        if call.twist is Twist.SAME_PAGE:
            skip = 0
        found = self._store.newest_ratings(self._user, tuple(Kind), _ALL, limit, skip)
        if call.twist is Twist.EMPTY_LIST:
            found = []
        body: dict[str, Any] = {}
        for each in found:
            body.setdefault(f"{each.title.kind}s", []).append(list_rating(each, options))
        body.setdefault("movies", [])
        pages = self._describe_pages(skip, limit, total, "cursor" in query)
        return build_json(200, body | {"pagination": pages}, rows=len(found))

    def _describe_pages(self, skip: int, limit: int, total: int, with_cursor: bool) -> dict[str, Any]:
        following, paging = skip + limit, self._options.mdblist_paging
        if paging == "sample":
            movies = self._store.count_ratings(self._user, [Kind.MOVIE], _ALL)
            return {"offset": skip, "limit": limit, "total_movies": movies, "has_more": following < total}
        pages: dict[str, Any] = {"total": total, "limit": limit, "offset": skip, "next_cursor": None}
        has_cursor = paging == "cursor" or (paging == "cursor-then-offset" and not with_cursor and not skip)
        if has_cursor and following < total:
            pages["next_cursor"] = base64.b64encode(f"at={following}".encode()).decode()
        return pages

    def tell_activities(self, _call: Call) -> Answer:
        """GET /sync/last_activities; null before the first rating: the sandbox's own choice."""
        changed = max(self._store.activities(self._user).values(), default=0)
        # In milliseconds, so that two changes within a second are told apart.
        moment = f"{write_moment(changed // 1000)[:-1]}.{changed % 1000:03}Z" if changed else None
        now = write_moment(self._clock())
        return build_json(200, {"rated_at": moment, "journal_at": moment, "server_time": now})

    def tell_user(self, _call: Call) -> Answer:
        """GET /user: of the real answer's fields those that matter here."""
        limits = {"api_requests": self._options.mdblist_day_limit}
        return build_json(200, {"user_id": 1, "username": self._user, "name": "", "limits": limits})


def _read_whole(text: str | None, usual: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdigit() else usual


def _read_cursor(text: str) -> int | None:
    try:
        place = base64.b64decode(text, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return None
    return _read_whole(place.removeprefix("at="), 0) if place.startswith("at=") else None
