"""The form of answers: counts in each of the documented forms, and the entries of a list of ratings."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any

from importer.sandbox.exchange import Answer, build_json
from importer.sandbox.mdblist.options import MdblistOptions
from importer.sandbox.store import StoredRating
from importer.sandbox.titles import Kind, Title

Counts = Counter[Kind]


def build_counts(
    options: MdblistOptions, done: Counts, missing: Counts, errors: list[str], *, rated: bool, rows: int
) -> Answer:
    """Counts per kind, which name none of the titles."""
    form = options.mdblist_answers
    if form == "none":
        return Answer(204, b"", rows)
    if options.mdblist_counts_under_shows:
        done, missing = _under_shows(done), _under_shows(missing)
    kinds = [kind for kind in Kind if done[kind] or missing[kind]] or [Kind.MOVIE, Kind.SHOW]
    counts = {f"{kind}s": done[kind] for kind in kinds}
    name = {True: "added" if form in {"added", "lists"} else "updated", False: "deleted"}[rated]
    if form == "sample":
        return build_json(200, {name if rated else "removed": counts}, rows=rows)
    not_found: dict[str, Any] = {f"{kind}s": missing[kind] for kind in kinds}
    if form == "added":
        not_found = {f"{kind}s": [] for kind in kinds}
    elif form == "lists":
        not_found = {f"{kind}s": [{}] * missing[kind] for kind in kinds}
    body: dict[str, Any] = {name: counts, "not_found": not_found}
    if form == "added" and missing.total():
        del body["not_found"]  # lists that are empty would say that all was found
    return build_json(200, body | {"errors": [{"message": each} for each in errors]}, rows=rows)


def _under_shows(counts: Counts) -> Counts:
    nested = counts[Kind.SEASON] + counts[Kind.EPISODE]
    return Counter({Kind.MOVIE: counts[Kind.MOVIE], Kind.SHOW: counts[Kind.SHOW] + nested})


def list_rating(stored: StoredRating, options: MdblistOptions) -> dict[str, Any]:
    """One entry of `GET /sync/ratings`."""
    title, text_ids = stored.title, options.mdblist_text_ids
    entry = {"rating": stored.rating, "rated_at": write_moment(stored.rated_at)}
    if title.kind is Kind.SEASON:
        return entry | {"season": {"number": title.season, "show": _show(title, text_ids=text_ids)}}
    if title.kind is Kind.EPISODE:
        numbers = {"season": title.season, "number": title.episode, "ids": _ids(title, text_ids=text_ids)}
        episode = numbers | {"show": _show(title, text_ids=text_ids)}
        return entry | (episode if options.mdblist_inline_episodes else {"episode": episode})
    shaped = {"title": title.title, "year": title.year, "ids": _ids(title, text_ids=text_ids)}
    return entry | {str(title.kind): shaped}


def write_moment(seconds: float) -> str:
    """`2025-10-21T14:00:00Z`, from Unix seconds."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _show(part: Title, *, text_ids: bool) -> dict[str, Any]:
    show = part.show or part
    return {"title": show.title, "year": show.year, "ids": _ids(show, text_ids=text_ids)}


def _ids(title: Title, *, text_ids: bool) -> dict[str, Any]:
    ids = {
        "imdb": title.imdb_id,
        "tmdb": title.tmdb_id,
        "tvdb": title.tvdb_id,
        "trakt": title.trakt_id,
        "mdblist": f"{title.kind[0]}{title.trakt_id}",
        "kitsu": None,
    }
    return {name: str(value) if text_ids and value else value for name, value in ids.items()}
