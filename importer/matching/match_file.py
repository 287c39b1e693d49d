"""The match file: a line for each candidate of each title. People choose in it, with a spreadsheet.

    chosen decision   score title  year ... candidate_title candidate_year ... imdb_id    ... message
    yes    certain    1.00  Heat   1995     Heat            1995               tt0113277
           ambiguous  1.00  Alien           Alien           1979               tt0078748      2 titles of ...
    x      ambiguous  1.00  Alien           Alien           2020               tt9999999      2 titles of ...
           not_found        Nobody 2001                                                       nothing of ...

It is read like any table, since a spreadsheet may change the encoding, the delimiter and the column order.
"""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from importer.destinations.titles import Candidate
from importer.errors import Remedy, StopRunError, UnreadableFileError
from importer.files import AtomicFiles, follow_links, neutralise, restore
from importer.matching.matched_reader import key_of
from importer.matching.model import (
    ChosenMatch,
    MatchConfidence,
    MatchLine,
    MatchResult,
    Occurrence,
    TitleQuery,
    describe,
)
from importer.model import MediaKind
from importer.readers.cells.errors import CellError, quote
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.numbers import parse_number, parse_year
from importer.readers.tables.table import Table
from importer.readers.tables.text import read_text_file

MATCH_COLUMNS = (
    *("chosen", "decision", "score", "source"),
    *("title", "year", "kind", "id", "rows", "line"),  # of the export
    *("candidate_title", "candidate_year", "candidate_kind"),
    *("imdb_id", "tmdb_id", "tvdb_id", "trakt_id", "url", "poster", "message"),
)

_DISPENSABLE = {"url", "poster", "message", "rows", "line", "score", "source"}
"""Columns that a person may delete."""

_YES = {"yes", "y", "x", "1", "true"}
_NO = {"", "no", "n", "0", "false", "-"}

_BOM = "\ufeff"
"""Without it, Excel assumes another encoding and damages the titles."""

_Value = TypeVar("_Value")


# Lines, from look-ups and from what people chose before


def build_lines(query: TitleQuery, occurrence: Occurrence, result: MatchResult) -> list[MatchLine]:
    """Build a query's lines; a certain match is chosen already."""
    scored: Sequence[tuple[float | None, Candidate | None]] = result.scored or [(None, None)]
    is_certain = result.confidence is MatchConfidence.CERTAIN
    place = (query, occurrence.rows, occurrence.first_line)
    return [
        MatchLine(is_certain, result.confidence, fit, *place, candidate, result.message, 0, result.source)
        for fit, candidate in scored
    ]


def keep_choices(new: Sequence[MatchLine], old: Sequence[MatchLine]) -> list[MatchLine]:
    """Copy the choices in a query's old lines to its new ones.

    A choice that the importer made because it was certain is dropped if it no longer is.
    """
    chosen = [line for line in old if line.is_chosen]
    if not chosen:
        was_certain = any(line.confidence is MatchConfidence.CERTAIN for line in old)  # a removed choice
        return [line._replace(is_chosen=line.is_chosen and not was_certain) for line in new]
    kept = chosen[0]
    again = [line for line in new if _is_same(line.candidate, kept.candidate)]
    if again and kept.confidence is MatchConfidence.CERTAIN is not again[0].confidence:
        return list(new)
    lines = [line._replace(is_chosen=line in again[:1]) for line in new if line.candidate is not None]
    return lines if again else [kept._replace(rows=new[0].rows, first_line=new[0].first_line), *lines]


def _is_same(one: Candidate | None, other: Candidate | None) -> bool:
    return one is not None and other is not None and one[3:7] == other[3:7] and one.kind == other.kind


def find_choices(lines: Iterable[MatchLine], name: str) -> Mapping[TitleQuery, ChosenMatch]:
    """Return the choices, by `key_of` their query. Raises UnreadableFileError.

    Two choices for one title are an error, and so is a choice without an id.
    """
    choices: dict[TitleQuery, ChosenMatch] = {}
    for line in lines:
        if not line.is_chosen:
            continue
        if line.candidate is None:
            raise UnreadableFileError(
                name,
                f"{describe(line.query)} is chosen, but the line has no id",
                remedy="Write an imdb_id, tmdb_id, tvdb_id or trakt_id there, or remove the choice.",
                line=line.line,
            )
        key = key_of(line.query)
        if key in choices:
            raise UnreadableFileError(
                name,
                f"{describe(line.query)} is chosen twice, here and in line {choices[key].line}",
                remedy="Remove one of the two choices.",
                line=line.line,
            )
        choices[key] = ChosenMatch(line.candidate, line.score, line.line)
    return choices


# Writing


def write_match_file(path: Path, lines: Iterable[MatchLine]) -> None:
    """Write the file atomically. Raises StopRunError."""
    try:
        place = follow_links(path)  # a rename over a link would replace the link
        with AtomicFiles() as drafts:
            stream = drafts.open(place)
            stream.write(_BOM)
            writer = csv.writer(stream)
            writer.writerow(MATCH_COLUMNS)
            writer.writerows(map(_build_cells, lines))
            drafts.commit([place])
    except OSError as error:
        raise StopRunError(
            f"{path}: cannot write the match file ({error.strerror or error}); what was found "
            "is not looked up again",
            Remedy.MOVE_OUTPUT,
        ) from error


