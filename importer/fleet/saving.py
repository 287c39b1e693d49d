"""Saves an account while a run is at work on it: before its first request, and each minute."""

import threading
from contextlib import suppress
from pathlib import Path
from typing import Self

from importer.errors import ImporterError
from importer.fleet.depot import Depot, Lease
from importer.fleet.saved import pack_marked
from importer.journal import JournalRun

EVERY_SECONDS = 60.0


class Saving:
    """A context manager around a run. Its copies have all open rows marked."""

    def __init__(
        self, depot: Depot, lease: Lease, folder: Path, every_seconds: float = EVERY_SECONDS
    ) -> None:
        self._depot = depot
        self._lease = lease
        self._folder = folder
        self._every_seconds = every_seconds
        self._ends = threading.Event()
        self._thread: threading.Thread | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        if self._thread is not None:
            self._thread.join()

    def before_sending(self, run: JournalRun) -> None:
        """Save the first copy; nothing is sent before it is at the depot. Raises StopRunError."""
        if not run.has_open():
            return
        self._save(run)
        self._thread = threading.Thread(target=self._save_on, args=(run,), name="saving", daemon=True)
        self._thread.start()

    def _save(self, run: JournalRun) -> None:
        self._depot.save(self._lease, pack_marked(self._folder, run))

    def _save_on(self, run: JournalRun) -> None:
        while not self._ends.wait(self._every_seconds):
            with suppress(ImporterError):  # the copy before this one is good enough
                self._save(run)
