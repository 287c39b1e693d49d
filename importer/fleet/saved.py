"""What is saved of an account between its turns: its folder, packed into one archive.

```text
journals/trakt-ada-1f2e3d4c.sqlite3    while a run is at work, a copy with all open rows marked
sync/ada.json, sync/ada.download       as a sync job keeps them
```

It is a zip file: a person can open it.
"""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

from importer.errors import StopRunError
from importer.journal import JournalRun
from importer.journal.copies import copy_journal, copy_marked
from importer.text import is_text

JOURNALS = "journals"
SANDBOX = "sandbox.sqlite3"
"""What an account has at the sandbox of its own, if that is where it goes."""
SYNC = "sync"

_LEFT_OUT = frozenset({".lock"})


def pack(folder: Path, copy: Callable[[Path], bytes] = copy_journal) -> bytes:
    """Pack the folder of an account; each journal as `copy` returns it. Raises StateFileError."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=5) as archive:
        for journal in sorted((folder / JOURNALS).glob("*.sqlite3")):
            archive.writestr(f"{JOURNALS}/{journal.name}", copy(journal))
        if (folder / SANDBOX).exists():
            archive.writestr(SANDBOX, copy_journal(folder / SANDBOX))
        for path in sorted((folder / SYNC).glob("*")):
            if path.is_file() and path.suffix not in _LEFT_OUT:
                archive.writestr(f"{SYNC}/{path.name}", path.read_bytes())
    return packed.getvalue()


def pack_marked(folder: Path, run: JournalRun) -> bytes:
    """Pack the folder while a run is at work, with all open rows of it marked. Raises StateFileError."""

    def copy(journal: Path) -> bytes:
        return copy_marked(journal, run) if journal == run.journal else copy_journal(journal)

    return pack(folder, copy)


def unpack(packed: bytes, folder: Path) -> None:
    """Write into the folder what `pack` made. Raises StopRunError if it is no such archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            for name in archive.namelist():
                if not _is_ours(name):
                    raise StopRunError(
                        f"the saved state of the account has a file that is not ours: {name!r}"
                    )
                target = folder / name
                target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                target.touch(mode=0o600)
                target.write_bytes(archive.read(name))
    except (zipfile.BadZipFile, OSError, RuntimeError) as error:
        raise StopRunError(f"the saved state of the account cannot be read ({error})") from error


def _is_ours(name: str) -> bool:
    place, _, file = name.partition("/")
    is_file = bool(file) and Path(file).name == file and is_text(file) and file not in {".", ".."}
    return name == SANDBOX or (place in {JOURNALS, SYNC} and is_file)


def journal_in(packed: bytes) -> tuple[str, bytes] | None:
    """Return the name and the content of the journal in an archive; None if the account has none yet."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        names = [name for name in archive.namelist() if name.startswith(f"{JOURNALS}/")]
        return (Path(names[-1]).name, archive.read(names[-1])) if names else None
