"""Sync jobs of the settings file: how each went last, when it runs next, one at once, on and off.

The settings are shown and not changed: they are the user's file, and may hold secrets.
"""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from aiohttp import web

from importer.config.folders import config_file
from importer.errors import SettingsError
from importer.files import make_private_folder
from importer.http import host_of
from importer.monitoring.health import Health, read_job
from importer.sync.config import SyncJob
from importer.sync.jobs_file import load_jobs
from importer.sync.recipients import health_folder
from importer.sync.status import find_due
from importer.sync.switch import is_switched_off, switch_jobs
from importer.text import clean
from importer.web.commands import Command, Said
from importer.web.drafts import FOLDER
from importer.web.fleet_pages import has_fleet
from importer.web.render import redirect, render


class ShownJob(NamedTuple):
    """A job as the page shows it."""

    name: str
    job: SyncJob
    source: str
    health: Health | None
    said: Said
    is_off: bool
    due: datetime | None
    """When a daemon would run it."""


async def show_jobs(request: web.Request) -> web.StreamResponse:
    """Show the jobs."""
    problem = ""
    jobs: dict[str, SyncJob] = {}
    try:
        jobs = load_jobs()
    except SettingsError as error:
        problem = str(error)
    shown = [_describe(request, name, job) for name, job in jobs.items()]
    return render(
        request,
        "jobs.html",
        jobs=shown,
        problem=problem,
        file=str(config_file()),
        is_any_running=any(each.said.is_running for each in shown),
        has_fleet=not problem and has_fleet(),
    )


def _describe(request: web.Request, name: str, job: SyncJob) -> ShownJob:
    return ShownJob(
        name,
        job,
        _name_source(job),
        read_job(health_folder(), name),
        _command(request, name).read(),
        is_switched_off(name),
        find_due(name, job),
    )


def _name_source(job: SyncJob) -> str:
    if job.origin.account_of is not None:
        return f"the account at {job.origin.account_of}"
    if job.is_download:
        return f"a download from {host_of(job.source)}"  # the rest of the address may be a key
    return clean(Path(job.source).name)


def _command(request: web.Request, name: str) -> Command:
    return Command(request.app[FOLDER] / "jobs" / name, "sync")


def _find(request: web.Request) -> str:
    name = request.match_info["job"]
    if name not in load_jobs():
        raise web.HTTPNotFound(text="There is no such job in the settings file.")
    return name


async def run_job(request: web.Request) -> web.StreamResponse:
    """Run a job now, as `importer sync NAME` does."""
    name = _find(request)
    command = _command(request, name)
    make_private_folder(command.folder)
    form = await request.post()
    if not command.is_running:
        command.start("sync", name, *(["--yes"] if form.get("yes") else []), "--log-format", "json")
    return redirect(request, "/jobs")


async def stop_job(request: web.Request) -> web.StreamResponse:
    """Ask the job's run to stop."""
    name = _find(request)
    _command(request, name).stop()
    return redirect(request, "/jobs")


async def switch_job(request: web.Request) -> web.StreamResponse:
    """Switch the job on or off, as `importer sync NAME --on` does."""
    name = _find(request)
    form = await request.post()
    if form.get("to") not in {"on", "off"}:
        raise web.HTTPBadRequest(text="A job is switched on or off.")
    switch_jobs([name], load_jobs(), on=form["to"] == "on")
    return redirect(request, "/jobs")
