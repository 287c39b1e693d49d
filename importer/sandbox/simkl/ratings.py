"""/sync/ratings, /sync/activities and /users/settings of Simkl.

    POST {"movies": [A], "shows": [B]}  ->  find titles  ->  one commit  ->  201 {"added", "not_found"}

A rated title that is on no list is put on one. Seasons and episodes are ignored, and so is a rating that is
no whole number from 1 to 10: neither counted nor named.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from importer.sandbox.catalogue import Kind, Title, Wanted
from importer.sandbox.exchange import Answer, Call, NotAnObjectError, Twist, build_json, read_object
from importer.sandbox.shared import Shared
from importer.sandbox.simkl.options import SimklOptions
from importer.sandbox.simkl.output import build_refusal, listed, simkl_id, written_moment
from importer.sandbox.store import StoredRating

_SCHEMA = """
CREATE TABLE IF NOT EXISTS simkl_lists (
    username TEXT NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL, status TEXT NOT NULL,
    PRIMARY KEY (username, kind, key)) WITHOUT ROWID;
"""
_SECTIONS = {"movies": (Kind.MOVIE,), "shows": (Kind.SHOW,), "anime": (Kind.SHOW, Kind.MOVIE)}
_ID_ORDER = ("imdb_id", "tmdb_id", "tvdb_id")
_IMDB_ID = re.compile(r"tt\d{7,10}", re.ASCII)

Item = dict[str, Any]


class Ratings:
    """The methods on a user's ratings."""

    def __init__(self, shared: Shared, options: SimklOptions) -> None:
        self._store = shared.store
        self._catalogue = shared.catalogue
        self._clock = shared.clock
        self._options = options
        self._locked_until = 0.0
        self._store.database.executescript(_SCHEMA)

    def add(self, call: Call, user: str) -> Answer:
        """POST /sync/ratings: 201. An equal rating is counted, unless an option says otherwise."""
        return self._answer(call, user, "added", self._put)

    def remove(self, call: Call, user: str) -> Answer:
        """POST /sync/ratings/remove: 201. Counts what it could identify; the title stays on its list."""
        return self._answer(call, user, "deleted", self._remove)

    def _answer(
        self, call: Call, user: str, word: str, change: Callable[[str, Title, Item], dict[str, Any] | None]
    ) -> Answer:
        if self._clock() < self._locked_until:
            return build_refusal(400, "RATE_LIMIT", "another write of this user is in progress")
        try:
            body = read_object(call)
        except NotAnObjectError as error:
            return build_refusal(400, "bad_request", str(error))
        counts, statuses, rows = {"movies": 0, "shows": 0}, [], 0
        not_found: dict[str, list[Item]] = {"movies": [], "shows": []}
        with self._store.changes():
            for section in _SECTIONS if self._options.simkl_takes_anime else ("movies", "shows"):
                counted = "movies" if section == "movies" else "shows"
                for item in _read_items(body, section):
                    rows += 1
                    title = self._find(section, item)
                    if title is None:
                        not_found[counted].append(self._echo(item, call.twist))
                    elif (done := change(user, title, item)) is not None:
                        counts[counted] += 1
                        statuses.append({"request": item, "response": done})
        self._locked_until = self._clock() + self._options.simkl_lock_seconds
        if word == "deleted" and self._options.simkl_bare_removals:
            return Answer(200, b"", rows)
        if not self._options.simkl_counts:
            counts = {"movies": 0, "shows": 0}
        return build_json(201, {word: {**counts, "statuses": statuses}, "not_found": not_found}, rows=rows)

    def _echo(self, item: Item, twist: Twist | None) -> Item:
        if twist is Twist.NOT_FOUND_EMPTY:
            return {}
        if twist is Twist.NOT_FOUND_WITHOUT_IDS or not self._options.simkl_not_found_ids:
            return {name: value for name, value in item.items() if name != "ids"}
        return item

    def _find(self, section: str, item: Item) -> Title | None:
        """Find it by its ids, else by title and year: the section decides what kind of title it is."""
        ids = item.get("ids")
        ids = ids if isinstance(ids, dict) else {}
        imdb_id, title, year = ids.get("imdb"), item.get("title"), item.get("year")
        wanted = Wanted(
            imdb_id=imdb_id if isinstance(imdb_id, str) and _IMDB_ID.fullmatch(imdb_id) else None,
            tmdb_id=_read_number(ids.get("tmdb")),
            tvdb_id=_read_number(ids.get("tvdb")),
            title=title if isinstance(title, str) else None,
            year=year if isinstance(year, int) else None,
        )
        for kind in _SECTIONS[section]:
            found = self._catalogue.find(kind, wanted, _ID_ORDER)
            if found is None or (section == "anime") is self._is_anime(found):
                if found is not None:
                    return found
            elif section != "anime" and not self._options.simkl_anime_apart:
                return found
        return None

    def _is_anime(self, title: Title) -> bool:
        return title.imdb_id in self._options.simkl_anime

    def _put(self, user: str, title: Title, item: Item) -> dict[str, Any] | None:
        rating = item.get("rating")
        if type(rating) is not int or not 1 <= rating <= 10:
            return None
        before = self._store.rating(user, title)
        self._store.put_rating(user, title, rating, self._read_moment(item))
        status = "completed" if title.kind is Kind.MOVIE else "watching"
        self._store.database.execute(
            "INSERT OR IGNORE INTO simkl_lists VALUES (?, ?, ?, ?)", (user, title.kind, title.key, status)
        )
        if not self._options.simkl_counts_equal and before == self._store.rating(user, title):
            return None
        return {"status": self._status(user, title), "simkl_type": title.kind, "simkl_id": simkl_id(title)}

    def _remove(self, user: str, title: Title, _item: Item) -> dict[str, Any]:
        self._store.remove_rating(user, title)
        return {"simkl_id": simkl_id(title)}

    def _status(self, user: str, title: Title) -> str:
        row = self._store.database.execute(
            "SELECT status FROM simkl_lists WHERE username = ? AND kind = ? AND key = ?",
            (user, title.kind, title.key),
        ).fetchone()
        return str(row[0]) if row else ""

    def _read_moment(self, item: Item) -> int:
        """`rated_at` in Unix seconds; now if there is none, or no date (its own choice)."""
        try:
            moment = datetime.fromisoformat(item["rated_at"])
            in_utc = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return int(in_utc.timestamp())
        except (KeyError, TypeError, ValueError, OverflowError):
            return int(self._clock())

    def read(self, call: Call, user: str) -> Answer:
        """GET /sync/ratings/{type}/{ratings}: no paging. A misspelt type answers all of them."""
        wanted = {int(each) for each in call.params["ratings"].split(",") if each.isdecimal()}
        section = call.params["type"]
        sections = [section] if section in _SECTIONS else list(_SECTIONS)
        found = {each: self._list(user, each, wanted) for each in sections}
        shown = {each: entries for each, entries in found.items() if entries}
        if call.twist is Twist.EMPTY_LIST or not shown:
            return build_json(200, None if self._options.simkl_null_lists else {})
        if call.twist is Twist.NULL_IDS:
            for entry in (entry for entries in shown.values() for entry in entries):
                for part in (part for part in entry.values() if isinstance(part, dict)):
                    part["ids"] = {"simkl": part["ids"]["simkl"]}
        return build_json(200, shown, rows=sum(map(len, shown.values())))

    def _list(self, user: str, section: str, wanted: set[int]) -> list[dict[str, Any]]:
        stored: list[StoredRating] = []
        for kind in _SECTIONS[section]:
            stored += [
                each
                for each in self._store.ratings(user, kind)
                if each.rating in wanted and self._is_anime(each.title) is (section == "anime")
            ]
        anime_type = self._options.simkl_anime_type if section == "anime" else None
        return [listed(each, self._status(user, each.title), anime_type=anime_type) for each in stored]

    def activities(self, _call: Call, user: str) -> Answer:
        """GET /sync/activities. Whatever changes shows or movies moves anime, too: its own choice."""
        changed = self._store.activities(user)
        moments = {kind: changed.get(kind) for kind in (Kind.MOVIE, Kind.SHOW)}
        newest = max((moment for moment in moments.values() if moment), default=None)

        def group(moment: int | None) -> dict[str, str | None]:
            return {
                "all": None if moment is None else written_moment(moment),
                "rated_at": None if moment is None else _with_fraction(moment),
                "removed_from_list": None,
            }

        groups = {
            "all": None if newest is None else written_moment(newest),
            "settings": {"all": None},
            "tv_shows": group(moments[Kind.SHOW]),
            "anime": group(newest),
            "movies": group(moments[Kind.MOVIE]),
        }
        return build_json(200, groups)

    def settings(self, _call: Call, user: str) -> Answer:
        """GET /users/settings."""
        account = {"id": 1001, "timezone": "UTC", "type": self._options.simkl_account_type}
        return build_json(200, {"user": {"name": user}, "account": account})


def _with_fraction(milliseconds: int) -> str:
    """With milliseconds, so that two changes in one second are told apart: its own choice."""
    return written_moment(milliseconds).replace("Z", f".{milliseconds % 1000:03}Z")


def _read_items(body: dict[str, Any], section: str) -> list[Item]:
    found = body.get(section)
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _read_number(value: object) -> int | None:
    """Ids are texts, or numbers."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 16:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None
