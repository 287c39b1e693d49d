"""What `importer login` and `whoami` tell: lines for people, or with `--json` one object a line for programs.

```text
{"event": "code", "verification_url": "https://trakt.tv/activate", "user_code": "5055CC52", ...}
{"event": "waiting", "reason": "HTTP 502", "seconds_left": 583}
{"event": "signed_in", "username": "ada", "name": "Ada Lovelace", "is_vip": true, "kept_in": "the keyring"}
{"event": "refused", "reason": "The code has expired before it was entered ..."}
```
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Protocol

from importer.cli.advice import advise_keyring, explain
from importer.cli.device_code import clear_line, show_code, show_waiting
from importer.destinations.sign_in import Account, DeviceCode
from importer.errors import ImporterError


class SignInEvents(Protocol):
    """Is told how a sign-in goes."""

    def code(self, code: DeviceCode) -> None:
        """A code is to be entered."""

    def waiting(self, seconds_left: float, reason: str) -> None:
        """It was not entered yet; `reason` is set if something else is waited for."""

    def ended(self) -> None:
        """Nothing is waited for any more."""

    def kept(self, sentence: str, place: str) -> None:
        """What was got is kept at a place."""

    def signed_in(self, account: Account | None, described: str) -> None:
        """It is done; without an account, nobody could be asked whose it is."""


class SignInLines:
    """For people."""

    def code(self, code: DeviceCode) -> None:
        """Print address and code, on a terminal with a picture."""
        show_code(code)

    def waiting(self, seconds_left: float, reason: str) -> None:
        """Show the time that is left."""
        show_waiting(seconds_left, reason)

    def ended(self) -> None:
        """Remove the time that is left."""
        clear_line()

    def kept(self, sentence: str, place: str) -> None:
        """Print the sentence, and what would keep it better."""
        print(f"{sentence} kept in {place}.")
        if advice := advise_keyring():
            print(advice)

    def signed_in(self, account: Account | None, described: str) -> None:
        """Print the account."""
        if account is not None:
            print(f"Account: {described}")


class SignInJson:
    """For programs."""

    def __init__(self) -> None:
        self._place = ""

    def code(self, code: DeviceCode) -> None:
        """Print what a page shows: the address with the code in it is for a link or a picture."""
        until = datetime.now(UTC) + timedelta(seconds=code.expires_in)
        _print(
            "code",
            verification_url=code.verification_url,
            user_code=code.user_code,
            whole_url=code.link,
            expires_in_seconds=round(code.expires_in),
            expires_at=until.isoformat(timespec="seconds"),
        )

    def waiting(self, seconds_left: float, reason: str) -> None:
        """Print why the wait is not only for a person."""
        if reason:
            _print("waiting", reason=reason, seconds_left=round(seconds_left))

    def ended(self) -> None:
        """Nothing to do: the next event says how."""

    def kept(self, sentence: str, place: str) -> None:  # noqa: ARG002 - a program needs the place alone
        """Note the place."""
        self._place = place

    def signed_in(self, account: Account | None, described: str) -> None:  # noqa: ARG002 - in parts
        """Print whose account it is."""
        _print("signed_in", **(as_facts(account) if account else {}), kept_in=self._place)


def as_facts(account: Account) -> dict[str, object]:
    """Return what programs are told of an account."""
    return {
        "username": account.username or account.name,
        "name": account.name,
        "is_vip": account.is_vip,
        "cap": account.cap,
    }


@contextmanager
def telling_refusal(*, as_json: bool) -> Iterator[None]:
    """Print an error as an event, too, and pass it on."""
    try:
        yield
    except ImporterError as error:
        if as_json:
            _print("refused", reason=explain(error), exit_code=error.exit_code)
        raise


def _print(event: str, **facts: object) -> None:
    print(json.dumps({"event": event} | facts), flush=True)
