"""The folder that a split makes, and the file of each user in it.

```text
DIR/split.json          written last: a folder without it is no split
    users.csv           user,bucket,offset,length,rows
    buckets/000.csv     a header, then the rows of each user together
    nobody.csv          the rows that do not say whose they are
    links.csv           what the dump's reader needs beside it

SplitFolder(DIR).content_of(ada)      the header, ada,Alien and ada,Up: a file that readers know
```

Where files lie beside the dump, a user's file is a zip archive of the rows and of what those files say about
them, so that it stands alone.
"""

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from importer.errors import UnreadableFileError
from importer.readers.tables.dialect import find_dialect
from importer.readers.tables.table import Header, Table
from importer.readers.tables.text import read_text_file

FORM = 1
"""The version of the folder's form."""
ABOUT = "split.json"
USERS = "users.csv"
NOBODY = "nobody.csv"
COLUMNS = ("user", "bucket", "offset", "length", "rows")

_ROWS = "ratings.csv"
"""The name of a user's rows in an archive."""
_SPLIT_AGAIN = "Split the dump again, into a new folder."
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The date of files in an archive: the same rows make the same bytes, so that a second run knows them."""


def place_of_bucket(folder: Path, number: int) -> Path:
    """Say where a bucket lies."""
    return folder / "buckets" / f"{number:03}.csv"


class Slice(NamedTuple):
    """Where the rows of a user are."""

    user: str
    bucket: int
    offset: int
    length: int
    rows: int


class SplitFolder:
    """A folder that `split_dump` made."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises UnreadableFileError if it is none, or not whole."""
        self.path = path
        try:
            about = json.loads((path / ABOUT).read_bytes())
            form, beside, header = about["form"], list(about["beside"]), str(about["header"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            problem = "is not the folder of a split that ended"
            raise UnreadableFileError(str(path), problem, remedy=_SPLIT_AGAIN) from error
        if form != FORM:
            problem = "was written by another version of the importer"
            raise UnreadableFileError(str(path), problem, remedy=_SPLIT_AGAIN)
        self._header = header
        self._beside = [_Beside(path / name, header) for name in beside]

    def slices(self) -> Iterator[Slice]:
        """Yield the users, those of a bucket one after the other."""
        with (self.path / USERS).open(encoding="utf-8", newline="") as file:
            lines = csv.reader(file)
            next(lines, None)
            for user, *numbers in lines:
                yield Slice(user, *map(int, numbers))

    def content_of(self, found: Slice) -> bytes:
        """Return the user's file. Raises UnreadableFileError if the folder was changed."""
        place = place_of_bucket(self.path, found.bucket)
        with place.open("rb") as file:
            file.seek(found.offset)
            rows = file.read(found.length)
        if len(rows) != found.length or not rows.endswith(b"\n"):
            raise UnreadableFileError(str(place), "is shorter than it was", remedy=_SPLIT_AGAIN)
        content = self._header.encode() + rows
        return self._pack(content) if self._beside else content

    def _pack(self, content: bytes) -> bytes:
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(zipfile.ZipInfo(_ROWS, _EPOCH), content, zipfile.ZIP_DEFLATED)
            for each in self._beside:
                archive.writestr(
                    zipfile.ZipInfo(each.name, _EPOCH), each.about(content), zipfile.ZIP_DEFLATED
                )
        return packed.getvalue()


class _Beside:
    """A file beside the dump: what it says about a row is found by the first column that both have."""

    def __init__(self, path: Path, header: str) -> None:
        self.name = path.name
        table = Table(read_text_file(path, str(path)))
        dialect = find_dialect(header)
        keys = Header.of(dialect.names).keys if dialect is not None else ()
        shared = next((key for key in table.header.keys if key in keys), None)
        if dialect is None or shared is None:
            problem = "has no column of the dump"
            raise UnreadableFileError(str(path), problem, remedy=_SPLIT_AGAIN)
        self._dialect = dialect
        self._place = keys.index(shared)
        self._header = table.written_header
        self._rows: dict[bytes, bytes] = {}
        for written in table.written_rows(table.header.keys.index(shared)):
            for key, row in zip(written.cells, written.rows, strict=True):
                self._rows[key] = self._rows.get(key, b"") + row + b"\n"

    def about(self, content: bytes) -> bytes:
        """Return the file with the rows that say something about this content."""
        records = self._dialect.tokenise(io.StringIO(content.decode(), newline=""), is_strict=False)
        cells = (record[self._place].strip().encode() for record in records if len(record) > self._place)
        return self._header + b"".join(self._rows.get(key, b"") for key in dict.fromkeys(cells))
