"""Loads all sync jobs of the TOML file, and reports all problems at once, each with its place."""

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from importer.config.folders import config_file, expand_user
from importer.config.sources import as_variable
from importer.config.starter import describe_first_job
from importer.config.tables import read_tables, unknown_sections
from importer.destinations.registry import DEFAULT, choose, list_sections, list_words
from importer.errors import OptionError, SettingsError
from importer.files import is_device_name
from importer.http import url_problems
from importer.monitoring.switches import section_of
from importer.readers.base import ReadOptions
from importer.runs.conflicts import OnConflict
from importer.runs.settings import load_spec_settings
from importer.sync.config import SyncJob
from importer.sync.keys import read_keys
from importer.sync.split import split_job
from importer.text import did_you_mean

_HAS_DEVICE_NAMES = os.name == "nt"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


def load_jobs(environ: Mapping[str, str] = os.environ, file: Path | None = None) -> dict[str, SyncJob]:
    """Read all sync jobs of the TOML file, by name. Raises SettingsError with all problems of all jobs.

    Sources and files that a job names relatively are made absolute: they count from the TOML file's folder.
    """
    tables, path, problems = read_tables(environ, file)
    jobs: dict[str, SyncJob] = {}
    if tables is not None:
        problems += unknown_sections(path, tables, list_sections())
        problems += _check_names(path, tables)
        for name, table in _sections(tables, "jobs"):
            job, wrong = read_keys(SyncJob, table)
            if not table.get("source") and not table.get("from"):
                problems.append(f"source in [jobs.{name}] of {path} is missing.")
            problems += [f"{key} in [jobs.{name}] of {path}{said}" for key, said in wrong]
            if job is None:
                continue
            try:
                own = split_job(name, _make_absolute(job, path.absolute().parent))
            except OptionError as error:
                problems.append(f"{error.option} in [jobs.{name}] of {path}: {error.without_option}.")
                continue
            for each in own.values():
                problems += _check_job(name, each, tables, environ, path)
            jobs |= own
        problems += _shared_files(jobs, path)
        if problems:
            problems += _problems_of_accounts(tables, environ, file)
    if problems:
        raise SettingsError(list(dict.fromkeys(problems)))
    return jobs


def find_account_problems(environ: Mapping[str, str] = os.environ, file: Path | None = None) -> list[str]:
    """Say what the services that jobs go to, or come from, still need in the settings. Asks no server."""
    tables, _, _ = read_tables(environ, file)
    return list(dict.fromkeys(_problems_of_accounts(tables or {}, environ, file)))


def choose_jobs(jobs: Mapping[str, SyncJob], names: tuple[str, ...]) -> dict[str, SyncJob]:
    """Return the named jobs, or all of them if none is named. Raises SettingsError.

    The name of a section with several destinations means the jobs of all of them.
    """
    if not jobs:
        file = config_file()
        raise SettingsError([f"There are no sync jobs in {file} yet. {describe_first_job(file)}"])
    known = dict.fromkeys((*map(section_of, jobs), *jobs))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise SettingsError([f"There is no [jobs.{name}]{did_you_mean(name, known)}" for name in unknown])
    wanted = names or tuple(jobs)
    return {name: job for each in wanted for name, job in jobs.items() if each in {name, section_of(name)}}


def _sections(tables: Mapping[str, Any], group: str) -> Iterator[tuple[str, dict[str, Any]]]:
    found = tables.get(group)
    for name, table in found.items() if isinstance(found, dict) else ():
        if isinstance(table, dict):
            yield name, table


def _problems_of_accounts(
    tables: Mapping[str, Any], environ: Mapping[str, str], file: Path | None
) -> Iterator[str]:
    """Return the problems of the accounts that the jobs use, so that the file is corrected once."""
    used = {
        (label.partition(":")[0], label.partition(":")[2] or str(table.get(account, "")))
        for _, table in _sections(tables, "jobs")
        for place, account in (("to", "account"), ("from", "from_account"))
        if place == "to" or place in table
        for label in _labels(table.get(place, DEFAULT))
    }
    for to, account in sorted(used):
        is_known = to in list_words() and choose(to).has_accounts
        if is_known and (not account or _has_account(account, tables, environ)):
            try:
                load_spec_settings(choose(to), {}, environ=environ, file=file, account=account)
            except SettingsError as error:
                yield from error.problems


def _labels(said: object) -> list[str]:
    return [str(each) for each in (said if isinstance(said, list) else [said])]


