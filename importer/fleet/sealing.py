"""Secrets of accounts, sealed for the depot: who reads it alone learns none. Only home of cryptography.

```text
IMPORTER_FLEET_KEY="new"             seals and opens
IMPORTER_FLEET_KEY="new old"         seals with the first, opens with any: so keys are changed one by one
no variable, the folder depot        a key of its own in a private file: fleet/fleet.key
```

A sealed text says whose it is. One that was moved to another account in the depot is not opened.
"""

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from importer.errors import SettingsError, StopRunError
from importer.files import write_privately
from importer.parts import MissingPartError, is_there
from importer.state_files import translate_trouble

VARIABLE = "IMPORTER_FLEET_KEY"
_FILE = "fleet.key"
_MAKE = "`openssl rand -base64 32 | tr +/ -_` makes one"
_BACK = "Put the right one back, or add the accounts again with `importer fleet add`."


class SealBrokenError(StopRunError):
    """The sign-in of an account cannot be opened with the keys that are here."""

    def __init__(self, name: str, where: str) -> None:
        self.name = name
        problem = f"its sign-in cannot be opened with the key in {where}"
        super().__init__(f"{problem}; put the right key back, or add the account again")


class KeyLostError(SettingsError):
    """The depot has sealed sign-ins, and there is no key that opens any."""


class Sealer:
    """Seals and opens the secrets of accounts."""

    def __init__(self, *keys: str, where: str = VARIABLE) -> None:
        """`keys` as `new_key` makes them; the first one seals. Raises SettingsError, MissingPartError."""
        self._where = where
        if not is_there("fleet"):
            raise MissingPartError("fleet", "a fleet")
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - an optional part

        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            remedy = f"{_MAKE}." if where == VARIABLE else _BACK
            raise SettingsError([f"{where} is no key. {remedy}"]) from None

    def seal(self, name: str, secrets: Mapping[str, str]) -> bytes:
        """Seal the secrets of an account."""
        return self._fernet.encrypt(json.dumps({"name": name, "secrets": dict(secrets)}).encode())

    def check(self, sealed: Iterable[tuple[str, bytes]]) -> None:
        """Check that one of these can be opened, if there are any. Raises KeyLostError."""
        names = []
        for name, secrets in sealed:
            with suppress(SealBrokenError):
                self.open(name, secrets)
                return
            names.append(name)
        if names:
            whose = f"no sign-in of the fleet ({names[0]} is the first)"
            raise KeyLostError([f"{whose} can be opened with the key in {self._where}. {_BACK}"])

    def open(self, name: str, sealed: bytes | None) -> dict[str, str]:
        """Return the secrets of an account; none where None is sealed. Raises SealBrokenError."""
        if sealed is None:
            return {}
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - an optional part

        try:
            found = json.loads(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):
            raise SealBrokenError(name, self._where) from None
        if found["name"] != name:
            raise SealBrokenError(name, self._where)
        return {str(key): str(value) for key, value in found["secrets"].items()}


def new_key() -> str:
    """Return a new key for `IMPORTER_FLEET_KEY`. Raises MissingPartError."""
    if not is_there("fleet"):
        raise MissingPartError("fleet", "a fleet")
    from cryptography.fernet import Fernet  # noqa: PLC0415 - an optional part

    return Fernet.generate_key().decode()


def has_key(folder: Path | None, environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this process has a key for the depot, or should have one: in a `folder` there is always one."""
    return folder is not None or bool(environ.get(VARIABLE, "").split())


def open_sealer(
    folder: Path | None, environ: Mapping[str, str] = os.environ, *, has_sealed: bool = False
) -> Sealer:
    """Open the sealer of a depot: by the variable, or for a depot in a `folder` by a key that is kept there.

    A new key is made only if nothing was sealed before. Raises KeyLostError then, SettingsError,
    StateFileError and MissingPartError.
    """
    if keys := environ.get(VARIABLE, "").split():
        return Sealer(*keys)
    if folder is None:
        problem = f"{VARIABLE} is missing: the sign-ins in a depot that others can reach need a key"
        raise SettingsError([f"{problem}. {_MAKE}, and give all workers the same."])
    path = folder / _FILE
    with translate_trouble(path, "read the key of the fleet"):
        if not path.exists():
            if has_sealed:
                raise KeyLostError(
                    [f"{path} is missing, the key that opens the sign-ins of the fleet. {_BACK}"]
                )
            write_privately(path, new_key().encode())
        return Sealer(*path.read_text("utf-8").split(), where=str(path))
