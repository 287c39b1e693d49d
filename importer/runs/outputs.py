"""Which files a run may replace: never a file of the user's without --overwrite.

```text
ratings.results.csv   does not exist, is empty or a device        written
                      begins with other columns                   refused: it is a file of the user's
                      is just as a run wrote it                   written
                      anything else                               refused: the user may be correcting it
```

The note of each written file, beside the journals, has its hash, its run and what was read for it.
"""

import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path
from typing import NamedTuple

from importer.config.folders import state_dir
from importer.errors import OptionError, Remedy
from importer.files import write_privately
from importer.model import DESTINATION, RESULT_COLUMNS
from importer.runs.load import fingerprint_file
from importer.runs.results_csv import STANDARD_OUTPUT

_LONGEST_STEM = 180
"""The most bytes of a source's name in the name of its results: file systems allow 255, with suffixes."""


class Note(NamedTuple):
    """What is remembered of a written file."""

    digest: str
    """Empty while a run writes it."""
    run_id: str = ""
    """The run whose results it has, if the journal has that run; of several `simkl=RUN mdblist=RUN`."""
    origin: str = ""
    """What was read for it; see `origin_of`."""

    def run_of(self, label: str) -> str:
        """Return the run of one of several destinations; without a label, of the only one."""
        if not label:
            return self.run_id
        runs = (each.partition("=") for each in self.run_id.split())
        return next((run_id for name, _, run_id in runs if name == label), "")


def origin_of(source: str) -> str:
    """Tell one source from another: a hash of its full path."""
    return hashlib.sha256(bytes(Path(source).resolve())).hexdigest()


def check_replaceable(path: Path, option: str, columns: Sequence[str]) -> None:
    """Raise OptionError unless the first line of the file names these columns."""
    if path.is_file() and path.stat().st_size and not begins_with(path, columns):
        problem = f"this file exists, and the importer did not write it. {Remedy.REPLACE}"
        raise OptionError(option, problem, path)


def begins_with(path: Path, columns: Sequence[str]) -> bool:
    """Whether the first line of the file names just these columns, perhaps those of several destinations."""
    header = ",".join(columns)
    of_several = f"{DESTINATION},{header}"
    try:
        with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
            return stream.readline(len(of_several) + 2).rstrip("\r\n") in {header, of_several}
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
            is_known = self.read_note(path) is not None
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
        written = self.read_note(path)
        if written is not None and not written.digest:
            return False  # a run was stopped while it wrote the file
        try:
            digest = fingerprint_file(path)
        except OSError:
            return True
        notes = (note for note in (written, *map(_parse_note, self._list_notes())) if note is not None)
        return not any(note.digest == digest for note in notes)

    def belongs_to_another(self, path: Path, origin: str) -> bool:
        """Whether the file was written for another source."""
        note = self.read_note(path) if path.is_file() else None
        return note is not None and bool(note.origin) and note.origin != origin

    def _list_notes(self) -> Sequence[Path]:
        return list(self.folder.iterdir()) if self.folder.is_dir() else []

    def read_note(self, path: Path) -> Note | None:
        """Return what is remembered of the file at this place, whatever has become of it since."""
        return _parse_note(self._note_of(path))

    @contextmanager
    def writing(self, path: Path, *, run_id: str = "", origin: str = "") -> Iterator[None]:
        """Remember the file that the block writes; without `origin` it is still that of the file before."""
        if path == STANDARD_OUTPUT or (path.exists() and not path.is_file()):
            yield
            return
        before = self.read_note(path)
        note = Note("", run_id, origin or ("" if before is None else before.origin))
        # Forget the old hash first: after a crash here, an untouched file must not count as edited.
        self._note(path, note)
        yield
        with suppress(OSError):
            self._note(path, note._replace(digest=fingerprint_file(path)))

    def _note(self, path: Path, note: Note) -> None:
        with suppress(OSError):  # a missing hash only skips the check
            write_privately(self._note_of(path), "\n".join(note).encode())

    def _note_of(self, path: Path) -> Path:
        return self.folder / hashlib.sha256(bytes(path.resolve())).hexdigest()


def _parse_note(note: Path) -> Note | None:
    with suppress(OSError, ValueError):
        return Note(*note.read_text("ascii").split("\n")[: len(Note._fields)])
    return None


def find_outputs() -> Outputs:
    """Find what runs on this machine wrote."""
    return Outputs(state_dir() / "journals" / "outputs")


def set_aside(path: Path) -> Path:
    """Rename an edited file, so that its name is free; return the new path."""
    number = 1
    while (place := path.with_stem(f"{path.stem}.edited{f'-{number}' if number > 1 else ''}")).exists():
        number += 1
    return path.rename(place)


def name_undo(run_id: str) -> Path:
    """Name the results of an undo after the run that it undoes: those of another undo stay."""
    return Path(f"undo-{run_id}.csv")


def name_results(source: str, outputs: Outputs) -> Path:
    """Name the results file after what is read, in the current folder: see `_name_free`."""
    name = Path(source).name
    return Path(name) if name.endswith(".results.csv") else _name_free(source, "results.csv", outputs)


def name_plan(source: str, outputs: Outputs) -> Path:
    """Name the plan after what is read, in the current folder: see `_name_free`."""
    return _name_free(source, "plan.csv", outputs)


def name_written(source: str, usual: Path, outputs: Outputs) -> Path:
    """Name the file to upload `imdb-import.csv`; if that is of another source, `ratings.imdb-import.csv`."""
    return usual if _is_free(usual, origin_of(source), outputs) else _name_free(source, usual.name, outputs)


def _name_free(source: str, ending: str, outputs: Outputs) -> Path:
    """Give `r.results.csv` for `r.csv`; if that is of `r.tsv`, `r.csv.results.csv`, then `r.csv-2...`."""
    origin, whole = origin_of(source), _shorten(Path(name_what_was_read(source)).name)
    names = chain([_stem_of(source), whole], (f"{whole}-{number}" for number in count(2)))
    places = (Path(f"{name}.{ending}") for name in names)
    return next(place for place in places if _is_free(place, origin, outputs))


def _is_free(path: Path, origin: str, outputs: Outputs) -> bool:
    return not any(outputs.belongs_to_another(each, origin) for each in with_parts(path))


def with_parts(path: Path) -> list[Path]:
    """Return the path, and the parts that an earlier run wrote instead of this file."""
    parts = (each for each in path.parent.iterdir() if is_part(each, path) and each.is_file())
    return [path, *sorted(parts)]


def is_part(part: Path, path: Path) -> bool:
    """Whether a file has the name of a part of `path`."""
    pattern = rf"{re.escape(path.stem)}-part-\d+-of-\d+{re.escape(path.suffix)}"
    return re.fullmatch(pattern, part.name) is not None


def name_match_file(source: str) -> Path:
    """Name the match file after what is read: `ratings.match.csv`, in the current folder."""
    return Path(f"{_stem_of(source)}.match.csv")


def name_what_was_read(source: str) -> str:
    """Return what files of a run are named after: an account's destination, else the source's own name."""
    found = re.fullmatch(r"the ratings at (\S+?)(?: \(.*\))?", source)
    return found[1] if found else source


def _stem_of(source: str) -> str:
    return _shorten(Path(name_what_was_read(source)).stem)


def _shorten(name: str) -> str:
    stem = name.replace(" ", "-")
    while len(os.fsencode(stem)) > _LONGEST_STEM:
        stem = stem[:-1]
    return stem
