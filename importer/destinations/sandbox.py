"""The sandbox: local servers that imitate the APIs, with the same rules."""

from dataclasses import replace

from importer.destinations.mdblist.settings import MdblistSettings
from importer.destinations.mdblist.spec import MDBLIST
from importer.destinations.simkl.settings import SimklSettings
from importer.destinations.simkl.spec import SIMKL
from importer.destinations.spec import LocalServer
from importer.destinations.tmdb.settings import TmdbSettings
from importer.destinations.tmdb.spec import TMDB
from importer.destinations.trakt.settings import TraktSettings
from importer.destinations.trakt.spec import TRAKT
from importer.destinations.trakt_v1.settings import TraktV1Settings
from importer.destinations.trakt_v1.spec import TRAKT_V1
from importer.secret import Secret


def _of_v1(url: str) -> TraktV1Settings:
    return TraktV1Settings(
        base_url=url, api_key=Secret("sandbox-key"), username="demo", password=Secret("demo")
    )


def _of_v2(url: str) -> TraktSettings:
    return TraktSettings(
        base_url=url, auth_url=url, client_id="sandbox-client", client_secret=Secret("sandbox-secret")
    )


def _of_simkl(url: str) -> SimklSettings:
    return SimklSettings(base_url=f"{url}/simkl", client_id="sandbox-client")


def _of_mdblist(url: str) -> MdblistSettings:
    return MdblistSettings(base_url=f"{url}/mdblist", api_key=Secret("sandbox-mdblist-key"))


def _of_tmdb(url: str) -> TmdbSettings:
    return TmdbSettings(
        base_url=f"{url}/tmdb",
        read_access_token=Secret("sandbox-tmdb-token"),
        session_id=Secret("sandbox-tmdb-session"),
    )


SANDBOX_V2 = replace(
    TRAKT,
    name="sandbox-v2",
    title="Sandbox",
    to="sandbox",
    where="a local look-alike of Trakt, started for the run; of others with --api v1, simkl, mdblist, tmdb",
    local_server=LocalServer(_of_v2, ("--auto-approve", "--set", "tells_rating_cap=yes")),
)

SANDBOX = replace(
    TRAKT_V1,
    name="sandbox",
    title="Sandbox, as Trakt v1",
    to="sandbox",
    where=SANDBOX_V2.where,
    local_server=LocalServer(_of_v1),
    search_at="sandbox-v2",
    reads=(),  # today's API of the sandbox shows all of it
    posts_to_feeds=False,  # a sandbox has no readers
)

SANDBOX_SIMKL = replace(
    SIMKL,
    name="sandbox-simkl",
    title="Sandbox, as Simkl",
    to="sandbox",
    api="simkl",
    where=SANDBOX_V2.where,
    local_server=LocalServer(_of_simkl, ("--auto-approve",)),
    search_at="sandbox-v2",
    listing_effect="",  # a sandbox has no lists that anybody looks at
)

SANDBOX_MDBLIST = replace(
    MDBLIST,
    name="sandbox-mdblist",
    title="Sandbox, as MDBList",
    to="sandbox",
    api="mdblist",
    where=SANDBOX_V2.where,
    local_server=LocalServer(_of_mdblist),
    search_at="sandbox-v2",
)

SANDBOX_TMDB = replace(
    TMDB,
    name="sandbox-tmdb",
    title="Sandbox, as TMDB",
    to="sandbox",
    api="tmdb",
    where=SANDBOX_V2.where,
    local_server=LocalServer(_of_tmdb),
    search_at="sandbox-v2",
    drops_dates="",  # nobody looks at a sandbox's dates
)
