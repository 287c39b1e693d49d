"""/sync/ratings and /sync/last_activities: rating, removing, reading back.

Protocol facts carry the API page they stand on; what nobody knows about the real server is named as the
sandbox's own choice. Reading a request is in `v2_input.py`, wording an answer in `v2_output.py`; headers,
tokens and limits were checked at the gate.
"""

import math
from collections.abc import Callable, Collection, Mapping
from typing import Any

from importer.sandbox.catalogue import Catalogue
from importer.sandbox.exchange import Answer, Call, Twist
from importer.sandbox.options import SandboxOptions
from importer.sandbox.store import Store
from importer.sandbox.titles import Kind, Title
from importer.sandbox.v2_input import (
    HIGHEST,
    ID_ORDER,
    LOWEST,
    Entry,
    InvalidItemError,
    Item,
    UnparsableError,
    read_entries,
)
from importer.sandbox.v2_output import build_json, build_text, echo, rated, written_moment

_ALL_RATINGS = range(LOWEST, HIGHEST + 1)
_CHOICES = {f"{kind}s": (kind,) for kind in Kind} | {"all": tuple(Kind)}
_LARGEST_PAGE = 250
_USUAL_PAGE = 100


class AccountLimitError(Exception):
    """The account would hold more ratings than it may."""


