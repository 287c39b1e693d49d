"""Which sync jobs are switched off: an empty file for each, beside the health files.

```text
health/shelf.off              [jobs.shelf] is off
health/nightly.off            [jobs.nightly] is off, at all of its destinations
health/nightly%40simkl.off    only nightly@simkl is off
```
"""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote, unquote

from importer.files import make_private_folder

JOB_MARK = "@"
"""Between the name of a section, which cannot have it, and one of its destinations."""


def section_of(name: str) -> str:
    """Return the name of the section that says what the job does."""
    return name.partition(JOB_MARK)[0]


def is_off(folder: Path, name: str) -> bool:
    """Whether a job is switched off, by itself or with all of its section."""
    return any(_mark(folder, each).exists() for each in (name, section_of(name)))


def list_off(folder: Path) -> list[str]:
    """Return what is switched off: jobs and sections."""
    return sorted(unquote(path.stem) for path in folder.glob("*.off"))


def switch_off(folder: Path, name: str) -> None:
    """Switch off a job, or a section with all of its jobs. Raises OSError."""
    make_private_folder(folder)
    _mark(folder, name).touch(mode=0o600)


def switch_on(folder: Path, name: str, jobs: Iterable[str]) -> None:
    """Switch on a job, or a section with all of its jobs; `jobs` are all there are. Raises OSError."""
    section = section_of(name)
    parts = [each for each in jobs if section_of(each) == section and each != section]
    if name != section and _mark(folder, section).exists():
        for each in parts:  # before the section's own goes, so that no other is on for a moment
            if each != name:
                _mark(folder, each).touch(mode=0o600)
        _mark(folder, section).unlink(missing_ok=True)
    gone = [each for each in list_off(folder) if section_of(each) == section] if name == section else [name]
    for each in gone:
        _mark(folder, each).unlink(missing_ok=True)


def _mark(folder: Path, name: str) -> Path:
    return folder / f"{quote(name, safe='')}.off"
