"""What stands where a run is to write: nothing of the user's is overwritten unasked.

```text
ratings.results.csv   is not there, is empty or no regular file   written
                      begins with other columns                   refused: it is somebody's own file
                      changed since a run wrote it                refused: somebody is correcting it
```

What was written is known by its hash, in a small file beside the journals for each place.
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
"""Bytes of a source's name in that of its results; file systems allow 255, and a draft adds some."""


def check_replaceable(path: Path, option: str, columns: Sequence[str]) -> None:
    """See that a file may be replaced: its first line names these columns. Raises OptionError."""
    if not path.is_file() or not path.stat().st_size:
        return
    wanted = ",".join(columns)
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            is_ours = stream.readline(len(wanted) + 2).rstrip("\r\n") == wanted
    except OSError:
        is_ours = False
    if not is_ours:
        problem = f"this file exists, and the importer did not write it. {Remedy.REPLACE}"
        raise OptionError(option, problem, path)


@dataclass(frozen=True, slots=True)
class Outputs:
    """What the runs on this machine wrote last at each place. `folder` is made when it is needed."""

    folder: Path

    def check(self, path: Path, option: str, columns: Sequence[str]) -> None:
        """See that a file may be replaced: of this kind, and edited by nobody. Raises OptionError."""
        check_replaceable(path, option, columns)
        if self.is_edited(path):
            is_results = columns == RESULT_COLUMNS
            remedy = Remedy.REPLACE_EDITED if is_results else Remedy.REPLACE_EDITED_PLAN
            raise OptionError(option, f"this file was edited after a run wrote it. {remedy}", path)

    def is_edited(self, path: Path) -> bool:
        """Whether the file is not as a run left it; of one that no run wrote, nobody knows."""
        with suppress(OSError):
            written = self._note_of(path).read_text("ascii")
            return bool(written) and path.is_file() and fingerprint_file(path) != written
        return False

    @contextmanager
    def writing(self, path: Path) -> Iterator[None]:
        """Take note of what the block writes there."""
        if path == STANDARD_OUTPUT or (path.exists() and not path.is_file()):
            yield
            return
        # Forgotten first: after a crash in between, a file nobody has touched must not pass for edited.
        self._note(path, "")
        yield
        with suppress(OSError):
            self._note(path, fingerprint_file(path))

    def _note(self, path: Path, digest: str) -> None:
        with suppress(OSError):  # the results are what matters
            write_privately(self._note_of(path), digest.encode())

    def _note_of(self, path: Path) -> Path:
        return self.folder / hashlib.sha256(bytes(path.resolve())).hexdigest()


def set_aside(path: Path) -> Path:
    """Rename a file that somebody has edited, so that its name is free; give the new name."""
    number = 1
    while (place := path.with_stem(f"{path.stem}.edited{f'-{number}' if number > 1 else ''}")).exists():
        number += 1
    return path.rename(place)


def name_results(source: str) -> Path:
    """Name the results file after what is read: `ratings.results.csv`, in the current folder."""
    name = Path(source).name
    if name.endswith(".results.csv"):
        return Path(name)
    stem = Path(name).stem.replace(" ", "-")
    while len(os.fsencode(stem)) > _LONGEST_STEM:
        stem = stem[:-1]
    return Path(f"{stem}.results.csv")
