r"""Writes the results file: one line for each row, in order; the whole file or nothing.

The file is RFC 4180 CSV in UTF-8
with CRLF line ends: the one dialect all spreadsheets agree on, and the only one in which every Python quotes
a title with a lone carriage return (with `\n` line ends, 3.11 leaves it bare and the line breaks in two).
No byte order mark, so that the first column is called `row` for every program.
"""

import codecs
import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Protocol

from importer.errors import ResultsNotWrittenError
from importer.files import SUSPECTS, AtomicFiles, follow_links, neutralise, open_text
from importer.model import RESULT_COLUMNS

STANDARD_OUTPUT = Path("-")
_ROWS_AT_ONCE = 200

# The columns that may hold text of the input file or of the server; the others have only our own words.
# So have the last five, unless the input is a results file, which users may edit.
_FOREIGN = tuple(
    RESULT_COLUMNS.index(column)
    for column in (
        *("message", "kind", "title", "year", "season", "episode"),
        *("imdb_id", "tmdb_id", "tvdb_id", "trakt_id", "rating", "rated_at"),
        *("reason", "previous_rating", "attempts", "http_status", "duration_ms"),
    )
)


class Sink(Protocol):
    """What a table is written to."""

    def write(self, text: str, /) -> object:
        """Write a text."""
        ...


def write_results(path: Path, rows: Iterable[Sequence[object]]) -> None:
    """Write the results file; rows are in the order of `model.RESULT_COLUMNS`.

    The file appears whole under its name or not at all: an older one survives a failure. The path `-`
    (standard output) and paths that are no regular file (a pipe, `/dev/null`) are written directly.
    Raises ResultsNotWrittenError.
    """
    try:
        with open_sink(path) as sink:
            _write(sink, rows)
    except OSError as error:
        raise ResultsNotWrittenError(path, error) from error


def _write(sink: Sink, rows: Iterable[Sequence[object]]) -> None:
    csv.writer(sink).writerow(RESULT_COLUMNS)
    remaining = iter(rows)
    while some := list(islice(remaining, _ROWS_AT_ONCE)):
        lines = _to_csv(some)
        # Whether a semicolon, a tab or a line end could part a cell shows in all lines at once; to search
        # every cell for it takes longer than to write them.
        if ";" in lines or "\t" in lines or lines.count("\n") + lines.count("\r") > 2 * len(some):
            lines = _to_csv(map(_neutralised, some))
        elif any(map(_is_suspect, some)):
            lines = _to_csv(_neutralised(row) if _is_suspect(row) else row for row in some)
        sink.write(lines)


def _to_csv(rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _is_suspect(row: Sequence[object]) -> bool:
    # Nearly every row passes this loop untouched, a million times a run; `any` takes twice as long.
    for cell in filter(None, row):  # noqa: SIM110
        if cell.__class__ is str and cell[0] in SUSPECTS:
            return True
    return False


def _neutralised(row: Sequence[object]) -> Sequence[object]:
    cells = list(row)
    for column in _FOREIGN:
        cell = cells[column]
        if isinstance(cell, str):
            cells[column] = neutralise(cell)
    return cells


class _Terminal:
    r"""Shows what would act on a terminal as `\x1b`."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def write(self, text: str, /) -> object:
        """See `Sink`."""
        shown = (
            char if char.isprintable() or char in "\r\n" else char.encode("unicode_escape").decode()
            for char in text
        )
        return self._sink.write("".join(shown))


@contextmanager
def open_sink(path: Path) -> Iterator[Sink]:
    """Open a place for a table: a file that appears whole or not at all, a pipe, or standard output."""
    if path == STANDARD_OUTPUT:
        sys.stdout.flush()
        # Not the terminal's own encoding and line ends: the same bytes wherever they are piped to.
        writer = codecs.getwriter("utf-8")(sys.stdout.buffer, "backslashreplace")
        yield _Terminal(writer) if sys.stdout.isatty() else writer
        sys.stdout.buffer.flush()
        return
    # Through links, or replacing would put a file in the place of the link.
    place = follow_links(path)
    if place.exists() and not place.is_file():
        with open_text(place, "w") as stream:  # a directory fails here, as it should
            yield stream
    else:
        with AtomicFiles() as drafts:
            yield drafts.open(place)
            drafts.commit([place])
