"""Which items of a request a `not_found` echo means. Pure.

The echo may lack the ids (issue #244 of trakt-api), so an item counts as found only when every echo is
known to mean other items. Where that cannot be told, the items are doubtful and must be asked for again.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple


class Missing(NamedTuple):
    """Positions of items that are not found, and of those of which it cannot be told."""

    certain: set[int]
    doubtful: set[int]


def find_missing(items: Sequence[Mapping[str, Any]], not_found: object) -> Missing:
    """Match the echoes of `not_found` to the items sent: by ids and numbers, else by what is left of them."""
    echoes = list(_flatten_arrays(not_found))
    certain: set[int] = set()
    unmatched: list[Mapping[str, Any]] = []
    positions = _index_by_id(items)
    for echo in echoes:
        meant = _match_by_ids(echo, items, positions)
        certain |= meant
        if not meant:
            unmatched.append(echo)
    doubtful = _match_by_values(unmatched, items, certain)
    if len(items) == 1 and echoes:
        return Missing({0}, set())  # whom else could it mean?
    return Missing(certain, doubtful)


def flatten_item(item: Mapping[str, Any]) -> dict[str, Any]:
    """Put the season or episode that a show item holds on one level with the show's ids."""
    flat = {key: item[key] for key in ("ids", "rating", "rated_at") if key in item}
    for season in _dicts(item.get("seasons")):
        flat = {**flat, "season": season.get("number")} | _values(season)
        for episode in _dicts(season.get("episodes")):
            flat = {**flat, "episode": episode.get("number")} | _values(episode)
    return flat


def _flatten_arrays(not_found: object) -> Iterator[Mapping[str, Any]]:
    if not isinstance(not_found, Mapping):
        return
    for array in not_found.values():
        for echo in _dicts(array):
            yield from _spread(echo)


def _spread(echo: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """One echo may hold several seasons and episodes; each becomes an echo of its own."""
    seasons = list(_dicts(echo.get("seasons")))
    if not seasons:
        yield echo
    for season in seasons:
        episodes = [[episode] for episode in _dicts(season.get("episodes"))]
        for held in episodes or [[]]:
            yield flatten_item({**echo, "seasons": [{**season, "episodes": held}]})


def _index_by_id(items: Sequence[Mapping[str, Any]]) -> dict[tuple[str, str], list[int]]:
    index: dict[tuple[str, str], list[int]] = {}
    for position, item in enumerate(items):
        for key in _id_keys(item):
            index.setdefault(key, []).append(position)
    return index


def _match_by_ids(
    echo: Mapping[str, Any],
    items: Sequence[Mapping[str, Any]],
    positions: Mapping[tuple[str, str], Sequence[int]],
) -> set[int]:
    meant = {position for key in _id_keys(echo) for position in positions.get(key, ())}
    # An echo of a whole show means all of its episodes; one with a number means that one only.
    return {
        position
        for position in meant
        if all(
            str(echo[number]) == str(items[position].get(number))
            for number in ("season", "episode")
            if echo.get(number) is not None and number in items[position]
        )
    }


def _match_by_values(
    echoes: Sequence[Mapping[str, Any]], items: Sequence[Mapping[str, Any]], certain: set[int]
) -> set[int]:
    """Add to `certain` what rating and date tell beyond doubt; return the positions that stay doubtful."""
    doubtful: set[int] = set()
    left = [position for position in range(len(items)) if position not in certain]
    for signature, count in Counter(_signature(echo) for echo in echoes).items():
        alike = {
            position
            for position in left
            if all(dict(_signature(items[position])).get(name) == value for name, value in signature)
        }
        if alike and signature and count >= len(alike):
            certain |= alike
        else:
            doubtful |= alike or set(left)
    return doubtful - certain


def _signature(item: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    values = []
    for name in ("rating", "rated_at", "season", "episode"):
        value = item.get(name)
        if isinstance(value, int | str) and not isinstance(value, bool):
            values.append((name, _instant(value) if name == "rated_at" else str(value)))
    return tuple(values)


def _instant(value: int | str) -> str:
    # The same instant may come back written another way.
    with suppress(ValueError):
        return datetime.fromisoformat(str(value)).isoformat()
    return str(value)


def _id_keys(item: Mapping[str, Any]) -> list[tuple[str, str]]:
    ids = item.get("ids")
    if not isinstance(ids, Mapping):
        return []
    return [
        (str(source), str(value)) for source, value in ids.items() if isinstance(value, int | str) and value
    ]


def _values(part: Mapping[str, Any]) -> dict[str, Any]:
    return {name: part[name] for name in ("rating", "rated_at") if name in part}


def _dicts(array: object) -> Iterator[Mapping[str, Any]]:
    if isinstance(array, list):
        yield from (entry for entry in array if isinstance(entry, Mapping))
