"""How sync jobs and accounts stand: read from settings, health files and token stores.

```text
list_jobs()      nightly    last run 03:00, exit code 1, "2 rows not found", next 03:00, 3 titles to decide
list_accounts()  trakt ada  signed in, token until 2026-12-06 03:00
ask_room(...)    trakt ada  9,950 of 10,000 ratings: room for 50 (the only one that asks a server)
```
"""

import asyncio
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from importer.client.sign_in import AccountInfo, account_info
from importer.client.token_store import TokenStore, open_key_store, open_token_store
from importer.config.folders import find_state_dir
from importer.config.tables import read_tables
from importer.destinations.registry import list_specs
from importer.destinations.sign_in import TokenSet
from importer.destinations.spec import DestinationSpec, SignIn
from importer.errors import ImporterError, SettingsError
from importer.http import host_of
from importer.matching.match_file import read_match_file
from importer.monitoring.health import Health, read_job
from importer.runs.open_destination import open_login
from importer.runs.rules import DestinationOptions
from importer.runs.settings import load_spec_settings
from importer.sync.config import SyncJob
from importer.sync.job import match_file_of
from importer.sync.schedule import build_schedule, next_run
from importer.sync.state import load_state
from importer.sync.switch import is_switched_off


@dataclass(frozen=True, slots=True)
class JobStatus:
    """A sync job, and what is known of its last run."""

    name: str
    source: str
    to: str
    account: str
    last: Health | None
    titles_to_decide: int
    """Titles in its match file for which nobody has chosen."""
    is_off: bool = False
    """Whether it is switched off, and runs only when somebody names it."""

    has_times: bool = False
    """Whether it has `every` or `cron`, so that a daemon would run it."""
    due: datetime | None = None
    """When that would be next."""

    @property
    def next_run_at(self) -> datetime | None:
        """When a daemon runs it next; None if none does."""
        at = not self.is_off and self.last and self.last.next_run_at
        return datetime.fromisoformat(at) if at else None

    @property
    def is_scheduled_here(self) -> bool:
        """Whether a daemon runs it. A timer or a crontab of the machine is not seen from here."""
        return self.next_run_at is not None


class SignInState(StrEnum):
    """Whether somebody is signed in."""

    SIGNED_IN = "signed in"
    IN_SETTINGS = "in the settings"
    SIGNED_OUT = "not signed in"
    NOT_SET_UP = "not set up"


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """An account at a service."""

    to: str
    account: str
    """Its name in the settings; empty for the service's own section."""
    state: SignInState
    token_until: datetime | None = None
    """When the token ends, which is renewed before; None if there is none, or it does not end."""
    info: AccountInfo | None = None
    """What the service says, if it was asked."""
    problem: str = ""
    """Why the service could not be asked."""

    @property
    def is_signed_in(self) -> bool:
        """Whether a run can begin."""
        return self.state in {SignInState.SIGNED_IN, SignInState.IN_SETTINGS}

    @property
    def room_left(self) -> int | None:
        """How many ratings still fit; None if that is not known, or there is no limit."""
        info = self.info
        if info is None or info.cap is None or info.rating_count is None:
            return None
        return max(0, info.cap - info.rating_count)


def list_jobs(jobs: Mapping[str, SyncJob]) -> list[JobStatus]:
    """Describe the jobs, in the order of the settings file."""
    folder = find_state_dir()
    return [
        JobStatus(
            name,
            job.origin.account_of or _name_source(job),
            ", ".join(place.label for place in job.place.places),
            job.account,
            read_job(folder / "health", name),
            _count_open_titles(job, match_file_of(job.files.out or folder / "results" / f"{name}.csv")),
            is_switched_off(name, folder / "health"),
            bool(job.every or job.cron),
            find_due(name, job),
        )
        for name, job in jobs.items()
    ]


def find_due(name: str, job: SyncJob) -> datetime | None:
    """Say when a daemon that begins now would run the job; None if it would not, or has no time zone."""
    try:
        schedule = build_schedule(job.every, job.cron)
    except ValueError:  # of TZ; the daemon says so
        return None
    if schedule is None:
        return None
    began_at, now = load_state(find_state_dir() / "sync" / f"{name}.json").began_at, datetime.now(UTC)
    return max(now, next_run(schedule, datetime.fromisoformat(began_at) if began_at else None, now))


