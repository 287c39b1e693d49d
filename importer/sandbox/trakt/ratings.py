"""/sync/ratings and /sync/last_activities: rating, removing, reading back.

    POST {"movies": [A, B]}  ->  read_entries  ->  find titles  ->  one commit  ->  201 {"added", "not_found"}

Protocol facts name their API page. Where the real server's behaviour is unknown, the docstring says that
the sandbox chose.
"""

from collections.abc import Callable, Collection
from typing import Any

from importer.sandbox.exchange import Answer, Call, NotAnObjectError, Twist, build_json
from importer.sandbox.shared import Shared
from importer.sandbox.store import StoredRating
from importer.sandbox.titles import Kind, Title
from importer.sandbox.trakt.input import (
    HIGHEST,
    ID_ORDER,
    LOWEST,
    Entry,
    InvalidItemError,
    Item,
    read_entries,
)
from importer.sandbox.trakt.late import LateChanges
from importer.sandbox.trakt.options import TraktOptions
from importer.sandbox.trakt.output import blurred, build_refusal, echo, rated, written_moment
from importer.sandbox.trakt.pages import Page, Pages

_ALL_RATINGS = range(LOWEST, HIGHEST + 1)
_CHOICES = {f"{kind}s": (kind,) for kind in Kind} | {"all": tuple(Kind)}
_USUAL_PAGE = 100
_EVERYTHING = Page(number=1, limit=-1, skip=0, size=-1)


class AccountLimitError(Exception):
    """The account would hold more ratings than it may."""


class Ratings:
    """The methods on a user's ratings."""

    def __init__(self, shared: Shared, options: TraktOptions) -> None:
        self._store = shared.store
        self._catalogue = shared.catalogue
        self._clock = shared.clock
        self._options = options
        self._late = LateChanges(options.late_listings, options.late_seconds, shared.clock)
        self._pages = Pages(
            _USUAL_PAGE,
            options.page_limit,
            options.short_page,
            options.counted_ratings,
            options.page_headers,
            options.counted_extra,
        )

    def add(self, call: Call, user: str) -> Answer:
        """POST /sync/ratings: 201 with what was added and what was not found (API page sync/ratings).

        `added` counts new, changed and repeated ratings alike (#448 of trakt-api). A repeated rating without
        `rated_at` gets a new date. If a request rates one title twice, the later rating wins and both are
        counted: the sandbox's own choice.
        """
        return self._answer(call, user, self._put, rated=True)

    def remove(self, call: Call, user: str) -> Answer:
        """POST /sync/ratings/remove: 200. A known title without a rating is no error."""
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
        except NotAnObjectError as error:
            return build_refusal(400, str(error))
        except InvalidItemError as error:
            return build_refusal(422, str(error))
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
            if call.twist is Twist.NOT_FOUND_AND_COUNTED:
                not_found[entry.bucket].append(dict(entry.submitted))
            if missing:
                is_empty = call.twist is Twist.NOT_FOUND_EMPTY  # #236 of trakt-api
                not_found[entry.bucket].append({} if is_empty else echo(entry, missing, with_ids=with_ids))
        return counts, not_found

    def _find(self, item: Item) -> Title | None:
        """Find it by the ids of its own kind, or by its show's ids and its numbers; never by title."""
        if item.season is None:
            return self._catalogue.find(item.kind, item.wanted, ID_ORDER[item.kind])
        show = self._catalogue.find(Kind.SHOW, item.wanted, ID_ORDER[Kind.SHOW])
        if show is None or item.episode is None:
            return show and self._catalogue.find_season(show, item.season)
        return self._catalogue.find_episode(show, item.season, item.episode)

    def _put(self, user: str, title: Title, item: Item) -> bool:
        rated_at = int(self._clock()) if item.rated_at is None else item.rated_at
        self._note_change(user, title)
        self._store.put_rating(user, title, item.rating, rated_at)
        return True

    def _remove(self, user: str, title: Title, _item: Item) -> bool:
        self._note_change(user, title)
        return self._store.remove_rating(user, title)

    def _note_change(self, user: str, title: Title) -> None:
        if self._late.are_on:
            self._late.note(user, title, self._store.rating(user, title))

    def _check_limit(self, before: int, after: int) -> None:
        """Refuse the whole request if it adds too much. Nothing of it is stored: the sandbox's choice."""
        if before < after > self._options.account_limit:
            raise AccountLimitError

    def _refuse_more(self) -> Answer:
        """420 with the documented headers and a body that is not JSON."""
        headers = {
            "X-Upgrade-URL": "https://trakt.tv/vip",
            "X-VIP-User": str(self._options.vip).lower(),
            "X-Account-Limit": str(self._options.account_limit),
        }
        return build_refusal(420, "account limit exceeded", headers)

    def read_synced(self, call: Call, user: str) -> Answer:
        """GET /sync/ratings: the same as `read`, or 404 where only /users/me/ratings lists them."""
        return self.read(call, user) if self._options.sync_listing else build_refusal(404, "no such path")

    def read(self, call: Call, user: str) -> Answer:
        """GET /sync/ratings and GET /users/me/ratings, .../{type}, .../{type}/{rating}.

        Without `page` and `limit` everything comes (#69 of trakt-api). A `limit` above `page_limit` is
        clamped without an error (#775). The sandbox's own choices: newest first, an unknown type is 404, a
        wrong rating 400.
        """
        kinds = _CHOICES.get(call.params.get("type", "all"))
        chosen = _read_choice(call.params.get("rating"))
        if kinds is None:
            return build_refusal(404, "no such type")
        if not chosen:
            return build_refusal(400, "no such rating")
        page = self._pages.read(call.query) if {"page", "limit"} & call.query.keys() else None
        if page is None or page.number == 1:
            self._late.begin_listing(user, kinds)
        place = page.twisted(call.twist) if page else _EVERYTHING
        items, total = self._list(user, kinds, chosen, place)
        headers = self._pages.headers(page, total) if page else {}
        shown = [blurred(rated(it), call.twist) for it in items]
        return build_json(200, shown, rows=len(shown), headers=headers)

    def _list(
        self, user: str, kinds: Collection[Kind], chosen: Collection[int], place: Page
    ) -> tuple[list[StoredRating], int]:
        """The ratings of a page, and how many there are on all pages."""
        if not self._late.are_on:
            items = self._store.newest_ratings(user, kinds, chosen, place.size, place.skip)
            return items, self._store.count_ratings(user, kinds, chosen)
        shown = self._late.apply(user, kinds, chosen, self._store.newest_ratings(user, kinds, chosen))
        end = len(shown) if place is _EVERYTHING else place.skip + place.size
        return shown[place.skip : end], len(shown)

    def last_activities(self, _call: Call, user: str) -> Answer:
        """GET /sync/last_activities, with the groups of ratings: they move when ratings change.

        Before the first change they are in 1970: the sandbox's own choice.
        """
        changed = self._store.activities(user)
        groups = {f"{kind}s": {"rated_at": written_moment(changed.get(kind, 0))} for kind in Kind}
        newest = written_moment(max(changed.values(), default=0))
        return build_json(200, {"all": newest, **groups})


def _read_choice(text: str | None) -> Collection[int]:
    """All ratings, one, or a comma list; empty if the text is wrong."""
    if text is None:
        return _ALL_RATINGS
    known = {str(rating): rating for rating in _ALL_RATINGS}
    parts = text.split(",")
    return {known[part] for part in parts} if known.keys() >= set(parts) else set()
