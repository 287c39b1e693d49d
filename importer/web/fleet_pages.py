"""The fleet, read only: what `importer fleet status` prints."""

import asyncio

from aiohttp import web

from importer.config.folders import find_state_dir
from importer.fleet.opening import open_depot
from importer.fleet.overview import MOST_SHOWN, Overview
from importer.fleet.settings import load_fleet
from importer.web.render import render


def has_fleet() -> bool:
    """Whether there is a fleet to show: a depot in the settings, or one in the state folder."""
    return bool(load_fleet().depot) or (find_state_dir() / "fleet").is_dir()


async def show_fleet(request: web.Request) -> web.StreamResponse:
    """Show how the accounts stand. Raises ImporterError if the depot does not answer."""
    found = await asyncio.to_thread(_look)
    return render(request, "fleet.html", fleet=found, most_shown=MOST_SHOWN)


def _look() -> Overview | None:
    if not has_fleet():
        return None
    with open_depot(load_fleet().depot.reveal()) as depot:
        return Overview.of(depot)
