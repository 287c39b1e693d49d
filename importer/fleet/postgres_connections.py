"""Connections to PostgreSQL, for all threads of a process. With its neighbours the only home of psycopg.

A connection is taken for one statement or one transaction, and used again. One that broke is thrown away, and
what it was used for is tried once more on a new one: a restart of the server goes unnoticed by who waits.
"""

import threading
from collections.abc import Callable
from typing import Any, TypeVar

import psycopg

from importer.errors import ImporterError, SettingsError
from importer.fleet.depot import DepotUnreachableError

_Result = TypeVar("_Result")

_PATIENCE: dict[str, Any] = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
    "options": "-c statement_timeout=60s -c timezone=UTC",
    "application_name": "rating-importer",
}
"""A machine that vanished is noticed after some 15 s, not after hours."""


class Connections:
    """A few connections, opened when they are needed."""

    def __init__(self, address: str, most: int) -> None:
        """Raises SettingsError for an address that libpq cannot read."""
        try:
            psycopg.conninfo.conninfo_to_dict(address)
        except psycopg.ProgrammingError:
            raise SettingsError(["depot in [fleet] is no address of a PostgreSQL database."]) from None
        self._address = address
        self._idle: list[psycopg.Connection[Any]] = []
        self._mutex = threading.Lock()
        self._places = threading.Semaphore(most)

    def close(self) -> None:
        """Close what is not in use."""
        with self._mutex:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def run(self, work: Callable[[psycopg.Connection[Any]], _Result]) -> _Result:
        """Do `work` with a connection, in one transaction. Raises DepotUnreachableError."""
        try:
            try:
                return self._run(work)
            except (psycopg.OperationalError, psycopg.InterfaceError):
                self.close()  # those beside it are broken, too
                return self._run(work)
        except (psycopg.OperationalError, psycopg.InterfaceError) as error:
            told = str(error).strip().partition("\n")[0]
            raise DepotUnreachableError(f"the depot cannot be reached ({told})") from None

    def _run(self, work: Callable[[psycopg.Connection[Any]], _Result]) -> _Result:
        with self._places:
            connection = self._take()
            try:
                with connection.transaction():
                    result = work(connection)
            except ImporterError:
                self._give_back(connection)
                raise
            except BaseException:
                connection.close()
                raise
            self._give_back(connection)
            return result

    def _give_back(self, connection: psycopg.Connection[Any]) -> None:
        with self._mutex:
            self._idle.append(connection)

    def _take(self) -> psycopg.Connection[Any]:
        with self._mutex:
            if self._idle:
                return self._idle.pop()
        return psycopg.connect(self._address, autocommit=True, **_PATIENCE)
