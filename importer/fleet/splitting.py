"""Splits a dump of many users: the rows of each user stand together afterwards.

```text
dump.csv          pass 1: by hash of the user   pass 2: bucket by bucket      users.csv
userId,title      000     ada  ada,Alien        buckets/000.csv  userId,title  user,bucket,offset,length,rows
ada,Alien                 ada  ada,Up                            ada,Alien     ada,0,13,17,2
bob,Heat          001     bob  bob,Heat                          ada,Up        bob,1,13,9,1
ada,Up
```

A row is copied as it is written, in UTF-8, below the header as the file has it. So the header and the bytes
that `users.csv` names are a file that every reader reads as it reads the dump (`split_folder.py`). There is
no file for each user: 200,000 of 4 kB take 800 MB of disk.

Memory does not grow with the dump: pass 1 keeps some blocks of it, pass 2 one piece of a bucket. The result
appears whole or not at all: it is made in a hidden folder, which gets its name at the end.
"""

import csv
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from importer.errors import GarbledTextError, OptionError, UnreadableFileError
from importer.files import open_text
from importer.fleet.buckets import Deal, group_bucket
from importer.fleet.split_folder import ABOUT, COLUMNS, FORM, NOBODY, USERS, place_of_bucket
from importer.progress import Phase, Progress
from importer.readers.cells.errors import quote
from importer.readers.registry import READERS
from importer.readers.tables.archive import GZIP_START, ZIP_START, Folder, unpack_gzip
from importer.readers.tables.opening import open_table
from importer.readers.tables.table import Table
from importer.readers.tables.text import read_head

_BUFFERED = 1 << 18
"""Bytes of a bucket. The rows of most users are few, and would be a call of the system each."""


@dataclass(frozen=True, slots=True)
class SplitReport:
    """What became of the rows of a dump."""

    rows: int
    """Of users."""
    users: int
    nobody: int
    """Rows that do not say whose they are; `nobody.csv` has them."""
    left_out: int
    """Rows of users that were not wanted."""
    beside: Sequence[str]
    """The files beside the dump that its readers need; they were copied."""
    notes: Sequence[str]
    """What was found out about the dump: its encoding, for one."""


def split_dump(
    path: Path,
    user: str,
    into: Path,
    *,
    encoding: str | None = None,
    wanted: Callable[[str], bool] = lambda _: True,
    progress: Progress | None = None,
) -> SplitReport:
    """Split the dump by the column `user` into the new folder `into`, with the rows of the users `wanted`.

    Raises UnreadableFileError, GarbledTextError, OptionError, and OSError where the disk does.
    """
    if into.is_symlink() or (into.exists() and not (into.is_dir() and not any(into.iterdir()))):
        raise OptionError("into", "it exists already, and is left as it is; name a new folder", into)
    name, progress = str(path), progress or Progress()
    unpacked = Folder()  # it goes when nobody holds it any more
    table = _open_dump(path, name, encoding, unpacked)
    place = table.header.find([user.strip()])
    if place is None:
        columns = ", ".join(map(quote, table.header.names))
        raise OptionError("user", f"{name} has no such column; its columns are {columns}", user)
    with _appearing(into) as draft:
        beside = _copy_beside(table, path.parent, draft)
        buckets = _deal_out(table, place, draft, progress)
        progress.phase = Phase.GROUPING
        found = _Grouping(draft, table, place, wanted)
        found.run(buckets)
        report = SplitReport(found.rows, found.users, found.nobody, found.left_out, beside, table.text.notes)
        header = table.written_header.decode()
        about = {"form": FORM, "source": path.name, "user": user, "header": header, **asdict(report)}
        with (draft / ABOUT).open("xb") as file:
            file.write(json.dumps(about, indent=2).encode() + b"\n")
            _sync(file)
    return report


def _open_dump(path: Path, name: str, encoding: str | None, folder: Folder) -> Table:
    head = read_head(path, name)
    if head.startswith(GZIP_START):
        path = unpack_gzip(path, name, folder, path.stat().st_size)
        head = read_head(path, name)
    is_packed = head.startswith((GZIP_START, ZIP_START))
    table = None if is_packed else open_table(path, name, head, encoding)
    if not isinstance(table, Table):
        problem = "is no text with a separator between the cells, which is all that can be split"
        raise UnreadableFileError(name, problem, remedy="Unpack it, or save it as CSV.")
    if table.is_garbled:  # a slice is UTF-8, and would not look garbled any more
        raise GarbledTextError(name)
    return table


@contextmanager
def _appearing(into: Path) -> Iterator[Path]:
    """Give a hidden folder beside `into` that becomes `into` at the end; after any error it is gone."""
    draft = into.with_name(f".{into.name}.{secrets.token_hex(4)}.part")
    try:
        place_of_bucket(draft, 0).parent.mkdir(mode=0o700, parents=True)
        yield draft
        if into.is_dir():  # an empty one
            into.rmdir()
        draft.replace(into)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
    with suppress(OSError):  # Windows opens no folder
        handle = os.open(into.parent, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _deal_out(table: Table, place: int, draft: Path, progress: Progress) -> int:
    """Pass 1: deal out the rows, and return the number of buckets."""
    deal = Deal(draft, table.path.stat().st_size)
    for written in table.written_rows(place):
        deal.take(written)
        progress.rows_read += len(written.rows)
    deal.append()
    return deal.count


def _copy_beside(table: Table, folder: Path, draft: Path) -> Sequence[str]:
    """Copy the files beside the dump that a reader of such a table needs."""
    names = dict.fromkeys(
        name for reader in READERS if not reader.missing(table.header) for name in reader.beside
    )
    found = [name for name in names if (folder / name).is_file()]
    for name in found:
        shutil.copyfile(folder / name, draft / name)
    return found


class _Grouping:
    """Pass 2: writes each bucket grouped by user, and the index."""

    def __init__(self, draft: Path, table: Table, place: int, wanted: Callable[[str], bool]) -> None:
        self.rows = self.users = self.nobody = self.left_out = 0
        self._draft = draft
        self._header = table.written_header
        self._nameless = {"", table.header.names[place]}  # no cell, and a header that stands there again
        self._wanted = wanted

    def run(self, buckets: int) -> None:
        """Group all buckets."""
        with (self._draft / NOBODY).open("xb") as nobody, open_text(self._draft / USERS, "x") as index:
            nobody.write(self._header)
            lines = csv.writer(index, lineterminator="\n")
            lines.writerow(COLUMNS)
            for number in range(buckets):
                dealt = self._draft / f"{number:03}"
                if dealt.exists():
                    lines.writerows(self._group(dealt, number, nobody))
                    dealt.unlink()
            _sync(index)
            _sync(nobody)

    def _group(self, dealt: Path, number: int, nobody: IO[bytes]) -> Iterator[tuple[str, int, int, int, int]]:
        """Write a bucket, and yield a line of the index for each user."""
        with place_of_bucket(self._draft, number).open("xb", buffering=_BUFFERED) as file:
            offset = file.write(self._header)
            for user, parts, rows in group_bucket(dealt):
                if user in self._nameless:
                    nobody.writelines(parts)
                    self.nobody += rows
                elif not self._wanted(user):
                    self.left_out += rows
                else:
                    length = sum(map(file.write, parts))
                    yield user, number, offset, length, rows
                    offset += length
                    self.rows, self.users = self.rows + rows, self.users + 1
            _sync(file)


def _sync(file: IO[bytes] | IO[str]) -> None:
    file.flush()
    os.fsync(file.fileno())