def _name_source(job: SyncJob) -> str:
    """Name the file; of an address only scheme and host, for the rest may be a key."""
    if not job.is_download:
        return job.source
    return f"{job.source.partition('://')[0].lower()}://{host_of(job.source)}/..."


def _count_open_titles(job: SyncJob, match_file: Path) -> int:
    if job.files.match is None or not match_file.exists():
        return 0
    try:
        lines = read_match_file(match_file, match_file.name)
    except ImporterError:  # half edited: the next run names the line
        return 0
    wanted = {line.query for line in lines if line.candidate is not None}
    return len(wanted - {line.query for line in lines if line.is_chosen})


def list_accounts(jobs: Mapping[str, SyncJob], warn: Callable[[str], None]) -> list[AccountStatus]:
    """Describe the accounts that jobs use, and all others that somebody is signed in at."""
    used = set(_accounts_of(jobs))
    found = []
    for spec in list_specs():
        if not spec.has_accounts or spec.sign_in is SignIn.NONE:
            continue
        for account in ("", *_named_accounts()):
            status = find_sign_in(spec, account, warn)
            if status.is_signed_in or (spec.word, account) in used:
                found.append(status)
    return found


def _accounts_of(jobs: Mapping[str, SyncJob]) -> Iterator[tuple[str, str]]:
    for job in jobs.values():
        for place in job.place.places:
            yield place.spec.word, place.account or job.account
        if job.origin.account_of is not None:
            yield job.origin.account_of, job.origin.from_account


def _named_accounts() -> list[str]:
    tables, _, _ = read_tables(os.environ)
    found = (tables or {}).get("accounts")
    return list(found) if isinstance(found, dict) else []


def find_sign_in(spec: DestinationSpec, account: str, warn: Callable[[str], None]) -> AccountStatus:
    """Describe an account from what is kept here; the service is not asked."""
    try:
        settings = load_spec_settings(spec, {}, account=account).settings
    except SettingsError:
        return AccountStatus(spec.word, account, SignInState.NOT_SET_UP)
    if spec.device is None and spec.key is None:
        return AccountStatus(spec.word, account, SignInState.IN_SETTINGS)
    if spec.key is not None and getattr(settings, spec.key.field):
        return AccountStatus(spec.word, account, SignInState.IN_SETTINGS)
    tokens = asyncio.run(_open_store(spec, settings, account, warn).load())
    if tokens is None:
        is_missed = spec.key is None or spec.key.is_needed(settings)
        return AccountStatus(
            spec.word, account, SignInState.SIGNED_OUT if is_missed else SignInState.IN_SETTINGS
        )
    return AccountStatus(spec.word, account, SignInState.SIGNED_IN, _end_of(tokens))


def _open_store(
    spec: DestinationSpec, settings: Any, account: str, warn: Callable[[str], None]
) -> TokenStore:
    if spec.device is None:
        return open_key_store(settings.base_url, find_state_dir(), account, warn)
    return open_token_store(settings, find_state_dir(), account, warn)


def _end_of(tokens: TokenSet) -> datetime | None:
    return None if tokens.expires_at is None else datetime.fromtimestamp(tokens.expires_at, UTC)


def ask_room(status: AccountStatus, warn: Callable[[str], None]) -> AccountStatus:
    """Ask the service who is signed in, and how many ratings the account has; a problem is noted."""
    spec = next(spec for spec in list_specs() if spec.word == status.to and spec.has_accounts)
    if not spec.has_login or status.state in {SignInState.SIGNED_OUT, SignInState.NOT_SET_UP}:
        return status
    try:
        info = open_login(spec, DestinationOptions(account=status.account), warn).ask(account_info)
    except ImporterError as error:
        return replace(status, problem=str(error))
    until = status.token_until
    if info.token_expires_at is not None:  # asking may have renewed it
        until = datetime.fromtimestamp(info.token_expires_at, UTC)
    return replace(status, info=info, token_until=until)
