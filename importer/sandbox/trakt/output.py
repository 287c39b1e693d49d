"""The form of answers: titles with their ids, rated items, moments, and the echo in `not_found`."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from importer.sandbox.exchange import Answer, Twist, build_text
from importer.sandbox.store import StoredRating
from importer.sandbox.titles import Kind, Title
from importer.sandbox.trakt.input import ID_ORDER, Entry, Item

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def build_refusal(status: int, text: str, headers: Mapping[str, str] | None = None) -> Answer:
    """An error in plain text: the real API's errors are not always JSON either."""
    return build_text(status, f"{status}: {text}", headers)


def written_moment(milliseconds: int) -> str:
    """`2014-09-01T09:10:11.000Z`, from Unix milliseconds."""
    moment = _EPOCH + timedelta(milliseconds=milliseconds)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def titled(title: Title) -> dict[str, Any]:
    """`{"type": "movie", "movie": {...}}`; a season or an episode also has its `show`."""
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


def blurred(item: dict[str, Any], twist: Twist | None) -> dict[str, Any]:
    """An item of a list or a search. A fault may leave out its rating, years, or all ids but Trakt's own."""
    if twist is Twist.NULL_RATINGS and "rating" in item:
        item["rating"] = None
    for shaped in (value for value in item.values() if isinstance(value, dict)):
        if twist is Twist.NULL_YEARS and "year" in shaped:
            shaped["year"] = None
        if twist is Twist.NULL_IDS:
            shaped["ids"] = {name: it if name == "trakt" else None for name, it in shaped["ids"].items()}
    return item


def echo(entry: Entry, missing: Sequence[Item], *, with_ids: bool) -> dict[str, Any]:
    """The submitted object, for `not_found`. Some echoes lost their `ids` (#244 of trakt-api).

    A known show comes back with its unknown seasons or episodes only: the sandbox's own choice, since no
    source shows such a case.
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
