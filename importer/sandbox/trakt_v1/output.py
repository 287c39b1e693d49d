"""The form of answers: failures, the success of a rating, and the entries of a list of ratings."""

import math
from collections.abc import Sequence
from typing import Any

from importer.sandbox.catalogue import Kind, Title
from importer.sandbox.exchange import Answer, build_json, build_text
from importer.sandbox.store import StoredRating
from importer.sandbox.trakt_v1.input import UNRATE

LOWEST_LOVED = 6
"""From here on a 1 to 10 rating counts as `love`. The sandbox's own choice: the real border is unknown."""


def build_failure(status: int, error: str) -> Answer:
    """A refusal, as every documented one looks (API page errors)."""
    return build_json(status, {"status": "failure", "error": error})


def build_too_many(wait_seconds: float) -> Answer:
    """The quota's refusal. Retry-After counts whole seconds (RFC 9110, 10.2.3), so it is rounded up."""
    return build_text(429, "429 Too Many Requests", {"Retry-After": str(math.ceil(wait_seconds))})


def rated_body(
    title: Title, rating: int, echo: object, votes: Sequence[int], posted: Sequence[str]
) -> dict[str, Any]:
    """The success of a single rating: `rating` is the one that was sent, the flags say where it was posted.

    API pages rate-movie and rate-show; how a message names an episode is the sandbox's own choice.
    """
    loved = sum(vote >= LOWEST_LOVED for vote in votes)
    return {
        "status": "success",
        "message": f"{'unrated' if rating == UNRATE else 'rated'} {_spoken(title)}",
        "type": title.kind,
        "rating": echo,
        "ratings": {
            "percentage": round(100 * loved / len(votes)) if votes else 0,
            "votes": len(votes),
            "loved": loved,
            "hated": len(votes) - loved,
        },
        **{network: network in posted for network in ("facebook", "twitter", "tumblr")},
    }


def listed(stored: StoredRating) -> dict[str, Any]:
    """One entry of `user/ratings`: the fields that the clients of the time read, with types as loose.

    Both `rating` and `rating_advanced` come whatever the account's mode, since the number is kept when the
    user switches (API page ratings). `rating` is false for a title without a rating, so never in this list.
    """
    title = stored.title
    rated = {
        "inserted": stored.rated_at,
        "rating": "love" if stored.rating >= LOWEST_LOVED else "hate",
        "rating_advanced": stored.rating,
    }
    if title.show is not None:
        episode = {"title": title.title, "season": title.season, "number": title.episode}
        show = {**_listed_show(title.show), "tvrage_id": 0}
        return {**rated, "show": show, "episode": {**episode, "tvdb_id": title.tvdb_id or 0}}
    if title.kind is Kind.SHOW:
        return {**_listed_show(title), **rated}
    return {
        "title": title.title,
        "year": title.year or 0,
        "imdb_id": title.imdb_id or "",
        "tmdb_id": str(title.tmdb_id or ""),
        **rated,
    }


def _listed_show(show: Title) -> dict[str, Any]:
    # Text here, a number for a movie: ids and years came as either, depending on the method.
    return {
        "title": show.title,
        "year": str(show.year or ""),
        "imdb_id": show.imdb_id or "",
        "tvdb_id": str(show.tvdb_id or ""),
    }


def _spoken(title: Title) -> str:
    """`MOVIE (YEAR)`, `SHOW` or `SHOW 1x02`: how a message names it."""
    if title.show is not None:
        return f"{title.show.title} {title.season}x{title.episode:02}"
    return title.title if title.kind is Kind.SHOW or not title.year else f"{title.title} ({title.year})"
