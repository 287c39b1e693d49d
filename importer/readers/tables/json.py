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

from importer import limits
from importer.errors import UnreadableFileError
from importer.readers.tables.json_values import (
    DECODER,
    DEEPEST,
    JsonObject,
    build_keyed_record,
    build_records,
    flatten,
    is_imdb_id,
    no_object,
    parse_line,
)
from importer.readers.tables.records import Record
from importer.readers.tables.text import CHECK_FILE, TextFile

_MOST_PENDING = 1_000
_LONGEST_TOKEN = 16
"""Characters: so close to the end of what is in sight, `tru` may still become `true`."""

_NO_JSON = "this is no JSON, or the file was cut off here"
_BLANKS = " \t\r\n"


def read_json_records(text: TextFile, beside: dict[str, str], block_size: int) -> Iterator[Record]:
    """Yield the records; raises `UnreadableFileError` where the text is no JSON, after all before it.

    What stands beside lists of records, such as the settings of their owner, is put into `beside`.
    """
    return _Walk(text, beside, block_size).records()


class _Walk:
    """A walk through a text: what is in sight, and how far it came."""

    def __init__(self, text: TextFile, beside: dict[str, str], block_size: int) -> None:
        self._name = text.name
        self._beside = beside
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
                yield no_object(self._line_here())
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
                return parse_line(first) is not None
            if len(first) > limits.LONGEST_RECORD or not self._see_more():
                return False

    def _lines(self) -> Iterator[Record]:
        while self._peek() is not None:
            line = self._line_here()
            value = parse_line(self._take_line())
            if value is None:
                yield no_object(line)
            else:
                yield from build_records(line, value)

    def _list(self, name: str | None) -> Iterator[Record]:
        """The records in a list; one within an object without any is no list of records, but a value."""
        pending: list[Record] | None = None if name is None else []
        self._step("[")
        while self._peek() != "]":
            line = self._line_here()
            value = self._value()
            if isinstance(value, JsonObject):
                yield from pending or ()
                pending = None
                self._found += 1
                yield from build_records(line, value, name)
            elif pending is None:
                yield no_object(line)
            elif len(pending) < _MOST_PENDING:
                pending.append(no_object(line))
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
        if self._found == found_before:
            if own:
                yield from build_records(line, JsonObject(own))
        elif len(self._beside) <= limits.MOST_RECORD_COLUMNS:
            self._beside.update(flatten(JsonObject(own)))

    def _object(self, path: str, depth: int, own: list[tuple[str, Any]]) -> Iterator[Record]:
        self._step("{")
        while self._peek() != "}":
            if self._peek() != '"':
                raise self._error(_NO_JSON, self._place)
            line = self._line_here()
            key = self._value()
            self._step(":")
            name = f"{path}.{key}" if path else key
            first = self._peek()
            if is_imdb_id(key):
                self._found += 1
                yield build_keyed_record(line, key, self._value())
            elif first == "[":
                yield from self._list(name)
            elif first == "{" and depth < DEEPEST:
                yield from self._object(name, depth + 1, own)
            elif len(own) <= limits.MOST_RECORD_COLUMNS and len(name) <= limits.LONGEST_PATH:
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
                value, end = DECODER.raw_decode(self._sight, self._place)
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
        if len(self._sight) - self._place > limits.LONGEST_RECORD:
            raise self._error(
                f"a value here is longer than {limits.LONGEST_RECORD:,} characters", self._place
            )
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
