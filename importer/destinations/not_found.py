"""Matches the echoes of `not_found` to the items of the request. Pure.

A service returns an echo of each item that it does not find, perhaps without its ids (Trakt: issue #244 of
trakt-api).
So an item counts as found only if every echo belongs to another item for certain. If that is not certain,
items are unclear and are sent again in halves. Four items, and three echoes:

```text
items sent                 not_found                           find_missing
1  tt0000001, rated 8      {"ids": {"imdb": "tt0000002"}}      item 2 is certain: its own id
2  tt0000002, rated 8      {"rating": 7}                       item 3 is certain: no other is rated 7
3  tt0000003, rated 7      {"rating": 8}                       items 1, 2 and 4 are unclear
4  tt0000004, rated 8                                          Missing(certain={2, 3}, unclear={1, 4})
```

Assumptions: every item that is not found has an echo, and each value in an echo is the item's own.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple

_MOST_ECHOES = 10
"""Limits of echoes per item and, below, ids per echo: matching takes time, and a server may send megabytes
of them."""

_MOST_IDS = 20


class Missing(NamedTuple):
    """Positions of items that are certainly not found, and of those that are unclear."""

    certain: set[int]
    unclear: set[int]

    def doubt(self, counted: int, rows: int) -> "Missing":
        """Doubt what is named, where the answer counts some of it as well: only alone do rows say which."""
        is_contradiction = bool(self.certain) and counted + len(self.certain) > rows
        return Missing(set(), self.certain | self.unclear) if is_contradiction else self


def find_missing(items: Sequence[Mapping[str, Any]], not_found: object) -> Missing:
    """Match the echoes of `not_found` to the items sent: by ids and numbers, else by rating and date."""
    most = _MOST_ECHOES * len(items)
    echoes = list(islice(_flatten_arrays(not_found), most + 1))
    if len(items) == 1 and echoes:
        return Missing({0}, set())  # a single item
    if len(echoes) > most:
        return Missing(set(), set(range(len(items))))
    names = [_name_of(item) for item in items]
    positions = _index_by_id(names)
    certain: set[int] = set()
    unclear: set[int] = set()
    nameless = [echo for echo in echoes if not _find_near(_name_of(echo), names, positions)]
    for name, count in Counter(map(_name_of, echoes)).items():
        near = _find_near(name, names, positions)
        same = {position for position in near if names[position] == name}
        # An echo with fewer ids than the item still belongs to it if only one title matches,
        # or if there are as many such echoes as matching items.
        if not same and (len({names[position] for position in near}) == 1 or count >= len(near)):
            same = near
        certain |= same
        unclear |= near - same
    by_values = _match_by_values(nameless, items)
    certain |= by_values.certain
    return Missing(certain, (unclear | by_values.unclear) - certain)


def flatten_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Flatten a show item: its season or episode beside the show's ids."""
    flat = {key: item[key] for key in ("ids", "rating", "rated_at") if key in item}
    for season in _entries(item.get("seasons")):
        flat = {**flat, "season": season.get("number")} | _values(season)
        for episode in _entries(season.get("episodes")):
            flat = {**flat, "episode": episode.get("number")} | _values(episode)
    return flat


class _Name(NamedTuple):
    """The ids of an item or an echo, with its season and episode number if it has them."""

    ids: frozenset[tuple[str, str]]
    season: str | None
    episode: str | None


def _flatten_arrays(not_found: object) -> Iterator[Mapping[str, Any]]:
    if not isinstance(not_found, Mapping):
        return
    for array in not_found.values():
        for echo in _entries(array):
            yield from _spread(echo)


def _spread(echo: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Split an echo with several seasons and episodes into one echo for each."""
    seasons = _entries(echo.get("seasons"))
    if not seasons:
        yield echo
    # Only the fields that are compared are copied: the others may be as large as the answer.
    title = {key: echo[key] for key in ("ids", "rating", "rated_at") if key in echo}
    for season in seasons:
        whole = {"number": season.get("number")} | _values(season)
        episodes = _entries(season.get("episodes"))
        if not episodes or "rating" in season:
            yield flatten_item({**title, "seasons": [whole]})
        for episode in episodes:
            yield flatten_item({**title, "seasons": [{**whole, "episodes": [episode]}]})


def _name_of(item: Mapping[str, Any]) -> _Name:
    ids = item.get("ids")
    pairs = ids.items() if isinstance(ids, Mapping) and len(ids) <= _MOST_IDS else ()
    known = {(str(source), str(value)) for source, value in pairs if isinstance(value, int | str) and value}
    season, episode = (
        str(item[name]) if isinstance(item.get(name), int | str) else None for name in ("season", "episode")
    )
    return _Name(frozenset(known), season, episode)


def _index_by_id(names: Sequence[_Name]) -> dict[tuple[str, str], list[int]]:
    index: dict[tuple[str, str], list[int]] = {}
    for position, name in enumerate(names):
        for key in name.ids:
            index.setdefault(key, []).append(position)
    return index


def _find_near(
    name: _Name, names: Sequence[_Name], positions: Mapping[tuple[str, str], Sequence[int]]
) -> set[int]:
    """Find the items that share an id with the echo and have no other season or episode number.

    An echo of a show matches all of its episodes; an echo with a number only that one.
    """
    sharing = {position for key in name.ids for position in positions.get(key, ())}
    return {
        position
        for position in sharing
        if _agree(name.season, names[position].season) and _agree(name.episode, names[position].episode)
    }


def _agree(one: str | None, other: str | None) -> bool:
    return one is None or other is None or one == other


def _match_by_values(echoes: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]]) -> Missing:
    """Match by rating and date: return the items that match for certain, and the unclear ones."""
    found = Missing(set(), set())
    signatures = [set(_signature(item)) for item in items] if echoes else []
    for signature, count in Counter(_signature(echo) for echo in echoes).items():
        alike = {position for position, known in enumerate(signatures) if known.issuperset(signature)}
        if alike and signature and count >= len(alike):
            found.certain.update(alike)
        else:
            found.unclear.update(alike or range(len(items)))
    return found


def _signature(item: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    values = []
    for name in ("rating", "rated_at", "season", "episode"):
        value = item.get(name)
        if isinstance(value, int | str) and not isinstance(value, bool):
            values.append((name, _instant(value) if name == "rated_at" else str(value)))
    return tuple(values)


def _instant(value: int | str) -> str:
    # The same instant may come back written another way, or without its fractions.
    with suppress(ValueError, OverflowError):
        instant = datetime.fromisoformat(str(value))
        if instant.tzinfo is not None:
            return instant.astimezone(UTC).isoformat(timespec="seconds")
    return str(value)


def _values(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part[name] for name in ("rating", "rated_at") if name in part}


def _entries(array: object) -> list[Mapping[str, Any]]:
    """The objects of an array. Any other value is an empty object: it counts, but matches anything."""
    if not array:
        return []
    entries = array if isinstance(array, list) else [array]
    return [entry if isinstance(entry, Mapping) else {} for entry in entries]
