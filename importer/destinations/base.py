"""What a destination is: pure rules that turn batches into requests and answers into verdicts.

A destination never waits and never sends; `delivery/` does, and obeys the verdicts. Everything an API's
documentation says about an answer therefore stands in one table-tested place.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import NamedTuple, Protocol

from importer.errors import ConnectionLostError, StopRunError
from importer.model import IMDB_ID, UNRATE, Batch, Fate, MediaKind, Rating, RatingJob, Status
from importer.wire import Request, Response


@dataclass(frozen=True, slots=True)
class Delivered:
    """The answer settles the batch: one fate per job, in the batch's order."""

    fates: Sequence[Fate]


@dataclass(frozen=True, slots=True)
class Retry:
    """Send the same request again after a while.

    `after_seconds` is never shortened; it doubles with each try if `grows`. After `tries` attempts in all
    (the first one included) `otherwise` holds instead. `pause_all` makes every worker wait, as a server
    that asks one client to slow down means all of its requests. `unsure` says that the server may have
    acted on the request already; `look_first` that it is to be read back in any case. A wait that says
    nothing about the request (a rate limit) `is_attempt` of nobody.
    """

    after_seconds: float
    reason: str
    tries: int
    otherwise: "Verdict"
    grows: bool = False
    pause_all: bool = False
    unsure: bool = False
    look_first: bool = False
    is_attempt: bool = True


@dataclass(frozen=True, slots=True)
class Split:
    """Send the two halves of the batch instead. Never the verdict on a single job.

    `unsure` says that the server may have acted on some of its jobs, `too_much` that smaller batches are
    wise from here on.
    """

    reason: str
    unsure: bool = False
    too_much: bool = False


@dataclass(frozen=True, slots=True)
class Partly:
    """The answer settles some jobs of the batch; the others, with no fate, are in one of `halves` or `later`.

    `halves` are sent at once, to find out more; `later` are put together with others of their method when
    all else is sent.
    """

    fates: Sequence[Fate | None]
    halves: Sequence[Batch] = ()
    later: Sequence[Batch] = ()


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """The token was not accepted: renew it, once, and send the same request again."""


@dataclass(frozen=True, slots=True)
class Stop:
    """Send nothing more in this run. `unsure` says that the server may have acted on this batch."""

    error: StopRunError
    unsure: bool = False


Verdict = Delivered | Partly | Retry | Split | RefreshToken | Stop

Answer = Response | ConnectionLostError
"""What came of a request: an HTTP answer, or the way it got lost."""


class Held(NamedTuple):
    """A rating that the account holds. `simple` is `love` or `hate` where the API tells both forms.

    `removal` is the job that would remove it, with neither row nor line, if its title can be told at all.
    """

    rating: Rating
    simple: str | None = None
    rated_at: str | None = None
    removal: RatingJob | None = None


Holdings = Mapping[str, Held]
"""The account's ratings as read back: every `title_keys` key of a rated title, with its rating."""

RATED = Fate(Status.RATED)
UNRATED = Fate(Status.UNRATED)

_LONGEST_NUMBER = 12
"""Digits of a Retry-After that are looked at: enough for any wait, too few to overflow anything."""


class Destination(Protocol):
    """One API, for one account. All methods are pure."""

    @property
    def name(self) -> str:
        """The `--to` word."""
        ...

    @property
    def account(self) -> str:
        """Whose ratings these are and where, without secrets: runs with the same text never overlap."""
        ...

    @property
    def batch_size(self) -> int:
        """How many jobs go into one request at most."""
        ...

    @property
    def repeats_safely(self) -> bool:
        """Whether sending a batch again does no harm when the first did arrive; else read back first."""
        ...

    @property
    def keeps_dates(self) -> bool:
        """Whether a rating is dated as its row is, rather than when it arrives."""
        ...

    @property
    def tells_kinds(self) -> bool:
        """Whether it can tell by id what a title is, so that rows may leave their type open."""
        ...

    def refuse(self, job: RatingJob) -> Fate | None:
        """Say why this API cannot take the job at all, or None if it can."""
        ...

    def wanted(self, job: RatingJob) -> RatingJob:
        """The job as the account will hold it: with a love, say, as the number it is sent as."""
        ...

    def method_for(self, job: RatingJob) -> str:
        """Name the kind of request the job travels in; jobs of one method share batches."""
        ...

    def build_request(self, batch: Batch) -> Request:
        """Build the request that brings the batch."""
        ...

    def read_response(self, batch: Batch, answer: Answer) -> Verdict:
        """Judge what came back for the batch."""
        ...

    def build_probe(self) -> Request:
        """Build the request that proves the credentials before the first rating."""
        ...

    def read_probe(self, answer: Answer) -> Verdict:
        """Judge the probe: `Delivered(())` lets the run begin."""
        ...

    def build_read_back(self, kind: MediaKind, page: int = 1) -> Request:
        """Build the request that reads a page of the account's ratings of one kind."""
        ...

    def has_next_page(self, answer: Response, page: int) -> bool:
        """Whether there is more to read after this page."""
        ...

    def read_holdings(self, kind: MediaKind, answer: Answer) -> Holdings | Verdict:
        """Read the account's ratings of one kind, or judge why that failed."""
        ...


