"""From `--to` and the settings to where the ratings go: destination, sign-in, pace and journal."""

import asyncio
import hashlib
import re
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from importer.client.auth import Credentials
from importer.client.client import Tokens
from importer.client.rate_limit import Rate
from importer.client.sign_in import AccountInfo, account_info, sign_in
from importer.client.token_store import open_token_store
from importer.client.transport import Transport
from importer.config.folders import state_dir
from importer.destinations.base import Destination
from importer.destinations.trakt.api import TraktV2
from importer.destinations.trakt.dates import Dates
from importer.destinations.trakt.settings import TraktSettings, load_trakt
from importer.destinations.trakt.sign_in import TraktApp
from importer.destinations.trakt_v1.api import TraktV1
from importer.destinations.trakt_v1.settings import load_trakt_v1
from importer.destinations.upload_files.base import FileDestination
from importer.destinations.upload_files.letterboxd_csv import LetterboxdFile
from importer.destinations.upload_files.trakt_csv import TraktFile
from importer.errors import UsageError
from importer.journal import Journal, Run
from importer.progress import Progress
from importer.runs.conflicts import OnConflict
from importer.runs.export_file import Writing
from importer.runs.load import Sender
from importer.runs.local_sandbox import embedded_sandbox
from importer.runs.rules import FILES, To
from importer.runs.send import Sending, SendingOptions
from importer.secret import Secret

_Found = TypeVar("_Found")

Question = Callable[[Transport, Credentials, str, str], Coroutine[Any, Any, _Found]]
"""What can be asked as a signed-in user, with the address of the API and the client id."""

V1_WORKERS = 8
V2_WORKERS = 4

V2_POST_RATE = Rate(1, 1)
"""Trakt takes one POST per second and user (docs: rate limiting); the limiter leaves room for jitter."""

V2_GET_RATE = Rate(500, 300, may_burst=True)
"""Half of what Trakt allows (docs: rate limiting), so that other apps of the same user find some left."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the flags of a run say about where the ratings go and how."""

    flags: Mapping[str, object]
    given: Mapping[str, Any]
    """What the flags say about the sending, by the names of `SendingOptions`."""
    api: str = "v1"
    bulk: bool = False
    batch_size: int = 100
    love: int | None = None
    hate: int | None = None
    time_of_day: time = time(12)
    is_dry_run: bool = False
    write_to: Path | None = None
    rechecks: bool = False
    account: str = ""
    """Which `[accounts.NAME]` of the settings, if not the destination's own section."""

    @property
    def rules(self) -> tuple[str, ...]:
        """What else decides over rows: another rule makes another run of the same file."""
        names = ("on_conflict", "mirrors")
        rules = [f"{name} {self.given[name]}" for name in names if name in self.given]
        return (*rules, "recheck") if self.rechecks else tuple(rules)

    warn: Callable[[str], None] = lambda warning: print(f"importer: {warning}", file=sys.stderr)
    """Tells of what is odd about the settings and ends nothing."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where the ratings of a run go, and with what pace and sign-in unless the flags say otherwise."""

    destination: Destination
    options: SendingOptions
    account_info: AccountInfo | None = None
    posts_to_feeds: bool = False
    remembers: ClassVar[bool] = True

    @property
    def account(self) -> str:
        """Whose journal it is."""
        return self.destination.account

    @property
    def tells_kinds(self) -> bool:
        """Whether rows may leave open what they rate."""
        return self.destination.tells_kinds

    def build_sender(self, run: Run, undone: Run | None, journal: Journal, progress: Progress) -> Sender:
        """Build what sends the rows."""
        return Sending(run, self.destination, journal, replace(self.options, undone=undone), progress)


@dataclass(frozen=True, slots=True)
class FileTarget:
    """A file to upload, instead of an account."""

    destination: FileDestination
    path: Path
    account_info: None = None
    posts_to_feeds: bool = False
    remembers: ClassVar[bool] = False  # the file of an earlier run may be gone, or never uploaded
    tells_kinds: ClassVar[bool] = False

    @property
    def account(self) -> str:
        """Whose journal it is: each file has its own."""
        return f"file {self.path.absolute()}"

    def build_sender(self, run: Run, undone: Run | None, journal: Journal, progress: Progress) -> Sender:
        """Build what writes the file."""
        del undone
        return Writing(run, self.destination, journal, self.path, progress)


