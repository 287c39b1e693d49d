"""What every run sent, what came back, and what the account is known to hold.

The journal is the truth and the results file its print-out. A run is planned in one transaction: it is in
the journal whole, or not at all. Rows are marked before they are sent and after they are answered, in
grouped commits that reach the disk (`synchronous=FULL`), so a crash leaves at most rows marked as sending
whose answer is unknown, never a row that was sent unmarked.

`file.py` is the database with its lock and its transactions, `schema.sql` its form; `runs.py`,
`planned.py`, `compared.py` and `sent.py` follow a run from its beginning to its end. What the rows mean
is decided elsewhere.
"""

from importer.journal.compared import ComparedRows, Replaced
from importer.journal.planned import LoadRows
from importer.journal.rows import Changed, Run, in_blocks
from importer.journal.runs import Runs
from importer.journal.sent import SentRows

__all__ = ["Changed", "Journal", "Replaced", "Run", "in_blocks"]


class Journal(Runs, LoadRows, ComparedRows, SentRows):
    """The journal of one account: what its rows hold, and in which order they may be asked for."""
