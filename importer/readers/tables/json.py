"""The records of a JSON file, one after the other: a list, an object of lists, or an object a line.

Only one record is in memory at a time, so a file may be as large as it likes, and be one single line. Where
each line is an object, a line that is broken costs that one row; anywhere else what follows cannot be
trusted any more.

```text
[{"title": "Heat"}, {...}]          a record for each object
{"movies": [{...}], "shows": []}    the same, and each knows the name of its list
{"title": "Heat"}                   a record for each line
{"title": "Alien"}
```
"""

import json
from collections.abc import Iterator
from typing import Any

from importer.errors import UnreadableFileError
from importer.readers.cells.errors import CellError, Reason
from importer.readers.tables.records import LIST, MOST_COLUMNS, Record, build_record
from importer.readers.tables.text import CHECK_FILE, TextFile

_LONGEST_RECORD = 1 << 22
"""Characters. A rating with all that hangs on it is a thousandth of that."""

_MOST_PENDING = 1_000
_DEEPEST = 6
_LONGEST_TOKEN = 16
"""Characters: so close to the end of what is in sight, `tru` may still become `true`."""

_NO_JSON = "this is no JSON, or the file was cut off here"
_BLANKS = " \t\r\n"


class _Object(tuple[tuple[str, Any], ...]):
    """An object as its pairs: a name that stands in it twice is not lost."""

    __slots__ = ()


_decoder = json.JSONDecoder(
    # A number is text until its column says otherwise.
    parse_float=str,
    parse_int=str,
    parse_constant=str,
    object_pairs_hook=_Object,
)


def read_json_records(text: TextFile, block_size: int) -> Iterator[Record]:
    """Yield the records; raises `UnreadableFileError` where the text is no JSON, after all before it."""
    return _Walk(text, block_size).records()


