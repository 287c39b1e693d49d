"""`importer login`, `logout` and `whoami` where a service has a key instead of tokens.

The key is typed at a prompt that does not show it, or piped in. It is never a flag, which every user of a
machine can read. It is asked about before it is kept. Or the service gives it, as a session, once its owner
has approved on a page.
"""

import asyncio
import json
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import typer

from importer import setting
from importer.cli.sign_in_events import SignInEvents, as_facts
from importer.cli.streams import warn
from importer.client.auth import KeyInRequest
from importer.client.sign_in import ask_account, revoke, sign_in
from importer.client.token_store import TokenStore, open_key_store
from importer.client.transport import Transport
from importer.config.folders import state_dir
from importer.config.sources import Loaded
from importer.destinations.sign_in import Account, TokenSet
from importer.destinations.spec import Approval, DestinationSpec, KeySignIn
from importer.errors import UsageError
from importer.http import host_of
from importer.interrupts import translate_interrupts
from importer.runs.open_destination import check_given_for, open_login
from importer.runs.rules import DestinationOptions
from importer.runs.settings import load_spec_settings
from importer.secret import Secret
from importer.text import clean


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """The key of one account: asked for, kept, shown whose it is, and deleted."""

    spec: DestinationSpec
    key: KeySignIn
    options: DestinationOptions
    loaded: Loaded[Any]

    @classmethod
    def open(
        cls,
        spec: DestinationSpec,
        key: KeySignIn,
        options: DestinationOptions,
        needs: Collection[str] | None = None,
    ) -> "KeyEntry":
        """Gather the settings, which have at least what it `needs`. Raises SettingsError."""
        loaded = load_spec_settings(spec, options.flags, account=options.account, needs=needs)
        for warning in loaded.warnings:
            warn(warning)
        return cls(spec, key, options, loaded)

    def login(self, events: SignInEvents) -> None:
        """Get the key, check it, and keep it. Raises UsageError and StopRunError."""
        if self._is_set:
            warn(f"your settings have the {self._noun} ({self.key.field}), which runs use first; remove it")
        if self.key.approval is not None:
            check_given_for(self.spec, self.options, self.loaded.settings)
            with translate_interrupts("no run was begun", "signs in from the start"):
                account = asyncio.run(self._approve_and_keep(self.key.approval, events))
        else:
            account = asyncio.run(self._check_and_keep(self._ask(), events))
        events.signed_in(account, _describe(account))

    def logout(self) -> None:
        """Delete the key that is kept. Raises StateFileError."""
        store = self._open_store()
        asyncio.run(self._forget(store))
        if self._is_set:
            warn(f"your settings still have the {self._noun} ({self.key.field}): remove it")

    def whoami(self, *, as_json: bool) -> None:
        """Show whose key it is, and where it is kept. Raises StopRunError."""
        login = open_login(self.spec, self.options, lambda _: None)
        account = login.ask(ask_account)
        place = f"the settings ({self.key.field})" if self._is_set else self._find_place()
        if as_json:
            print(json.dumps(as_facts(account) | {"token_valid_until": None, "kept_in": place}, indent=2))
            return
        print(_describe(account))
        print(f"{self._noun} kept in: {place}")

    @property
    def section(self) -> str:
        """The section of its settings."""
        return f"accounts.{self.loaded.account}" if self.loaded.account else self.spec.name

    @property
    def _is_set(self) -> bool:
        return bool(getattr(self.loaded.settings, self.key.field))

    @property
    def _noun(self) -> str:
        return "key" if self.key.approval is None else self.key.label

    def _open_store(self) -> TokenStore:
        return open_key_store(self.loaded.settings.base_url, state_dir(), self.loaded.account, warn)

    def _find_place(self) -> str:
        store = self._open_store()
        asyncio.run(store.load())
        return store.where

    def _ask(self) -> str:
        if not sys.stdin.isatty():
            text = sys.stdin.readline().strip()
            if not text:
                raise UsageError(
                    f"There is no terminal to type the {self.key.label} at, and nothing is piped in. "
                    f"{self.key.where_key_is}"
                )
            if wrong := next(iter(setting.check_word(text, {})), None):
                raise UsageError(wrong.format(place=f"The {self.key.label}"))
            return text
        print(self.key.where_key_is)
        while True:
            text = str(typer.prompt(self.key.label, hide_input=True, err=True)).strip()
            wrong = next(iter(setting.check_word(text, {})), None)
            if wrong is None:
                return text
            warn(wrong.format(place=f"The {self.key.label}"))

    async def _check_and_keep(self, text: str, events: SignInEvents) -> Account:
        store = self._open_store()
        async with store.locked():
            pass  # fail before anything is asked if keys cannot be stored
        settings = replace(self.loaded.settings, **{self.key.field: Secret(text)})
        async with Transport(1) as transport:
            account = await ask_account(transport, KeyInRequest(), self.key.build_account_api(settings))
        async with store.locked():
            await store.save(TokenSet(Secret(text), None, created_at=time.time()))
        events.kept("The key is", store.where)
        return account

    async def _approve_and_keep(self, approval: Approval, events: SignInEvents) -> Account:
        store = self._open_store()
        async with store.locked():
            pass  # fail before anybody approves if keys cannot be stored
        async with Transport(1) as transport:
            flow = approval.build_flow(self.loaded.settings)
            try:
                tokens = await sign_in(transport, flow, events.code, events.waiting)
            finally:
                events.ended()
            async with store.locked():
                await store.save(tokens)
            events.kept(f"Signed in. The {self._noun} is", store.where)
            settings = replace(self.loaded.settings, **{self.key.field: tokens.access_token})
            return await ask_account(transport, KeyInRequest(), self.key.build_account_api(settings))

    async def _forget(self, store: TokenStore) -> None:
        approval, host = self.key.approval, host_of(self.loaded.settings.base_url)
        async with store.locked(), Transport(1) as transport:
            kept = await store.load()
            if kept is None:
                print(f"No {self.key.label} of {self.spec.word} is kept{store.trouble}; nothing to forget.")
                return
            where, is_revoked = store.where, False
            if approval is not None:
                flow = approval.build_flow(self.loaded.settings)
                is_revoked = await revoke(transport, flow, kept.access_token)
            await store.forget()
        if is_revoked:
            print(f"Signed out: ended at {host}, and forgotten in {where}.")
        elif approval is not None:
            print(f"Forgotten in {where}. {host} could not be asked to end the {self._noun};")
            print(f"to do that, {approval.by_hand}.")
        else:
            print(f"Forgotten in {where}. The key itself still works for whoever else has it.")
        if store.trouble:
            warn(f"something may be left{store.trouble}")


def _describe(account: Account) -> str:
    names = account.username or account.name
    return clean(f"{names} ({account.name})" if account.name and account.name != names else names)
