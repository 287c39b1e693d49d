"""`importer init` writes a settings file to begin with, `importer config check` says whether it is right."""

import os
import sys
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated

import typer

from importer.cli.next_step import command_line
from importer.config.folders import config_file
from importer.config.starter import build_starter, write_starter
from importer.config.sync import load_sync
from importer.config.tables import read_tables
from importer.destinations.registry import list_sections, list_specs
from importer.destinations.spec import DestinationSpec
from importer.errors import SettingsError
from importer.fleet.settings import load_fleet
from importer.monitoring.log import open_log
from importer.parts import MissingPartError
from importer.runs.settings import load_spec_settings
from importer.sync.jobs_file import find_account_problems, load_jobs
from importer.sync.recipients import build_recipients
from importer.text import clean, count


class ConfigAction(StrEnum):
    """What is done with the settings file."""

    CHECK = "check"
    PATH = "path"


def init() -> None:
    """Write a settings file to begin with.

    Everything in it is a comment. A file that exists is never touched.
    """
    file = write_starter(build_starter(_list_services()))
    print(f"Wrote {file}, which only you can read. Everything in it is a comment; remove a # to use a line.")
    print(f"Next: edit it, then {command_line('config', 'check')}")


def _list_services() -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    for spec in list_specs():
        if spec.has_login and (keys := _keys_of(spec)):
            yield spec.name, spec.where, keys


def _keys_of(spec: DestinationSpec) -> list[tuple[str, str]]:
    if spec.approval is not None:
        return list(spec.approval.app_keys.items())
    return [] if spec.key is None else [(spec.key.field, spec.key.label)]


def config(
    action: Annotated[
        ConfigAction, typer.Argument(help="check: say what is wrong; path: print where the file is.")
    ],
) -> None:
    """Check the settings file, or print where it is.

    All problems are shown at once. Nothing is asked and no server is connected to.
    """
    file = config_file()
    if action is ConfigAction.PATH:
        print(file)
        return
    problems = list(dict.fromkeys(_find_problems()))
    if problems:
        raise SettingsError(problems)
    if not file.exists():
        print(f"There is no {file}; everything has its usual value. Next: {command_line('init')}")
        return
    tables, _, _ = read_tables(os.environ)
    jobs, accounts = (len((tables or {}).get(group, {})) for group in ("jobs", "accounts"))
    print(f"{file} is right: {count(jobs, 'job')}, {count(accounts, 'account')}.")


def _find_problems() -> Iterator[str]:
    """Yield what any command would say about the file, as far as it needs no account."""
    warn = open_log(as_json=False).warn_once
    try:
        load_jobs()
        yield from find_account_problems()
    except SettingsError as error:
        yield from error.problems
    tables, _, _ = read_tables(os.environ)
    for spec in list_specs():
        if spec.has_accounts and spec.name in (tables or {}):
            try:
                for warning in load_spec_settings(spec, {}, needs=()).warnings:
                    warn(warning)
            except SettingsError as error:
                yield from error.problems
    try:
        load_fleet()
    except SettingsError as error:
        yield from error.problems
    try:
        if load_sync(list_sections()).settings.notify:
            build_recipients(open_log(as_json=False), None)
    except SettingsError as error:
        yield from error.problems
    except MissingPartError as error:
        print(f"importer: {clean(str(error), 1000)}", file=sys.stderr)
