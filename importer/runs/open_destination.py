"""From a destination's spec and the settings to where the ratings go: rules, sign-in, pace and journal.

    spec = choose("trakt")
    with open_destination(spec, options) as opened, journal_for(opened) as journal:
        ...

The spec says how: a file needs a path only, a device flow asks the service who is signed in, a local server
is started, and every other service is identified by its settings.
"""

import os
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from importer.client.auth import Credentials, KeyInRequest
from importer.client.client import Tokens
from importer.client.rate import Rate
from importer.client.sign_in import AccountInfo, account_info, sign_in
from importer.client.token_store import MemoryTokenStore, open_key_store, open_token_store
from importer.client.transport import Transport
from importer.config.folders import state_dir
from importer.config.sources import Loaded, name_variable
from importer.destinations.base import IdFinder
from importer.destinations.registry import list_specs
from importer.destinations.sign_in import AccountApi, DeviceFlow, TokenSet
from importer.destinations.spec import DestinationSpec, KeySignIn, LocalServer, Pace
from importer.errors import AuthorizationError, OptionError, Remedy
from importer.http import host_of, is_same_site
from importer.interrupts import run_in_loop
from importer.runs.access import Access
from importer.runs.destination import OpenDestination
from importer.runs.local_sandbox import embedded_sandbox
from importer.runs.places import PlaceOptions
from importer.runs.rules import DestinationOptions, SendOptions
from importer.runs.settings import load_spec_settings
from importer.secret import Secret
from importer.text import is_text

_Found = TypeVar("_Found")

Question = Callable[[Transport, Credentials | KeyInRequest, AccountApi], Coroutine[Any, Any, _Found]]
"""What can be asked as a signed-in user."""


Warn = Callable[[str], None]
"""Shows a warning about the settings."""


@contextmanager
def open_destination(
    spec: DestinationSpec,
    options: DestinationOptions,
    warn: Warn = lambda _: None,
    *,
    is_dry_run: bool = False,
) -> Iterator[OpenDestination]:
    """Open a destination; start a server or ask whose sign-in it is, where that is called for.

    Raises UsageError, SettingsError and StopRunError.
    """
    if options.account and not spec.has_accounts:
        raise OptionError("account", f"{spec.word} has no accounts", options.account)
    if options.any_title and spec.local_server is None:
        raise OptionError("any_title", f"only a sandbox does so, and not {spec.word}")
    if options.write_to is not None and not spec.is_file:
        files = " and ".join(each.word for each in list_specs() if each.is_file)
        raise OptionError("write_to", f"{spec.word} writes no file; {files} do", options.write_to)
    if spec.file is not None:
        yield _open_file(spec, options)
    elif spec.local_server is not None:
        with _open_local(spec, spec.local_server, options, is_dry_run=is_dry_run) as opened:
            yield opened
    else:
        login = open_login(spec, options, warn)
        try:
            if login.account_api is not None:
                found = login.ask(account_info)
                yield login.open(options, found.username, found)
            else:
                yield login.open(options, spec.name_user(login.settings))
        except AuthorizationError as error:
            error.name_sign_in(spec.word, options.account)
            raise


def check_typed(what: str, spec: DestinationSpec, place: PlaceOptions) -> None:
    """See that nobody typed another destination than the one that `what` says is meant. Raises UsageError."""
    to = None if place.to is None else " ".join(place.to)
    for option, typed, meant in (("to", to, spec.word), ("api", place.api, spec.api)):
        if typed not in {None, meant}:
            raise OptionError(option, f"{what}; leave this out", typed)


@dataclass(frozen=True, slots=True)
class Login:
    """A service with its settings and its tokens, before its user is known."""

    spec: DestinationSpec
    settings: Any
    build_tokens: Callable[[Transport], Credentials | KeyInRequest] | None = None
    account_api: AccountApi | None = None
    """Set if the service says who its user is."""

    def ask(self, question: Question[_Found]) -> _Found:
        """Ask something as the signed-in user, over a connection of its own. Raises StopRunError."""

        async def ask() -> _Found:
            assert self.build_tokens is not None
            assert self.account_api is not None
            async with Transport(1) as transport:
                return await question(transport, self.build_tokens(transport), self.account_api)

        return run_in_loop(ask())

    def open(
        self, options: DestinationOptions, username: str, found: AccountInfo | None = None
    ) -> OpenDestination:
        """Open the destination, once it is known whose sign-in it is."""
        account = f"{username} at {self.settings.base_url}"
        opened = _open_api(self.spec, self.settings, options, account, self.build_tokens)
        # What was asked as the signed-in user has proved the credentials.
        access = replace(opened.access, is_proven=self.build_tokens is not None, account_info=found)
        return replace(
            opened,
            access=access,
            account_info=found,
            account_api=self.account_api,
            settings_account=options.account,
        )


def open_login(spec: DestinationSpec, options: DestinationOptions, warn: Warn) -> Login:
    """Gather the settings of a service, and open the place of its tokens. Raises SettingsError."""
    loaded = _load(spec, options)
    for warning in loaded.warnings:
        warn(warning)
    if spec.key is not None:
        return _open_key(spec, spec.key, loaded, options, warn)
    if spec.device is None:
        return Login(spec, loaded.settings)
    if loaded.settings.access_token:
        check_given_for(spec, options, loaded.settings, ["access_token"])
    store = options.held.token_store if options.held else None
    store = store or open_token_store(loaded.settings, state_dir(), loaded.account, warn)
    flow = spec.device.build_flow(loaded.settings)
    account_api = spec.device.build_account_api(loaded.settings)
    return Login(spec, loaded.settings, lambda transport: Credentials(transport, flow, store), account_api)


