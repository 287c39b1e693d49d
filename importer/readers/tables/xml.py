"""The records of an XML file: the elements right below the root that hold elements or attributes.

A feed's are one level down, and what is rated within a record is one of its own:

    <rss><channel><item><title>Alien</title></item></channel></rss>           title
    <tvshow><title>A</title><episodedetails><season>1</season>...             tvshow.title, season
    <movie><uniqueid type="imdb">tt0078748</uniqueid></movie>                 uniqueid, uniqueid.imdb

The parser is expat, fed block by block, so memory does not grow with the file. A document type with
definitions is refused, those elsewhere included: an attribute's default makes a rating where none stands, and
expat leaves out what might be defined elsewhere.

    <!DOCTYPE all SYSTEM "x"> ... <rating>1&q;0</rating>     would be read as 10
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from xml.parsers import expat

from importer import limits
from importer.errors import UnreadableFileError
from importer.readers.tables.records import LIST, Record, build_record
from importer.readers.tables.text import CHECK_FILE, reading_further

_DEEPEST = 32

_LISTS = {"channel": "item"}
"""Elements below the root that are no records but hold some: a feed's."""

_MOST_WAITING = 10_000
"""Parts that are held until the record they stand in ends."""

_PARTS = frozenset({"episodedetails"})
"""Elements within a record that are records themselves, with the values of that one under its name."""


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


class _Frame:
    """An element that is a record, as far as it has been read."""

    def __init__(self, depth: int, line: int, pairs: list[tuple[str, str]]) -> None:
        self.depth = depth
        self.line = line
        self.pairs = pairs
        self.size = 0
        """Characters of its values."""
        self.has_elements = False
        """Whether it holds any, empty as they may be."""
        self.parts: list[Record] = []
        self.told: Sequence[tuple[str, str]] | None = None
        """Its values, for its parts."""


class _Elements:
    """Collects records from the events of the parser."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._found: list[Record] = []
        self._path: list[str] = []
        self._types: list[str] = []
        self._frames: list[_Frame] = []
        """The record that is being read, and those that it stands in."""
        self._text: list[str] = []
        self._line = 0
        self._start_byte = self._fed = 0
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
        if self._fed - self._start_byte > limits.LONGEST_RECORD + len(block):
            problem = f"an element is longer than {limits.LONGEST_RECORD:,} bytes"
            return self._error(problem, self._line)
        return None

    def take(self) -> list[Record]:
        """Give the records found since the last time."""
        found, self._found = self._found, []
        return found

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        self._types.append(attributes.get("type", ""))
        if len(self._path) > _DEEPEST:
            raise self._error("elements stand too deep within each other", self._parser.CurrentLineNumber)
        if self._starts_record(tag):
            pairs = [(LIST, tag), *self._outer_pairs()]
            self._line = self._parser.CurrentLineNumber
            self._frames.append(_Frame(len(self._path), self._line, pairs))
            self._start_byte = self._parser.CurrentByteIndex
        elif self._frames:
            self._frames[-1].has_elements = True
        else:
            self._start_byte = self._parser.CurrentByteIndex
        if self._frames:
            inner = self._path[self._frames[-1].depth :]
            for name, text in attributes.items():
                self._note([*inner, name], text)
        self._text.clear()

    def _starts_record(self, tag: str) -> bool:
        depth = len(self._path)
        if depth > 2 and self._path[1] in _LISTS:
            return depth == 3 and tag == _LISTS[self._path[1]]
        return (depth == 2 and tag not in _LISTS) or (bool(self._frames) and tag in _PARTS)

    def _outer_pairs(self) -> Sequence[tuple[str, str]]:
        """Give what was known of the record around a part when its first part began: its show has the ids."""
        if not self._frames:
            return ()
        outer = self._frames[-1]
        if outer.told is None:
            cells = build_record(outer.line, outer.pairs).cells
            named = ((f"{cells[LIST]}.{name}", text) for name, text in cells.items() if name != LIST)
            outer.told = list(islice(named, limits.MOST_TOLD))
        return outer.told

    def _end(self, _: str) -> None:
        text = "".join(self._text).strip()
        self._text.clear()
        kind = self._types.pop()
        if self._frames and text and len(self._path) > self._frames[-1].depth:
            path = self._path[self._frames[-1].depth :]
            self._note(path, text)
            if kind.isidentifier():  # <uniqueid type="imdb">
                self._note([*path, kind], text)
        self._path.pop()
        if self._frames and len(self._path) < self._frames[-1].depth:
            frame = self._frames.pop()
            self._start_byte = self._parser.CurrentByteIndex
            if frame.has_elements or len(frame.pairs) > 1:
                self._add(build_record(frame.line, frame.pairs))
            self._found += frame.parts

    def _add(self, record: Record) -> None:
        """Add a record; one within another waits for that, to stand behind it as in the file."""
        if self._frames and len(self._frames[-1].parts) < _MOST_WAITING:
            self._frames[-1].parts.append(record)
        else:
            self._found.append(record)

    def _note(self, path: Sequence[str], text: str) -> None:
        """Keep a value of the record, by its path."""
        frame = self._frames[-1]
        if sum(map(len, path)) <= limits.LONGEST_PATH:
            frame.pairs.append((".".join(path), text))
            frame.size += len(text)
        if frame.size > limits.LONGEST_RECORD or len(frame.pairs) > limits.MOST_VALUES:
            problem = f"an element is longer than {limits.LONGEST_RECORD:,} bytes"
            raise self._error(problem, frame.line)

    def _characters(self, text: str) -> None:
        self._text.append(text)

    def _doctype(self, _: str, system_id: str | None, public_id: str | None, has_subset: int) -> None:
        if system_id or public_id or has_subset:
            problem = "the file defines a document type of its own, which no export does"
            raise self._error(problem, self._parser.CurrentLineNumber)

    def _error(self, problem: str, line: int) -> UnreadableFileError:
        return UnreadableFileError(self._name, problem, remedy=CHECK_FILE, line=line)
