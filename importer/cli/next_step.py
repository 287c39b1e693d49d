"""What to type next, after a run: the command, and what it would do."""

import os
import shlex
import shutil
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from importer.destinations.registry import DEFAULT, choose, find_searcher, is_file
from importer.destinations.spec import DestinationSpec, RequestOptions
from importer.errors import AccountLimitError, AuthorizationError, ImporterError
from importer.model import CORRECTABLE, NEEDS_ID, Status
from importer.option import declarations_of, flag_of
from importer.readers.base import ReadOptions
from importer.readers.cells.errors import AT_THE_SOURCE
from importer.report.summary import Summary
from importer.runs.outputs import name_match_file
from importer.runs.rules import DestinationOptions, RuleOptions, SendOptions
from importer.text import docs_page


def _flags(group: type[Any], without: Collection[str] = ()) -> dict[str, bool]:
    """Give the flags of a group of options, and whether each has a value."""
    flags = {}
    for name, default, declaration in declarations_of(group):
        if name not in without:
            flag = flag_of(name, declaration)
            flags[flag] = not isinstance(default, bool)
            if default is True:
                flags[flag.replace("--", "--no-", 1)] = False
    return flags


_OF_SERVER = _flags(DestinationOptions, {"write_to", "any_title"})
FOR_MATCH = _OF_SERVER | _flags(ReadOptions)
FOR_RETRY = (
    _OF_SERVER
    | {"--any-title": False, "--timezone": True}
    | _flags(RequestOptions)
    | _flags(SendOptions, {"limit"})
    | _flags(RuleOptions, {"mirror", "recheck"})
)
"""Options that decide how rows are sent; not those of one command, such as --limit or --yes."""

_FIRST = {
    AuthorizationError: f"set the right credentials first ({docs_page('settings')})",
    AccountLimitError: "make room in the account first, or have its limit raised",
}
"""Errors that the same command would meet again, and what has to be done before it is typed."""


def find_next(
    summary: Summary, stopped_by: ImporterError | None, place: str, again: str = ""
) -> tuple[str, str] | None:
    """Give (command, reason), or None where nothing is left to do.

    `place` is the destination's name. `again` is the command that would do the same again, if it is not the
    one that was typed.
    """
    again = again or _typed()
    counts = {status: rows for status, rows in summary.counts.items() if status not in summary.accepted}
    if first := next((_FIRST[error] for error in _FIRST if isinstance(stopped_by, error)), None):
        return again, f"{first}, then"
    if summary.dry_run:
        return _do_it(summary, again) if counts.get(Status.NOT_SENT) else None
    if summary.stopped:
        return again, "to go on where this run stopped"
    if counts.keys() & {Status.FAILED, Status.UNCONFIRMED}:
        return again, "to try the failed rows again; what is done is not sent again"
    if summary.is_undo:
        return None  # its rows are those of the run; nobody can correct them
    without_ids = any(tally.reason == NEEDS_ID for tally in summary.misses)
    to_correct = _name_rows(counts.keys() & CORRECTABLE)
    if without_ids and (step := find_match(summary.source, place)):
        return _correct_too(to_correct, summary.source, step)
    typed = sys.argv[1:]
    # The message of an invalid row says so itself: it is corrected where it was read.
    has_source = typed[:1] != ["retry"] and not _is_plan(typed) and Path(summary.source).exists()
    at_the_source = [
        tally.reason in AT_THE_SOURCE or (has_source and tally.status is Status.INVALID)
        for tally in summary.misses
        if tally.status in CORRECTABLE
    ]
    if typed[:1] == ["retry"] and all(at_the_source):
        return None  # how the source was read is not known here
    is_read_anew = any(at_the_source) and typed[:1] != ["retry"]
    is_read_anew |= typed[:1] == ["sync"] or is_file(place) or "IMPORTER_TYPED" in os.environ
    if counts.keys() & CORRECTABLE and is_read_anew:
        # A sync reads its source anew, a file to upload is written whole, a Makefile has its own journal.
        return again, f"correct the {to_correct} in {summary.source}, then"
    if counts.keys() & CORRECTABLE and summary.results is not None and str(summary.results) != "-":
        # The journal has the run of these results; who had to name the destination of others, has to again.
        to = _keep(typed, {"--to": True, "--api": True}) if typed[:1] == ["retry"] else ()
        words = ("--all", str(summary.results), *to, *_keep(typed, FOR_RETRY))
        return command_line("retry", *words), f"correct the {to_correct} in {summary.results}, then"
    return None


