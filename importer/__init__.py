"""Asynchronous batch rating importer: an export goes in, every row's outcome comes out.

The names below are the public API; see `importer.api`. They are imported when they are first used, so that
`import importer` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from importer.api import RowResult, inspect, open_account, open_export, plan, read_outcomes, run, undo
    from importer.destinations.spec import RequestOptions
    from importer.destinations.titles import Candidate
    from importer.errors import ImporterError
    from importer.matching.model import MatchResult, Occurrence, TitleQuery
    from importer.model import Status
    from importer.plans.report import Plan
    from importer.progress import Phase, Progress
    from importer.readers import ReadOptions
    from importer.readers.sample import ColumnSample
    from importer.report.inspection import Inspection
    from importer.runs.conflicts import Conflict, OnConflict
    from importer.runs.import_run import ImportRun
    from importer.runs.launch import RunRequest, open_run
    from importer.runs.prompts import (
        Observer,
        Prompts,
        SendSummary,
        StartedRun,
        TableAnswers,
        TitleAnswer,
        Trial,
        Unattended,
        Unwatched,
    )
    from importer.runs.rules import DestinationOptions, Match, RunRules, SendOptions
    from importer.runs.run_report import RunReport
    from importer.runs.snapshot import Snapshot

__all__ = [
    "Candidate",
    "ColumnSample",
    "Conflict",
    "DestinationOptions",
    "ImportRun",
    "ImporterError",
    "Inspection",
    "Match",
    "MatchResult",
    "Observer",
    "Occurrence",
    "OnConflict",
    "Phase",
    "Plan",
    "Progress",
    "Prompts",
    "ReadOptions",
    "RequestOptions",
    "RowResult",
    "RunReport",
    "RunRequest",
    "RunRules",
    "SendOptions",
    "SendSummary",
    "Snapshot",
    "StartedRun",
    "Status",
    "TableAnswers",
    "TitleAnswer",
    "TitleQuery",
    "Trial",
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
    "Candidate": "destinations.titles",
    **dict.fromkeys(("MatchResult", "Occurrence", "TitleQuery"), "matching.model"),
    "Status": "model",
    "Plan": "plans.report",
    **dict.fromkeys(("Phase", "Progress"), "progress"),
    "ReadOptions": "readers",
    "ColumnSample": "readers.sample",
    "Inspection": "report.inspection",
    **dict.fromkeys(("Conflict", "OnConflict"), "runs.conflicts"),
    "ImportRun": "runs.import_run",
    "RunReport": "runs.run_report",
    **dict.fromkeys(("RunRequest", "open_run"), "runs.launch"),
    **dict.fromkeys(
        (
            *("Observer", "Prompts", "SendSummary", "StartedRun", "TableAnswers", "TitleAnswer", "Trial"),
            *("Unattended", "Unwatched"),
        ),
        "runs.prompts",
    ),
    "Snapshot": "runs.snapshot",
    **dict.fromkeys(("DestinationOptions", "Match", "RunRules", "SendOptions"), "runs.rules"),
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'importer' has no attribute {name!r}")
    return getattr(import_module(f"importer.{_HOMES.get(name, 'api')}"), name)
