"""How the rows of a text are written: the delimiter, and which of the first lines is the header."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from importer import limits

if TYPE_CHECKING:
    import _csv

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "pipe"}

# csv refuses cells over 128 KiB; here the length of lines is bounded, and any cell within is welcome.
csv.field_size_limit(max(csv.field_size_limit(), 2 * limits.LONGEST_LINE))


class Dialect(NamedTuple):
    """The way a table is written."""

    delimiter: str
    skips_blanks: bool
    """A blank follows each delimiter and is no part of the cell."""
    names: tuple[str, ...]
    """The cells of the header row; a row has as many."""
    header_lines: int
    """Physical lines up to the end of the header row."""

    def tokenise(self, lines: Iterable[str], *, is_strict: bool) -> "_csv.Reader":
        """Take lines apart; a strict reading fails at a quote that is not closed or not doubled."""
        return csv.reader(
            lines, delimiter=self.delimiter, skipinitialspace=self.skips_blanks, strict=is_strict
        )


_WIDTH_OF_HEADERS = 3
"""Cells: a row of so many below one of a single cell is the header, and that the name of the table."""
_NOT_A_TITLE = "letterboxd list export"
"""What a list begins with; it holds no ratings."""
_match_conflict = re.compile(r"(?:<{7}|={7}|>{7}|\|{7})(?: .*)?").fullmatch


def is_conflict_mark(record: list[str]) -> bool:
    """Whether a record is what git writes between two versions of a file that it could not join."""
    return len(record) < 3 and _match_conflict(record[0].strip()) is not None


def is_blank(record: list[str]) -> bool:
    """Whether a record is what a blank line gives, and so no row."""
    return not record or (len(record) == 1 and not record[0].strip())


def find_dialect(head: str) -> Dialect | None:
    """Find out from the beginning of a text how it is written; None if it has no header row."""
    tried = [_with_header(Dialect(delimiter, False, (), 0), head) for delimiter in DELIMITERS]
    best = max(tried, key=lambda dialect: len(dialect.names))
    if any(name.startswith(" ") for name in best.names[1:]):
        best = _with_header(best._replace(skips_blanks=True), head)
    return best if best.names else None


def _with_header(dialect: Dialect, head: str) -> Dialect:
    above: Dialect | None = None
    """A row of one cell: the name of the table, if a header stands below it."""
    records = dialect.tokenise(io.StringIO(head), is_strict=True)
    try:
        for record in records:
            if _is_separator(record, dialect.delimiter) or not any(map(str.strip, record)):
                continue  # rows of a spreadsheet: an empty one, and the one that names the delimiter
            if is_conflict_mark(record):
                continue
            found = dialect._replace(names=tuple(record), header_lines=records.line_num)
            if above is not None and not _is_header_below_a_title(record):
                return above  # what stands below it is no header, and so it was one
            if above is None and _may_be_title(record):
                above = found
                continue
            return found
    except csv.Error:
        pass  # not this delimiter, or a quote that is not closed
    return above or dialect._replace(names=())


def _is_separator(record: list[str], delimiter: str) -> bool:
    return "".join(record).lower() == "sep=" or "".join(record).lower() == f"sep={delimiter}"


def _is_header_below_a_title(record: list[str]) -> bool:
    """Whether these are names of columns, and not a row that another delimiter would split."""
    names = list(filter(None, record))
    return are_names_below_a_title(names) and not any(set(name) & set(DELIMITERS) for name in names)


def are_names_below_a_title(cells: Sequence[str]) -> bool:
    """Whether the cells below a row of a single one are names of columns."""
    return len(cells) >= _WIDTH_OF_HEADERS and all(any(map(str.isalpha, cell)) for cell in cells)


def _may_be_title(record: list[str]) -> bool:
    first, *others = record
    return not any(others) and not first.lower().startswith(_NOT_A_TITLE)
