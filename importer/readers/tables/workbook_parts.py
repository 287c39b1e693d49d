"""What the parts of a workbook hold, counted before openpyxl builds objects of them.

openpyxl makes 300 bytes of each cell of a row and holds the row as a whole; four bytes are a cell. Which
part is read as what, the workbook says itself, so its own names are not relied on:

```text
<row><c/><c/><c/>...      at most 16,384 cells in a row, as in Excel
<si/><si/><si/>...        shared texts: at most one for five bytes of the file, and 64 MiB
<xf/><xf/><xf/>...        anything else: at most 300,000 elements, and 64 MiB
```
"""

import zipfile
from xml.parsers import expat

from importer import limits
from importer.errors import UnreadableFileError
from importer.readers.tables.sheets import SAVE_AS_CSV

_BLOCK = 1 << 16
_XML = (".xml", ".rels")


def check_parts(archive: zipfile.ZipFile, name: str, given: int) -> None:
    """Read all parts through. Raises UnreadableFileError, and what `zipfile` and expat raise.

    `given` are the bytes of the file that the workbook came in.
    """
    parts = archive.infolist()
    count = _Count(name, given)
    for part in parts:
        try:
            count.read(archive, part)
        except expat.ExpatError:  # openpyxl could not read it either
            if part.filename.lower().endswith(_XML):
                raise
            count.add_beside(0, part.file_size)


class _Count:
    """What was found so far."""

    def __init__(self, name: str, given: int) -> None:
        self._name = name
        self._most_shared = max(limits.MOST_SHARED_ELEMENTS, given // 5)
        self._in_row = self._wide_cells = self._shared = self._shared_bytes = self._beside = (
            self._beside_bytes
        ) = 0
        self._row: int | None = None
        """The byte that the row being read starts at."""
        self._text: int | None = None
        """The byte that the shared text being read starts at."""
        self._rows = 0
        """In this part."""
        self._edge = 0
        """Up to which byte of the part all is counted."""
        self._parser = expat.ParserCreate()

    def read(self, archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
        """Count a part."""
        self._row = self._text = None
        self._edge = self._rows = 0
        self._parser = expat.ParserCreate()
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype
        fed = 0
        with archive.open(part) as stream:
            while block := stream.read(_BLOCK):
                self._parser.Parse(block, False)
                fed += len(block)
                if fed - self._parser.CurrentByteIndex > limits.LONGEST_TOKEN:
                    raise self._error(f"a tag is longer than {limits.LONGEST_TOKEN:,} bytes")
                self._length_since(self._row)
                self._length_since(self._text)
                if self._row is None and self._text is None:
                    self._add_bytes_up_to(fed)

    def add_beside(self, elements: int, size: int) -> None:
        """Count what is neither row nor shared text. Raises UnreadableFileError."""
        self._beside += elements
        self._beside_bytes += size
        if self._beside > limits.MOST_ELEMENTS_BESIDE_ROWS or self._beside_bytes > limits.LARGEST_SHARED:
            raise self._error("there is more beside its rows than any workbook has")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        local = tag.rpartition(":")[2]
        if local in {"row", "si"}:
            self._add_bytes_up_to(self._parser.CurrentByteIndex)
        if local == "row":
            self._row, self._in_row = self._parser.CurrentByteIndex, 0
            self._rows += 1
            if self._rows > limits.MOST_SHEET_ROWS:
                raise self._error(f"it has more than {limits.MOST_SHEET_ROWS:,} rows")
        elif local == "si":
            self._text = self._parser.CurrentByteIndex
        if self._text is not None:
            self._shared += 1
            if self._shared > self._most_shared:
                raise self._error(f"its cells share more than {self._most_shared:,} texts")
        elif self._row is not None:
            self._count_in_row(local, attributes)
        else:
            self.add_beside(1, 0)

    def _count_in_row(self, element: str, attributes: dict[str, str]) -> None:
        self._in_row += 1
        if self._in_row > limits.MOST_ELEMENTS_OF_ROW:
            raise self._error(f"a row has more than {limits.MOST_SHEET_CELLS:,} cells")
        # AAA1 or XFD1: openpyxl makes a row of as many cells.
        if element == "c" and attributes.get("r", "")[2:3].isalpha():
            self._wide_cells += 1
            if self._wide_cells > limits.MOST_WIDE_CELLS:
                raise self._error("too many of its cells stand too far to the right")

    def _add_bytes_up_to(self, place: int) -> None:
        self.add_beside(0, max(0, place - self._edge))
        self._edge = max(self._edge, place)

    def _end(self, tag: str) -> None:
        local = tag.rpartition(":")[2]
        if local in {"row", "si"}:
            self._edge = self._parser.CurrentByteIndex
        if local == "row":
            self._length_since(self._row)
            self._row = None
        elif local == "si":
            self._shared_bytes += self._length_since(self._text)
            self._text = None
            if self._shared_bytes > limits.LARGEST_SHARED:
                raise self._error(f"its cells share more than {limits.LARGEST_SHARED:,} bytes of text")

    def _length_since(self, start: int | None) -> int:
        length = 0 if start is None else self._parser.CurrentByteIndex - start
        if length > limits.LONGEST_RECORD:
            raise self._error(f"a row or a text is longer than {limits.LONGEST_RECORD:,} bytes")
        return length

    def _refuse_doctype(self, *_: object) -> None:
        raise self._error("it defines a document type of its own")

    def _error(self, problem: str) -> UnreadableFileError:
        return UnreadableFileError(self._name, f"the workbook cannot be read: {problem}", remedy=SAVE_AS_CSV)