AnyTarget = Target | FileTarget


@contextmanager
def open_target(to: To, choices: Choices) -> Iterator[AnyTarget]:
    """Build the destination; start a sandbox or ask whose sign-in it is, where that is called for."""
    if choices.account and to not in {To.TRAKT, To.TRAKT_V1}:
        raise UsageError(f"--account does not go with --to {to}, which has none")
    if choices.write_to is not None and to not in FILES:
        raise UsageError(f"--write-to does not go with --to {to}, which writes no file; --to trakt-file does")
    match to:
        case To.TRAKT_V1:
            yield _open_trakt_v1(choices)
        case To.TRAKT:
            yield _open_trakt(choices)
        case To.SANDBOX:
            with _open_sandbox(choices) as target:
                yield target
        case To.TRAKT_FILE:
            dates = Dates(datetime.now(UTC), choices.time_of_day)
            yield _file_target(TraktFile(dates, choices.love, choices.hate), choices, "trakt-import.csv")
        case To.LETTERBOXD_FILE:
            destination = LetterboxdFile(choices.love, choices.hate)
            yield _file_target(destination, choices, "letterboxd-import.csv")


def journal_for(target: AnyTarget, wait_seconds: float = 0.0) -> Journal:
    """Choose the journal of the target's account; its name tells people whose it is.

    Another run of the account is waited for as long as that, and then a JournalLockedError.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", f"{target.destination.name} {target.account}".lower()).strip("-")
    digest = hashlib.sha256(target.account.encode()).hexdigest()
    return Journal(state_dir() / "journals", f"{readable[:60]}-{digest[:8]}", wait_seconds)


def _file_target(destination: FileDestination, choices: Choices, usual_name: str) -> FileTarget:
    path = choices.write_to or Path(usual_name)
    if path.suffix.lower() != ".csv":
        raise UsageError(f"--write-to {path}: the site asks for a name that ends in .csv")
    if "limit" in choices.given:
        raise UsageError("--limit does not go with a file: the next run would replace it")
    if choices.given.get("on_conflict", OnConflict.NEWEST) is not OnConflict.NEWEST:
        raise UsageError("--on-conflict does not go with a file: what the account holds is not known")
    if choices.given.get("mirrors"):
        raise UsageError("--mirror does not go with a file: what the account holds is not known")
    return FileTarget(destination, path)


def _open_trakt_v1(choices: Choices) -> Target:
    settings = load_trakt_v1(choices.flags, account=choices.account)
    for warning in settings.warnings:
        choices.warn(warning)
    destination = TraktV1(
        settings.base_url,
        settings.username,
        settings.api_key.reveal(),
        settings.password_sha1.reveal(),
        bulk=choices.bulk,
        account=f"{settings.username} at {settings.base_url}",
    )
    options = replace(SendingOptions(V1_WORKERS), **choices.given)
    return Target(destination, options, posts_to_feeds=not choices.bulk)


@dataclass(frozen=True, slots=True)
class Login:
    """A sign-in at Trakt, as far as the settings say: how it is reached, and where its tokens come from."""

    settings: TraktSettings
    build_tokens: Callable[[Transport], Credentials]

    def ask(self, question: Question[_Found]) -> _Found:
        """Ask something as the signed-in user, over a line of its own. Raises StopRunError."""

        async def ask() -> _Found:
            base_url, client_id = self.settings.base_url, self.settings.client_id
            async with Transport(1) as transport:
                return await question(transport, self.build_tokens(transport), base_url, client_id)

        return asyncio.run(ask())

    def build_target(self, choices: Choices, username: str, found: AccountInfo | None = None) -> Target:
        """Build the target, once it is known whose sign-in it is."""
        base_url, client_id = self.settings.base_url, self.settings.client_id
        destination = _build_trakt(choices, base_url, client_id, account=f"{username} at {base_url}")
        options = replace(_v2_options(choices, self.build_tokens), is_proven=True)
        return Target(destination, options, found)


def open_login(choices: Choices) -> Login:
    """Gather the settings of Trakt, and open the place of its tokens. Raises SettingsError."""
    settings = load_trakt(choices.flags, account=choices.account)
    for warning in settings.warnings:
        choices.warn(warning)
    store = open_token_store(settings, state_dir())
    app = TraktApp(settings.auth_url, settings.client_id, settings.client_secret)
    return Login(settings, lambda transport: Credentials(transport, app, store))


def _open_trakt(choices: Choices) -> Target:
    login = open_login(choices)
    found = login.ask(account_info)
    return login.build_target(choices, found.username, found)


@contextmanager
def _open_sandbox(choices: Choices) -> Iterator[Target]:
    if choices.is_dry_run:
        yield _build_sandbox_target("http://sandbox.invalid", choices)
        return
    words = ("--auto-approve",) if choices.api == "v2" else ()
    with embedded_sandbox(state_dir() / "sandbox.sqlite3", *words) as url:
        yield _build_sandbox_target(url, choices)


def build_offline(to: To, choices: Choices) -> AnyTarget:
    """Build a target that nobody sends anything to: it says what it would take, and needs no settings."""
    nobody, nowhere = "nobody", "https://api.trakt.tv"
    match to:
        case To.TRAKT:
            destination: Destination = _build_trakt(choices, nowhere, "", account=nobody)
            return Target(destination, SendingOptions(V2_WORKERS))
        case To.TRAKT_V1:
            destination = TraktV1(nowhere, nobody, "", "", bulk=choices.bulk, account=nobody)
            return Target(destination, SendingOptions(V1_WORKERS))
        case To.SANDBOX:
            return _build_sandbox_target(nowhere, choices)
        case To.TRAKT_FILE | To.LETTERBOXD_FILE:
            with open_target(to, choices) as target:
                return target


def _build_sandbox_target(url: str, choices: Choices) -> Target:
    if choices.api == "v2":
        destination: Destination = _build_trakt(
            choices, url, "sandbox-client", name="sandbox-v2", account="demo at the sandbox"
        )
        app = TraktApp(url, "sandbox-client", Secret("sandbox-secret"))
        return Target(destination, _v2_options(choices, _SandboxTokens(app).on))
    destination = TraktV1(
        url,
        username="demo",
        api_key="sandbox-key",
        password_sha1=hashlib.sha1(b"demo").hexdigest(),  # noqa: S324 - the API asks for it
        bulk=choices.bulk,
        name="sandbox",
        account="demo at the sandbox",
    )
    return Target(destination, replace(SendingOptions(V1_WORKERS), **choices.given))


class _SandboxTokens:
    """Signs in to the embedded sandbox, which approves by itself; the token lives as long as the run."""

    def __init__(self, app: TraktApp) -> None:
        self._app = app
        self._token = ""

    def on(self, transport: Transport) -> "_SandboxTokens":
        """Use this transport from here on."""
        self._transport = transport
        return self

    async def access_token(self) -> str:
        if not self._token:
            await self.renew("")
        return self._token

    async def renew(self, stale: str) -> None:
        del stale
        tokens = await sign_in(self._transport, self._app, lambda _: None, lambda *_: None)
        self._token = tokens.access_token.reveal()


def _build_trakt(
    choices: Choices, base_url: str, client_id: str, *, account: str, name: str = "trakt"
) -> TraktV2:
    return TraktV2(
        base_url,
        client_id,
        account,
        Dates(datetime.now(UTC), choices.time_of_day),
        choices.love,
        choices.hate,
        choices.batch_size,
        name,
    )


def _v2_options(choices: Choices, build_tokens: Callable[[Transport], Tokens]) -> SendingOptions:
    usual = SendingOptions(V2_WORKERS, V2_POST_RATE, V2_GET_RATE, build_tokens=build_tokens)
    return replace(usual, **choices.given)
