"""The services of the sandbox. A new one is a folder and a line in `SERVICES`.

mdblist/options.py   class MdblistOptions(ServerOptions)    its switches; a base of SandboxOptions
mdblist/routes.py    def build_routes(options, shared)      its methods, as a list of `Route`
"""

from collections.abc import Callable
from dataclasses import dataclass

from importer.sandbox.exchange import Route
from importer.sandbox.shared import Shared
from importer.sandbox.trakt.options import TraktOptions
from importer.sandbox.trakt.routes import build_routes as build_trakt
from importer.sandbox.trakt_v1.api import build_routes as build_trakt_v1
from importer.sandbox.trakt_v1.options import TraktV1Options


@dataclass(frozen=True)
class SandboxOptions(TraktV1Options, TraktOptions):
    """How the sandbox is to behave. All services are always served. Raises ValueError for a wrong option."""


Service = Callable[[SandboxOptions, Shared], list[Route]]

SERVICES: tuple[Service, ...] = (build_trakt_v1, build_trakt)
