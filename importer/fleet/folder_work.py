"""What a worker does with an account of a folder depot: it takes, changes and returns it, under its lock."""

import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from filelock import FileLock

from importer.files import make_private_folder, write_privately
from importer.fleet.depot import Claim, Ending, Lease, LeaseLostError, Pulse, Refusal, State
from importer.fleet.folder_files import (
    AccountFolder,
    Turn,
    check_name,
    read_bytes,
    read_everybody,
    write_everybody,
)

"""When to ask again for an account that another process has; its lock says nothing about how long."""


class FolderWork:
    """The part of the protocol `Depot` that workers use."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self.folder = folder
        self.clock = clock
        self.locks: dict[Lease, FileLock] = {}
        """Of the accounts that this process works on."""
        self.mutex = threading.Lock()

    def __enter__(self) -> Self:
        make_private_folder(self.folder / "accounts")
        return self

    def __exit__(self, *_: object) -> None:
        for lock in self.locks.values():
            lock.release()

    def claim(
        self, name: str, lease_seconds: float, holder: str = "", *, early: bool = False
    ) -> Claim | Refusal:
        del lease_seconds  # the lock ends with its process
        folder = self.at(name)
        if not folder.keys.exists():
            return Refusal.UNKNOWN
        lock = folder.take()
        if lock is None:
            return Refusal.HELD
        try:
            turn = folder.read()
            if (refused := self._refuse(turn, early=early)) is not None:
                lock.release()
                return refused
            if turn.is_held:
                turn.deaths += 1
                turn.losses += 1
            turn.fence += 1
            turn.is_held, turn.holder = True, holder
            folder.write(turn)
            lease = Lease(name, turn.fence)
            with self.mutex:
                self.locks[lease] = lock
            return _build_claim(folder, lease, turn)
        except BaseException:
            lock.release()
            raise

    def claimed(self, lease: Lease) -> Claim:
        folder = self.at(lease.name)
        turn = folder.read()
        if not _is_of(turn, lease):
            raise LeaseLostError(lease.name)
        return _build_claim(folder, lease, turn)

    def beat(self, leases: Iterable[Lease], lease_seconds: float) -> Pulse:
        del lease_seconds
        lost = frozenset(lease.name for lease in leases if not _is_of(self.at(lease.name).read(), lease))
        everybody = read_everybody(self.folder)
        return Pulse(lost, max(0.0, everybody.paused_until - self.clock()), everybody.share)

    def save(self, lease: Lease, copy: bytes) -> None:
        with self._changing(lease) as turn:
            self._save(lease, turn, copy)

    def store_secrets(self, lease: Lease, sealed: bytes) -> None:
        with self._changing(lease):
            write_privately(self.at(lease.name).secrets, sealed)

    def finish(self, lease: Lease, copy: bytes | None, ending: Ending) -> None:
        with self._ending(lease) as turn:
            self._note(lease, turn, copy, ending)

    def release(self, lease: Lease, copy: bytes | None = None) -> None:
        with self._ending(lease) as turn:
            self._save(lease, turn, copy)

    def park(self, lease: Lease, copy: bytes | None, ending: Ending) -> None:
        with self._ending(lease) as turn:
            self._note(lease, turn, copy, ending)
            turn.parked, turn.note = State.SIGNED_OUT, ending.message

    def set_aside(self, lease: Lease, why: str) -> None:
        with self._ending(lease) as turn:
            turn.parked, turn.note = State.SET_ASIDE, why

    def pause_all(self, seconds: float) -> None:
        with self.mutex:
            everybody = read_everybody(self.folder)
            everybody.paused_until = max(everybody.paused_until, self.clock() + seconds)
            write_everybody(self.folder, everybody)

    def at(self, name: str) -> AccountFolder:
        """Return the folder of an account. Raises UsageError for a name that it cannot have."""
        check_name(name)
        return AccountFolder(self.folder / "accounts" / name)

    def _refuse(self, turn: Turn, *, early: bool) -> Refusal | None:
        if turn.parked and not (early and turn.parked == State.SET_ASIDE):
            return Refusal.ASIDE
        return None if early or is_due(turn, self.clock()) else Refusal.NOT_DUE

    @contextmanager
    def _changing(self, lease: Lease) -> Iterator[Turn]:
        folder = self.at(lease.name)
        turn = folder.read()
        if not _is_of(turn, lease):
            raise LeaseLostError(lease.name)
        yield turn
        folder.write(turn)

    @contextmanager
    def _ending(self, lease: Lease) -> Iterator[Turn]:
        try:
            with self._changing(lease) as turn:
                yield turn
                turn.is_held, turn.deaths = False, 0
        finally:
            with self.mutex:
                lock = self.locks.pop(lease, None)
            if lock is not None:
                lock.release()

    def _save(self, lease: Lease, turn: Turn, copy: bytes | None) -> None:
        if copy is not None:
            write_privately(self.at(lease.name).saved, copy)
            turn.saves += 1

    def _note(self, lease: Lease, turn: Turn, copy: bytes | None, ending: Ending) -> None:
        self._save(lease, turn, copy)
        now = self.clock()
        turn.ending, turn.ended_at, turn.due_at = ending, now, now + ending.due_in_seconds
        turn.run_id = ending.run_id or turn.run_id


def _build_claim(folder: AccountFolder, lease: Lease, turn: Turn) -> Claim:
    return Claim(
        lease,
        json.loads(read_bytes(folder.keys) or b"{}"),
        read_bytes(folder.secrets),
        read_bytes(folder.content),
        read_bytes(folder.saved),
        turn.deaths,
        turn.run_id,
    )


def is_due(turn: Turn, now: float) -> bool:
    """Whether it is to be brought: its time has come, or its worker died."""
    return not turn.parked and (turn.is_held or turn.due_at <= now)


def _is_of(turn: Turn, lease: Lease) -> bool:
    return turn.is_held and turn.fence == lease.fence
