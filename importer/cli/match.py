"""`importer match FILE`: find the titles of rows without ids, for people to choose from. Sends nothing."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.groups import Only, spread
from importer.cli.next_step import command_line
from importer.cli.progress_bar import show_progress
from importer.cli.prompts import find_prompts
from importer.errors import GarbledTextError, UsageError
from importer.interrupts import translate_interrupts
from importer.matching.answers import Answers
from importer.matching.service import MatchService, MatchSummary, check_output
from importer.monitoring.log import Log, open_log
from importer.progress import Progress
from importer.readers.base import ReadOptions
from importer.runs.open_titles import TitleOptions, open_sources
from importer.runs.outputs import name_match_file
from importer.runs.places import Api, PlaceOptions
from importer.runs.sources import ExportFile, open_file
from importer.text import clean, count
from importer.titles.settings import answers_file


@spread
def match(
    *,
    file: Annotated[str, typer.Argument(help="The export whose rows have no ids; - reads standard input.")],
    place: Annotated[PlaceOptions, Only("to", "api", to="Where the ratings are to go.")],
    at: options.AccountOptions,
    reading: ReadOptions,
    name: options.Name = "",
    out: Annotated[
        Path | None, typer.Option("--out", help="The match file to choose in, else named after FILE.")
    ] = None,
    pace: options.PaceOptions,
    quiet: options.Quiet = False,
    as_json: options.AsJson = False,
    log_format: options.LogFormatOption = options.LogFormat.TEXT,
) -> None:
    """Look up the titles of rows without ids.

    Writes a file that says which titles are certain; choose the others in it.
    """
    out = out or name_match_file(name or ("standard input" if file == "-" else file))
    if place.api is Api.V1:
        raise UsageError("--api v1 has no search: titles are looked up with --api v2")
    log = open_log(as_json=log_format is options.LogFormat.JSON).bind(job="match")
    where = TitleOptions(place.spec, at.flags, at.account, log.warn_once, pace.workers, pace.rate)
    found = _match(ExportFile(file, reading, shown=name), where, out, log, quiet=quiet)
    if as_json:
        print(json.dumps(found.as_json() | {"next_command": _next_command(out)}, indent=2))
    elif not quiet and not log.is_json:
        _print(found, out)
    raise typer.Exit(int(found.open_titles > 0))


def resolve(**words: object) -> None:
    """Look up the titles of rows without ids, as `match` does."""
    match(**{**words, "out": words["out"] or Path("resolve.csv")})


resolve.__signature__ = match.__signature__  # type: ignore[attr-defined]
resolve.__annotations__ = match.__annotations__


def _match(given: ExportFile, where: TitleOptions, out: Path, log: Log, *, quiet: bool) -> MatchSummary:
    """Look up while the progress is shown. Raises ImporterError, also for Ctrl-C."""
    with (
        translate_interrupts("what was found is kept"),
        given.open_path() as path,
        Answers(answers_file()) as answers,
    ):
        check_output(out, path)
        reading = replace(given.reading, leaves_types_open=True)
        reader, _ = open_file(path, given.name, reading, find_prompts(logs_json=log.is_json))
        if reader.is_garbled:
            raise GarbledTextError(given.name)
        progress = Progress()
        with show_progress(progress, quiet=quiet, log=log):
            service = MatchService(lambda: open_sources(where), answers, progress)
            return service.match(reader, given.name, out)


def _print(found: MatchSummary, out: Path) -> None:
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
    print(f"  {_next_command(out)}")


def _next_command(out: Path) -> str:
    """The command that was typed, with `run` and the match file."""
    return command_line("run", *_kept_words(sys.argv[2:]), "--resolved", str(out))


_NOT_OF_A_RUN = {"--out", "--workers", "--rate", "--log-format"}


def _kept_words(words: list[str]) -> list[str]:
    kept: list[str] = []
    rest = iter(words)
    for word in rest:
        if word in _NOT_OF_A_RUN:
            next(rest, "")
        elif word.partition("=")[0] not in _NOT_OF_A_RUN | {"--quiet", "-q", "--json"}:
            kept.append(word)
    return kept