def _build_cells(line: MatchLine) -> list[object]:
    found, query = line.candidate, line.query
    cells = [
        "yes" if line.is_chosen else "",
        str(line.confidence),
        "" if line.score is None else f"{line.score:.2f}",
        line.source,
        query.title or "",
        query.year,
        str(query.kind),
        query.id or "",
        line.rows or "",
        line.first_line or "",
        *(("",) * 9 if found is None else (found.title, found.year, found.kind or "", found.imdb_id)),
        *(() if found is None else (found.tmdb_id, found.tvdb_id, found.trakt_id, found.url, found.poster)),
        line.message,
    ]
    return [neutralise(cell) if isinstance(cell, str) else cell for cell in cells]


# Reading


def read_match_file(path: Path, name: str) -> list[MatchLine]:
    """Read all lines. Raises UnreadableFileError, which names the line."""
    table = Table(read_text_file(path, name))
    places = {column: table.header.find([column]) for column in MATCH_COLUMNS}
    missing = [column for column, place in places.items() if place is None and column not in _DISPENSABLE]
    if missing:
        raise UnreadableFileError(
            name,
            f"this is no match file; it lacks the columns {', '.join(missing)}",
            remedy=Remedy.LOOK_TITLES_UP,
        )
    found = {column: place for column, place in places.items() if place is not None}
    lines = []
    for chunk in table.chunks(sorted(found.values())):
        columns = {column: chunk.column(place) for column, place in found.items()}
        for number, line in enumerate(chunk.lines):
            if number in chunk.broken:
                error = chunk.broken[number]
                raise UnreadableFileError(name, error.problem, remedy=error.remedy, line=line)
            cells = {column: restore(texts[number]).strip() for column, texts in columns.items()}
            if any(cells.values()):
                lines.append(_Line(name, line, cells).read())
    return lines


class _Line:
    """One line being read."""

    def __init__(self, name: str, line: int, cells: Mapping[str, str]) -> None:
        self._name = name
        self._line = line
        self._cells = cells

    def read(self) -> MatchLine:
        candidate = self._read_candidate()
        confidence = self._read("decision", _parse_confidence)
        query = TitleQuery(
            self._read("kind", MediaKind),
            self._cells["title"] or None,
            self._read("year", parse_year),
            self._cells["id"] or None,
        )
        # Ids that a person wrote into a line without ids are a choice.
        wrote_ids = confidence is MatchConfidence.NOT_FOUND and candidate is not None
        return MatchLine(
            self._read_chosen() or wrote_ids,
            confidence,
            self._read("score", _parse_score),
            query,
            self._read("rows", parse_number) or 0,
            self._read("line", parse_number) or 0,
            candidate,
            self._cells.get("message", ""),
            self._line,
            self._cells.get("source", ""),
        )

    def _read_candidate(self) -> Candidate | None:
        """Return the candidate, or the ids that a person wrote; None for a line without ids."""
        candidate = Candidate(
            self._read("candidate_kind", _parse_candidate_kind),
            self._cells["candidate_title"],
            self._read("candidate_year", parse_year),
            imdb_id=self._read("imdb_id", parse_imdb_id),
            tmdb_id=self._read("tmdb_id", parse_number_id),
            tvdb_id=self._read("tvdb_id", parse_number_id),
            trakt_id=self._read("trakt_id", parse_number_id),
            url=self._cells.get("url", ""),
            poster=self._cells.get("poster", ""),
        )
        ids = (candidate.imdb_id, candidate.tmdb_id, candidate.tvdb_id, candidate.trakt_id)
        return candidate if any(ids) else None

    def _read_chosen(self) -> bool:
        word = self._cells["chosen"].lower()
        if word in _YES | _NO:
            return word in _YES
        raise self._problem("chosen", "is neither yes nor no", "Write yes beside the one that is meant.")

    def _read(self, column: str, parse: Callable[[str], _Value]) -> _Value:
        try:
            return parse(self._cells.get(column, ""))
        except CellError as error:
            raise self._problem(column, error.problem, error.remedy) from error
        except ValueError as error:
            remedy = "Restore the value that the importer wrote there."
            raise self._problem(column, "is not a valid value of this column", remedy) from error

    def _problem(self, column: str, problem: str, remedy: str) -> UnreadableFileError:
        cell = f'column "{column}": {quote(self._cells.get(column, ""))} {problem}'
        return UnreadableFileError(self._name, cell, remedy=remedy, line=self._line)


def _parse_confidence(cell: str) -> MatchConfidence:
    return MatchConfidence(cell.lower()) if cell else MatchConfidence.NOT_FOUND


def _parse_candidate_kind(cell: str) -> MediaKind | None:
    return MediaKind(cell.lower()) if cell else None


def _parse_score(cell: str) -> float | None:
    score = float(cell.replace(",", ".")) if cell else None  # a spreadsheet writes the comma of its language
    if score is not None and not 0 <= score <= 1:
        raise ValueError(cell)
    return score
