"""The options that several commands share, each written once."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from importer.cli.groups import Only
from importer.destinations.registry import DEFAULT, check_word, list_words
from importer.destinations.spec import RequestOptions
from importer.runs.rules import Api, DestinationOptions, SendOptions


class LogFormat(StrEnum):
    """The format of standard error."""

    TEXT = "text"
    JSON = "json"


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


Account = Annotated[
    str, typer.Option("--account", help="Use [accounts.NAME] of the settings file.", metavar="NAME")
]


Out = Annotated[
    Path | None,
    typer.Option("--out", help="The results file, else named after what is read; - is standard output."),
]


Overwrite = Annotated[
    bool, typer.Option("--overwrite", help="Replace a file that is not the importer's, or was edited.")
]


ApiOption = Annotated[Api, typer.Option("--api", help="API version that the sandbox uses.")]


ApiGiven = Annotated[Api | None, typer.Option("--api", help="API version that the sandbox uses; usually v1.")]
"""As `ApiOption`, for commands that may read it from their input."""


DryRun = Annotated[bool, typer.Option("--dry-run", help="Do everything except send.")]


PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan", help="Send what this plan says and nothing else; see `importer plan`.", metavar="FILE"
    ),
]


Yes = Annotated[bool, typer.Option("--yes", help="Ask nothing.")]


Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress, no summary.")]


AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


LogFormatOption = Annotated[
    LogFormat, typer.Option("--log-format", help="json: log to standard error, one JSON object a line.")
]


AccountOptions = Annotated[DestinationOptions, Only("base_url", "insecure_http", "account")]
"""Which server, and whose account there."""

PaceOptions = Annotated[SendOptions, Only("workers", "rate")]

UntimedOptions = Annotated[RequestOptions, Only("bulk", "batch_size", "love", "hate")]
"""How ratings are put into requests, for commands that send no dates of their own."""


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