def _load(spec: DestinationSpec, options: DestinationOptions) -> Loaded[Any]:
    if options.held is None:
        return load_spec_settings(spec, options.flags, account=options.account)
    given = {name_variable(spec.name, name): secret for name, secret in options.held.secrets.items()}
    return load_spec_settings(spec, options.flags, environ={**os.environ, **given})


def _open_key(
    spec: DestinationSpec, key: KeySignIn, loaded: Loaded[Any], options: DestinationOptions, warn: Warn
) -> Login:
    settings = loaded.settings
    check_given_for(spec, options, settings)
    if not getattr(settings, key.field):
        store = open_key_store(settings.base_url, state_dir(), loaded.account, warn)
        kept = run_in_loop(store.load())
        if kept is not None:
            settings = replace(settings, **{key.field: kept.access_token})
        elif key.is_needed(settings):
            error = AuthorizationError(
                f"No {key.label} of {spec.word} is kept{store.trouble}", Remedy.SIGN_IN
            )
            error.name_sign_in(spec.word, options.account)
            raise error
    return Login(spec, settings, lambda _: KeyInRequest(), key.build_account_api(settings))


def check_given_for(
    spec: DestinationSpec, options: DestinationOptions, settings: Any, names: Iterable[str] = ()
) -> None:
    """Check that secrets of the settings, all or these, go where they send them. Raises OptionError."""
    secrets = [each.name for each in fields(settings) if isinstance(getattr(settings, each.name), Secret)]
    given = [name for name in names or secrets if getattr(settings, name)]
    if not given or not options.base_url:
        return
    base_url = settings.base_url
    meant = load_spec_settings(spec, {}, account=options.account).settings.base_url
    if not is_same_site(base_url, meant):
        what = spec.key.label if spec.key and given[0] == spec.key.field else given[0].replace("_", " ")
        problem = f"the {what} of the settings is for {host_of(meant)}; take it out and sign in there"
        raise OptionError("base_url", problem, base_url)


def build_offline(spec: DestinationSpec, options: DestinationOptions) -> OpenDestination:
    """Open a destination that nobody sends anything to: it checks rows, and needs no settings."""
    if spec.file is not None:
        return _open_file(spec, options)
    assert spec.settings is not None
    return _open_api(spec, spec.settings(), options, "nobody", None)


def recommend(spec: DestinationSpec) -> SendOptions:
    """How the destination is best sent to, unless somebody says otherwise."""
    return SendOptions(spec.workers, _rate(spec.post_rate))


def _rate(pace: Pace | None) -> Rate | None:
    return None if pace is None else Rate(*pace)


def _open_api(
    spec: DestinationSpec,
    settings: Any,
    options: DestinationOptions,
    account: str,
    build_tokens: Callable[[Transport], Tokens] | None,
) -> OpenDestination:
    assert spec.build is not None
    api = spec.build(settings, options.request, spec.name, account)
    return OpenDestination(
        spec,
        account,
        api,
        recommend(spec),
        Access(_rate(spec.get_rate), build_tokens, finder=_build_finder(spec, settings, options)),
        posts_to_feeds=spec.posts_to_feeds and not options.request.bulk,
        shaping=options.request.shaping,
    )


def _build_finder(spec: DestinationSpec, settings: Any, options: DestinationOptions) -> IdFinder | None:
    if spec.build_finder is None:
        return None
    # A local server has another port each time, and the same titles, or with --any-title all.
    name = f"{spec.name}, any title" if options.any_title else spec.name
    return spec.build_finder(settings, name if spec.local_server else settings.base_url)


def _open_file(spec: DestinationSpec, options: DestinationOptions) -> OpenDestination:
    assert spec.file is not None
    path = options.write_to or Path(spec.file.usual_name)
    if path.suffix.lower() != ".csv":
        raise OptionError("write_to", "the site asks for a name that ends in .csv", path)
    if not is_text(str(path.absolute())):
        raise OptionError("write_to", "this name is no UTF-8 text; name another", path)
    account = f"file {path.absolute()}"
    file, shaping = spec.file.build(options.request), options.request.shaping
    return OpenDestination(spec, account, shaping=shaping, file=file, path=path)


@contextmanager
def _open_local(
    spec: DestinationSpec, server: LocalServer, options: DestinationOptions, *, is_dry_run: bool
) -> Iterator[OpenDestination]:
    if is_dry_run:
        settings = server.build_settings("http://sandbox.invalid")
        yield _open_api(spec, settings, options, server.account, None)
        return
    words = (*server.options, *(("--any-title",) if options.any_title else ()))
    with embedded_sandbox(state_dir() / "sandbox.sqlite3", *words) as url:
        settings = server.build_settings(url)
        if spec.device is None:
            yield _open_api(spec, settings, options, server.account, None)
            return
        build_tokens = partial(_sign_in_unasked, spec.device.build_flow(settings), MemoryTokenStore())
        opened = _open_api(spec, settings, options, server.account, build_tokens)
        yield replace(opened, access=replace(opened.access, signs_in=True))


def _sign_in_unasked(flow: DeviceFlow, store: MemoryTokenStore, transport: Transport) -> Credentials:
    """Sign in at a server that approves by itself, once a token is needed; later connections share it."""

    async def get_first() -> TokenSet:
        return await sign_in(transport, flow, lambda _: None)

    store.get_first = get_first
    return Credentials(transport, flow, store)
