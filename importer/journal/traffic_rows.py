"""The requests and waits of a run, as they were: for the charts of its report. Nothing is decided by them.

They have no checksums, since they grow with every commit; the rows, which have them, say what was sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from importer.journal.database import insert_rows
from importer.journal.history import PastRun
from importer.journal.reading import reading
from importer.journal.rows import RunRows
from importer.progress import RequestRecord, Traffic, WaitRecord

_LONGEST_REASON = 200


class TrafficRows(RunRows):
    """Writes the requests and waits of a run."""

    def note_traffic(self, traffic: Traffic) -> None:
        """Take what there is, and write it."""
        if not traffic:
            return
        requests, waits = traffic.take()
        with self._transaction():
            self._insert_records("request", "?, ?, ?, ?, ?, ?", requests)
            self._insert_records("wait", "?, ?, ?", waits)

    def _insert_records(self, table: str, places: str, records: Sequence[RequestRecord | WaitRecord]) -> None:
        last = f"SELECT ifnull(max(number), 0) FROM {table} WHERE run = ?"
        (number,) = self._db.execute(last, (self.number,)).fetchone()
        insert_rows(
            self._db,
            f"INSERT INTO {table}",
            f"?, ?, {places}",
            (
                (self.number, place, *facts, reason[:_LONGEST_REASON])
                for place, (*facts, reason) in enumerate(records, number + 1)
            ),
        )


@dataclass(frozen=True, slots=True)
class PastTraffic:
    """The requests and waits of a past run, in the order in which they ended."""

    requests: Sequence[RequestRecord]
    waits: Sequence[WaitRecord]
    is_whole: bool
    """Whether all were noted; else these are the last requests of its rows, which is all that is known."""


def read_traffic(run: PastRun) -> PastTraffic:
    """Read what went over the network in a run. Raises StateFileError."""
    with reading(run.journal) as database:
        is_noted = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'request'"
        if database.execute(is_noted).fetchone():
            requests = database.execute(
                f"SELECT {', '.join(RequestRecord._fields)} FROM request WHERE run = ? ORDER BY number",
                (run.number,),
            ).fetchall()
            waits = database.execute(
                f"SELECT {', '.join(WaitRecord._fields)} FROM wait WHERE run = ? ORDER BY number",
                (run.number,),
            ).fetchall()
            if requests or waits:
                noted = [RequestRecord(*request) for request in requests]
                return PastTraffic(noted, [WaitRecord(*wait) for wait in waits], is_whole=True)
        # Rows of one batch were sent at one moment; the view has it in this form in all versions.
        found = database.execute(
            "SELECT (julianday(sent_at) - 2440587.5) * 86400, max(duration_ms), http_status, count(*)"
            " FROM result WHERE run = ? AND sent_at IS NOT NULL GROUP BY sent_at, http_status ORDER BY 1",
            (run.number,),
        ).fetchall()
    requests = [RequestRecord(at, ms or 0, "POST", status, rows, "") for at, ms, status, rows in found]
    return PastTraffic(requests, [], is_whole=not requests)
