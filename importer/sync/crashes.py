"""Which sync jobs ended the process that they ran in: a mark for each, beside its state.

sync/shelf.crashed      shelf runs in a process of its own, until it has ended there by itself
"""

from contextlib import suppress
from pathlib import Path

from importer.config.folders import state_dir
from importer.errors import ImporterError
from importer.files import make_private_folder


def has_crashed(name: str) -> bool:
    """Whether the job ended its process the last time."""
    try:
        return _mark_of(name).exists()
    except (OSError, ImporterError):
        return False


def note_crash(name: str) -> None:
    """Mark the job, if the folder can be written."""
    with suppress(OSError, ImporterError):
        mark = _mark_of(name)
        make_private_folder(mark.parent)
        mark.touch(mode=0o600)


def forget_crash(name: str) -> None:
    """Take the mark away."""
    with suppress(OSError, ImporterError):
        _mark_of(name).unlink(missing_ok=True)


def _mark_of(name: str) -> Path:
    return state_dir() / "sync" / f"{name}.crashed"
