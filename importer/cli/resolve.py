"""`importer resolve FILE`: finds the titles of rows without ids, for people to choose from. Rates nothing."""

import json
import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from importer.cli import options
from importer.cli.groups import spread
from importer.errors import UsageError
from importer.runs.rules import Api

if TYPE_CHECKING:
    from importer.matching.service import Resolution


class At(StrEnum):
    """Where titles can be looked up: the `--to` of this command."""

    TRAKT = "trakt"
    SANDBOX = "sandbox"


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
    """Look up the titles of rows without ids, and write down which are certain and which you must choose."""
    from importer.client.rate_limit import parse_rate  # noqa: PLC0415
    from importer.matching.lookups import LookupOptions  # noqa: PLC0415
    from importer.matching.service import open_search, resolve_file  # noqa: PLC0415
    from importer.runs.sources import FileInput, build_read_options  # noqa: PLC0415 - light start-up
    from importer.runs.targets import V2_GET_RATE, V2_WORKERS  # noqa: PLC0415

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


def _print(found: "Resolution", to: At, out: Path) -> None:
    from importer.text import clean, count  # noqa: PLC0415 - light start-up

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
    import shlex  # noqa: PLC0415 - light start-up

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