def _check_names(path: Path, tables: Mapping[str, Any]) -> Iterator[str]:
    for group in ("accounts", "jobs"):
        spelled: dict[str, str] = {}
        found = tables.get(group)
        for name, table in found.items() if isinstance(found, dict) else ():
            section = f"[{group}.{name}]"
            if not isinstance(table, dict):
                yield f"{name} in [{group}] of {path} must be a section: {section} on a line of its own."
            elif not _NAME.fullmatch(name):
                yield f"{section} of {path}: a name has up to 64 letters, digits, hyphens and underscores."
            elif _HAS_DEVICE_NAMES and is_device_name(name):  # its files would be a device
                yield f"{section} of {path}: Windows keeps this name for a device; rename it."
            elif (other := spelled.setdefault(as_variable(name), name)) != name:
                yield f"{section} and [{group}.{other}] of {path} differ too little; rename one of them."


def _check_job(
    name: str, job: SyncJob, tables: Mapping[str, Any], environ: Mapping[str, str], path: Path
) -> Iterator[str]:
    section, to = f"jobs.{name}", job.spec.word
    if job.is_download:
        in_clear = "" if job.insecure_http else "your ratings"
        for problem in _address_problems(job.source, in_clear, section):
            yield problem.replace("{place}", f"source in [{section}] of {path}")
    yield from _check_origin(name, job, tables, environ, path)
    if job.rules.on_conflict is OnConflict.ASK:
        yield f"on_conflict in [{section}] of {path}: nobody can be asked; choose another policy than 'ask'."
    if job.is_to_file and not job.at.write_to:
        yield f"write_to in [{section}] of {path} is missing: to = {to!r} must know which file to write."
    if job.at.write_to and not job.is_to_file:
        yield f"write_to in [{section}] of {path} does not go with to = {to!r}, which writes no file."
    if job.every and job.cron:
        yield f"every and cron in [{section}] of {path} are two answers to one question; keep one."
    if job.account and not _has_account(job.account, tables, environ):
        known = [each for each, _ in _sections(tables, "accounts")]
        hint = did_you_mean(job.account, known) if known else "; there is no [accounts.NAME] yet."
        yield f"account in [{section}] of {path}: there is no [accounts.{job.account}]{hint}"
    if job.account and not job.spec.has_accounts:
        yield f"account in [{section}] of {path} does not go with to = {to!r}, which has none."


def _check_origin(
    name: str, job: SyncJob, tables: Mapping[str, Any], environ: Mapping[str, str], path: Path
) -> Iterator[str]:
    place, origin = f"[jobs.{name}] of {path}", job.origin
    if job.source and origin.spec is not None:
        yield f"source and from in {place} are two answers to one question; keep one."
    if origin.from_account and origin.spec is None:
        yield f"from_account in {place} does not go without from."
    if origin.spec is None:
        return
    if origin.from_account and not _has_account(origin.from_account, tables, environ):
        yield f"from_account in {place}: there is no [accounts.{origin.from_account}]."
    if replace(job.reading, zone=None) != ReadOptions() or job.files.resolved or job.files.match:
        yield f"keys for reading a file, in {place}, do not go with from."


def _shared_files(jobs: Mapping[str, SyncJob], path: Path) -> Iterator[str]:
    """Yield a problem for each file that two jobs would write."""
    owners: dict[tuple[str, Path], str] = {}
    for each, job in jobs.items():
        name = section_of(each)
        for key, file in job.written.items():
            if file is not None and (owner := owners.setdefault((key, file), name)) != name:
                yield f"{key} in [jobs.{name}] of {path} is that of [jobs.{owner}], too; name another file."


def _address_problems(address: str, in_clear: str, section: str) -> list[str]:
    """Return the problems of a download's address, which may have a query, unlike an API's."""
    plain = re.split(r"[?#]", address, maxsplit=1)[0]
    return list(url_problems(plain, in_clear=in_clear, section=section))


def _has_account(account: str, tables: Mapping[str, Any], environ: Mapping[str, str]) -> bool:
    prefix = f"IMPORTER_ACCOUNTS_{as_variable(account)}_"
    return any(account == name for name, _ in _sections(tables, "accounts")) or any(
        name.startswith(prefix) and environ[name].strip() for name in environ
    )


def _make_absolute(job: SyncJob, folder: Path) -> SyncJob:
    """Relative paths count from the settings file, since a service may be started anywhere."""

    def absolute(path: Path | None) -> Path | None:
        return None if path is None else folder / expand_user(str(path))

    return replace(
        job,
        source=str(absolute(Path(job.source))) if job.is_from_file else job.source,
        files=replace(job.files, resolved=absolute(job.files.resolved), out=absolute(job.files.out)),
        at=replace(job.at, write_to=absolute(job.at.write_to)),
    )
