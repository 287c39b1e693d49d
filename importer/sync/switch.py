"""Switches sync jobs off and on, in the state folder: the settings file is the user's."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from importer.monitoring.health import note_switch
from importer.monitoring.switches import is_off, section_of, switch_off, switch_on
from importer.state_files import translate_trouble
from importer.sync.config import SyncJob
from importer.sync.recipients import health_folder


def switch_jobs(names: Iterable[str], jobs: Iterable[str], *, on: bool) -> None:
    """Switch these jobs or sections, of all `jobs` that there are. Raises StateFileError."""
    folder, known = health_folder(), list(jobs)
    with translate_trouble(folder, "switch a sync job"):
        for name in names:
            if on:
                switch_on(folder, name, known)
            else:
                switch_off(folder, name)
        for job in known:
            note_switch(folder, job)


def is_switched_off(name: str, folder: Path | None = None) -> bool:
    """Whether a job is switched off; `folder` is that of the health files. Raises StateFileError."""
    folder = folder or health_folder()
    with translate_trouble(folder, "see which sync jobs are switched off"):
        return is_off(folder, name)


def leave_out_off(jobs: Mapping[str, SyncJob], named: Iterable[str]) -> tuple[dict[str, SyncJob], list[str]]:
    """Return the jobs that are on or that somebody named, and the names of the others."""
    asked = set(named)
    off = [name for name in jobs if is_switched_off(name) and not asked & {name, section_of(name)}]
    return {name: job for name, job in jobs.items() if name not in off}, off
