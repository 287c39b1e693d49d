"""The services of the sandbox. A new one is a folder and a line in `SERVICES`.

mdblist/options.py   class MdblistOptions(ServerOptions)    its switches; a base of SandboxOptions
mdblist/routes.py    def build_routes(options, shared)      its methods, as a list of `Route`
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

from importer.sandbox.exchange import Route
from importer.sandbox.mdblist.options import MdblistOptions
from importer.sandbox.mdblist.routes import build_routes as build_mdblist
from importer.sandbox.shared import Shared
from importer.sandbox.simkl.options import SimklOptions
from importer.sandbox.simkl.routes import build_routes as build_simkl
from importer.sandbox.tmdb.options import TmdbOptions
from importer.sandbox.tmdb.routes import build_routes as build_tmdb
from importer.sandbox.trakt.options import TraktOptions
from importer.sandbox.trakt.routes import build_routes as build_trakt
from importer.sandbox.trakt_v1.api import build_routes as build_trakt_v1
from importer.sandbox.trakt_v1.options import TraktV1Options


@dataclass(frozen=True)
class SandboxOptions(TraktV1Options, TraktOptions, SimklOptions, MdblistOptions, TmdbOptions):
    """How the sandbox is to behave. All services are always served. Raises ValueError for a wrong option."""


Service = Callable[[SandboxOptions, Shared], list[Route]]

SERVICES: tuple[Service, ...] = (build_trakt_v1, build_trakt, build_simkl, build_mdblist, build_tmdb)

_PARSERS: dict[Any, Callable[[str], Any]] = {
    str: str,
    int: int,
    float: float,
    Path: Path,
    bool: {"yes": True, "no": False}.__getitem__,
}


def read_options(settings: Iterable[str]) -> dict[str, Any]:
    """Options written as text: `page_limit=100`, `page_headers=no`, `get_rate=none`. Raises ValueError."""
    hints = get_type_hints(SandboxOptions)
    options = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        try:
            options[name] = _read_option(hints[name], text)
        except (KeyError, ValueError) as error:
            raise ValueError(f"not an option of the sandbox: {setting!r}") from error
    return options


def _read_option(hint: Any, text: str) -> Any:
    if get_origin(hint) is tuple:
        return tuple(text.split(","))
    kinds = get_args(hint) or (hint,)
    return None if text == "none" and NoneType in kinds else _PARSERS[kinds[0]](text)
