"""Sync jobs: `[jobs.NAME]` of the TOML file says which source goes where, and how often.

```text
[jobs.shelf]                       load_jobs()["shelf"]
source = "shelf.csv"               SyncJob.source = "/home/ada/.config/rating-importer/shelf.csv"
to = "trakt"                       SyncJob.spec = the destination's own description
every = "6 hours"                  SettingsError: every in [jobs.shelf] of ...: '6 hours' is no length of time
```

A job holds no secret: the account's are in `[accounts.NAME]`, or in the destination's own section if the job
names no account. All problems are reported at once, each with its place.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import ErrorDetails

from importer.config.folders import config_file
from importer.config.sources import as_variable, read_tables, unknown_sections
from importer.destinations.registry import DEFAULT, choose, list_sections, list_words
from importer.destinations.spec import DestinationSpec
from importer.errors import AuthorizationError, OptionError, SettingsError, UsageError
from importer.http import url_problems
from importer.runs.settings import load_spec_settings
from importer.sync.times import parse_cron, parse_duration
from importer.text import did_you_mean

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")

Filled = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Word = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) in {int, float} else value)]
"""A text that may be written as a number: `scale = 5`."""
Percent = Annotated[int, Field(ge=0, le=100)]
Rated = Annotated[int, Field(ge=1, le=10)]


Checks = Mapping[str, Callable[[str], object]]
"""By key, the parser that raises UsageError, about the flag of that name, for an invalid text."""


class SyncJob(BaseModel):
    """One sync job, checked. The fields are the keys of `[jobs.NAME]`, explained in docs/settings.md."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    source: Filled
    to: str = DEFAULT
    account: str = ""
    format: Filled = "auto"
    map: dict[str, str] = {}
    resolved: str = ""
    scale: Word = ""
    timezone: str = ""
    lists: bool = False
    diary_dates: bool = False
    user: Word = ""
    profile: str = ""
    on_conflict: Literal["", "overwrite", "keep", "newest", "highest"] = ""
    mirror: bool = False
    guard: Percent = 20
    out: str = ""
    write_to: str = ""
    api: Literal["v1", "v2"] = "v1"
    bulk: bool = False
    batch_size: Annotated[int, Field(ge=1, le=200)] = 100
    workers: Annotated[int, Field(ge=1, le=256)] | None = None
    rate: str = ""
    love: Rated | None = None
    hate: Rated | None = None
    date_time: time = time(12)
    verify: bool = True
    every: str = ""
    cron: str = ""
    retry_permanent_after: Annotated[int, Field(ge=0, le=3650)] = 30
    insecure_http: bool = False

    @property
    def spec(self) -> DestinationSpec:
        """The spec of the job's destination."""
        return choose(self.to, self.api)

    def name_account(self, error: BaseException | None) -> None:
        """Add the account and its destination to a sign-in error, for readers of a log."""
        if isinstance(error, AuthorizationError):
            error.name_sign_in(self.to, self.account)
            named = f"account {self.account}: "
            if self.account and not error.message.startswith(named):
                error.message = named + error.message

    @property
    def is_to_file(self) -> bool:
        """Whether the destination is a file to upload."""
        return self.spec.is_file

    @property
    def is_download(self) -> bool:
        """Whether the source is an address."""
        return is_address(self.source)

    @field_validator("to")
    @classmethod
    def _check_destination(cls, word: str) -> str:
        if word not in list_words():
            raise ValueError(f"it can be {' or '.join(list_words())}")
        return word

    @field_validator("date_time")
    @classmethod
    def _check_time_of_day(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("write it as HH:MM, and its zone as timezone")
        return value

    @field_validator("every", "cron")
    @classmethod
    def _check_times(cls, text: str, info: ValidationInfo) -> str:
        if text:
            (parse_duration if info.field_name == "every" else parse_cron)(text)
        return text

    @field_validator("format", "scale", "timezone", "rate")
    @classmethod
    def _check_text(cls, text: str, info: ValidationInfo) -> str:
        checks: Checks = info.context or {}
        key = str(info.field_name)
        if text and key in checks:
            try:
                checks[key](text)
            except UsageError as error:
                raise ValueError(
                    error.without_option if isinstance(error, OptionError) else str(error)
                ) from error
        return text


def is_address(source: str) -> bool:
    """Whether a source is an http(s) address rather than the name of a file."""
    return source.lower().startswith(("http://", "https://"))


def load_jobs(
    environ: Mapping[str, str] = os.environ, file: Path | None = None, checks: Checks | None = None
) -> dict[str, SyncJob]:
    """Read all sync jobs of the TOML file, by name. Raises SettingsError with all problems of all jobs.

    `checks` are for texts that are parsed elsewhere: formats, scales, zones and rates.
    Sources and files that a job names relatively are made absolute: they count from the TOML file's folder.
    """
    tables, path, problems = read_tables(environ, file)
    jobs: dict[str, SyncJob] = {}
    if tables is not None:
        problems += unknown_sections(path, tables, list_sections())
        problems += _check_names(path, tables)
        for name, table in _sections(tables, "jobs"):
            job, wrong = _build_job(name, table, path, checks)
            problems += wrong
            if job is not None:
                problems += _check_job(name, job, tables, environ, path)
                jobs[name] = _make_absolute(job, path.absolute().parent)
        problems += _shared_files(jobs, path)
        if problems:
            problems += _problems_of_accounts(tables, environ, file)
    if problems:
        raise SettingsError(list(dict.fromkeys(problems)))
    return jobs


def choose_jobs(jobs: Mapping[str, SyncJob], names: tuple[str, ...]) -> dict[str, SyncJob]:
    """Return the named jobs, or all of them if none is named. Raises SettingsError."""
    if not jobs:
        problem = f"There are no sync jobs in {config_file()} yet"
        raise SettingsError([f"{problem}: docs/settings.md shows how a [jobs.NAME] looks."])
    unknown = [name for name in names if name not in jobs]
    if unknown:
        raise SettingsError([f"There is no [jobs.{name}]{did_you_mean(name, jobs)}" for name in unknown])
    return {name: jobs[name] for name in dict.fromkeys(names or jobs)}


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
        (str(table.get("to", DEFAULT)), str(table.get("account", "")))
        for _, table in _sections(tables, "jobs")
    }
    for to, account in sorted(used):
        is_known = to in list_words() and choose(to).has_accounts
        if is_known and (not account or _has_account(account, tables, environ)):
            try:
                load_spec_settings(choose(to), {}, environ=environ, file=file, account=account)
            except SettingsError as error:
                yield from error.problems


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
            elif (other := spelled.setdefault(as_variable(name), name)) != name:
                yield f"{section} and [{group}.{other}] of {path} differ too little; rename one of them."


