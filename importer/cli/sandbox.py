"""`importer sandbox`, and the sandbox that `--to sandbox` starts beside a run."""

import asyncio
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from importer.errors import CommandError, UsageError
from importer.http import explain_socket_error
from importer.runs.local_sandbox import READY
from importer.sandbox import SandboxOptions, read_options, serve
from importer.text import docs_page


def sandbox(
    port: Annotated[int, typer.Option(help="TCP port on 127.0.0.1; 0 takes a free one.")] = 0,
    data: Annotated[Path | None, typer.Option(help="Keep accounts and ratings in this SQLite file.")] = None,
    rate: Annotated[
        str | None, typer.Option(help="Answer 429 beyond N/PERIOD, e.g. 1/s.", metavar="N/PERIOD")
    ] = None,
    latency: Annotated[float, typer.Option(help="Milliseconds before each answer.", metavar="MS")] = 0,
    any_title: Annotated[
        bool, typer.Option("--any-title", help="Know every well-formed id, not only the catalogue.")
    ] = False,
    fault: Annotated[
        list[str] | None,
        typer.Option(
            help="Misbehave: 503x3, 429:retry-after=2, reset@5, hang=5s%10 (repeatable).", metavar="SCRIPT"
        ),
    ] = None,
    auto_approve: Annotated[
        bool, typer.Option("--auto-approve", help="Today's API: approve every device code at once.")
    ] = False,
    option: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            help="Any other option: page_limit=100, post_rate=none ... (repeatable).",
            metavar="NAME=VALUE",
        ),
    ] = None,
    until_stdin_closes: Annotated[bool, typer.Option("--until-stdin-closes", hidden=True)] = False,
) -> None:
    """Run a local look-alike of the APIs until Ctrl-C.

    The documentation has its keys, options and fault scripts.
    """
    try:
        options = SandboxOptions(
            port=port,
            data=data,
            rate=rate,
            latency_ms=latency,
            any_title=any_title,
            faults=tuple(fault or ()),
            auto_approve=auto_approve,
            device_interval=1 if auto_approve else 5,
        )
        options = replace(options, **read_options(option or ()))
        asyncio.run(_serve(options, until_stdin_closes=until_stdin_closes))
    except ValueError as error:
        raise CommandError(f"{error}; see {docs_page('sandbox')}") from error
    except OSError as error:
        raise UsageError(f"the sandbox cannot start: {explain_socket_error(error)}") from error


async def _serve(options: SandboxOptions, *, until_stdin_closes: bool) -> None:
    until = asyncio.Event() if until_stdin_closes else None
    if until is not None:
        # The parent's end of the pipe closes when it ends, however it ends.
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), until.set)
    await serve(options, ready=partial(_announce, options, is_for_people=until is None), until=until)


def _announce(options: SandboxOptions, url: str, *, is_for_people: bool) -> None:
    print(f"{READY}{url}", flush=True)
    if is_for_people:
        print(_HOW_TO_USE.format(url=url, cap=options.account_limit), flush=True)


_HOW_TO_USE = """\
What arrives is shown at {url}/ ; an account may have {cap:,} ratings. Ctrl-C ends it.

Today's API of Trakt:
  export IMPORTER_TRAKT_BASE_URL={url} IMPORTER_TRAKT_AUTH_URL={url}
  export IMPORTER_TRAKT_CLIENT_ID=sandbox-client IMPORTER_TRAKT_CLIENT_SECRET=sandbox-secret
  importer login trakt && importer run FILE --to trakt

Its original API:
  export IMPORTER_TRAKT_V1_BASE_URL={url} IMPORTER_TRAKT_V1_API_KEY=sandbox-key
  export IMPORTER_TRAKT_V1_USERNAME=demo IMPORTER_TRAKT_V1_PASSWORD=demo
  importer run FILE --to trakt-v1"""
