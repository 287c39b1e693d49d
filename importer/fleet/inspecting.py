"""Looks into the saved state of an account, with the code that looks into the state of this machine."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.config.folders import own_state_dir
from importer.errors import UsageError
from importer.fleet.depot import Depot
from importer.fleet.saved import journal_in, unpack


def read_journal(depot: Depot, name: str) -> bytes:
    """Return the account's journal, an SQLite file. Raises UsageError if it has none yet."""
    copy = depot.copy_of(name)
    found = None if copy is None else journal_in(copy)
    if found is None:
        raise UsageError(f"{name}: there is no journal yet: nothing was imported")
    return found[1]


@contextmanager
def saved_state(depot: Depot, name: str) -> Iterator[Path]:
    """Unpack the account's saved state, which is the state folder while the block runs; then it is gone.

    Raises UsageError if nothing was saved yet.
    """
    copy = depot.copy_of(name)
    if copy is None:
        raise UsageError(f"{name}: nothing was imported yet")
    with tempfile.TemporaryDirectory(prefix="fleet-") as folder:
        unpack(copy, Path(folder))
        with own_state_dir(Path(folder)):
            yield Path(folder)
