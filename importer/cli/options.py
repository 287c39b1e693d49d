"""The options that several commands share, each written once."""

from dataclasses import asdict, dataclass
from datetime import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from importer.client.rate_limit import parse_rate
from importer.destinations.registry import DEFAULT, check_word, list_words
from importer.destinations.spec import RequestOptions
from importer.readers.base import ReadOptions
from importer.readers.cells.scales import parse_scale
from importer.runs.conflicts import OnConflict
from importer.runs.rules import Api, DestinationOptions, SendOptions
from importer.runs.sources import parse_mapping, parse_zone


class LogFormat(StrEnum):
    """The format of standard error."""

    TEXT = "text"
    JSON = "json"


Format = Annotated[
    str, typer.Option("--format", help="auto, or one of `importer formats`.", metavar="FORMAT")
]


Map = Annotated[
    list[str] | None,
    typer.Option(
        "--map",
        help="Read COLUMN as FIELD, e.g. Score=rating (repeatable): rating, title, year, type, rated_at, "
        "season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id.",
        metavar="COLUMN=FIELD",
    ),
]


ScaleOption = Annotated[
    str | None,
    typer.Option("--scale", help="Scale of the ratings: 5, 0-100, or votes: 1=3,2=8.", metavar="SCALE"),
]


Timezone = Annotated[
    str | None,
    typer.Option(
        "--timezone",
        help="Time zone of dates without one; usually UTC or the format's.",
        metavar="ZONE",
    ),
]


Lists = Annotated[bool, typer.Option("--lists", help="IMDb lists: import the rows that are rated.")]


DiaryDates = Annotated[
    bool, typer.Option("--diary-dates", help="Letterboxd: date ratings by the day of the last viewing.")
]


User = Annotated[str | None, typer.Option("--user", help="MovieLens data set: whose ratings.", metavar="ID")]


Profile = Annotated[str | None, typer.Option("--profile", help="Netflix: whose ratings.", metavar="NAME")]


Resolved = Annotated[
    Path | None,
    typer.Option(
        "--resolved",
        help="Use the ids chosen in this file for rows without ids.",
        metavar="RESOLVE.CSV",
    ),
]


def parse_to(text: str) -> str:
    """Check the word of `--to`. Raises UsageError."""
    return check_word(text, list_words())


WORDS = f"[{'|'.join(list_words())}]"


ToOption = Annotated[str, typer.Option("--to", help="Where the ratings go.", parser=parse_to, metavar=WORDS)]


ToGiven = Annotated[
    str | None,
    typer.Option("--to", help=f"Where the ratings go; usually {DEFAULT}.", parser=parse_to, metavar=WORDS),
]
"""As `ToOption`, for commands that may read the destination from their input; None if it was not typed."""


BaseUrl = Annotated[str | None, typer.Option("--base-url", help="Where the API is served.", metavar="URL")]


InsecureHttp = Annotated[
    bool, typer.Option("--insecure-http", help="Allow plain http to a host that is not this machine.")
]


Account = Annotated[
    str, typer.Option("--account", help="Use [accounts.NAME] of the settings file.", metavar="NAME")
]


Out = Annotated[Path, typer.Option("--out", help="The results file; - is standard output.")]


WriteTo = Annotated[
    Path | None,
    typer.Option("--write-to", help="trakt-file, letterboxd-file: the file to upload.", metavar="FILE"),
]


Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, max=256, help="Requests in flight at once: 8, for trakt 4."),
]


RateOption = Annotated[
    str | None,
    typer.Option("--rate", help="At most N requests per PERIOD: 1/s, 20/10s.", metavar="N/PERIOD"),
]


Bulk = Annotated[
    bool, typer.Option("--bulk", help="trakt-v1: 50 rows per request, and nothing on social feeds.")
]


BatchSizeOption = Annotated[
    int, typer.Option("--batch-size", min=1, max=200, help="trakt: rows per request.")
]


Love = Annotated[
    int | None, typer.Option("--love", min=1, max=10, help="trakt: the rating for love, 1 to 10.")
]


Hate = Annotated[
    int | None, typer.Option("--hate", min=1, max=10, help="trakt: the rating for hate, 1 to 10.")
]


