"""The columns of a file, for those who write readers; never a cell of a row.

```text
file: .csv, 12,345 bytes, read as imdb
  table: Const | Your Rating | Date Rated | Title
```

The first line of a file without a header is a row. Where a line looks like one, its shape is shown instead:
`tt0111161 | 9 | The Shawshank Redemption` is `aa9999999 | 9 | Aaa Aaaaaaaaa Aaaaaaaaaa`.
"""

import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath

from importer.errors import ImporterError
from importer.readers import open_reader
from importer.readers.tables.archive import ZIP_START, is_open_document, is_workbook
from importer.readers.tables.opening import open_tables
from importer.readers.tables.text import read_head
from importer.text import count

_MOST_NAMES = 60

_is_cell = re.compile(r"\d{4}|\s*[-+]?\d+([.,]\d+)?\s*$|tt\d|https?:").match


def describe_file(path: Path) -> Iterator[str]:
    """Describe a file by its kind, its size and its columns."""
    kind = path.suffix.lower() or "no suffix"
    try:
        size = path.stat().st_size
        head = read_head(path, "FILE")
    except (OSError, ImporterError) as error:
        yield f"file: {kind}, cannot be read: {type(error).__name__}"
        return
    yield f"file: {kind}, {size:,} bytes, {_recognise(path)}"
    yield f"  it begins with {_describe_start(head)}"
    if head.startswith(ZIP_START) and not is_workbook(path) and not is_open_document(path):
        yield from _list_members(path)
        return
    with suppress(ImporterError):
        for table in open_tables(path, "FILE", head):
            yield f"  table: {describe_columns(table.header.names)}"


def describe_columns(names: Sequence[str]) -> str:
    """Name the columns, or show the shape of a line that looks like a row."""
    shown = names[:_MOST_NAMES]
    if any(_is_cell(name) for name in names):
        return f"looks like a row, of the shape {' | '.join(map(_shape_of, shown))}"
    return " | ".join(shown)


def _shape_of(cell: str) -> str:
    """Give a text's shape: `Heat (1995)` is `Aaaa (9999)`."""
    classes = ((str.isdigit, "9"), (str.isupper, "A"), (str.isalpha, "a"))
    return "".join(next((mark for is_one, mark in classes if is_one(sign)), sign) for sign in cell[:60])


def _recognise(path: Path) -> str:
    try:
        return f"read as {open_reader(path, name='FILE').format_name}"
    except ImporterError as error:
        return f"not read: {type(error).__name__}"


def _describe_start(head: bytes) -> str:
    starts = {
        ZIP_START: "PK, a zip archive",
        b"\x1f\x8b": "the mark of gzip",
        b"\xef\xbb\xbf": "the mark of UTF-8",
        b"\xff\xfe": "the mark of UTF-16, little end first",
        b"\xfe\xff": "the mark of UTF-16, big end first",
    }
    found = next((words for start, words in starts.items() if head.startswith(start)), "")
    if found:
        return found
    try:
        head[:4096].decode("ascii")
    except UnicodeDecodeError:
        return "letters that are not all ASCII"
    return f"{head[:1].decode()!r}" if head[:1] in b'<{["' and head else "ASCII"


def _list_members(path: Path) -> Iterator[str]:
    """List the files of an archive; in its folders only their kinds, since lists have names of one's own."""
    found: Counter[str] = Counter()
    with suppress(zipfile.BadZipFile, OSError), zipfile.ZipFile(path) as archive:
        for member in map(PurePosixPath, archive.namelist()):
            is_below = len(member.parts) > 1
            shown = f"{member.parts[0]}/*{member.suffix}" if is_below else member.name
            found[re.sub("[0-9]", "9", shown)] += 1
    for name, number in list(found.items())[:_MOST_NAMES]:
        yield f"  holds {name}" if number == 1 else f"  holds {name}, {count(number, 'file')}"
