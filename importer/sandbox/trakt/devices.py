r"""Device codes: a state machine in the store's database, which keeps codes as hashes.

    PENDING --decide--> APPROVED --poll--> USED
       |   \--decide--> DENIED
       \--time--> EXPIRED

A state is the status of API page oauth/device/token.
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from importer.sandbox.store import Store
from importer.sandbox.trakt.tokens import digest

_SCHEMA = """
CREATE TABLE IF NOT EXISTS devices (
    device_sha256 TEXT PRIMARY KEY, user_sha256 TEXT NOT NULL UNIQUE, state INTEGER NOT NULL,
    expires_at REAL NOT NULL, polled_at REAL NOT NULL) WITHOUT ROWID;
"""

# A poll may be early by the network's jitter.
_FORGIVEN_SECONDS = 0.1
_KEPT_SECONDS = 86_400


class DeviceState(IntEnum):
    """The state of a device code, as the status of the next poll."""

    APPROVED = 200
    PENDING = 400
    UNKNOWN = 404
    USED = 409
    EXPIRED = 410
    DENIED = 418
    TOO_FAST = 429


@dataclass(frozen=True, slots=True, repr=False)
class DeviceCode:
    """One code for the client, one for the user. It has no repr, because both are secret."""

    device_code: str
    user_code: str


class Devices:
    """All device codes of the sandbox. With `auto_approve` they start as APPROVED."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        *,
        life_seconds: int,
        interval_seconds: int,
        auto_approve: bool,
    ) -> None:
        self.life_seconds = life_seconds
        self.interval_seconds = interval_seconds
        self._database = store.database
        self._clock = clock
        self._first_state = DeviceState.APPROVED if auto_approve else DeviceState.PENDING
        self._database.executescript(_SCHEMA)

    def new_code(self) -> DeviceCode:
        """A new code. It waits for approval until it expires."""
        now = self._clock()
        self._database.execute("DELETE FROM devices WHERE expires_at < ?", (now - _KEPT_SECONDS,))
        code = DeviceCode(secrets.token_hex(32), secrets.token_hex(4).upper())
        self._database.execute(
            "INSERT INTO devices VALUES (?, ?, ?, ?, ?)",
            (
                digest(code.device_code),
                digest(code.user_code),
                self._first_state,
                now + self.life_seconds,
                now - self.interval_seconds,
            ),
        )
        return code

    def poll(self, device_code: str) -> DeviceState:
        """The answer to the waiting client. APPROVED comes once; from then on the code is USED.

        Polls that come too fast do not count, so a client that slows down gets an answer again. The order in
        which the states are checked is the sandbox's own choice.
        """
        row = self._database.execute(
            "SELECT state, expires_at, polled_at FROM devices WHERE device_sha256 = ?", (digest(device_code),)
        ).fetchone()
        now = self._clock()
        state = _state_now(row, now)
        if state not in {DeviceState.PENDING, DeviceState.APPROVED}:
            return state
        if now - row[2] < self.interval_seconds - _FORGIVEN_SECONDS:
            return DeviceState.TOO_FAST
        self._database.execute(
            "UPDATE devices SET state = ?, polled_at = ? WHERE device_sha256 = ?",
            (DeviceState.USED if state is DeviceState.APPROVED else state, now, digest(device_code)),
        )
        return state

    def decide(self, user_code: str, *, approve: bool) -> DeviceState:
        """The user's answer: APPROVED or DENIED if it counts, else why not (USED: decided before)."""
        row = self._database.execute(
            "SELECT state, expires_at FROM devices WHERE user_sha256 = ?", (digest(user_code),)
        ).fetchone()
        state = _state_now(row, self._clock())
        if state is not DeviceState.PENDING:
            return state if state in {DeviceState.UNKNOWN, DeviceState.EXPIRED} else DeviceState.USED
        decided = DeviceState.APPROVED if approve else DeviceState.DENIED
        self._database.execute(
            "UPDATE devices SET state = ? WHERE user_sha256 = ?", (decided, digest(user_code))
        )
        return decided


def _state_now(row: Sequence[Any] | None, now: float) -> DeviceState:
    """The stored state, or EXPIRED if the code's time is over: used and denied codes do not expire."""
    if row is None:
        return DeviceState.UNKNOWN
    state = DeviceState(row[0])
    lapses = state in {DeviceState.PENDING, DeviceState.APPROVED}
    return DeviceState.EXPIRED if lapses and now >= row[1] else state
