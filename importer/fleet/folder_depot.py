"""The depot of one machine: a folder for each account, with a lock file for the process that works on it.

```text
fleet/fleet.json                 what concerns all: share, pause
fleet/accounts/ada/keys.json     its own keys of [jobs.ada]
                  /secrets       sealed
                  /content       its file, if that is kept here
                  /saved.zip     its state, see `saved.py`
                  /turn.json     fence, when it is due, what came of its last turn
                  /account.lock  held from claim to finish: a process that dies lets go of it at once
```

A lease needs no clock here: it ends with its process. The fence is raised by each claim all the same, and
what comes with an older one is refused. `folder_work.py` has what workers do.
"""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from shutil import rmtree

from importer.errors import StopRunError
from importer.files import make_private_folder, write_privately
from importer.fleet.depot import Account, NewAccount, State, Tally, UnknownAccountError
from importer.fleet.folder_files import (
    AccountFolder,
    Turn,
    check_name,
    read_bytes,
    read_everybody,
    write_everybody,
)
from importer.fleet.folder_work import FolderWork, is_due
from importer.state_files import translate_trouble

STOPPED = StopRunError.exit_code


class FolderDepot(FolderWork):
    """A depot in a folder of this machine. Fulfils the protocol `Depot`."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        super().__init__(folder, clock)
        self._known: dict[str, tuple[int, Turn]] = {}
        """The turns that were read last, with the age of their files."""

    def add(self, accounts: Iterable[NewAccount]) -> int:
        added = 0
        for added, account in enumerate(accounts, 1):  # noqa: B007 - counted
            check_name(account.name)
            folder = self.at(account.name)
            make_private_folder(folder.folder)
            write_privately(folder.keys, json.dumps(dict(account.keys), default=str).encode())
            if account.sealed is not None:
                write_privately(folder.secrets, account.sealed)
            if account.content is not None:
                write_privately(folder.content, account.content)
            with folder.briefly() as is_free:
                if is_free:
                    turn = folder.read()
                    if turn.parked == State.SIGNED_OUT and account.sealed is not None:
                        turn.parked = turn.note = ""
                    turn.due_at = self.clock()
                    folder.write(turn)
        return added

    def remove(self, name: str) -> None:
        folder = self._find(name)
        with self._free(folder), translate_trouble(folder.folder, "remove it"):
            for path in folder.folder.iterdir():
                if path.suffix != ".lock":
                    path.unlink()
        rmtree(folder.folder, ignore_errors=True)

    def get(self, name: str) -> Account:
        return self._describe(self._find(name))

    def accounts(
        self, states: Iterable[State] = (), *, after: str = "", limit: int = 100, failed: bool = False
    ) -> Sequence[Account]:
        wanted = frozenset(states) or frozenset(State)
        found: list[Account] = []
        for name in self._names():
            if len(found) == limit:
                break
            if name <= after:
                continue
            account = self._describe(self.at(name))
            has_failed = account.last is not None and account.last.exit_code != 0
            if account.state in wanted and (has_failed or not failed):
                found.append(account)
        return found

    def sealed(self, *, after: str = "", limit: int = 100) -> Sequence[tuple[str, bytes]]:
        names = (name for name in self._names() if name > after)
        found = (
            (name, sealed) for name in names if (sealed := read_bytes(self.at(name).secrets)) is not None
        )
        return list(islice(found, limit))

    def tally(self) -> Tally:
        states: Counter[State] = Counter()
        counts: Counter[str] = Counter()
        due, losses, saves = [], 0, 0
        for name, turn in self._turns():
            state = self._state(self.at(name), turn)
            states[state] += 1
            if state is State.DUE:
                due.append(turn.due_at)
            if turn.ending is not None:
                counts.update(turn.ending.counts)
            losses, saves = losses + turn.losses, saves + turn.saves
        everybody, now = read_everybody(self.folder), self.clock()
        overdue = max(0.0, now - min(due)) if due else 0.0
        pause = max(0.0, everybody.paused_until - now)
        return Tally(
            {state: states[state] for state in State}, overdue, counts, losses, saves, pause, everybody.share
        )

    def copy_of(self, name: str) -> bytes | None:
        return read_bytes(self._find(name).saved)

    def resume(self, name: str) -> None:
        folder = self._find(name)
        with self._free(folder):
            turn = folder.read()
            turn.parked, turn.note, turn.deaths, turn.due_at = "", "", 0, self.clock()
            folder.write(turn)

    def due(self, limit: int) -> Sequence[str]:
        now = self.clock()
        due = sorted((turn.due_at, name) for name, turn in self._turns() if is_due(turn, now))
        names: list[str] = []
        for _, name in due:
            if len(names) == limit:
                break
            if not self._is_locked(self.at(name)):
                names.append(name)
        return names

    def retry_stopped(self) -> int:
        retried, now = 0, self.clock()
        for name, turn in self._turns():
            if not _is_stopped(turn, now):
                continue
            folder = self.at(name)
            with folder.briefly() as is_free:
                if is_free and _is_stopped(turn := folder.read(), now):
                    turn.due_at = now
                    folder.write(turn)
                    retried += 1
        return retried

    def set_share(self, requests_per_second: float | None) -> None:
        with self.mutex:
            everybody = read_everybody(self.folder)
            if everybody.share != requests_per_second:
                everybody.share = requests_per_second
                write_everybody(self.folder, everybody)

    def _find(self, name: str) -> AccountFolder:
        folder = self.at(name)
        if not folder.keys.exists():
            raise UnknownAccountError(name)
        return folder

    def _names(self) -> list[str]:
        with translate_trouble(self.folder, "list the accounts"):
            return sorted(path.name for path in (self.folder / "accounts").iterdir())

    def _turns(self) -> Iterator[tuple[str, Turn]]:
        """Yield the turn of every account; only those are read that were written since."""
        for name in self._names():
            folder = self.at(name)
            modified = folder.modified_ns()
            known = self._known.get(name)
            if known is None or known[0] != modified or known[1].is_held:
                known = self._known[name] = (modified, folder.read())
            yield name, known[1]

    def _is_locked(self, folder: AccountFolder) -> bool:
        with folder.briefly() as is_free:
            return not is_free

    def _state(self, folder: AccountFolder, turn: Turn) -> State:
        if turn.parked:
            return State(turn.parked)
        if turn.is_held and self._is_locked(folder):
            return State.RUNNING
        return State.DUE if is_due(turn, self.clock()) else State.WAITING

    def _describe(self, folder: AccountFolder) -> Account:
        turn = folder.read()
        return Account(
            folder.name,
            json.loads(read_bytes(folder.keys) or b"{}"),
            self._state(folder, turn),
            _moment(turn.due_at),
            None,
            turn.holder,
            turn.fence,
            turn.deaths,
            None if turn.ended_at is None else _moment(turn.ended_at),
            turn.ending,
            turn.note,
        )

    @contextmanager
    def _free(self, folder: AccountFolder) -> Iterator[None]:
        with folder.briefly() as is_free:
            if not is_free:
                raise StopRunError(f"{folder.name}: a worker has this account now; wait for its end")
            yield


def _is_stopped(turn: Turn, now: float) -> bool:
    has_stopped = turn.ending is not None and turn.ending.exit_code == STOPPED
    return has_stopped and not turn.parked and not turn.is_held and turn.due_at > now


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
