"""`importer web`: a page of this machine, in the browser."""

import asyncio
import os
import sys
import webbrowser
from functools import partial
from typing import Annotated

import typer

from importer.config.folders import config_file, state_dir
from importer.config.web import load_web
from importer.destinations.registry import list_sections
from importer.errors import SettingsError, UsageError
from importer.http import is_loopback
from importer.web.access import LOCAL_NAMES, Access
from importer.web.server import serve

USUAL_PORT = 8765
_HERE = "127.0.0.1"


def web(
    *,
    port: Annotated[
        int | None,
        typer.Option(
            help=f"TCP port; 0 takes a free one. Usually {USUAL_PORT}, else a free one.", min=0, max=65535
        ),
    ] = None,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Open no browser; only print the address.")
    ] = False,
    listen: Annotated[
        str | None,
        typer.Option(
            help="Listen at this address, too for other machines; needs a password in the settings.",
            metavar="ADDRESS",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option("--allow-host", help="With --listen: a name that the page is asked by.", metavar="NAME"),
    ] = None,
) -> None:
    """Show a page on which everything can be done, in the browser.

    It is for you alone, on this machine. Ctrl-C ends it; a run that was begun goes on.
    """
    if allow_host and not listen:
        raise UsageError("--allow-host goes with --listen: without it the page is for this machine only")
    access = _build_access(port, listen, allow_host or [])
    if port is None and not _is_free(listen or _HERE, access.port):
        access.port = 0
    ready = partial(_tell, access, listen, opens=not (no_open or listen))
    asyncio.run(serve(access, listen or _HERE, state_dir() / "web", ready))
    print("The page has ended. What was begun goes on: importer runs", file=sys.stderr)


def _build_access(port: int | None, listen: str | None, names: list[str]) -> Access:
    """Decide who may enter. Raises SettingsError."""
    at = USUAL_PORT if port is None else port
    if listen is None:
        return Access(at)
    password = load_web(list_sections()).settings.password
    if not password:
        told = "A page for other machines needs a password: set IMPORTER_WEB_PASSWORD, or password in [web]"
        raise SettingsError([f"{told} of {config_file()}."])
    is_any = listen in {"0.0.0.0", "::"} or not is_loopback(listen)  # noqa: S104 - compared, not bound
    return Access(at, LOCAL_NAMES | {name.lower() for name in names}, takes_numbers=is_any, password=password)


def _is_free(host: str, port: int) -> bool:
    import socket  # noqa: PLC0415 - asked once

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        if os.name == "posix":  # else a port that was used a moment ago counts as taken
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _tell(access: Access, listen: str | None, port: int, *, opens: bool) -> None:
    if listen is not None:
        shown = f"[{listen}]" if ":" in listen else listen
        print(f"The page: http://{shown}:{port}/ (asks for the password)", flush=True)
        print("Ctrl-C ends it; a run that was begun goes on.", flush=True)
        return
    address = f"http://{_HERE}:{port}/?key="
    print(f"The page: {address}{access.key}", flush=True)
    print("The key works once. Ctrl-C ends the page; a run that was begun goes on.", flush=True)
    access.on_new_key = lambda key: print(f"For another browser: {address}{key}", flush=True)
    if opens:
        webbrowser.open(f"{address}{access.key}")
