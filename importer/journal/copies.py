"""Copies of a journal for another machine, whole and as of one moment, while a run may be writing.

```text
copy_journal(path)                  the file as it is
copy_marked(path, number, run_id)   the same, with a claim on every open row of that run
```

Whoever goes on from a marked copy takes each open row for one that may have arrived: it looks at the account
before it sends. So a run may send for a while without saving its claims, and its death is that of any run.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from importer.journal.runs import Journal, JournalRun
from importer.state_files import translate_trouble

_NAME = "copy"


def copy_journal(journal: Path) -> bytes:
    """Return the content of a journal's file. Raises StateFileError."""
    with translate_trouble(journal, "copy the journal"), closing(_open(journal)) as source:
        return source.serialize()


def copy_marked(journal: Path, run: JournalRun) -> bytes:
    """Return a copy in which every open row of the run is claimed. Raises StateFileError.

    `run` is not asked for anything but its number: another thread may be using it.
    """
    with TemporaryDirectory(dir=journal.parent) as temporary, translate_trouble(journal, "copy the journal"):
        folder = Path(temporary)
        copy = folder / f"{_NAME}.sqlite3"
        with closing(_open(journal)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        with Journal(folder, _NAME) as marked:
            JournalRun(marked, run.number, run.run_id).claim_open()
        return copy.read_bytes()


def _open(journal: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{journal.absolute().as_uri()}?mode=ro", uri=True)
