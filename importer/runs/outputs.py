"""Which files a run may replace: never a file of the user's without --overwrite.

```text
ratings.results.csv   does not exist, is empty or a device        written
                      begins with other columns                   refused: it is a file of the user's
                      is just as a run wrote it                   written
                      anything else                               refused: the user may be correcting it
```

The hash of each written file is in a small file beside the journals.
"""

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from importer.errors import OptionError, Remedy
from importer.files import write_privately
from importer.model import RESULT_COLUMNS
from importer.runs.load import fingerprint_file
from importer.runs.results_csv import STANDARD_OUTPUT

_LONGEST_STEM = 180
"""The most bytes of a source's name in the name of its results: file systems allow 255, with suffixes."""


def check_replaceable(path: Path, option: str, columns: Sequence[str]) -> None:
    """Raise OptionError unless the first line of the file names these columns."""
    if path.is_file() and path.stat().st_size and not begins_with(path, columns):
        problem = f"this file exists, and the importer did not write it. {Remedy.REPLACE}"
        raise OptionError(option, problem, path)


def begins_with(path: Path, columns: Sequence[str]) -> bool:
    """Whether the first line of the file names just these columns."""
    header = ",".join(columns)
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            return stream.readline(len(header) + 2).rstrip("\r\n") == header
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that runs on this machine wrote. `folder` is created when needed."""

    folder: Path

    def check(self, path: Path, option: str, columns: Sequence[str]) -> None:
        """Raise OptionError unless the file has these columns and is just as a run wrote it."""
        check_replaceable(path, option, columns)
        if self.may_be_edited(path):
            is_results = columns == RESULT_COLUMNS
            remedy = Remedy.REPLACE_EDITED if is_results else Remedy.REPLACE_EDITED_PLAN
            is_known = self._read_note(self._note_of(path)) is not None
            problem = (
                "was edited after a run wrote it" if is_known else "is not known here, and may be edited"
            )
            raise OptionError(option, f"this file {problem}. {remedy}", path)

    def check_written(self, path: Path, option: str) -> None:
        """Raise OptionError unless the file is just as a run wrote it, whatever its columns."""
        if self.may_be_edited(path):
            problem = f"this file may be an export of yours. {Remedy.REPLACE}"
            raise OptionError(option, problem, path)

    def may_be_edited(self, path: Path) -> bool:
        """Whether the file may have corrections: unless a run wrote just this, here or at another place."""
        if not path.is_file() or not path.stat().st_size:
            return False
        written = self._read_note(self._note_of(path))
        if written == "":
            return False  # a run was stopped while it wrote the file
        try:
            digest = fingerprint_file(path)
        except OSError:
            return True
        return digest != written and not any(self._read_note(note) == digest for note in self._list_notes())

    def _list_notes(self) -> Sequence[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []

    def _read_note(self, note: Path) -> str | None:
        with suppress(OSError, ValueError):
            return note.read_text("ascii")
        return None

    @contextmanager
    def writing(self, path: Path) -> Iterator[None]:
        """Remember the hash of the file that the block writes."""
        if path == STANDARD_OUTPUT or (path.exists() and not path.is_file()):
            yield
            return
        # Forget the old hash first: after a crash here, an untouched file must not count as edited.
        self._note(path, "")
        yield
        with suppress(OSError):
            self._note(path, fingerprint_file(path))

    def _note(self, path: Path, digest: str) -> None:
        with suppress(OSError):  # a missing hash only skips the check
            write_privately(self._note_of(path), digest.encode())

    def _note_of(self, path: Path) -> Path:
        return self.folder / hashlib.sha256(bytes(path.resolve())).hexdigest()


def set_aside(path: Path) -> Path:
    """Rename an edited file, so that its name is free; return the new path."""
    number = 1
    while (place := path.with_stem(f"{path.stem}.edited{f'-{number}' if number > 1 else ''}")).exists():
        number += 1
    return path.rename(place)


def name_undo(run_id: str) -> Path:
    """Name the results of an undo after the run that it undoes: those of another undo stay."""
    return Path(f"undo-{run_id}.csv")


def name_results(source: str) -> Path:
    """Name the results file after what is read: `ratings.results.csv`, in the current folder."""
    name = Path(source).name
    return Path(name) if name.endswith(".results.csv") else Path(f"{_stem_of(source)}.results.csv")


def name_match_file(source: str) -> Path:
    """Name the match file after what is read: `ratings.match.csv`, in the current folder."""
    return Path(f"{_stem_of(source)}.match.csv")


def _stem_of(source: str) -> str:
    stem = Path(source).stem.replace(" ", "-")
    while len(os.fsencode(stem)) > _LONGEST_STEM:
        stem = stem[:-1]
    return stem
