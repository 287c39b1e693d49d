"""Rows without ids: what has to be looked up for them, and the ids that were chosen in the resolve file.

Any reader can be wrapped; a row of which nothing was chosen stays as it is, for the destination to judge.

The resolve file, as people leave it: which candidate they chose, or the ids that they wrote themselves.

It is read like any table, for a spreadsheet may have changed its encoding and its delimiter.

Writes the resolve file: a line for each title of the destination that a row without ids may mean.

People open it in a spreadsheet and write into it, so it has a byte order mark: without one, Excel takes the
titles for another encoding and saves them so.
"""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from importer.destinations.titles import Candidate
from importer.errors import ImporterError, UnreadableFileError
from importer.files import AtomicFiles, neutralise, restore
from importer.matching.model import MATCH_COLUMNS, MatchConfidence, MatchLine, TitleQuery
from importer.model import MediaKind, RatingJob, SourceRow
from importer.readers.base import Reader
from importer.readers.cells.cells import (
    CellError,
    parse_imdb_id,
    parse_number,
    parse_number_id,
    parse_year,
    quote,
)
from importer.readers.tables.table import Table
from importer.readers.tables.text import read_text_file

_SOURCES = ("imdb", "tmdb", "tvdb", "trakt")


@dataclass(frozen=True, slots=True)
class ChosenMatch:
    """The title that somebody, or a look-up that was certain, has chosen; `line` is that of the file."""

    candidate: Candidate
    score: float | None
    line: int


@dataclass(slots=True)
class Occurrence:
    """How many rows are about a subject, and the line of the first of them."""

    rows: int
    first_line: int


def subject_of(job: RatingJob) -> TitleQuery | None:
    """What has to be looked up for a job; None where its ids and its kind are there, or nothing is."""
    ids = {source: value for source in _SOURCES if (value := getattr(job, f"{source}_id"))}
    if ids:
        if job.kind is not MediaKind.UNKNOWN:
            return None
        source, value = next(iter(ids.items()))
        return TitleQuery(job.kind, job.title, job.year, f"{source}:{value}")
    if not job.title or not job.title.strip():
        return None
    # A season or episode with a number has its show's title.
    kind = job.kind if job.season is None else MediaKind.SHOW
    return TitleQuery(kind, job.title, job.year)


def key_of(subject: TitleQuery) -> TitleQuery:
    """Bring a subject into the form by which rows and lines find each other."""
    if subject.id is not None:  # then the title is for people only
        return subject._replace(title=None, year=None)
    return subject._replace(title=" ".join((subject.title or "").split()))


def collect_subjects(reader: Reader, note_rows: Callable[[int], None]) -> dict[TitleQuery, Occurrence]:
    """Read to the end and find what has to be looked up, in the order of the file.

    `note_rows` is told how many rows were read since it was last told. Raises UnreadableFileError.
    """
    found: dict[TitleQuery, tuple[TitleQuery, Occurrence]] = {}
    for chunk in reader.chunks():
        note_rows(len(chunk))
        for row in chunk:
            subject = subject_of(row) if isinstance(row, RatingJob) else None
            if subject is not None:
                _, mention = found.setdefault(key_of(subject), (subject, Occurrence(0, row.line)))
                mention.rows += 1
    return dict(found.values())


