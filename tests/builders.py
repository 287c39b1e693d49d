"""Values that many tests need, with only the interesting parts spelled out."""

from typing import Any

import orjson

from importer.http import Response
from importer.model import Batch, InvalidRow, MediaKind, RatingJob, Status

_JOB = RatingJob(
    row=1,
    line=2,
    kind=MediaKind.MOVIE,
    title=None,
    year=None,
    season=None,
    episode=None,
    imdb_id=None,
    tmdb_id=None,
    tvdb_id=None,
    trakt_id=None,
    rating=8,
    rated_at=None,
)

_INVALID = InvalidRow(
    row=1,
    line=2,
    kind="movie",
    title="Heat",
    year="1995",
    season=None,
    episode=None,
    imdb_id="tt0113277",
    tmdb_id=None,
    tvdb_id=None,
    trakt_id=None,
    rating="11",
    rated_at=None,
    status=Status.INVALID,
    reason="bad_rating",
    message="line 2: 11 is no rating",
)


def build_job(row: int = 1, **fields: Any) -> RatingJob:
    """A movie rated 8, known by an IMDb id of its own per row; with `fields`, known by these alone."""
    if not fields.keys() & {"title", "imdb_id", "tmdb_id", "tvdb_id", "trakt_id"}:
        fields["imdb_id"] = f"tt{row:07}"
    return _JOB._replace(row=row, line=row + 1, **fields)


def build_invalid(row: int = 1, **fields: Any) -> InvalidRow:
    """A row rated 11."""
    return _INVALID._replace(row=row, line=row + 1, **fields)


def build_batch(*jobs: RatingJob, method: str = "rate/movie") -> Batch:
    """These jobs in one request; one movie if there are none."""
    return Batch(method, list(jobs) or [build_job()])


def build_answer(status: int, content: object = b"", **headers: str) -> Response:
    """An HTTP answer; content that is no bytes goes as JSON. `retry_after="2"` is the header Retry-After."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    names = {name.replace("_", "-").title(): value for name, value in headers.items()}
    return Response(status, names, body)