class _Walk:
    """A walk through a text: what is in sight, and how far it came."""

    def __init__(self, text: TextFile, block_size: int) -> None:
        self._name = text.name
        self._blocks = text.texts(block_size)
        self._sight = ""
        self._place = 0
        self._line = 1
        self._counted = 0
        """Up to where in sight the lines are counted."""
        self._found = 0

    def records(self) -> Iterator[Record]:
        if self._are_lines():
            yield from self._lines()
            return
        while (first := self._peek()) is not None:
            if first == "[":
                yield from self._list(None)
            elif first == "{":
                yield from self._single()
            else:
                yield _no_object(self._line_here())
                self._value()
            if self._peek() == ",":  # nobody's standard, but objects with a comma between them are seen
                self._place += 1

    def _are_lines(self) -> bool:
        """Whether each line is an object: then what lies within an object is part of it, lists too."""
        if self._peek() != "{":
            return False
        while True:
            first, _, rest = self._sight[self._place :].partition("\n")
            if rest.strip():
                return _parse_line(first) is not None
            if len(first) > _LONGEST_RECORD or not self._see_more():
                return False

    def _lines(self) -> Iterator[Record]:
        while self._peek() is not None:
            line = self._line_here()
            value = _parse_line(self._take_line())
            yield _no_object(line) if value is None else _build_record(line, value)

    def _list(self, name: str | None) -> Iterator[Record]:
        """The records in a list; one within an object without any is no list of records, but a value."""
        pending: list[Record] | None = None if name is None else []
        self._step("[")
        while self._peek() != "]":
            line = self._line_here()
            value = self._value()
            if isinstance(value, _Object):
                yield from pending or ()
                pending = None
                self._found += 1
                yield _build_record(line, value, name)
            elif pending is None:
                yield _no_object(line)
            elif len(pending) < _MOST_PENDING:
                pending.append(_no_object(line))
            if self._peek() != ",":
                break
            self._step(",")
        self._step("]")

    def _single(self) -> Iterator[Record]:
        """An object of lists gives their records; an object without lists of records is one itself."""
        line = self._line_here()
        own: list[tuple[str, Any]] = []
        found_before = self._found
        yield from self._object("", 1, own)
        if own and self._found == found_before:
            yield _build_record(line, _Object(own))

    def _object(self, path: str, depth: int, own: list[tuple[str, Any]]) -> Iterator[Record]:
        self._step("{")
        while self._peek() != "}":
            if self._peek() != '"':
                raise self._error(_NO_JSON, self._place)
            key = self._value()
            self._step(":")
            name = f"{path}.{key}" if path else key
            first = self._peek()
            if first == "[":
                yield from self._list(name)
            elif first == "{" and depth < _DEEPEST:
                yield from self._object(name, depth + 1, own)
            elif len(own) <= MOST_COLUMNS:
                own.append((name, self._value()))
            else:
                self._value()
            if self._peek() != ",":
                break
            self._step(",")
        self._step("}")

    def _value(self) -> Any:
        """Take the next value whole."""
        self._peek()
        while True:
            try:
                value, end = _decoder.raw_decode(self._sight, self._place)
            except RecursionError as error:
                raise self._error("values stand too deep within each other", self._place) from error
            except json.JSONDecodeError as error:
                is_cut_off = (
                    error.msg.startswith("Unterminated") or error.pos > len(self._sight) - _LONGEST_TOKEN
                )
                if not is_cut_off or not self._see_more():
                    place = min(error.pos, len(self._sight))
                    raise self._error(_NO_JSON, place) from error
                continue
            # A number at the very end may go on in what is not in sight yet.
            if end < len(self._sight) or not self._see_more():
                self._place = end
                return value

    def _take_line(self) -> str:
        while (end := self._sight.find("\n", self._place)) < 0:
            if not self._see_more():
                end = len(self._sight)
                break
        line = self._sight[self._place : end]
        self._place = end
        return line

    def _peek(self) -> str | None:
        """Return the next character that is no blank, without taking it; None at the end."""
        while True:
            sight, place = self._sight, self._place
            while place < len(sight) and sight[place] in _BLANKS:
                place += 1
            self._place = place
            if place < len(sight):
                return sight[place]
            if not self._see_more():
                return None

    def _step(self, expected: str) -> None:
        if self._peek() != expected:
            problem = f"{_NO_JSON}: {expected} is missing"
            raise self._error(problem, self._place)
        self._place += 1

    def _see_more(self) -> bool:
        if len(self._sight) - self._place > _LONGEST_RECORD:
            raise self._error(f"a value here is longer than {_LONGEST_RECORD:,} characters", self._place)
        block = next(self._blocks, "")
        self._line_here()
        self._sight = self._sight[self._place :] + block
        self._place = self._counted = 0
        return bool(block)

    def _line_here(self) -> int:
        self._line = self._line_of(self._place)
        self._counted = self._place
        return self._line

    def _line_of(self, place: int) -> int:
        return self._line + self._sight.count("\n", self._counted, place)

    def _error(self, problem: str, place: int) -> UnreadableFileError:
        return UnreadableFileError(self._name, problem, remedy=CHECK_FILE, line=self._line_of(place))


def _parse_line(line: str) -> _Object | None:
    try:
        value = _decoder.decode(line.strip().removesuffix(","))
    except (json.JSONDecodeError, RecursionError):
        return None
    return value if isinstance(value, _Object) else None


def _build_record(line: int, value: _Object, name: str | None = None) -> Record:
    pairs: list[tuple[str, str]] = [] if name is None else [(LIST, name)]
    _flatten(value, "", 1, pairs)
    return build_record(line, pairs)


def _flatten(value: _Object, path: str, depth: int, pairs: list[tuple[str, str]]) -> None:
    """Add the values within an object by their paths, as texts; lists are left out, and so is null."""
    for key, inner in value:
        name = f"{path}.{key}" if path else key
        if isinstance(inner, str):
            pairs.append((name, inner if inner.isascii() and "\0" not in inner else _mend(inner)))
        elif isinstance(inner, _Object):
            if depth < _DEEPEST:
                _flatten(inner, name, depth + 1, pairs)
        elif isinstance(inner, bool):
            pairs.append((name, str(inner).lower()))


def _mend(text: str) -> str:
    """Replace NUL and halves of characters: JSON can write them, and not every file can hold them."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _no_object(line: int) -> Record:
    problem = "the entry is no JSON object"
    remedy = "Each entry must hold named values, as in {...}; if the file was cut off there, export it again."
    return Record(line, {}, broken=CellError(Reason.NO_OBJECT, problem, remedy))