def _name_rows(statuses: Collection[Status]) -> str:
    """Name the rows with these statuses: `invalid and not found rows`; empty without any."""
    words = [status.replace("_", " ") for status in Status if status in statuses]
    return f"{' and '.join(words)} rows" if words else ""


def _do_it(summary: Summary, again: str) -> tuple[str, str]:
    if not summary.is_undo:
        return again, "to send them"
    # Another run may be the last one by then, or newer ones changed nothing.
    return again.replace(" undo last", f" {summary.source}", 1), "to undo them"


def _correct_too(rows: str, source: str, step: tuple[str, str]) -> tuple[str, str]:
    """Name the rows to correct, if there are any, before the step."""
    command, reason = step
    return command, f"correct the {rows} in {source}, and {reason.removeprefix('to ')}" if rows else reason


def find_mending(source: str, place: str, *, without_ids: bool, invalid: bool) -> tuple[str, str] | None:
    """Give (command, reason) for the rows that a plan cannot send, or None where nothing can be done."""
    rows = _name_rows({Status.INVALID} if invalid and Path(source).exists() else ())
    if without_ids and (step := find_match(source, place)):
        return _correct_too(rows, source, step)
    return (_typed(), f"correct the {rows} in {source}, then plan again") if rows else None


def find_send(rows_to_send: int, plan: Path) -> str | None:
    """Give the command that sends a plan; None where nothing would be sent, or the plan is not in a file."""
    return command_line("run", "--plan", str(plan)) if rows_to_send and str(plan) != "-" else None


def find_match(source: str, place: str) -> tuple[str, str] | None:
    """Give the command that finds ids for the rows of an export; None where another source was typed."""
    typed = sys.argv[1:]
    if typed[:1] not in (["run"], ["plan"]) or not Path(source).exists() or _is_plan(typed):
        return None
    if "--resolved" in typed:
        return _typed(), "choose what the rows without ids mean in the match file, then"
    match_file = _folder_of_results(typed) / name_match_file(source)
    if match_file.exists():
        return _typed(), f"choose what the rows without ids mean in {match_file}, then"
    if is_file(place) and not _can_look_up(place):
        reason = "to look up the rows without ids, make an index of titles (about 1 GB to download), then"
        return command_line("titles", "update", "--download"), f"{reason} type the same command again"
    to = (place,) if is_file(place) else _type(find_searcher(place), DEFAULT)
    command = command_line("match", source, "--to", *to, *_keep(typed, FOR_MATCH))
    return command, "to look up the rows without ids"


def _can_look_up(place: str) -> bool:
    from importer.runs.open_titles import TitleOptions, open_sources  # noqa: PLC0415 - few runs end so

    try:
        return bool(open_sources(TitleOptions(choose(place), {}, "", lambda _: None)))
    except ImporterError:
        return False


def _folder_of_results(typed: Sequence[str]) -> Path:
    """Return the folder of `--out`, else the current one."""
    value = "".join([*_keep(typed, {"--out": True})][-1:]).removeprefix("--out=")
    return Path(value).parent if value else Path()


def _type(spec: DestinationSpec | None, otherwise: str) -> tuple[str, ...]:
    if spec is None:
        return (otherwise,)
    return (spec.word,) if choose(spec.word) is spec else spec.typed


def _is_plan(typed: Sequence[str]) -> bool:
    return any(word.partition("=")[0] == "--plan" for word in typed)


def _keep(words: Sequence[str], flags: Mapping[str, bool]) -> Iterator[str]:
    """Keep those of a command's options that have one of these flags, with their values."""
    left = iter(words)
    for word in left:
        name, equals, _ = word.partition("=")
        if name in flags:
            yield word
            if flags[name] and not equals:
                yield next(left, "")


def _typed() -> str:
    if typed := os.environ.get("IMPORTER_TYPED"):  # a Makefile sets it
        return typed
    return command_line(*(word for word in sys.argv[1:] if word != "--dry-run"))


def command_line(*words: str) -> str:
    """Give the text to type for `importer` and these words: the program as it was started."""
    program = Path(sys.argv[0])
    if program.name == "__main__.py" and (installed := Path(sys.executable).with_name("importer")).exists():
        program = installed
    if program.name == "__main__.py":
        start = [sys.executable, "-P", "-m", "importer"]
    elif shutil.which(program.name) == str(program):
        start = [program.name]
    else:
        start = [os.path.relpath(program) if program.is_relative_to(Path.cwd()) else str(program)]
    return shlex.join([*start, *words])
