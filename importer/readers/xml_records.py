"""The records of an XML file: the elements right below the root that hold elements themselves.

The parser is expat, fed block by block, so memory does not grow with the file. Entities are not
expanded: an export has none, and a file that defines some is up to no good.
"""

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from importer.errors import UnreadableFileError
from importer.readers.record_table import LIST, Record
from importer.readers.textfile import CHECK_FILE

_BLOCK = 1 << 18
_LONGEST_RECORD = 1 << 20
"""Characters."""

_DEEPEST = 32


def read_xml_records(path: Path, name: str) -> Iterator[Record]:
    """Yield the records; raises `UnreadableFileError` where the text is no XML, after all before it."""
    elements = _Elements(name)
    with path.open("rb") as file:
        while True:
            block = file.read(_BLOCK)
            failure = elements.feed(block)
            yield from elements.take()
            if failure is not None:
                raise failure
            if not block:
                return


class _Elements:
    """Collects records from the events of the parser."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: list[Record] = []
        self._path: list[str] = []
        self._cells: dict[str, str] = {}
        self._text: list[str] = []
        self._length = 0
        self._line = 0
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.EntityDeclHandler = self._entity

    def feed(self, block: bytes) -> UnreadableFileError | None:
        """Take in a block, the last one empty; return what is wrong with it."""
        try:
            self._parser.Parse(block, not block)
        except expat.ExpatError as error:
            problem = f"this is no XML, or the file was cut off here ({expat.ErrorString(error.code)})"
            return self._error(problem, error.lineno)
        except UnreadableFileError as error:
            return error
        return None

    def take(self) -> list[Record]:
        """Give the records found since the last time."""
        found, self._found = self._found, []
        return found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        if len(self._path) > _DEEPEST:
            raise self._error("elements stand too deep within each other", self._parser.CurrentLineNumber)
        if len(self._path) == 2:
            self._cells, self._line, self._length = {LIST: tag}, self._parser.CurrentLineNumber, 0
            self._cells |= attributes
        self._text.clear()

    def _end(self, _: str) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        if len(self._path) > 2 and text:
            self._cells[".".join(self._path[2:])] = text
        self._path.pop()
        if len(self._path) == 1 and len(self._cells) > 1:
            self._found.append(Record(self._line, self._cells))

    def _characters(self, text: str) -> None:
        self._length += len(text)
        if self._length > _LONGEST_RECORD:
            problem = f"an element is longer than {_LONGEST_RECORD:,} characters"
            raise self._error(problem, self._parser.CurrentLineNumber)
        self._text.append(text)

    def _entity(self, *_: object) -> None:
        problem = "the file defines entities of its own, which no export does"
        raise self._error(problem, self._parser.CurrentLineNumber)

    def _error(self, problem: str, line: int) -> UnreadableFileError:
        return UnreadableFileError(self._name, problem, remedy=CHECK_FILE, line=line)
