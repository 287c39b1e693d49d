"""The records of an XML file: the elements right below the root that hold elements or attributes.

The parser is expat, fed block by block, so memory does not grow with the file. A document type with
definitions is refused, those elsewhere included: an attribute's default makes a rating where none stands, and
expat leaves out what might be defined elsewhere.

    <!DOCTYPE all SYSTEM "x"> ... <rating>1&q;0</rating>     would be read as 10
"""

from collections.abc import Iterator
from pathlib import Path
from xml.parsers import expat

from importer.errors import UnreadableFileError
from importer.readers.tables.records import LIST, Record, build_record
from importer.readers.tables.text import CHECK_FILE, reading_further

_LONGEST_RECORD = 1 << 20
"""Bytes."""

_DEEPEST = 32


def read_xml_records(path: Path, name: str, block_size: int) -> Iterator[Record]:
    """Yield the records; raises `UnreadableFileError` where the text is no XML, after all before it."""
    elements = _Elements(name)
    with reading_further(name), path.open("rb") as file:
        while True:
            block = file.read(block_size)
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
        self._pairs: list[tuple[str, str]] = []
        self._text: list[str] = []
        self._line = 0
        self._start_byte = self._fed = 0
        self._is_record = False
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def feed(self, block: bytes) -> UnreadableFileError | None:
        """Take in a block, the last one empty; return what is wrong with it."""
        self._fed += len(block)
        try:
            self._parser.Parse(block, not block)
        except expat.ExpatError as error:
            problem = f"this is no XML, or the file was cut off here ({expat.ErrorString(error.code)})"
            return self._error(problem, error.lineno)
        except (ValueError, LookupError):
            return self._error("the text is in an encoding that is not known", 1)
        except UnreadableFileError as error:
            return error
        if self._fed - self._start_byte > _LONGEST_RECORD + len(block):
            problem = f"an element is longer than {_LONGEST_RECORD:,} bytes"
            return self._error(problem, self._line)
        return None

    def take(self) -> list[Record]:
        """Give the records found since the last time."""
        found, self._found = self._found, []
        return found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        depth = len(self._path)
        if depth > _DEEPEST:
            raise self._error("elements stand too deep within each other", self._parser.CurrentLineNumber)
        if depth <= 2:
            self._pairs, self._line = [(LIST, tag)], self._parser.CurrentLineNumber
            self._start_byte = self._parser.CurrentByteIndex
        self._is_record = depth > 2  # empty as its elements may be
        if depth >= 2:
            self._pairs += ((".".join([*self._path[2:], name]), text) for name, text in attributes.items())
        self._text.clear()

    def _end(self, _: str) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        if len(self._path) > 2 and text:
            self._pairs.append((".".join(self._path[2:]), text))
        self._path.pop()
        if len(self._path) > 1:
            return
        self._start_byte = self._parser.CurrentByteIndex
        if self._path and (self._is_record or len(self._pairs) > 1):
            self._found.append(build_record(self._line, self._pairs))

    def _characters(self, text: str) -> None:
        self._text.append(text)

    def _doctype(self, _: str, system_id: str | None, public_id: str | None, has_subset: int) -> None:
        if system_id or public_id or has_subset:
            problem = "the file defines a document type of its own, which no export does"
            raise self._error(problem, self._parser.CurrentLineNumber)

    def _error(self, problem: str, line: int) -> UnreadableFileError:
        return UnreadableFileError(self._name, problem, remedy=CHECK_FILE, line=line)
