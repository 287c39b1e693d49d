"""`importer resolve FILE`: finds the titles of rows without ids, for people to choose from. Rates nothing."""

import json
import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.groups import spread
from importer.client.rate_limit import parse_rate
from importer.errors import UsageError
from importer.matching.lookups import LookupOptions
from importer.matching.service import At, Resolution, open_search, resolve_file
from importer.runs.rules import Api
from importer.runs.sources import FileInput, build_read_options
from importer.runs.targets import V2_GET_RATE, V2_WORKERS
from importer.text import clean, count


@spread
def resolve(
    *,
    file: Annotated[str, typer.Argument(help="The export whose rows have no ids; - reads standard input.")],
    to: Annotated[At, typer.Option("--to", help="Where the titles are looked up.")] = At.TRAKT,
    api: Annotated[
        Api, typer.Option("--api", help="Which API the sandbox is asked in; v1 has no search.")
    ] = Api.V2,
    server: options.ServerOptions,
    reading: options.ReadingOptions,
    out: Annotated[
        Path, typer.Option("--out", help="The file to choose in; choices that stand there are kept.")
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
    limits = LookupOptions(pace.workers or V2_WORKERS, parse_rate(pace.rate) if pace.rate else V2_GET_RATE)
    search = open_search(to, server.flags, server.account)
    found = resolve_file(FileInput(file, build_read_options(reading)), search, out, limits, quiet=quiet)
    if as_json:
        print(json.dumps(found.as_json() | {"next_command": _next_command(to, out)}, indent=2))
    elif not quiet:
        _print(found, to, out)
    raise typer.Exit(int(found.open_titles > 0))


def _print(found: Resolution, to: At, out: Path) -> None:
    if not found.titles:
        print("Every row says by its ids what it is about; there is nothing to look up.")
        return
    print(f"{count(found.titles, 'title')} of {clean(found.name)}, {count(found.rows, 'row')} without ids:\n")
    for number, what in (
        (found.certain, "certain    one title stands out; chosen already"),
        (found.chosen, "chosen     as you did"),
        (found.ambiguous, "ambiguous  several titles may be meant, or one that is not quite the same"),
        (found.not_found, "not found  no title of this name"),
    ):
        if number:
            print(f"  {number:>6,}  {what}")
    if found.open_titles:
        print(
            f"\nOpen {out} and write yes beside the title that is meant, or the right ids into the line of "
            "one that was not found. Rows of which you choose nothing will not be sent. Then:"
        )
    else:
        print(f"\nAll are in {out}. Then:")
    print(f"  {_next_command(to, out)}")


def _next_command(to: At, out: Path) -> str:
    """The same words, but `run` and what was written."""
    api = ["--api", "v2"] if to is At.SANDBOX else []
    return shlex.join(["importer", "run", *_kept_words(sys.argv[2:]), "--resolved", str(out), *api])


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
