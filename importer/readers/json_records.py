"""The records of a JSON file, one after the other: a list, an object of lists, or an object a line.

Only one record is held at a time, so a file may be as large as it likes, and be one single line.
"""

import json
from collections.abc import Iterator
from typing import Any

from importer.errors import UnreadableFileError
from importer.readers.record_table import LIST, Record, flatten
from importer.readers.textfile import CHECK_FILE, TextFile

_BLOCK = 1 << 19
_LONGEST_RECORD = 1 << 22
"""Characters. A rating with all that hangs on it is a thousandth of that."""

_BLANKS = " \t\r\n"
_decoder = json.JSONDecoder(
    parse_float=str, parse_int=str
)  # a number is text until its column says otherwise


def read_json_records(text: TextFile) -> Iterator[Record]:
    """Yield the records; raises `UnreadableFileError` where the text is no JSON, after all before it."""
    return _Walk(text).records()


class _Walk:
    """A walk through a text: what is in sight, and how far it came."""

    def __init__(self, text: TextFile) -> None:
        self._name = text.name
        self._blocks = text.texts(_BLOCK)
        self._sight = ""
        self._place = 0
        self._line = 1
        self._counted = 0
        """Up to where in sight the lines are counted."""

    def records(self) -> Iterator[Record]:
        are_lines = self._are_lines()
        while (first := self._peek()) is not None:
            if first == "[" and not are_lines:
                yield from self._list(None)
            elif first == "{" and not are_lines:
                yield from self._object()
            else:
                line = self._line_here()
                value = self._value()
                yield Record(line, dict(flatten(value)) if isinstance(value, dict) else None)
            if self._peek() == ",":  # nobody's standard, but lines that end in one are seen
                self._place += 1

    def _are_lines(self) -> bool:
        """Whether each line is an object: then what lies within an object is part of it, lists too."""
        self._peek()
        first, _, rest = self._sight[self._place :].partition("\n")
        try:
            return isinstance(_decoder.decode(first.rstrip().rstrip(",")), dict) and rest.lstrip().startswith(
                "{"
            )
        except (json.JSONDecodeError, RecursionError):
            return False

    def _list(self, name: str | None) -> Iterator[Record]:
        self._step("[")
        while self._peek() != "]":
            line = self._line_here()
            value = self._value()
            if isinstance(value, dict):
                cells = dict(flatten(value))
                yield Record(line, cells if name is None else {LIST: name} | cells)
            elif name is None:
                yield Record(line, None)
            if self._peek() != ",":
                break
            self._step(",")
        self._step("]")

    def _object(self) -> Iterator[Record]:
        """An object of lists gives their records; an object without lists of records is one itself."""
        line = self._line_here()
        own: dict[str, Any] = {}
        found = 0
        self._step("{")
        while self._peek() != "}":
            key = self._value()
            self._step(":")
            if self._peek() == "[":
                for record in self._list(str(key)):
                    found += 1
                    yield record
            else:
                own[str(key)] = self._value()
            if self._peek() != ",":
                break
            self._step(",")
        self._step("}")
        if own and not found:
            yield Record(line, dict(flatten(own)))

    def _value(self) -> Any:
        """Take the next value whole."""
        self._peek()
        while True:
            try:
                value, end = _decoder.raw_decode(self._sight, self._place)
            except (json.JSONDecodeError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._see_more():
                    raise self._error("this is no JSON, or the file was cut off here") from error
                continue
            # A number at the very end may go on in what is not in sight yet.
            if end < len(self._sight) or not self._see_more():
                self._place = end
                return value

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
            raise self._error(f"this is no JSON, or the file was cut off here: {expected} is missing")
        self._place += 1

    def _see_more(self) -> bool:
        if len(self._sight) - self._place > _LONGEST_RECORD:
            raise self._error(f"a value here is longer than {_LONGEST_RECORD:,} characters")
        block = next(self._blocks, "")
        self._line_here()
        self._sight = self._sight[self._place :] + block
        self._place = self._counted = 0
        return bool(block)

    def _line_here(self) -> int:
        self._line += self._sight.count("\n", self._counted, self._place)
        self._counted = self._place
        return self._line

    def _error(self, problem: str) -> UnreadableFileError:
        return UnreadableFileError(self._name, problem, remedy=CHECK_FILE, line=self._line_here())
