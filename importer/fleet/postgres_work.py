"""What a worker does with an account of a PostgreSQL depot: each a statement that its fence guards."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from psycopg.types.json import Jsonb

from importer.fleet.depot import Claim, Ending, Lease, LeaseLostError, Pulse, Refusal
from importer.fleet.postgres_connections import Connections

MOST_CONNECTIONS = 8
"""For all threads of a process: a statement takes milliseconds, an account seconds."""

_MINE = "name = %s AND fence = %s AND held_until IS NOT NULL"
_CLAIMED = "fence, keys, sealed, deaths, run_id"
_NOW = "clock_timestamp()"  # a statement that waited for another one counts from when it is carried out


class PostgresWork:
    """The part of the protocol `Depot` that workers use."""

    def __init__(self, address: str, most_connections: int = MOST_CONNECTIONS) -> None:
        """Raises SettingsError."""
        self.connections = Connections(address, most_connections)

    def __exit__(self, *_: object) -> None:
        self.connections.close()

    def claim(
        self, name: str, lease_seconds: float, holder: str = "", *, early: bool = False
    ) -> Claim | Refusal:
        def claim(connection: Any) -> Claim | Refusal:
            row = connection.execute(
                "UPDATE account SET fence = fence + 1, deaths = deaths + (held_until IS NOT NULL)::int,"
                " losses = losses + (held_until IS NOT NULL)::int, holder = %s,"
                f" held_until = {_NOW} + make_interval(secs => %s)"
                f" WHERE name = %s AND (held_until IS NULL OR held_until <= {_NOW})"
                " AND (parked IS NULL OR (%s AND parked = 'set_aside'))"
                f" AND (%s OR due_at <= {_NOW} OR held_until IS NOT NULL)"
                f" RETURNING {_CLAIMED}",
                (holder, lease_seconds, name, early, early),
            ).fetchone()
            if row is None:
                return _explain_refusal(connection, name)
            # A statement of its own: it sees what the holder before saved while this one waited for it.
            return _build_claim(connection, name, row)

        return self.connections.run(claim)

    def claimed(self, lease: Lease) -> Claim:
        def read(connection: Any) -> Claim:
            row = connection.execute(
                f"SELECT {_CLAIMED} FROM account WHERE {_MINE}", (lease.name, lease.fence)
            ).fetchone()
            if row is None:
                raise LeaseLostError(lease.name)
            return _build_claim(connection, lease.name, row)

        return self.connections.run(read)

    def beat(self, leases: Iterable[Lease], lease_seconds: float) -> Pulse:
        named = list(leases)

        def beat(connection: Any) -> Pulse:
            held: set[str] = set()
            if named:
                rows = connection.execute(
                    f"UPDATE account SET held_until = {_NOW} + make_interval(secs => %s)"
                    " FROM unnest(%s::text[], %s::bigint[]) AS mine (name, fence)"
                    " WHERE (account.name, account.fence) = (mine.name, mine.fence)"
                    " AND held_until IS NOT NULL"
                    " RETURNING account.name",
                    (lease_seconds, [each.name for each in named], [each.fence for each in named]),
                ).fetchall()
                held = {name for (name,) in rows}
            pause, share = connection.execute(
                "SELECT extract(epoch FROM greatest(paused_until, now()) - now())::float8, share FROM fleet"
            ).fetchone()
            return Pulse(frozenset(each.name for each in named) - held, float(pause), share)

        return self.connections.run(beat)

    def save(self, lease: Lease, copy: bytes) -> None:
        self._change_mine(lease, copy, "holder = holder")

    def store_secrets(self, lease: Lease, sealed: bytes) -> None:
        self._change_mine(lease, None, "sealed = %s", sealed)

    def finish(self, lease: Lease, copy: bytes | None, ending: Ending) -> None:
        self._end(lease, copy, ending, "parked = parked")

    def release(self, lease: Lease, copy: bytes | None = None) -> None:
        self._change_mine(lease, copy, "held_until = NULL, deaths = 0")

    def park(self, lease: Lease, copy: bytes | None, ending: Ending) -> None:
        self._end(lease, copy, ending, "parked = 'signed_out', note = %s", ending.message)

    def set_aside(self, lease: Lease, why: str) -> None:
        change = "held_until = NULL, deaths = 0, parked = 'set_aside', note = %s"
        self._change_mine(lease, None, change, why)

    def pause_all(self, seconds: float) -> None:
        self.change(
            "UPDATE fleet SET paused_until = greatest(paused_until, now() + make_interval(secs => %s))",
            seconds,
        )

    def ask(self, statement: str, *values: object) -> Sequence[Any]:
        """Return the rows of a question."""
        return self.connections.run(lambda connection: connection.execute(statement, values).fetchall())

    def change(self, statement: str, *values: object) -> int:
        """Return how many rows a statement changed."""
        return self.connections.run(lambda connection: connection.execute(statement, values).rowcount)

    def _end(self, lease: Lease, copy: bytes | None, ending: Ending, more: str, *values: object) -> None:
        self._change_mine(
            lease,
            copy,
            "held_until = NULL, deaths = 0, ended_at = now(), ending = %s,"
            " run_id = coalesce(nullif(%s, ''), run_id),"
            f" due_at = now() + make_interval(secs => %s), {more}",
            Jsonb({**asdict(ending), "counts": {str(key): rows for key, rows in ending.counts.items()}}),
            ending.run_id,
            ending.due_in_seconds,
            *values,
        )

    def _change_mine(self, lease: Lease, copy: bytes | None, change: str, *values: object) -> None:
        mine = (lease.name, lease.fence)

        def change_mine(connection: Any) -> None:
            saves = int(copy is not None)
            done = connection.execute(
                f"UPDATE account SET saves = saves + {saves}, {change} WHERE {_MINE}",
                (*values, *mine),
            )
            if not done.rowcount:
                raise LeaseLostError(lease.name)
            if copy is not None:
                connection.execute(
                    "INSERT INTO saved VALUES (%s, %s) ON CONFLICT (name) DO UPDATE SET copy = excluded.copy",
                    (lease.name, copy),
                )

        self.connections.run(change_mine)


def _build_claim(connection: Any, name: str, row: Sequence[Any]) -> Claim:
    fence, keys, sealed, deaths, run_id = row
    blobs = connection.execute(
        "SELECT (SELECT content FROM content WHERE name = %(name)s),"
        " (SELECT copy FROM saved WHERE name = %(name)s)",
        {"name": name},
    ).fetchone()
    content, copy = map(_bytes, blobs)
    return Claim(Lease(name, fence), keys, _bytes(sealed), content, copy, deaths, run_id)


def _explain_refusal(connection: Any, name: str) -> Refusal:
    row = connection.execute(
        "SELECT parked IS NOT NULL, held_until IS NOT NULL FROM account WHERE name = %s", (name,)
    ).fetchone()
    if row is None:
        return Refusal.UNKNOWN
    is_parked, is_held = row
    if is_parked:
        return Refusal.ASIDE
    return Refusal.HELD if is_held else Refusal.NOT_DUE


def _bytes(found: object) -> bytes | None:
    return None if found is None else bytes(found)  # type: ignore[call-overload]
