"""The form of Simkl's answers: errors, titles with their ids, entries of lists."""

import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from importer.sandbox.exchange import Answer, build_json
from importer.sandbox.store import StoredRating
from importer.sandbox.titles import Kind, Title


def build_refusal(
    status: int, error: str, message: str = "", headers: Mapping[str, str] | None = None
) -> Answer:
    """An error in Simkl's form."""
    return build_json(status, {"error": error, "code": status, "message": message or error}, headers=headers)


def written_moment(milliseconds: int) -> str:
    """`2014-09-01T09:10:11Z`."""
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def simkl_id(title: Title) -> int:
    """Its id at Simkl: invented, but the same in every run."""
    return 1 + zlib.crc32(f"simkl {title.kind} {title.key}".encode()) % 9_000_000


def listed(stored: StoredRating, status: str, *, anime_type: str | None) -> dict[str, Any]:
    """One entry of GET /sync/ratings; anime films stand under `show` as well."""
    title = stored.title
    own = {"imdb": title.imdb_id, "tmdb": title.tmdb_id, "tvdb": title.tvdb_id}
    ids = {"simkl": simkl_id(title)} | {name: str(value) for name, value in own.items() if value}
    shown = {"title": title.title, "year": title.year, "ids": ids}
    entry = {
        "last_watched_at": None,
        "status": status,
        "user_rating": stored.rating,
        "user_rated_at": written_moment(stored.rated_at * 1000),
    }
    if anime_type is not None:
        return {**entry, "anime_type": "movie" if title.kind is Kind.MOVIE else anime_type, "show": shown}
    return {**entry, "movie" if title.kind is Kind.MOVIE else "show": shown}
