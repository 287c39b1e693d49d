"""The journal: what every run sent, the answers, and the ratings that the account is known to have.

The results file is printed from the journal. A run is loaded in one transaction: it is in
the journal whole, or not at all. Rows are claimed before they are sent and closed after they are answered, in
grouped commits that reach the disk (`synchronous=FULL`), so a crash leaves at most claimed rows whose answer
is unknown, never a row that was sent unclaimed.

    with Journal(folder, "trakt-ada") as journal:            # holds the account's lock
        with journal.loading():                              # one transaction
            run = journal.begin(fingerprint, "ratings.csv", "trakt")
            run.add_rows(rows, outcomes)
        for jobs in in_blocks(run.open_jobs): ...            # compare with the account
        jobs = run.claim(after_row=0, limit=100)             # about to leave
        run.record(outcomes)                                 # answered
        run.finish()

All SQL about the journal is in this package: `database.py` is the file with its lock and transactions,
`schema.sql` its form, `upgrades.py` and `states.sql` the way to it from older ones, `runs.py` a run's
beginning and end, `loaded_rows.py`, `compared_rows.py` and `sent_rows.py` its rows in between, `states.py`
what became of them, `unlisted_rows.py` ratings that were accepted and not listed, `traffic_rows.py` its
requests and waits, `results.py` its lines and their counts, `reading.py`, `history.py`, `result_pages.py` and
`prune.py` past runs, `checksums.py` how damage is noticed.
"""

from importer.journal.compared_rows import Replaced
from importer.journal.history import RunKind
from importer.journal.results import RESULT_CELLS
from importer.journal.rows import Changed, PlannedChange, in_blocks
from importer.journal.runs import Journal, JournalRun
from importer.journal.unlisted_rows import Unlisted, Unverified

__all__ = [
    "RESULT_CELLS",
    "Changed",
    "Journal",
    "JournalRun",
    "PlannedChange",
    "Replaced",
    "RunKind",
    "Unlisted",
    "Unverified",
    "in_blocks",
]
