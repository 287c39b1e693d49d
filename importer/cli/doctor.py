"""`importer doctor`: what others need to know to help, and nothing that is yours.

```text
importer 0.1.0 on Python 3.11.7, Linux x86_64, SQLite 3.40.1
parts: fast 3.1.1, keyring not installed, notify 2.2.0, xlsx 3.1.5
settings: [trakt] client_id, client_secret; [jobs.*] source, to
state: ~/.local/state/rating-importer can be used; journals: 2 files, 3.1 MB
```

Names of settings are shown, never values; columns, never rows; counts, never titles.
"""

import os
import platform
import re
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from typing import Annotated, Any

import typer

from importer.cli.doctor_file import describe_file
from importer.config.folders import find_state_dir, state_dir
from importer.config.tables import GROUPS, read_tables
from importer.errors import ImporterError
from importer.journal.history import PastRun, list_runs
from importer.model import Status
from importer.monitoring.health import Health, read_health
from importer.parts import PARTS, is_there
from importer.sync.jobs_file import find_account_problems, load_jobs
from importer.text import clean, count, list_counts

_MOST_RUNS = 5


def doctor(
    file: Annotated[
        str | None, typer.Argument(help="A file that is not read as it should be.", show_default=False)
    ] = None,
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is wrong; exit code 1 if anything is.")
    ] = False,
) -> None:
    """Print a report for those who help, without secrets.

    It has versions, names of settings, last errors and a file's columns; no values, titles or ratings.
    """
    if check:
        problems = [_hide_home(problem) for problem in _find_problems()]
        for problem in problems:
            print(clean(problem, 1000))
        raise typer.Exit(1 if problems else 0)
    lines = [*_describe_program(), *_describe_settings(), *_describe_state(), *_describe_runs()]
    if file is not None:
        lines += describe_file(Path(file))
    for line in lines:
        print(line[: len(line) - len(line.lstrip())] + _hide_home(clean(line, 2000)))


def _describe_program() -> Iterator[str]:
    implementation = f"Python {platform.python_version()} ({platform.python_implementation()})"
    yield (
        f"importer {version('rating-importer')} on {implementation}, "
        f"{platform.system()} {platform.release()} {platform.machine()}, SQLite {sqlite3.sqlite_version}"
    )
    zone, encoding = os.environ.get("TZ", "the system's"), sys.stdout.encoding
    yield f"terminal: {encoding}, {'a' if sys.stdout.isatty() else 'no'} terminal; time zone: {zone}"
    described = [
        f"{name} {_version_of(part.libraries[0]) if is_there(name) else 'not installed'}"
        for name, part in PARTS.items()
    ]
    yield f"parts: {', '.join(described)}"
    core = sorted(
        {
            re.split(r"[^A-Za-z0-9_.-]", each)[0]
            for each in requires("rating-importer") or ()
            if "extra" not in each
        }
    )
    yield f"libraries: {', '.join(f'{name} {_version_of(name)}' for name in core)}"


def _version_of(library: str) -> str:
    with suppress(PackageNotFoundError):
        return version(library)
    return "not installed"


def _describe_settings() -> Iterator[str]:
    names = sorted(name for name in os.environ if name.startswith("IMPORTER_"))
    yield f"variables: {', '.join(names) or 'none'}"
    tables, path, problems = read_tables(os.environ)
    there = path.exists()
    yield f"settings file: {path} {'is there' if there else 'is not there yet; `importer init` makes one'}"
    if problems and there:
        yield "  it cannot be read, or is no TOML"  # what is wrong with it may quote a value
    keys: dict[str, Counter[str]] = {}
    for section, table in _sections(tables or {}):
        keys.setdefault(section, Counter()).update(table)
    for section, found in keys.items():
        yield f"  [{section}] {', '.join(sorted(found)) or 'empty'}"


def _sections(tables: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Name the sections; what the user named, such as a job, is a `*`."""
    for name, table in tables.items():
        inner = table if isinstance(table, dict) else {}
        if name in GROUPS:
            yield from ((f"{name}.*", each) for each in inner.values() if isinstance(each, dict))
        else:
            yield name, inner


def _describe_state() -> Iterator[str]:
    folder = find_state_dir()
    try:
        state_dir()
    except ImporterError as error:
        yield f"state: {error}"
        return
    yield f"state: {folder} can be used"
    for inner in sorted(path for path in folder.iterdir() if path.is_dir()):
        files = [path for path in inner.rglob("*") if path.is_file()]
        size = sum(path.stat().st_size for path in files) / 1e6
        yield f"  {inner.name}: {count(len(files), 'file')}, {size:.1f} MB"


def _describe_runs() -> Iterator[str]:
    problems: list[str] = []
    with suppress(ImporterError):
        runs = list_runs(find_state_dir() / "journals", problems)
        yield f"runs: {len(runs)}"
        wrong = [run for run in runs if _went_wrong(run)]
        if wrong:
            yield f"  {count(len(wrong), 'run')} left rows or did not end; the newest last:"
        yield from map(_describe_run, wrong[-_MOST_RUNS:])
    yield from (f"  journal: {problem}" for problem in problems)
    for number, health in enumerate(read_health(find_state_dir() / "health"), 1):
        failures = count(health.consecutive_failures, "failure")
        yield f"  job {number}: exit code {health.exit_code}, {failures} in a row"


def _went_wrong(run: PastRun) -> bool:
    return run.ended_at is None or any(not Status(status).is_success for status in run.counts)


def _describe_run(run: PastRun) -> str:
    ended = "ended" if run.ended_at else "not ended"
    counts = list_counts(run.counts.items()) or "no rows"
    return f"  {run.started_at[:19]} {run.kind} to {run.destination}, {ended}: {counts}"


def _find_problems() -> Iterator[str]:
    """Say why the nightly jobs cannot run, or did not: what a health check of a container asks."""
    try:
        folder = state_dir()
        load_jobs()
        yield from find_account_problems()
    except ImporterError as error:
        yield str(error)
        return
    yield from map(_describe_failure, filter(_is_stuck, read_health(folder / "health")))


def _is_stuck(health: Health) -> bool:
    """Whether the last run was stopped; rows that did not succeed (exit code 1) are for people."""
    return health.exit_code > 1 and not health.switched_off


def _describe_failure(health: Health) -> str:
    return f"{health.job}: the last run ended with exit code {health.exit_code}: {health.reason}"


def _hide_home(line: str) -> str:
    with suppress(RuntimeError):
        home = str(Path.home())
        if len(home) > 1:
            return line.replace(home, "~")
    return line
