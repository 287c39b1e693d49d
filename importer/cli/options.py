"""The options that several commands share, each written once."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from importer.cli.groups import Only
from importer.destinations.spec import RequestOptions
from importer.errors import OptionError
from importer.readers.base import ReadOptions
from importer.runs.rules import DestinationOptions, FileOptions, RuleOptions, SendOptions


class LogFormat(StrEnum):
    """The format of standard error."""

    TEXT = "text"
    JSON = "json"


Overwrite = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace a file that is not the importer's, or was edited.",
        rich_help_panel=FileOptions.heading,
    ),
]


def _parse_name(text: str) -> str:
    """Take the last part of a path. Raises OptionError."""
    if not text:
        return ""  # the default
    name = text.replace("\\", "/").rstrip("/").rpartition("/")[2]
    if not name.strip(" ."):
        raise OptionError("name", "it has no letters", text)
    return name


Name = Annotated[
    str,
    typer.Option(
        "--name",
        help="What messages, journal and files written call FILE, such as an upload.",
        metavar="NAME",
        parser=_parse_name,
        rich_help_panel=ReadOptions.heading,
    ),
]


Html = Annotated[
    Path | None, typer.Option("--html", help="Write a page with charts and all rows.", metavar="FILE")
]

Open = Annotated[bool, typer.Option("--open", help="With --html: open the page in the browser.")]


DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Send nothing, and do not read the account; `importer plan` reads it.",
        rich_help_panel=RuleOptions.heading,
    ),
]
UndoDryRun = Annotated[
    bool,
    typer.Option("--dry-run", help="Do everything except send.", rich_help_panel=RuleOptions.heading),
]


PlanOption = Annotated[
    Path | None,
    typer.Option(
        "--plan",
        help="Send what this plan says and nothing else; see `importer plan`.",
        metavar="FILE",
        rich_help_panel=RuleOptions.heading,
    ),
]


Yes = Annotated[
    bool,
    typer.Option(
        "--yes", help="Ask nothing, and do what a yes would do.", rich_help_panel=RuleOptions.heading
    ),
]


_SHOWN = "What is shown"

Quiet = Annotated[
    bool,
    typer.Option("--quiet", "-q", help="Show no progress and no summary.", rich_help_panel=_SHOWN),
]


AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.", rich_help_panel=_SHOWN)]


LogFormatOption = Annotated[
    LogFormat,
    typer.Option(
        "--log-format",
        help="Write text to standard error, or a JSON object per line.",
        rich_help_panel=_SHOWN,
    ),
]


MatchFile = Annotated[FileOptions, Only("resolved")]
MatchOptions = Annotated[FileOptions, Only("resolved", "match")]

ResultsOption = Annotated[FileOptions, Only("out")]

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
