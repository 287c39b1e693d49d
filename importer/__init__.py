"""Asynchronous batch rating importer: an export goes in, every row's outcome comes out.

The names below are the public API; see `importer.api`. They are imported when they are first used, so that
`import importer` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importer.api import RowResult, inspect, open_account, open_export, plan, read_outcomes, run, undo
    from importer.destinations.spec import RequestOptions
    from importer.errors import ImporterError
    from importer.readers import ReadOptions
    from importer.runs.conflicts import OnConflict
    from importer.runs.import_run import ImportRun
    from importer.runs.launch import RunRequest, open_run
    from importer.runs.prompts import Observer, Prompts, Unattended, Unwatched
    from importer.runs.rules import DestinationOptions, Match, RunRules, SendOptions
    from importer.runs.run_report import RunReport

__all__ = [
    "DestinationOptions",
    "ImportRun",
    "ImporterError",
    "Match",
    "Observer",
    "OnConflict",
    "Prompts",
    "ReadOptions",
    "RequestOptions",
    "RowResult",
    "RunReport",
    "RunRequest",
    "RunRules",
    "SendOptions",
    "Unattended",
    "Unwatched",
    "inspect",
    "open_account",
    "open_export",
    "open_run",
    "plan",
    "read_outcomes",
    "run",
    "undo",
]

_HOMES = {
    "ImporterError": "errors",
    "RequestOptions": "destinations.spec",
    "ReadOptions": "readers",
    "OnConflict": "runs.conflicts",
    "ImportRun": "runs.import_run",
    "RunReport": "runs.run_report",
    **dict.fromkeys(("RunRequest", "open_run"), "runs.launch"),
    **dict.fromkeys(("Observer", "Prompts", "Unattended", "Unwatched"), "runs.prompts"),
    **dict.fromkeys(("DestinationOptions", "Match", "RunRules", "SendOptions"), "runs.rules"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'importer' has no attribute {name!r}")
    return getattr(import_module(f"importer.{_HOMES.get(name, 'api')}"), name)
