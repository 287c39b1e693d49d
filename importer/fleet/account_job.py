"""An account of the fleet as a sync job: its keys over the fleet's defaults, its secrets from the depot."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import orjson

from importer.client.token_store import TokenStore
from importer.destinations.sign_in import TokenSet, dump_tokens, parse_tokens
from importer.destinations.spec import DestinationSpec
from importer.errors import AuthorizationError, SettingsError
from importer.fleet.depot import Claim, Depot, Lease
from importer.fleet.sealing import Sealer
from importer.runs.conflicts import OnConflict
from importer.runs.rules import HeldAccount
from importer.sync.config import SyncJob
from importer.sync.keys import read_keys
from importer.sync.schedule import build_schedule

TOKENS = ("access_token", "refresh_token", "created_at", "expires_in")
"""The secrets that are a token pair; the last two are known of a renewed one."""


def build_job(claim: Claim, defaults: Mapping[str, object], content: Path | None = None) -> SyncJob:
    """Build the job of an account, whose file is at `content` if it came from the depot.

    Raises SettingsError.
    """
    name = claim.lease.name
    job, problems = read_keys(SyncJob, {**defaults, **claim.keys})
    if job is None:
        raise SettingsError([f"{key} of account {name}{said}" for key, said in problems])
    if content is None and not job.source and not job.is_from_account:
        raise SettingsError([f"source of account {name} is missing."])
    if job.rules.on_conflict is OnConflict.ASK:
        raise SettingsError([f"on_conflict of account {name}: nobody can be asked; choose another policy."])
    return replace(job, content=content)


def next_turn_seconds(job: SyncJob, usual: str, now: datetime | None = None) -> float:
    """Return in how many seconds the account is due again: its own `every` or `cron`, else the usual one.

    Raises SettingsError.
    """
    now = now or datetime.now(UTC)
    try:
        schedule = build_schedule(job.every or ("" if job.cron else usual), job.cron)
    except ValueError as error:
        raise SettingsError([f"every in [fleet]: {error}."]) from error
    assert schedule is not None, "there is always a usual one"
    return max(0.0, (schedule.after(now) - now).total_seconds())


def hold(job: SyncJob, secrets: Mapping[str, str], store: TokenStore | None) -> SyncJob:
    """Give the job its account's secrets. Raises AuthorizationError if the destination needs others.

    What the settings have of an account's own is not used: it would be somebody else's.
    """
    own = {key: secret for key, secret in secrets.items() if key not in TOKENS}
    missing = _find_missing(job.spec, secrets)
    if missing:
        raise AuthorizationError(f"{job.spec.word} needs {missing}, which the account has not")
    return replace(job, at=replace(job.at, held=HeldAccount(own, store if job.spec.device else None)))


def _find_missing(spec: DestinationSpec, secrets: Mapping[str, str]) -> str:
    if spec.local_server is not None or spec.is_file:
        return ""
    if spec.device is not None:
        return "" if secrets.get("access_token") else "access_token"
    if spec.key is not None:
        return "" if secrets.get(spec.key.field) else spec.key.field
    has_password = bool(secrets.get("password") or secrets.get("password_sha1"))
    return "" if secrets.get("username") and has_password else "username and password"


class SealedTokenStore(TokenStore):
    """The token pair of an account, in the depot: a renewed one is there before it is used."""

    def __init__(self, depot: Depot, sealer: Sealer, lease: Lease, secrets: Mapping[str, str]) -> None:
        super().__init__(Path(), None)
        self._depot = depot
        self._sealer = sealer
        self._lease = lease
        self._secrets = dict(secrets)
        self.where = "the depot of the fleet"

    async def load(self) -> TokenSet | None:
        """Return the newest pair; None if the account has none."""
        return read_tokens(self._secrets)

    async def save(self, tokens: TokenSet) -> None:
        """Store the pair in the depot in place of the old one. Raises StopRunError."""
        content = orjson.loads(dump_tokens(tokens))
        await self._store({key: str(content[key]) for key in TOKENS if content.get(key) is not None})

    async def forget(self) -> None:
        """Forget the pair: the account waits for a new one."""
        await self._store({})

    @asynccontextmanager
    async def locked(self) -> AsyncIterator[None]:
        """Do nothing: who has the lease is alone."""
        yield

    async def _store(self, tokens: Mapping[str, str]) -> None:
        others = {key: secret for key, secret in self._secrets.items() if key not in TOKENS}
        secrets = {**others, **tokens}
        sealed = self._sealer.seal(self._lease.name, secrets)
        await asyncio.to_thread(self._depot.store_secrets, self._lease, sealed)
        self._secrets = secrets


def read_tokens(secrets: Mapping[str, str]) -> TokenSet | None:
    """Return the token pair among the secrets of an account, if there is one."""
    numbers = {key: float(secrets[key]) for key in TOKENS[2:] if key in secrets}
    content = {key: secrets[key] for key in TOKENS[:2] if secrets.get(key)}
    # Of a pair that was handed over nobody knows the age: it is renewed once it is refused.
    received_at = time.time() if "expires_in" in numbers else 0.0
    return parse_tokens(orjson.dumps(content | numbers), received_at)
