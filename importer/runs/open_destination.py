"""From a destination's spec and the settings to where the ratings go: rules, sign-in, pace and journal.

    spec = choose("trakt")
    with open_destination(spec, choices) as opened, journal_for(opened) as journal:
        ...

The spec says how: a file needs a path only, a device flow asks the service who is signed in, a local server
is started, and every other service is told apart by its settings.
"""

import asyncio
import hashlib
import re
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from importer.client.auth import Credentials
from importer.client.client import Tokens
from importer.client.rate_limit import Rate
from importer.client.sign_in import AccountInfo, account_info, sign_in
from importer.client.token_store import MemoryTokenStore, open_token_store
from importer.client.transport import Transport
from importer.config.folders import state_dir
from importer.destinations.base import Destination, Search
from importer.destinations.registry import list_specs
from importer.destinations.sign_in import AccountApi, DeviceFlow, TokenSet
from importer.destinations.spec import DestinationSpec, LocalServer, Pace, RequestOptions
from importer.destinations.upload_files.base import FileDestination
from importer.errors import OptionError
from importer.journal import Journal, JournalRun
from importer.progress import Progress
from importer.runs.conflicts import OnConflict
from importer.runs.export_file import Writing
from importer.runs.load import Sender
from importer.runs.local_sandbox import embedded_sandbox
from importer.runs.send import Sending, SendingOptions
from importer.runs.settings import load_spec_settings

_Found = TypeVar("_Found")

Question = Callable[[Transport, Credentials, AccountApi], Coroutine[Any, Any, _Found]]
"""What can be asked as a signed-in user."""


@dataclass(frozen=True, slots=True)
class Choices:
    """What the flags of a run say about where the ratings go and how."""

    flags: Mapping[str, object]
    given: Mapping[str, Any]
    """What the flags say about the sending, by the names of `SendingOptions`."""
    request: RequestOptions = field(default_factory=RequestOptions)
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
    """Shows a warning about the settings."""


@dataclass(frozen=True, slots=True)
class OpenDestination:
    """Where the ratings of a run go: an account behind an API, or a file to upload.

    Has either `api`, with the pace and the sign-in in `options`, or `file` and `path`.
    """

    spec: DestinationSpec
    account: str
    """Whose journal it is."""
    api: Destination | None = None
    options: SendingOptions = field(default_factory=SendingOptions)
    account_info: AccountInfo | None = None
    account_api: AccountApi | None = None
    posts_to_feeds: bool = False
    file: FileDestination | None = None
    path: Path = Path()

    @property
    def destination(self) -> Destination | FileDestination:
        """The rules that rows are checked by."""
        found = self.api or self.file
        assert found is not None
        return found

    @property
    def trusts_journal(self) -> bool:
        """Whether what earlier runs sent is still there: their file may be gone, or never uploaded."""
        return not self.spec.is_file

    def build_sender(
        self, run: JournalRun, undone: JournalRun | None, journal: Journal, progress: Progress
    ) -> Sender:
        """Build what sends the rows, or writes them into the file."""
        if self.file is not None:
            return Writing(run, self.file, journal, self.path, progress)
        assert self.api is not None
        return Sending(run, self.api, journal, replace(self.options, undone=undone), progress)


@contextmanager
def open_destination(spec: DestinationSpec, choices: Choices) -> Iterator[OpenDestination]:
    """Open a destination; start a server or ask whose sign-in it is, where that is called for.

    Raises UsageError, SettingsError and StopRunError.
    """
    if choices.account and not spec.has_accounts:
        raise OptionError("account", f"{spec.word} has no accounts", choices.account)
    if choices.write_to is not None and not spec.is_file:
        files = " and ".join(each.word for each in list_specs() if each.is_file)
        raise OptionError("write_to", f"{spec.word} writes no file; {files} do", choices.write_to)
    if spec.file is not None:
        yield _open_file(spec, choices)
    elif spec.local_server is not None:
        with _open_local(spec, spec.local_server, choices) as opened:
            yield opened
    else:
        login = open_login(spec, choices)
        if spec.device is not None:
            found = login.ask(account_info)
            yield login.open(choices, found.username, found)
        else:
            yield login.open(choices, spec.name_user(login.settings))


def check_typed(what: str, spec: DestinationSpec, to: str | None, api: str | None) -> None:
    """See that nobody typed another destination than the one that `what` says is meant. Raises UsageError."""
    for option, typed, meant in (("to", to, spec.word), ("api", api, spec.api)):
        if typed not in {None, meant}:
            raise OptionError(option, f"{what}; leave this out", typed)


def journal_for(opened: OpenDestination, wait_seconds: float = 0.0) -> Journal:
    """Choose the journal of the destination's account; its name tells people whose it is.

    Another run of the account is waited for as long as that, and then a JournalLockedError.
    """
    readable = re.sub(r"[^a-z0-9]+", "-", f"{opened.spec.name} {opened.account}".lower()).strip("-")
    digest = hashlib.sha256(opened.account.encode()).hexdigest()
    return Journal(state_dir() / "journals", f"{readable[:60]}-{digest[:8]}", wait_seconds)


