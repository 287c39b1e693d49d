"""Shows how the runs to several destinations ended: a summary for each, and the worst exit code."""

import os
from collections.abc import Mapping
from dataclasses import replace

from importer.cli.display import Display
from importer.errors import ImporterError
from importer.report.summary import Summary
from importer.runs.run_report import RunReport
from importer.runs.side_by_side import Ended


def report_ends(ended: Mapping[str, Ended], displays: Mapping[str, Display]) -> int:
    """Print all summaries; return the worst exit code."""
    summaries: dict[str, Summary] = {}
    exit_codes = []
    for label, each in ended.items():
        if isinstance(each, RunReport):
            summaries[label], exit_code = displays[label].conclude(each)
        else:
            exit_code = _report_failure(each, displays[label])
        exit_codes.append(exit_code)
    display = next(iter(displays.values()))
    if display.as_json:
        display.print_json([summary.as_json() for summary in summaries.values()])
    else:
        _print(summaries, displays)
    return max(exit_codes)


def _print(summaries: Mapping[str, Summary], displays: Mapping[str, Display]) -> None:
    """Print the summaries; a command that is the next for several is said once, at the end."""
    left = list(summaries.values())
    for label, summary in summaries.items():
        left.pop(0)
        is_said_later = any(summary.next_command == other.next_command for other in left)
        displays[label].print_summary(replace(summary, next_command=None) if is_said_later else summary)
        if left:
            displays[label].print_line("")


def _report_failure(error: Exception, display: Display) -> int:
    if not isinstance(error, ImporterError) and os.environ.get("IMPORTER_TRACEBACK"):
        raise error
    return display.report_failure(error)
