"""A service that one signs in to with a code: its settings, and the keys of the user's app.

App keys come from settings or a prompt, never from flags, which every user of a machine can read. Keys that
were typed are kept in the settings file.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import typer

from importer import setting
from importer.cli.advice import spell
from importer.cli.streams import warn
from importer.client.token_store import TokenStore, open_token_store
from importer.config.folders import config_file, state_dir
from importer.config.keep import add_settings
from importer.config.sources import Loaded, name_variable
from importer.destinations.registry import choose
from importer.destinations.sign_in import AccountApi, DeviceFlow
from importer.destinations.spec import Approval, DestinationSpec, DeviceSignIn
from importer.errors import OptionError, SettingsError, StateFileError
from importer.runs.settings import load_spec_settings
from importer.secret import Secret


@dataclass(frozen=True, slots=True)
class Service:
    """A service, with its settings."""

    spec: DestinationSpec
    loaded: Loaded[Any]

    @property
    def settings(self) -> Any:
        """What is set, as the spec declares it."""
        return self.loaded.settings

    @property
    def section(self) -> str:
        """The section of the settings file."""
        return f"accounts.{self.loaded.account}" if self.loaded.account else self.spec.name

    @property
    def device(self) -> DeviceSignIn:
        """How one signs in with a code."""
        assert self.spec.device is not None
        return self.spec.device

    @property
    def approval(self) -> Approval:
        """How a person approves the sign-in."""
        assert self.spec.approval is not None
        return self.spec.approval

    def given(self, **values: object) -> "Service":
        """The same service with other settings."""
        return replace(self, loaded=replace(self.loaded, settings=replace(self.settings, **values)))

    def without_tokens(self) -> "Service":
        """Signing in makes a pair of its own; one from the settings stays as it is."""
        return self.given(access_token=Secret(""), refresh_token=Secret(""))

    def build_flow(self) -> DeviceFlow:
        """Build what signs in and renews."""
        return self.device.build_flow(self.settings)

    def build_account_api(self) -> AccountApi:
        """Build what asks about the account."""
        return self.device.build_account_api(self.settings)

    def open_store(self) -> TokenStore:
        """Open where the tokens are kept."""
        return open_token_store(self.settings, state_dir(), self.loaded.account)

    def describe_keys(self, asked: Collection[str]) -> str:
        """Say where to put the keys that were asked for."""
        keys = {key: name for key, name in self.approval.app_keys.items() if key in asked}
        names = " and ".join(f"the {name.lower()}" for name in keys.values())
        variables = " and ".join(name_variable(self.section, key) for key in keys)
        return (
            f"Every run needs {names}, too. Put them into the variables\n{variables},\n"
            f"or as {' and '.join(keys)} into [{self.section}] of {config_file()}"
        )


def load_service(
    to: str, flags: Mapping[str, object], account: str, needs: Collection[str] | None = None
) -> Service:
    """Load the settings of a service. Raises OptionError and SettingsError."""
    spec = choose(to)
    host = flags.get("auth_url")
    assert spec.settings is not None
    if host and all(each.name != "auth_url" for each in fields(spec.settings)):
        raise OptionError("auth_url", f"{to} signs users in where its API is; name that with base_url", host)
    loaded = load_spec_settings(spec, flags, needs=needs, account=account)
    for warning in loaded.warnings:
        warn(warning)
    return Service(spec, loaded)


def load_or_prompt(
    to: str, flags: Mapping[str, object], account: str, *, asks: bool
) -> tuple[Service, dict[str, str]]:
    """Load the settings; if it `asks`, for the app's keys if none is set. Returns the typed ones, too.

    An app whose first key is set and whose secret is not has no secret.
    """
    asked: dict[str, str] = {}
    try:
        return load_service(to, flags, account), asked
    except SettingsError:
        if not asks:
            raise
    service = load_service(to, flags, account, needs=())
    keys = service.approval.app_keys
    print(spell(service.approval.where_keys_are))
    for number, key in enumerate(key for key in keys if not getattr(service.settings, key)):
        is_secret = isinstance(getattr(service.settings, key), Secret)
        text = _prompt(keys[key], hidden=is_secret, may_lack=number > 0)
        service = service.given(**{key: Secret(text) if is_secret else text})
        if text:
            asked[key] = text
    return service, asked


def _prompt(what: str, *, hidden: bool, may_lack: bool) -> str:
    """Ask for a key on the terminal; perhaps it may be left empty."""
    more: dict[str, Any] = {"default": "", "show_default": False} if may_lack else {}
    label = f"{what} (Enter if there is none)" if may_lack else what
    while True:
        text: str = typer.prompt(label, hide_input=hidden, err=True, **more).strip()
        wrong = list(setting.check_word(text, {}))
        if not wrong:
            return text
        warn(wrong[0].format(place=what))


def keep_keys(service: Service, asked: Mapping[str, str]) -> None:
    """Write the typed keys into the settings file, so that they are asked for once."""
    try:
        add_settings(config_file(), service.section, asked)
    except (SettingsError, StateFileError, OSError) as error:
        warn(error.message if isinstance(error, StateFileError) else str(error))
        print(service.describe_keys(asked))
    else:
        names = " and ".join(f"the {service.approval.app_keys[key].lower()}" for key in asked)
        print(f"Kept {names} in [{service.section}] of {config_file()}, which only you can read.")
