"""The resolve file, as people leave it: which candidate they chose, or the ids that they wrote themselves.

It is read like any table, for a spreadsheet may have changed its encoding and its delimiter.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeVar

from importer.candidates import RESOLVE_COLUMNS, Candidate, Certainty, SheetLine, Subject
from importer.errors import UnreadableFileError
from importer.model import MediaKind
from importer.readers.cells import CellError, parse_imdb_id, parse_number, parse_number_id, parse_year, quote
from importer.readers.resolved import Choice, key_of
from importer.readers.table import Table
from importer.readers.textfile import read_text_file
from importer.spreadsheet import restore

_YES = {"yes", "y", "x", "1", "true"}
_NO = {"", "no", "n", "0", "false", "-"}
_DISPENSABLE = {"url", "message", "rows", "line", "score"}
"""Columns that a person may have deleted."""

_Value = TypeVar("_Value")


def read_sheet(path: Path, name: str) -> list[SheetLine]:
    """Read all lines. Raises UnreadableFileError, which names the line."""
    table = Table(read_text_file(path, name))
    places = {column: table.header.find([column]) for column in RESOLVE_COLUMNS}
    missing = [column for column, place in places.items() if place is None and column not in _DISPENSABLE]
    if missing:
        raise UnreadableFileError(
            name,
            f"this is no resolve file; it lacks the columns {', '.join(missing)}",
            remedy="`importer resolve FILE` writes one.",
        )
    found = {column: place for column, place in places.items() if place is not None}
    lines = []
    for chunk in table.chunks(sorted(found.values())):
        columns = {column: chunk.frame[place].tolist() for column, place in found.items()}
        for number, line in enumerate(chunk.lines):
            if number in chunk.broken:
                error = chunk.broken[number]
                raise UnreadableFileError(name, error.problem, remedy=error.remedy, line=line)
            cells = {column: restore(str(texts[number])).strip() for column, texts in columns.items()}
            if any(cells.values()):
                lines.append(_Line(name, line, cells).read())
    return lines


def find_choices(lines: Iterable[SheetLine], name: str) -> Mapping[Subject, Choice]:
    """Find what is chosen for each subject. Raises UnreadableFileError for two choices, or one without id."""
    choices: dict[Subject, Choice] = {}
    for line in lines:
        if not line.is_chosen:
            continue
        if line.candidate is None:
            raise UnreadableFileError(
                name,
                f"{_show(line.subject)} is chosen, but the line has no id",
                remedy="Write an imdb_id, tmdb_id, tvdb_id or trakt_id there, or take the choice back.",
                line=line.line,
            )
        key = key_of(line.subject)
        if key in choices:
            raise UnreadableFileError(
                name,
                f"{_show(line.subject)} is chosen twice, here and in line {choices[key].line}",
                remedy="Take one of the two choices back.",
                line=line.line,
            )
        choices[key] = Choice(line.candidate, line.score, line.line)
    return choices


class _Line:
    """One line being read."""

    def __init__(self, name: str, line: int, cells: Mapping[str, str]) -> None:
        self._name = name
        self._line = line
        self._cells = cells

    def read(self) -> SheetLine:
        candidate = self._read_candidate()
        certainty = self._read("decision", _parse_certainty)
        subject = Subject(
            self._read("kind", MediaKind),
            self._cells["title"] or None,
            self._read("year", parse_year),
            self._cells["id"] or None,
        )
        # Nobody writes ids into a line that had none without meaning them.
        wrote_ids = certainty is Certainty.NOT_FOUND and candidate is not None
        return SheetLine(
            self._read_chosen() or wrote_ids,
            certainty,
            self._read("score", _parse_score),
            subject,
            self._read("rows", parse_number) or 0,
            self._read("line", parse_number) or 0,
            candidate,
            self._cells.get("message", ""),
            self._line,
        )

    def _read_candidate(self) -> Candidate | None:
        """Read the ids, whoever wrote them; without one there is no candidate."""
        candidate = Candidate(
            self._read("candidate_kind", _parse_candidate_kind),
            self._cells["candidate_title"],
            self._read("candidate_year", parse_year),
            imdb_id=self._read("imdb_id", parse_imdb_id),
            tmdb_id=self._read("tmdb_id", parse_number_id),
            tvdb_id=self._read("tvdb_id", parse_number_id),
            trakt_id=self._read("trakt_id", parse_number_id),
            url=self._cells.get("url", ""),
        )
        ids = (candidate.imdb_id, candidate.tmdb_id, candidate.tvdb_id, candidate.trakt_id)
        return candidate if any(ids) else None

    def _read_chosen(self) -> bool:
        word = self._cells["chosen"].lower()
        if word in _YES | _NO:
            return word in _YES
        raise self._problem("chosen", "says neither yes nor no", "Write yes beside the one that is meant.")

    def _read(self, column: str, parse: Callable[[str], _Value]) -> _Value:
        try:
            return parse(self._cells.get(column, ""))
        except CellError as error:
            raise self._problem(column, error.problem, error.remedy) from error
        except ValueError as error:
            remedy = "Leave what the importer wrote there as it was."
            raise self._problem(column, "is nothing that stands in this column", remedy) from error

    def _problem(self, column: str, problem: str, remedy: str) -> UnreadableFileError:
        told = f'column "{column}": {quote(self._cells.get(column, ""))} {problem}'
        return UnreadableFileError(self._name, told, remedy=remedy, line=self._line)


def _parse_certainty(cell: str) -> Certainty:
    return Certainty(cell.lower()) if cell else Certainty.NOT_FOUND


def _parse_candidate_kind(cell: str) -> MediaKind | None:
    return MediaKind(cell.lower()) if cell else None


def _parse_score(cell: str) -> float | None:
    score = float(cell.replace(",", ".")) if cell else None  # a spreadsheet writes the comma of its language
    if score is not None and not 0 <= score <= 1:
        raise ValueError(cell)
    return score


def _show(subject: Subject) -> str:
    what = subject.title or subject.id or "a title"
    return f"{quote(what)} ({subject.year})" if subject.year else quote(what)