def _build_job(
    name: str, table: dict[str, Any], path: Path, checks: Checks | None
) -> tuple[SyncJob | None, list[str]]:
    try:
        return SyncJob.model_validate(table, context=checks), []
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        return None, [_describe(each, name, path) for each in details]


_WRONG_TYPES = {
    "string_type": "must be a text in quotes",
    "string_too_short": "must not be empty",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "dict_type": "must be a table",
    "missing": "is missing",
}


def _describe(details: ErrorDetails, name: str, path: Path) -> str:
    key = str(details["loc"][0])
    place = f"{key} in [jobs.{name}] of {path}"
    if details["type"] == "extra_forbidden":
        return f"{place} is unknown{did_you_mean(key, SyncJob.model_fields)}"
    cause = details.get("ctx", {}).get("error")
    said = str(cause) if cause else _WRONG_TYPES.get(details["type"], f": {details['msg']}")
    return f"{place}: {said}." if cause else f"{place} {said}.".replace(" : ", ": ")


def _check_job(
    name: str, job: SyncJob, tables: Mapping[str, Any], environ: Mapping[str, str], path: Path
) -> Iterator[str]:
    section = f"jobs.{name}"
    if job.is_download:
        in_clear = "" if job.insecure_http else "your ratings"
        for problem in _address_problems(job.source, in_clear, section):
            yield problem.replace("{place}", f"source in [{section}] of {path}")
    if job.is_to_file and not job.write_to:
        yield f"write_to in [{section}] of {path} is missing: to = {job.to!r} must know which file to write."
    if job.write_to and not job.is_to_file:
        yield f"write_to in [{section}] of {path} does not go with to = {job.to!r}, which writes no file."
    if job.every and job.cron:
        yield f"every and cron in [{section}] of {path} are two answers to one question; keep one."
    if job.account and not _has_account(job.account, tables, environ):
        known = [each for each, _ in _sections(tables, "accounts")]
        hint = did_you_mean(job.account, known) if known else "; there is no [accounts.NAME] yet."
        yield f"account in [{section}] of {path}: there is no [accounts.{job.account}]{hint}"
    if job.account and not job.spec.has_accounts:
        yield f"account in [{section}] of {path} does not go with to = {job.to!r}, which has none."


def _shared_files(jobs: Mapping[str, SyncJob], path: Path) -> Iterator[str]:
    """Yield a problem for each file that two jobs would write."""
    for key in ("out", "write_to"):
        owners: dict[str, str] = {}
        for name, job in jobs.items():
            file = getattr(job, key)
            if file and (owner := owners.setdefault(file, name)) != name:
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

    def absolute(text: str) -> str:
        return str(folder / Path(text).expanduser()) if text else ""

    source = job.source if job.is_download else absolute(job.source)
    files = {key: absolute(getattr(job, key)) for key in ("resolved", "out", "write_to")}
    return job.model_copy(update={"source": source, **files})
