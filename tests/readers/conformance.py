"""What every reader must do: a subclass names a format, its samples and how to write a row of it."""

from abc import ABC, abstractmethod
from itertools import pairwise
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from importer.errors import UnreadableFileError, UsageError
from importer.model import InvalidRow, SourceRow
from importer.readers import ReadOptions, open_reader
from tests.readers.golden import SAMPLES, all_samples, format_of, golden_path, render
from tests.readers.reading import claiming_formats, places, read, read_until_error, reasons

BOM = b"\xef\xbb\xbf"

# One property, run for several subclasses: that is what a suite is for.
inherited = settings(suppress_health_check=[HealthCheck.differing_executors])


class SamplesConformance:
    """What holds for the samples of a format, whatever kind of file they are."""

    format_name: ClassVar[str]
    samples: ClassVar[tuple[str, ...]]
    """All samples of the format; where several suites test one format, each names them all."""

    def test_claims_its_samples_and_no_other(self) -> None:
        claimed = {sample.name for sample in all_samples() if format_of(sample) == self.format_name}
        assert claimed == set(self.samples)

    def test_no_other_named_format_claims_its_samples(self) -> None:
        for name in self.samples:
            assert claiming_formats(SAMPLES / name) <= {self.format_name}, name

    def test_equals_its_golden_files(self) -> None:
        for name in self.samples:
            golden = golden_path(SAMPLES / name).read_text(encoding="utf-8")
            assert render(SAMPLES / name) == golden


class ReaderConformance(SamplesConformance, ABC):
    """What a reader of delimited texts must do: inherit, and say what the format looks like."""

    header: ClassVar[str]
    reading: ClassVar[ReadOptions] = ReadOptions()
    """What the owner of such a file has to say."""

    @abstractmethod
    def row(self, title: str) -> str:
        """Write a row without fault, with this text as its title cell."""

    def read(self, folder: Path, content: bytes, block_size: int | None = None) -> list[SourceRow]:
        """Read all rows."""
        return read(folder, content, reading=self.reading, block_size=block_size)

    def read_until_error(
        self, folder: Path, content: bytes, block_size: int | None = None
    ) -> tuple[list[SourceRow], UnreadableFileError | None]:
        """Read the rows before an error, and the error."""
        return read_until_error(folder, content, reading=self.reading, block_size=block_size)

    def text(self, *titles: str, end: str = "\n") -> bytes:
        return end.join((self.header, *map(self.row, titles), "")).encode()

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    @pytest.mark.parametrize("bom", [b"", BOM])
    def test_lines_are_those_of_an_editor(self, tmp_path: Path, bom: bytes, end: str) -> None:
        titles = ("plain", f'"two{end}lines"', "third", f'"three{end}lines{end}, it has"', "last")
        rows = self.read(tmp_path, bom + self.text(*titles, end=end))
        assert places(rows) == [(1, 2), (2, 3), (3, 5), (4, 6), (5, 9)]
        assert reasons(rows) == ["ok"] * 5

    def test_blank_lines_are_no_rows_but_count_as_lines(self, tmp_path: Path) -> None:
        rows = self.read(tmp_path, b"\n\n" + self.text("one", "two").replace(b"\n", b"\n\n  \n"))
        assert places(rows) == [(1, 6), (2, 9)]

    def test_header_only_is_no_error(self, tmp_path: Path) -> None:
        path = tmp_path / "input.csv"
        path.write_text(self.header + "\n")
        reader = open_reader(path, self.reading)
        assert list(reader.chunks()) == []
        assert "there is no row below the header" in reader.notes

    @pytest.mark.parametrize("content", [b"", BOM, b"\n\n \n"])
    def test_an_empty_file_says_so(self, tmp_path: Path, content: bytes) -> None:
        with pytest.raises(UnreadableFileError, match=r"empty|no row of column names"):
            self.read(tmp_path, content)

    def test_a_file_cut_off_anywhere_loses_no_row_silently(self, tmp_path: Path) -> None:
        content = self.text("one", '"two, of two"', '"th""ree"')
        starts = [i for i, byte in enumerate(content) if byte == ord("\n")]
        for end in range(starts[0] + 1, len(content)):
            rows, error = self.read_until_error(tmp_path, content[:end])
            begun = sum(1 for start in starts if start + 1 < end)
            assert error is None
            assert len(rows) == begun, content[:end]

    def test_a_quote_that_never_closes_keeps_the_rows_before(self, tmp_path: Path) -> None:
        content = self.text("one", "two", '"three', "four", "five")
        rows, error = self.read_until_error(tmp_path, content)
        assert reasons(rows) == ["ok", "ok"]
        assert error is not None
        assert error.line == 4

    def test_a_quote_that_never_closes_on_the_last_line_is_one_invalid_row(self, tmp_path: Path) -> None:
        rows = self.read(tmp_path, self.text("one", '"two'))
        assert reasons(rows) == ["ok", "unclosed_quote"]
        assert isinstance(rows[1], InvalidRow)
        assert rows[1].message.startswith("line 3: ")

    @inherited
    @given(
        titles=st.lists(
            st.sampled_from(("plain", '"a\nb"', '"comma, here"', '"say ""it"""', "x\n", "a,b", "", '"q"z')),
            max_size=12,
        ),
        size=st.integers(1, 400),
    )
    def test_the_size_of_chunks_does_not_matter(
        self, tmp_path_factory: pytest.TempPathFactory, titles: list[str], size: int
    ) -> None:
        folder = tmp_path_factory.mktemp("chunks")
        content = self.text(*titles)
        rows = self.read(folder, content)
        assert self.read(folder, content, block_size=size) == rows
        assert [row.row for row in rows] == list(range(1, len(rows) + 1))
        assert all(before.line < after.line for before, after in pairwise(rows))

    @inherited
    @given(st.binary(max_size=300), st.booleans())
    def test_any_bytes_give_rows_or_a_clear_error(
        self, tmp_path_factory: pytest.TempPathFactory, content: bytes, has_header: bool
    ) -> None:
        start = (self.header + "\n").encode() if has_header else b""
        try:
            rows, _ = self.read_until_error(tmp_path_factory.mktemp("bytes"), start + content)
        except UsageError:
            return
        assert [row.row for row in rows] == list(range(1, len(rows) + 1))
        assert all(row.message and row.reason for row in rows if isinstance(row, InvalidRow))

    @inherited
    @given(st.text(alphabet='",;\t|\n\r x1ü', max_size=120), st.integers(1, 60))
    def test_any_arrangement_of_quotes_and_lines_gives_the_same_in_any_blocks(
        self, tmp_path_factory: pytest.TempPathFactory, tail: str, size: int
    ) -> None:
        folder = tmp_path_factory.mktemp("quotes")
        content = self.text("one", "two") + tail.encode() + b"\n" + self.row("last").encode()
        try:
            expected = self.read_until_error(folder, content)
        except UnreadableFileError:
            return
        rows, error = self.read_until_error(folder, content, block_size=size)
        assert rows == expected[0]
        assert (error and error.line) == (expected[1] and expected[1].line)
