"""Writes the resolve file: a line for each title of the destination that a row without ids may mean.

People open it in a spreadsheet and write into it, so it has a byte order mark: without one, Excel takes the
titles for another encoding and saves them so.
"""

import csv
from collections.abc import Iterable
from pathlib import Path

from importer.atomic import Drafts
from importer.candidates import RESOLVE_COLUMNS, SheetLine
from importer.errors import ImporterError
from importer.spreadsheet import neutralise

_BOM = "\ufeff"


def write_sheet(path: Path, lines: Iterable[SheetLine]) -> None:
    """Write the file whole or not at all. Raises ImporterError."""
    place = path.resolve()  # through links, or replacing would put a file in the place of the link
    try:
        with Drafts() as drafts:
            stream = drafts.begin(place)
            stream.write(_BOM)
            writer = csv.writer(stream)
            writer.writerow(RESOLVE_COLUMNS)
            writer.writerows(map(_build_cells, lines))
            drafts.publish([place])
    except OSError as error:
        raise ImporterError(
            f"{path}: cannot write the resolve file ({error.strerror or error}). Make room or choose another "
            "place with --out, then type the same command; what was found out is not asked for again."
        ) from error


def _build_cells(line: SheetLine) -> list[object]:
    found, subject = line.candidate, line.subject
    cells = [
        "yes" if line.is_chosen else "",
        str(line.certainty),
        "" if line.score is None else f"{line.score:.2f}",
        subject.title or "",
        subject.year,
        str(subject.kind),
        subject.id or "",
        line.rows or "",
        line.first_line or "",
        *(("",) * 8 if found is None else (found.title, found.year, found.kind or "", found.imdb_id)),
        *(() if found is None else (found.tmdb_id, found.tvdb_id, found.trakt_id, found.url)),
        line.message,
    ]
    return [neutralise(cell) if isinstance(cell, str) else cell for cell in cells]