DateTime = Annotated[
    str,
    typer.Option(
        "--date-time", help="trakt: time of day for dates without one, in --timezone.", metavar="HH:MM"
    ),
]


ApiOption = Annotated[Api, typer.Option("--api", help="API version that the sandbox uses.")]


ApiGiven = Annotated[Api | None, typer.Option("--api", help="API version that the sandbox uses; usually v1.")]
"""As `ApiOption`, for commands that may read it from their input."""


DryRun = Annotated[bool, typer.Option("--dry-run", help="Do everything except send.")]


Limit = Annotated[int | None, typer.Option("--limit", min=1, help="Send at most N rows.", metavar="N")]


Recheck = Annotated[
    bool, typer.Option("--recheck", help="Compare with the account only, not with what earlier runs sent.")
]


Guard = Annotated[
    int,
    typer.Option(
        "--guard",
        min=0,
        max=100,
        help="Ask before changing more of the account.",
        metavar="PERCENT",
    ),
]


Verify = Annotated[
    bool, typer.Option("--verify/--no-verify", help="Read the account back afterwards and compare.")
]


OnConflictOption = Annotated[
    OnConflict,
    typer.Option("--on-conflict", help="Which rating counts if the account has another one."),
]


Mirror = Annotated[
    bool, typer.Option("--mirror", help="Also remove ratings that the account has and the file has not.")
]


PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan", help="Send what this plan says and nothing else; see `importer plan`.", metavar="FILE"
    ),
]


ResendUnconfirmed = Annotated[
    bool,
    typer.Option("--resend-unconfirmed", help="Send rows again that may have arrived already."),
]


Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]


AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


LogFormatOption = Annotated[
    LogFormat, typer.Option("--log-format", help="json: log to standard error, one JSON object a line.")
]


@dataclass(frozen=True, slots=True)
class ReadingOptions:
    """How a file is read."""

    format_: Format = "auto"
    map_: Map = None
    scale: ScaleOption = None
    timezone: Timezone = None
    lists: Lists = False
    diary_dates: DiaryDates = False
    user: User = None
    profile: Profile = None

    def build(self) -> ReadOptions:
        """Put together what they say. Raises UsageError where they make no sense."""
        if self.scale is not None:
            parse_scale(self.scale)
        return ReadOptions(
            self.format_,
            parse_mapping(self.map_ or ()),
            scale=self.scale,
            zone=None if self.timezone is None else parse_zone(self.timezone),
            lists=self.lists,
            diary_dates=self.diary_dates,
            user=self.user,
            profile=self.profile,
        )


@dataclass(frozen=True, slots=True)
class ServerOptions:
    """Which server, and whose account there."""

    base_url: BaseUrl = None
    insecure_http: InsecureHttp = False
    account: Account = ""

    @property
    def flags(self) -> dict[str, object]:
        """What overrides the settings."""
        return {"base_url": self.base_url, "insecure_http": self.insecure_http}


@dataclass(frozen=True, slots=True)
class PaceOptions:
    """How fast to send; None means what the destination recommends."""

    workers: Workers = None
    rate: RateOption = None

    def build(self, **more: Any) -> SendOptions:
        """Put together what is said about the sending."""
        return SendOptions(self.workers, parse_rate(self.rate) if self.rate else None, **more)


@dataclass(frozen=True, slots=True)
class RatingOptions:
    """How ratings are put into requests."""

    bulk: Bulk = False
    batch_size: BatchSizeOption = 100
    love: Love = None
    hate: Hate = None


def build_destination_options(
    server: ServerOptions, rating: RatingOptions, time_of_day: time = time(12), write_to: Path | None = None
) -> DestinationOptions:
    """Put together what is said about the destination."""
    request = RequestOptions(**asdict(rating), time_of_day=time_of_day)
    return DestinationOptions(**asdict(server), request=request, write_to=write_to)


@dataclass(frozen=True, slots=True)
class ShownOptions:
    """What the command prints."""

    quiet: Quiet = False
    as_json: AsJson = False
    log_format: LogFormatOption = LogFormat.TEXT

    @property
    def logs_json(self) -> bool:
        """Whether standard error is JSON."""
        return self.log_format is LogFormat.JSON