class ResolvedReader:
    """A reader whose rows get the ids that were chosen in the resolve file of this name."""

    def __init__(self, reader: Reader, choices: Mapping[TitleQuery, ChosenMatch], name: str) -> None:
        self._reader = reader
        self._choices = choices
        self._name = name
        self.format_name = reader.format_name
        self.notes: Sequence[str] = reader.notes

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows, those that were chosen for with their ids."""
        used: set[TitleQuery] = set()
        for chunk in self._reader.chunks():
            yield [self._resolve(row, used) if isinstance(row, RatingJob) else row for row in chunk]
        self.notes = (*self._reader.notes, *self._describe_use(used))

    def _describe_use(self, used: AbstractSet[TitleQuery]) -> Iterator[str]:
        """Also say which choices fit no row: a title was changed, perhaps, in the one file or the other."""
        yield f"titles whose ids are from {self._name}: {len(used):,}"
        idle = [choice.line for subject, choice in self._choices.items() if subject not in used]
        if idle:
            yield f"choices in it that fit no row here: {len(idle):,}, the first in line {min(idle)}"

    def _resolve(self, job: RatingJob, used: set[TitleQuery]) -> RatingJob:
        subject = subject_of(job)
        if subject is None:
            return job
        key = key_of(subject)
        choice = self._choices.get(key)
        if choice is None:
            if subject.id is not None:  # the destination may know what it is all the same
                return job
            return job.noting(f"nothing is chosen for it in {self._name}")
        candidate = choice.candidate
        if job.season is not None and candidate.kind not in {MediaKind.SHOW, None}:
            return job  # its season cannot be one of a movie
        used.add(key)
        return job._replace(
            kind=job.kind if job.season is not None or candidate.kind is None else candidate.kind,
            second_kind=job.second_kind if candidate.kind in {job.kind, None} else None,
            imdb_id=candidate.imdb_id,
            tmdb_id=candidate.tmdb_id,
            tvdb_id=candidate.tvdb_id,
            trakt_id=candidate.trakt_id,
        ).noting(self._describe(choice))

    def _describe(self, choice: ChosenMatch) -> str:
        title, year, fit = choice.candidate.title, choice.candidate.year, choice.score
        named = (title or "the title of these ids") + (f" ({year})" if year else "")
        scored = f", score {fit:.2f}" if fit is not None else ""
        return f"resolved as {named}{scored}, by {self._name} line {choice.line}"


_YES = {"yes", "y", "x", "1", "true"}


_NO = {"", "no", "n", "0", "false", "-"}


_DISPENSABLE = {"url", "message", "rows", "line", "score"}
"""Columns that a person may have deleted."""


_Value = TypeVar("_Value")


def read_match_file(path: Path, name: str) -> list[MatchLine]:
    """Read all lines. Raises UnreadableFileError, which names the line."""
    table = Table(read_text_file(path, name))
    places = {column: table.header.find([column]) for column in MATCH_COLUMNS}
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


def find_choices(lines: Iterable[MatchLine], name: str) -> Mapping[TitleQuery, ChosenMatch]:
    """Find what is chosen for each subject. Raises UnreadableFileError for two choices, or one without id."""
    choices: dict[TitleQuery, ChosenMatch] = {}
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
        choices[key] = ChosenMatch(line.candidate, line.score, line.line)
    return choices


class _Line:
    """One line being read."""

    def __init__(self, name: str, line: int, cells: Mapping[str, str]) -> None:
        self._name = name
        self._line = line
        self._cells = cells

    def read(self) -> MatchLine:
        candidate = self._read_candidate()
        certainty = self._read("decision", _parse_certainty)
        subject = TitleQuery(
            self._read("kind", MediaKind),
            self._cells["title"] or None,
            self._read("year", parse_year),
            self._cells["id"] or None,
        )
        # Nobody writes ids into a line that had none without meaning them.
        wrote_ids = certainty is MatchConfidence.NOT_FOUND and candidate is not None
        return MatchLine(
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


def _parse_certainty(cell: str) -> MatchConfidence:
    return MatchConfidence(cell.lower()) if cell else MatchConfidence.NOT_FOUND


def _parse_candidate_kind(cell: str) -> MediaKind | None:
    return MediaKind(cell.lower()) if cell else None


def _parse_score(cell: str) -> float | None:
    score = float(cell.replace(",", ".")) if cell else None  # a spreadsheet writes the comma of its language
    if score is not None and not 0 <= score <= 1:
        raise ValueError(cell)
    return score


def _show(subject: TitleQuery) -> str:
    what = subject.title or subject.id or "a title"
    return f"{quote(what)} ({subject.year})" if subject.year else quote(what)


_BOM = "\ufeff"


def write_match_file(path: Path, lines: Iterable[MatchLine]) -> None:
    """Write the file whole or not at all. Raises ImporterError."""
    place = path.resolve()  # through links, or replacing would put a file in the place of the link
    try:
        with AtomicFiles() as drafts:
            stream = drafts.begin(place)
            stream.write(_BOM)
            writer = csv.writer(stream)
            writer.writerow(MATCH_COLUMNS)
            writer.writerows(map(_build_cells, lines))
            drafts.publish([place])
    except OSError as error:
        raise ImporterError(
            f"{path}: cannot write the resolve file ({error.strerror or error}). Make room or choose another "
            "place with --out, then type the same command; what was found out is not asked for again."
        ) from error


def _build_cells(line: MatchLine) -> list[object]:
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
