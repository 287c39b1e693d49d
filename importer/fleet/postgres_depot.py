"""The depot of a fleet of machines: a PostgreSQL database. Needs the extra `fleet`.

```text
claim("ada", 30)    one UPDATE: fence + 1, held_until = the database's now + 30 s, if it is free and due
save, finish        "... WHERE name = 'ada' AND fence = 7": none of the rows is ours any more: LeaseLostError
```

All moments are the database's. `postgres_work.py` has what workers do; `schema.sql` has the tables.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from importlib.resources import files
from itertools import islice
from typing import Any, Self

from psycopg.types.json import Jsonb

from importer.errors import StopRunError
from importer.fleet.depot import Account, Ending, NewAccount, State, Tally, UnknownAccountError
from importer.fleet.postgres_work import PostgresWork

VERSION = 1
_BATCH = 500

_STATE = """CASE
    WHEN parked IS NOT NULL THEN parked
    WHEN held_until > now() THEN 'running'
    WHEN held_until IS NOT NULL OR due_at <= now() THEN 'due'
    ELSE 'waiting' END"""
_COLUMNS = f"name, keys, {_STATE}, due_at, held_until, holder, fence, deaths, ended_at, ending, note"


class PostgresDepot(PostgresWork):
    """A depot in a PostgreSQL database. Fulfils the protocol `Depot`."""

    folder = None

    def __enter__(self) -> Self:
        schema = files("importer.fleet").joinpath("schema.sql").read_text("utf-8")

        def prepare(connection: Any) -> int:
            connection.execute("SELECT pg_advisory_xact_lock(7241968)")  # two that start at once
            found = connection.execute("SELECT to_regclass('fleet')").fetchone()
            if found[0] is None:
                connection.execute(schema)
            return int(connection.execute("SELECT version FROM fleet").fetchone()[0])

        version = self.connections.run(prepare)
        if version != VERSION:
            raise StopRunError(f"the depot is of another version of this program ({version}, not {VERSION})")
        return self

    def add(self, accounts: Iterable[NewAccount]) -> int:
        added, waiting = 0, iter(accounts)
        while batch := list(islice(waiting, _BATCH)):
            self.connections.run(partial(_add, batch))
            added += len(batch)
        return added

    def remove(self, name: str) -> None:
        gone = self.change(
            "DELETE FROM account WHERE name = %s AND (held_until IS NULL OR held_until <= now())", name
        )
        if not gone:
            self.get(name)
            raise StopRunError(f"{name}: a worker has this account now; wait for its end")

    def get(self, name: str) -> Account:
        rows = self.ask(f"SELECT {_COLUMNS} FROM account WHERE name = %s", name)
        if not rows:
            raise UnknownAccountError(name)
        return _build_account(rows[0])

    def accounts(
        self, states: Iterable[State] = (), *, after: str = "", limit: int = 100, failed: bool = False
    ) -> Sequence[Account]:
        rows = self.ask(
            f"SELECT {_COLUMNS} FROM account WHERE name > %s AND ({_STATE}) = ANY(%s)"
            " AND (NOT %s OR (ending ->> 'exit_code')::int <> 0) ORDER BY name LIMIT %s",
            after,
            [str(state) for state in frozenset(states) or State],
            failed,
            limit,
        )
        return [_build_account(row) for row in rows]

    def sealed(self, *, after: str = "", limit: int = 100) -> Sequence[tuple[str, bytes]]:
        rows = self.ask(
            "SELECT name, sealed FROM account WHERE name > %s AND sealed IS NOT NULL ORDER BY name LIMIT %s",
            after,
            limit,
        )
        return [(name, bytes(sealed)) for name, sealed in rows]

    def tally(self) -> Tally:
        states = dict(self.ask(f"SELECT {_STATE}, count(*) FROM account GROUP BY 1"))
        counts = self.ask(
            "SELECT key, sum(value::bigint)::bigint FROM account, jsonb_each_text(ending -> 'counts')"
            " GROUP BY key ORDER BY key"
        )
        [(overdue, losses, saves)] = self.ask(
            f"SELECT extract(epoch FROM now() - min(due_at) FILTER (WHERE ({_STATE}) = 'due'))::float8,"
            " coalesce(sum(losses), 0)::bigint, coalesce(sum(saves), 0)::bigint FROM account"
        )
        pulse = self.beat((), 0)
        return Tally(
            {state: states.get(str(state), 0) for state in State},
            max(0.0, overdue or 0.0),
            dict(counts),
            losses,
            saves,
            pulse.pause_seconds,
            pulse.share,
        )

    def copy_of(self, name: str) -> bytes | None:
        self.get(name)
        rows = self.ask("SELECT copy FROM saved WHERE name = %s", name)
        return bytes(rows[0][0]) if rows else None

    def resume(self, name: str) -> None:
        done = self.change(
            "UPDATE account SET parked = NULL, note = '', deaths = 0, due_at = now(), held_until = NULL"
            " WHERE name = %s AND (held_until IS NULL OR held_until <= now())",
            name,
        )
        if not done:
            self.get(name)
            raise StopRunError(f"{name}: a worker has this account now; wait for its end")

    def due(self, limit: int) -> Sequence[str]:
        # Two questions, each answered by an index: those whose worker died, and those whose time has come.
        rows = self.ask(
            "(SELECT name, held_until FROM account WHERE held_until <= now() AND parked IS NULL"
            "   ORDER BY held_until LIMIT %s)"
            " UNION ALL (SELECT name, due_at FROM account"
            "   WHERE parked IS NULL AND held_until IS NULL AND due_at <= now() ORDER BY due_at LIMIT %s)"
            " LIMIT %s",
            limit,
            limit,
            limit,
        )
        return [name for name, _ in rows]

    def retry_stopped(self) -> int:
        return self.change(
            "UPDATE account SET due_at = now() WHERE parked IS NULL AND held_until IS NULL"
            " AND due_at > now() AND (ending ->> 'exit_code')::int = %s",
            StopRunError.exit_code,
        )

    def set_share(self, requests_per_second: float | None) -> None:
        self.change("UPDATE fleet SET share = %s WHERE share IS DISTINCT FROM %s", *[requests_per_second] * 2)


def _add(batch: Sequence[NewAccount], connection: Any) -> None:
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO account (name, keys, sealed, due_at) VALUES (%s, %s, %s, now())"
            " ON CONFLICT (name) DO UPDATE SET keys = excluded.keys, due_at = now(),"
            " sealed = coalesce(excluded.sealed, account.sealed),"
            " parked = CASE WHEN account.parked = 'signed_out' AND excluded.sealed IS NOT NULL THEN NULL"
            "   ELSE account.parked END,"
            " note = CASE WHEN account.parked = 'signed_out' AND excluded.sealed IS NOT NULL THEN ''"
            "   ELSE account.note END",
            [(each.name, Jsonb(_as_json(each.keys)), each.sealed) for each in batch],
        )
        if contents := [(each.name, each.content) for each in batch if each.content is not None]:
            cursor.executemany(
                "INSERT INTO content VALUES (%s, %s)"
                " ON CONFLICT (name) DO UPDATE SET content = excluded.content",
                contents,
            )


def _as_json(keys: Mapping[str, object]) -> object:
    return json.loads(json.dumps(dict(keys), default=str))


def _build_account(row: Sequence[Any]) -> Account:
    name, keys, state, due_at, held_until, holder, fence, deaths, ended_at, ending, note = row
    return Account(
        name,
        keys,
        State(state),
        due_at,
        held_until if state == State.RUNNING else None,
        holder,
        fence,
        deaths,
        ended_at,
        None if ending is None else Ending(**ending),
        note,
    )
