"""How v2 answers look: titles with their ids, rated items, moments, the echo of what was not found.

Pure shaping of values that others have decided on.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from importer.sandbox.exchange import Answer
from importer.sandbox.store import StoredRating
from importer.sandbox.titles import Kind, Title
from importer.sandbox.v2_input import ID_ORDER, Entry, Item

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def build_json(
    status: int, body: object, *, rows: int = 0, headers: Mapping[str, str] | None = None, delay: float = 0
) -> Answer:
    """A JSON answer."""
    return Answer(status, json.dumps(body).encode(), rows, headers or {}, delay_seconds=delay)


def build_text(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An answer that is not JSON: what errors say is not dependable in the real API either."""
    return Answer(status, f"{status}: {text}".encode(), headers=headers or {}, content_type="text/plain")


def written_moment(milliseconds: int) -> str:
    """`2014-09-01T09:10:11.000Z`, from Unix milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def titled(title: Title) -> dict[str, Any]:
    """`{"type": ..., "movie": {...}}`, and for a part of a show also its `show`."""
    shaped = {"type": title.kind, str(title.kind): _shaped(title)}
    return {**shaped, "show": _shaped(title.show)} if title.show is not None else shaped


def rated(stored: StoredRating) -> dict[str, Any]:
    """One item of GET /sync/ratings."""
    moment = written_moment(stored.rated_at * 1000)
    return {"rated_at": moment, "rating": stored.rating, **titled(stored.title)}


def _shaped(title: Title) -> dict[str, Any]:
    ids = {name.removesuffix("_id"): getattr(title, name) for name in ID_ORDER[title.kind]}
    if title.kind is Kind.SEASON:
        return {"number": title.season, "ids": ids}
    if title.kind is Kind.EPISODE:
        return {"season": title.season, "number": title.episode, "title": title.title, "ids": ids}
    return {"title": title.title, "year": title.year, "ids": ids}


def echo(entry: Entry, missing: Sequence[Item], *, with_ids: bool) -> dict[str, Any]:
    """The submitted object, for `not_found`. Some servers' echo lost its `ids` (#244 of trakt-api).

    Of a known show with unknown seasons or episodes only these come back, inside their show: the sandbox's
    own choice, no source shows such a case.
    """
    sent = dict(entry.submitted)
    if len(missing) < len(entry.items):
        for name in ("rating", "rated_at"):
            sent.pop(name, None)
        sent["seasons"] = _missing_seasons(missing)
    if not with_ids:
        sent.pop("ids", None)
    return sent


def _missing_seasons(missing: Sequence[Item]) -> list[dict[str, Any]]:
    seasons: dict[int | None, dict[str, Any]] = {}
    for item in missing:
        season = seasons.setdefault(item.season, {"number": item.season})
        if item.episode is None:
            season.update({name: value for name, value in item.part.items() if name != "episodes"})
        else:
            season.setdefault("episodes", []).append(item.part)
    return list(seasons.values())