@dataclass(frozen=True, slots=True)
class Login:
    """A service as far as the settings tell: how it is reached, and where its tokens come from."""

    spec: DestinationSpec
    settings: Any
    build_tokens: Callable[[Transport], Credentials] | None = None
    account_api: AccountApi | None = None

    def ask(self, question: Question[_Found]) -> _Found:
        """Ask something as the signed-in user, over a connection of its own. Raises StopRunError."""

        async def ask() -> _Found:
            assert self.build_tokens is not None
            assert self.account_api is not None
            async with Transport(1) as transport:
                return await question(transport, self.build_tokens(transport), self.account_api)

        return asyncio.run(ask())

    def open(self, choices: Choices, username: str, found: AccountInfo | None = None) -> OpenDestination:
        """Open the destination, once it is known whose sign-in it is."""
        account = f"{username} at {self.settings.base_url}"
        opened = _open_api(self.spec, self.settings, choices, account, self.build_tokens)
        # What was asked as the signed-in user has proved the credentials.
        options = replace(opened.options, is_proven=self.build_tokens is not None)
        return replace(opened, options=options, account_info=found, account_api=self.account_api)


def open_login(spec: DestinationSpec, choices: Choices) -> Login:
    """Gather the settings of a service, and open the place of its tokens. Raises SettingsError."""
    loaded = load_spec_settings(spec, choices.flags, account=choices.account)
    for warning in loaded.warnings:
        choices.warn(warning)
    if spec.device is None:
        return Login(spec, loaded.settings)
    store = open_token_store(loaded.settings, state_dir(), loaded.account)
    flow = spec.device.build_flow(loaded.settings)
    account_api = spec.device.build_account_api(loaded.settings)
    return Login(spec, loaded.settings, lambda transport: Credentials(transport, flow, store), account_api)


def build_offline(spec: DestinationSpec, choices: Choices) -> OpenDestination:
    """Open a destination that nobody sends anything to: it checks rows, and needs no settings."""
    if spec.file is not None:
        return _open_file(spec, choices)
    assert spec.settings is not None
    return _open_api(spec, spec.settings(), choices, "nobody", None)


@contextmanager
def open_search(
    spec: DestinationSpec,
    flags: Mapping[str, object],
    account: str,
    warn: Callable[[str], None],
) -> Iterator[Search]:
    """Open the search of a destination that has one; start a server where that is called for.

    Raises SettingsError.
    """
    assert spec.build_search is not None
    if spec.local_server is not None:
        with embedded_sandbox(state_dir() / "sandbox.sqlite3") as url:
            # Its port is another one each time, its titles are the same.
            yield spec.build_search(spec.local_server.build_settings(url), spec.word)
        return
    loaded = load_spec_settings(spec, flags, needs=spec.search_needs or None, account=account)
    for warning in loaded.warnings:
        warn(warning)
    yield spec.build_search(loaded.settings, "")


def recommend(spec: DestinationSpec) -> SendingOptions:
    """How the destination is best sent to, unless flags say otherwise."""
    return SendingOptions(spec.workers, _rate(spec.post_rate), _rate(spec.get_rate))


def _rate(pace: Pace | None) -> Rate | None:
    return None if pace is None else Rate(*pace)


def _open_api(
    spec: DestinationSpec,
    settings: Any,
    choices: Choices,
    account: str,
    build_tokens: Callable[[Transport], Tokens] | None,
) -> OpenDestination:
    assert spec.build is not None
    api = spec.build(settings, choices.request, spec.name, account)
    options = replace(recommend(spec), build_tokens=build_tokens, **choices.given)
    posts_to_feeds = spec.posts_to_feeds and not choices.request.bulk
    return OpenDestination(spec, account, api, options, posts_to_feeds=posts_to_feeds)


def _open_file(spec: DestinationSpec, choices: Choices) -> OpenDestination:
    assert spec.file is not None
    path = choices.write_to or Path(spec.file.usual_name)
    if path.suffix.lower() != ".csv":
        raise OptionError("write_to", "the site asks for a name that ends in .csv", path)
    if "limit" in choices.given:
        raise OptionError("limit", "a file is written whole: the next run would replace it")
    if choices.given.get("on_conflict", OnConflict.NEWEST) is not OnConflict.NEWEST:
        raise OptionError("on_conflict", "this does not go with a file: what the account holds is not known")
    if choices.given.get("mirrors"):
        raise OptionError("mirror", "this does not go with a file: what the account holds is not known")
    account = f"file {path.absolute()}"
    return OpenDestination(spec, account, file=spec.file.build(choices.request), path=path)


@contextmanager
def _open_local(spec: DestinationSpec, server: LocalServer, choices: Choices) -> Iterator[OpenDestination]:
    if choices.is_dry_run:
        settings = server.build_settings("http://sandbox.invalid")
        yield _open_api(spec, settings, choices, server.account, None)
        return
    with embedded_sandbox(state_dir() / "sandbox.sqlite3", *server.options) as url:
        settings = server.build_settings(url)
        build_tokens = None
        if spec.device is not None:
            build_tokens = partial(_sign_in_unasked, spec.device.build_flow(settings))
        yield _open_api(spec, settings, choices, server.account, build_tokens)


def _sign_in_unasked(flow: DeviceFlow, transport: Transport) -> Credentials:
    """Sign in at a server that approves by itself, once a token is needed; it is kept as long as the run."""

    async def get_first() -> TokenSet:
        return await sign_in(transport, flow, lambda _: None)

    return Credentials(transport, flow, MemoryTokenStore(get_first))
