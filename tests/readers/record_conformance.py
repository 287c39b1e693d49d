"""What every reader of JSON or XML must do: a subclass says how a record looks and where records stand."""

import codecs
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import ClassVar, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import UnknownFormatError, UnreadableFileError
from importer.model import InvalidRow, SourceRow
from importer.readers import ReadOptions
from importer.readers.cells.errors import Reason
from tests.readers.conformance import BOM, SamplesConformance, inherited
from tests.readers.reading import places, read, read_damaged, read_until_error, reasons

TITLES = ("plain", "two, of two", 'say "it" & <go>', "Ünïcödé 東京", "last")


class Document(NamedTuple):
    """A text with records in it, and where they stand."""

    text: str
    lines: Sequence[int]
    """The physical line at which each record starts."""
    ends: Sequence[int]
    """The place right behind each record."""


class RecordConformance(SamplesConformance, ABC):
    """Common to JSON and XML; inherit from `JsonConformance` or `XmlConformance`."""

    reading: ClassVar[ReadOptions] = ReadOptions()
    """What the owner of such a file has to say."""

    @abstractmethod
    def write(self, titles: Sequence[str], *, is_pretty: bool) -> Document:
        """Write a file of records without fault, with these titles; in one line unless it is pretty."""

    def read(self, folder: Path, content: bytes) -> list[SourceRow]:
        """Read all rows."""
        return read(folder, content, reading=self.reading)

    def read_until_error(
        self, folder: Path, content: bytes, block_size: int | None = None
    ) -> tuple[list[SourceRow], UnreadableFileError | None]:
        """Read the rows before an error, and the error."""
        return read_until_error(folder, content, reading=self.reading, block_size=block_size)

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("is_pretty", [True, False])
    @pytest.mark.parametrize("bom", [b"", BOM])
    def test_lines_are_those_of_an_editor(
        self, tmp_path: Path, bom: bytes, is_pretty: bool, end: str
    ) -> None:
        document = self.write(TITLES, is_pretty=is_pretty)
        rows = self.read(tmp_path, bom + document.text.replace("\n", end).encode())
        assert reasons(rows) == ["ok"] * len(TITLES)
        assert places(rows) == list(enumerate(document.lines, start=1))
        assert is_pretty == (document.lines[-1] > document.lines[0])

    @pytest.mark.parametrize(
        ("bom", "encoding"), [(codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")]
    )
    def test_utf16_gives_the_same_rows(self, tmp_path: Path, bom: bytes, encoding: str) -> None:
        text = self.write(TITLES, is_pretty=True).text
        assert self.read(tmp_path, bom + text.encode(encoding)) == self.read(tmp_path, text.encode())

    def test_a_file_without_records_says_so(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFileError, match="no record"):
            self.read(tmp_path, self.write((), is_pretty=False).text.encode())

    @pytest.mark.parametrize("is_pretty", [True, False])
    def test_a_file_cut_off_anywhere_keeps_the_records_before_and_tells_the_line(
        self, tmp_path: Path, is_pretty: bool
    ) -> None:
        document = self.write(TITLES[:3], is_pretty=is_pretty)
        text = document.text.rstrip()
        whole = self.read(tmp_path, text.encode())
        assert len(whole) == 3
        for end in range(document.ends[0], len(text)):
            rows, error = self.read_until_error(tmp_path, text[:end].encode())
            assert rows == whole[: sum(place <= end for place in document.ends)], text[:end]
            assert error is not None, text[:end]
            assert error.line is not None
            assert max(row.line for row in rows) <= error.line <= text[:end].count("\n") + 1, text[:end]

    def test_a_file_cut_off_before_the_first_record_ends_says_so(self, tmp_path: Path) -> None:
        document = self.write(TITLES[:1], is_pretty=True)
        for end in range(1, document.ends[0]):
            with pytest.raises((UnreadableFileError, UnknownFormatError)):
                self.read(tmp_path, document.text[:end].encode())

    @inherited
    @given(size=st.integers(1, 4000), is_pretty=st.booleans(), end=st.integers(0, 4000))
    def test_the_size_of_blocks_does_not_matter(
        self, tmp_path_factory: pytest.TempPathFactory, size: int, is_pretty: bool, end: int
    ) -> None:
        document = self.write(TITLES, is_pretty=is_pretty)
        content = document.text[: document.ends[0] + end].encode()
        folder = tmp_path_factory.mktemp("blocks")
        rows, error = self.read_until_error(folder, content)
        again, same = self.read_until_error(folder, content, block_size=size)
        assert again == rows
        assert (same and str(same)) == (error and str(error))

    @inherited
    @given(st.binary(max_size=200), st.integers(0, 2000), st.integers(0, 50))
    def test_any_bytes_give_rows_or_a_clear_error(
        self, tmp_path_factory: pytest.TempPathFactory, junk: bytes, place: int, replaced: int
    ) -> None:
        content = self.write(TITLES, is_pretty=True).text.encode()
        place = min(place, len(content))
        content = content[:place] + junk + content[place + replaced :]
        rows = read_damaged(tmp_path_factory.mktemp("bytes"), content, reading=self.reading)
        assert [row.row for row in rows] == list(range(1, len(rows) + 1))
        assert all(row.message and row.reason for row in rows if isinstance(row, InvalidRow))


class JsonConformance(RecordConformance):
    """What a reader of JSON must do: inherit, and say what a record is and where records stand."""

    @abstractmethod
    def record(self, title: str) -> Mapping[str, object]:
        """Make a record without fault, with this title."""

    def document(self, records: Sequence[object]) -> object:
        """Put records where the format has them; a list alone, if this is not overridden."""
        return records

    def write(self, titles: Sequence[str], *, is_pretty: bool) -> Document:
        """See `RecordConformance`."""
        return self.write_values([self.record(title) for title in titles], is_pretty=is_pretty)

    def write_values(self, values: Sequence[object], *, is_pretty: bool) -> Document:
        """Write a file whose list holds these values."""
        indent = 2 if is_pretty else None
        marks = [f"@{number}" for number in range(len(values))]
        text = json.dumps(self.document(marks), indent=indent, ensure_ascii=False)
        texts = [json.dumps(value, indent=indent, ensure_ascii=False) for value in values]
        return _fill(text, {json.dumps(mark): one for mark, one in zip(marks, texts, strict=True)})

    def test_entries_that_are_no_objects_are_rows_with_a_reason(self, tmp_path: Path) -> None:
        values = [self.record("one"), 5, None, "text", [1], self.record("two")]
        rows = self.read(tmp_path, self.write_values(values, is_pretty=True).text.encode())
        assert reasons(rows) == ["ok", *[str(Reason.NO_OBJECT)] * 4, "ok"]

    def test_junk_within_a_record_does_not_matter(self, tmp_path: Path) -> None:
        deep: object = "bottom"
        for _ in range(200):
            deep = {"in": [deep]}
        junk = {
            "a junk": {"list": [{"a": 1}], "null": None, "": {"": ""}},
            "b junk": float("nan"),
            "c junk": 10**400,
            "d junk": deep,
            "e junk": "\u2028\0\ud83d",
            "f junk": float("-inf"),
        }
        plain, added = self.record("one"), {**junk, **self.record("one")}
        expected = self.read(tmp_path, json.dumps(self.document([plain])).encode())
        rows = self.read(tmp_path, json.dumps(self.document([added])).encode())
        assert reasons(rows) == ["ok"]
        assert rows == expected

    def test_a_bottomless_value_is_an_error_and_no_crash(self, tmp_path: Path) -> None:
        text = json.dumps(self.document([self.record("one"), "@"]))
        rows, error = self.read_until_error(tmp_path, text.replace('"@"', "[" * 100_000).encode())
        assert reasons(rows) == ["ok"]
        assert error is not None
        assert error.line == 1


class XmlConformance(RecordConformance):
    """What a reader of XML must do: inherit, and say what a record is and where records stand."""

    @abstractmethod
    def record(self, title: str) -> str:
        """Write the element of a record without fault, in one line, with this title (not yet escaped)."""

    @abstractmethod
    def document(self, records: str) -> str:
        """Put elements where the format has them, in one line."""

    def write(self, titles: Sequence[str], *, is_pretty: bool) -> Document:
        """See `RecordConformance`."""
        marks = [f"@{number}@" for number in range(len(titles))]
        texts = [self.record(title) for title in titles]
        text = self.document("".join(marks))
        if is_pretty:
            text = re.sub(r"(>|@)(?=<|@)", r"\1\n  ", text)
            texts = [one.replace("><", ">\n    <") for one in texts]
        return _fill(text, dict(zip(marks, texts, strict=True)))


def _fill(text: str, records: Mapping[str, str]) -> Document:
    lines, ends = [], []
    for mark, record in records.items():
        before, after = text.split(mark)
        lines.append(before.count("\n") + 1)
        ends.append(len(before) + len(record))
        text = before + record + after
    return Document(text, lines, ends)