def possible_kinds(job: RatingJob) -> tuple[MediaKind, ...]:
    """Every kind that the destination may take the job's title for, the likeliest first."""
    return kinds_of(job.kind, job.second_kind)


def kinds_of(kind: MediaKind, second_kind: MediaKind | None) -> tuple[MediaKind, ...]:
    """Spell out a kind that is not known or contested."""
    if kind is MediaKind.UNKNOWN:
        return (MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE)
    return (kind,) if second_kind is None else (kind, second_kind)


_NOTHING_MORE = (None,) * 6


def title_keys(job: RatingJob) -> list[str]:
    """Every key the job's title may stand under in `Holdings`: one per id; without ids, title and year."""
    more = (job.season, job.episode, job.tmdb_id, job.tvdb_id, job.trakt_id, job.second_kind)
    if job.imdb_id and more == _NOTHING_MORE and job.kind is not MediaKind.UNKNOWN:
        return [f"{job.kind}:imdb:{job.imdb_id}"]  # what the rest would give, for nearly every row there is
    ids = {"imdb": job.imdb_id, "tmdb": job.tmdb_id, "tvdb": job.tvdb_id, "trakt": job.trakt_id}
    # Two films may share title and year, but not an id.
    name = (None, None) if any(ids.values()) else (job.title, job.year)
    number = (job.season, job.episode)
    likeliest, *others = possible_kinds(job)
    keys = build_keys(likeliest, ids, name, number)
    # In another kind only an IMDb id means the same title; the other ids count from one there, too.
    return keys + [
        key for kind in others for key in build_keys(kind, {"imdb": job.imdb_id}, (None, None), number)
    ]


def build_keys(
    kind: MediaKind,
    ids: Mapping[str, object],
    name: tuple[str | None, object],
    number: tuple[object, object] = (None, None),
) -> list[str]:
    """Build the keys of a title; values are compared as text, since APIs mix numbers and strings.

    What is neither, in an answer that makes no sense, names no title.
    """
    if not all(part is None or isinstance(part, int | str) for part in number):
        return []
    place = "" if number == (None, None) else f"/{number[0]}/{number[1]}"
    keys = [
        f"{kind}:{source}:{value}{place}"
        for source, value in ids.items()
        if value and isinstance(value, int | str)
    ]
    title, year = name
    if title and year and isinstance(year, int | str):
        keys.append(f"{kind}:{title.casefold()}:{year}{place}")
    return keys


def build_removal(
    kind: MediaKind,
    ids: Mapping[str, object],
    name: tuple[str | None, object],
    number: tuple[object, object] = (None, None),
) -> RatingJob | None:
    """Build the job that removes a rating of the account's; None where nothing tells whose it is.

    Takes what `build_keys` takes; ids that make no sense count as none.
    """
    imdb_id = ids.get("imdb")
    if not isinstance(imdb_id, str) or not is_imdb_id(imdb_id):
        imdb_id = None
    tmdb_id, tvdb_id, trakt_id = (_whole(ids.get(source)) for source in ("tmdb", "tvdb", "trakt"))
    title, year = name[0] or None, _whole(name[1])
    season, episode = (_whole(part) for part in number)
    if not (imdb_id or tmdb_id or tvdb_id or trakt_id or (title and year)):
        return None
    return RatingJob(
        *(0, 0, kind, title, year, season, episode),
        *(imdb_id, tmdb_id or None, tvdb_id or None, trakt_id or None, UNRATE, None),
    )


is_imdb_id = re.compile(IMDB_ID).fullmatch


def _whole(value: object) -> int | None:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= _LONGEST_NUMBER:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def find_held(job: RatingJob, holdings: Holdings) -> Held | None:
    """Find what the account holds for the job's title."""
    return next((holdings[key] for key in title_keys(job) if key in holdings), None)


def is_held(job: RatingJob, holdings: Holdings) -> bool:
    """Whether the account's ratings already are as the job wants them."""
    return agrees(job, find_held(job, holdings))


def agrees(job: RatingJob, held: Held | None) -> bool:
    """Whether what the account holds for the job's title is as the job wants it."""
    if not job.rating:
        return held is None
    return held is not None and job.rating in {held.rating, held.simple}


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After` in seconds; a date counts from the server's own `Date` (RFC 9110, 10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text[:_LONGEST_NUMBER])
    try:
        pause = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, pause.total_seconds())
