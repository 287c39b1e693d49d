"""Secrets of accounts, sealed for the depot: who reads it alone learns none. Only home of cryptography.

```text
IMPORTER_FLEET_KEY="new"             seals and opens
IMPORTER_FLEET_KEY="new old"         seals with the first, opens with any: so keys are changed one by one
no variable, the folder depot        a key of its own in a private file, as sign-ins are kept
```

A sealed text says whose it is. One that was moved to another account in the depot is not opened.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path

from importer.errors import SettingsError, StopRunError
from importer.files import write_privately
from importer.parts import MissingPartError, is_there
from importer.state_files import translate_trouble

VARIABLE = "IMPORTER_FLEET_KEY"
_FILE = "fleet.key"
_MAKE = "Make one with: openssl rand -base64 32 | tr +/ -_"


class SealBrokenError(StopRunError):
    """The secrets of an account cannot be opened with the keys that are here."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name}: its secrets cannot be opened with this {VARIABLE}; add the account again")


class Sealer:
    """Seals and opens the secrets of accounts."""

    def __init__(self, *keys: str) -> None:
        """`keys` as `new_key` makes them; the first one seals. Raises SettingsError, MissingPartError."""
        if not is_there("fleet"):
            raise MissingPartError("fleet", "a fleet")
        from cryptography.fernet import Fernet, MultiFernet  # noqa: PLC0415 - an optional part

        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except ValueError:
            raise SettingsError([f"{VARIABLE} is no key. {_MAKE}."]) from None

    def seal(self, name: str, secrets: Mapping[str, str]) -> bytes:
        """Seal the secrets of an account."""
        return self._fernet.encrypt(json.dumps({"name": name, "secrets": dict(secrets)}).encode())

    def open(self, name: str, sealed: bytes | None) -> dict[str, str]:
        """Return the secrets of an account; none where None is sealed. Raises SealBrokenError."""
        if sealed is None:
            return {}
        from cryptography.fernet import InvalidToken  # noqa: PLC0415 - an optional part

        try:
            found = json.loads(self._fernet.decrypt(sealed))
        except (InvalidToken, ValueError):
            raise SealBrokenError(name) from None
        if found["name"] != name:
            raise SealBrokenError(name)
        return {str(key): str(value) for key, value in found["secrets"].items()}


def new_key() -> str:
    """Return a new key for `IMPORTER_FLEET_KEY`. Raises MissingPartError."""
    if not is_there("fleet"):
        raise MissingPartError("fleet", "a fleet")
    from cryptography.fernet import Fernet  # noqa: PLC0415 - an optional part

    return Fernet.generate_key().decode()


def open_sealer(folder: Path | None, environ: Mapping[str, str] = os.environ) -> Sealer:
    """Open the sealer of a depot: by the variable, or for a depot in a `folder` by a key that is kept there.

    Raises SettingsError, StateFileError and MissingPartError.
    """
    if keys := environ.get(VARIABLE, "").split():
        return Sealer(*keys)
    if folder is None:
        problem = f"{VARIABLE} is missing: the secrets in a depot that others can reach need a key"
        raise SettingsError([f"{problem}. {_MAKE}, and give all workers the same."])
    path = folder / _FILE
    with translate_trouble(path, "read the key of the fleet"):
        if not path.exists():
            write_privately(path, new_key().encode())
        return Sealer(*path.read_text("utf-8").split())