class Ratings:
    """The methods on a user's ratings."""

    def __init__(
        self, store: Store, catalogue: Catalogue, options: SandboxOptions, clock: Callable[[], float]
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._options = options
        self._clock = clock

    def add(self, call: Call, user: str) -> Answer:
        """POST /sync/ratings: 201 with what was added and what was not found (API page sync/ratings).

        `added` counts new, changed and repeated ratings alike (#448 of trakt-api). A repeated rating without
        `rated_at` gets a new date. Of two for one title in one request the later wins, and both are counted:
        the sandbox's own choice.
        """
        return self._answer(call, user, self._put, rated=True)

    def remove(self, call: Call, user: str) -> Answer:
        """POST /sync/ratings/remove: 200. Not found is who is unknown: no rating to remove is no failure."""
        return self._answer(call, user, self._remove, rated=False)

    def _answer(
        self, call: Call, user: str, change: Callable[[str, Title, Item], bool], *, rated: bool
    ) -> Answer:
        try:
            entries = read_entries(call, rated=rated)
            rows = sum(len(entry.items) for entry in entries)
            with self._store.changes():
                before = self._store.count_all_ratings(user)
                counts, not_found = self._apply(call, user, entries, change)
                if before + rows > self._options.account_limit:
                    self._check_limit(before, self._store.count_all_ratings(user))
        except UnparsableError as error:
            return build_text(400, str(error))
        except InvalidItemError as error:
            return build_text(422, str(error))
        except AccountLimitError:
            return self._refuse_more()
        body = {"added" if rated else "deleted": counts, "not_found": not_found}
        delay_seconds = rows * self._options.item_latency_ms / 1000
        return build_json(201 if rated else 200, body, rows=rows, delay=delay_seconds)

    def _apply(
        self, call: Call, user: str, entries: list[Entry], change: Callable[[str, Title, Item], bool]
    ) -> tuple[dict[str, int], dict[str, list[dict[str, Any]]]]:
        counts = {f"{kind}s": 0 for kind in Kind}
        not_found: dict[str, list[dict[str, Any]]] = {f"{kind}s": [] for kind in Kind}
        with_ids = self._options.not_found_ids and call.twist is not Twist.NOT_FOUND_WITHOUT_IDS
        for entry in entries:
            missing = []
            for item in entry.items:
                title = self._find(item)
                if title is None:
                    missing.append(item)
                elif change(user, title, item):
                    counts[f"{item.kind}s"] += 1
            if missing:
                not_found[entry.bucket].append(echo(entry, missing, with_ids=with_ids))
        return counts, not_found

    def _find(self, item: Item) -> Title | None:
        """By the ids of its own kind, or by its show's ids and its numbers. A title alone finds nothing."""
        if item.season is None:
            return self._catalogue.find(item.kind, item.wanted, ID_ORDER[item.kind])
        show = self._catalogue.find(Kind.SHOW, item.wanted, ID_ORDER[Kind.SHOW])
        if show is None or item.episode is None:
            return show and self._catalogue.find_season(show, item.season)
        return self._catalogue.find_episode(show, item.season, item.episode)

    def _put(self, user: str, title: Title, item: Item) -> bool:
        rated_at = int(self._clock()) if item.rated_at is None else item.rated_at
        self._store.put_rating(user, title, item.rating, rated_at)
        return True

    def _remove(self, user: str, title: Title, _item: Item) -> bool:
        return self._store.remove_rating(user, title)

    def _check_limit(self, before: int, after: int) -> None:
        """Refuse the whole request if it adds too much; nothing of it is stored: the sandbox's choice."""
        if before < after > self._options.account_limit:
            raise AccountLimitError

    def _refuse_more(self) -> Answer:
        """420, headers as documented, a body that is no JSON; whether ratings answer it too is unknown."""
        headers = {
            "X-Upgrade-URL": "https://trakt.tv/vip",
            "X-VIP-User": str(self._options.vip).lower(),
            "X-Account-Limit": str(self._options.account_limit),
        }
        return build_text(420, "account limit exceeded", headers)

    def read(self, call: Call, user: str) -> Answer:
        """GET /sync/ratings, .../{type}, .../{type}/{rating}: newest first, which is a choice.

        Without `page` and `limit` everything comes (#69 of trakt-api); a larger `limit` than 250 is clamped
        without a word (#775). An unknown type is 404, an impossible rating 400: the sandbox's own choices.
        """
        kinds = _CHOICES.get(call.params.get("type", "all"))
        chosen = _read_choice(call.params.get("rating"))
        if kinds is None:
            return build_text(404, "no such type")
        if not chosen:
            return build_text(400, "no such rating")
        if not {"page", "limit"} & call.query.keys():
            everything = self._store.newest_ratings(user, kinds, chosen)
            return build_json(200, [rated(it) for it in everything], rows=len(everything))
        page, limit = read_page(call.query, _USUAL_PAGE)
        items = self._store.newest_ratings(user, kinds, chosen, limit, (page - 1) * limit)
        headers = page_headers(page, limit, self._store.count_ratings(user, kinds, chosen))
        return build_json(200, [rated(it) for it in items], rows=len(items), headers=headers)

    def last_activities(self, _call: Call, user: str) -> Answer:
        """GET /sync/last_activities, of its many groups those of ratings: they move when ratings change.

        Before the first change they say 1970: the sandbox's own choice.
        """
        changed = self._store.activities(user)
        groups = {f"{kind}s": {"rated_at": written_moment(changed.get(kind, 0))} for kind in Kind}
        newest = written_moment(max(changed.values(), default=0))
        return build_json(200, {"all": newest, **groups})


def read_page(query: Mapping[str, str], usual: int) -> tuple[int, int]:
    """Page and size, as asked for or as usual; what is no number counts as not sent."""

    def number(name: str, otherwise: int) -> int:
        text = query.get(name, "")
        return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 10 else otherwise

    return number("page", 1) or 1, min(number("limit", usual) or usual, _LARGEST_PAGE)


def page_headers(page: int, limit: int, items: int) -> dict[str, str]:
    """Docs: pagination."""
    return {
        "X-Pagination-Page": str(page),
        "X-Pagination-Limit": str(limit),
        "X-Pagination-Page-Count": str(math.ceil(items / limit)),
        "X-Pagination-Item-Count": str(items),
    }


def _read_choice(text: str | None) -> Collection[int]:
    """All ratings, one, or a comma list; empty if the text is no such thing."""
    if text is None:
        return _ALL_RATINGS
    known = {str(rating): rating for rating in _ALL_RATINGS}
    parts = text.split(",")
    return {known[part] for part in parts} if known.keys() >= set(parts) else set()
