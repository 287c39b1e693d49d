"""`importer resolve FILE`: find the titles of rows without ids, for people to choose from. Sends nothing."""

import json
import sys
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.groups import spread
from importer.cli.next_step import command_line
from importer.cli.progress_bar import show_progress
from importer.cli.prompts import find_prompts
from importer.destinations.base import Search
from importer.destinations.registry import DEFAULT, check_word, choose, list_search_words
from importer.errors import UsageError
from importer.interrupts import translate_interrupts
from importer.matching.lookups import LookupOptions
from importer.matching.service import MatchService, MatchSummary, check_output
from importer.monitoring.log import open_log
from importer.progress import Progress
from importer.readers.base import ReadOptions
from importer.runs.open_search import open_search, recommend_reading
from importer.runs.rules import Api
from importer.runs.sources import ExportFile, open_file
from importer.text import clean, count

_WORDS = f"[{'|'.join(list_search_words())}]"


def _parse_to(text: str) -> str:
    return check_word(text, list_search_words())


@spread
def resolve(
    *,
    file: Annotated[str, typer.Argument(help="The export whose rows have no ids; - reads standard input.")],
    to: Annotated[
        str,
        typer.Option("--to", help="Where the titles are looked up.", parser=_parse_to, metavar=_WORDS),
    ] = DEFAULT,
    api: Annotated[Api, typer.Option("--api", help="API version that the sandbox uses; v2 only.")] = Api.V2,
    at: options.AccountOptions,
    reading: ReadOptions,
    out: Annotated[
        Path, typer.Option("--out", help="The match file to choose in; choices that stand there are kept.")
    ] = Path("resolve.csv"),
    pace: options.PaceOptions,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
) -> None:
    """Look up the titles of rows without ids.

    Writes a file that says which titles are certain; choose the others in it.
    """
    if api is Api.V1:
        raise UsageError("--api v1 has no search: titles are looked up with --api v2")
    spec = choose(to, api)
    rate = pace.rate or recommend_reading(spec)
    limits = LookupOptions(pace.workers or spec.workers, rate)
    search = open_search(spec, at.flags, at.account, open_log(as_json=False).warn_once)
    found = _match(ExportFile(file, reading), search, out, limits, quiet=quiet)
    if as_json:
        print(json.dumps(found.as_json() | {"next_command": _next_command(to, out)}, indent=2))
    elif not quiet:
        _print(found, to, out)
    raise typer.Exit(int(found.open_titles > 0))


def _match(
    given: ExportFile,
    search: AbstractContextManager[Search],
    out: Path,
    limits: LookupOptions,
    *,
    quiet: bool,
) -> MatchSummary:
    """Look up while the progress is shown. Raises ImporterError, also for Ctrl-C."""
    with translate_interrupts("what was found is kept"), given.open_path() as path:
        check_output(out, path)
        reader, _ = open_file(
            path, given.name, replace(given.reading, leaves_types_open=True), find_prompts()
        )
        progress = Progress()
        with show_progress(progress, quiet=quiet):
            return MatchService(search, limits, progress).match(reader, given.name, out)


def _print(found: MatchSummary, to: str, out: Path) -> None:
    if not found.titles:
        print("Every row has the ids of its title; there is nothing to look up.")
        return
    print(f"{count(found.titles, 'title')} of {clean(found.name)}, {count(found.rows, 'row')} without ids:\n")
    for number, what in (
        (found.certain, "certain    one title stands out; chosen already"),
        (found.chosen, "chosen     by you"),
        (found.ambiguous, "ambiguous  several titles may be meant, or one that is not quite the same"),
        (found.not_found, "not found  no title of this name"),
    ):
        if number:
            print(f"  {number:>6,}  {what}")
    if found.open_titles:
        print(
            f"\nOpen {out} and write yes beside the title that is meant, or the right ids into the line of "
            "one that was not found. Rows for which you choose nothing will not be sent. Then:"
        )
    else:
        print(f"\nAll are in {out}. Then:")
    print(f"  {_next_command(to, out)}")


def _next_command(to: str, out: Path) -> str:
    """The command that was typed, with `run` and the match file."""
    api = choose(to, Api.V2).typed[1:]
    return command_line("run", *_kept_words(sys.argv[2:]), "--resolved", str(out), *api)


_NOT_OF_A_RUN = {"--out", "--workers", "--rate", "--api"}


def _kept_words(words: list[str]) -> list[str]:
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in _NOT_OF_A_RUN:
            next(rest, "")
        elif word.partition("=")[0] not in _NOT_OF_A_RUN | {"--quiet", "-q", "--json"}:
            kept.append(word)
    return kept
