"""Rows without ids: what has to be looked up for them, and the ids that were chosen in the resolve file.

Any reader can be wrapped; a row of which nothing was chosen stays as it is, for the destination to judge.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from importer.candidates import Candidate, Subject
from importer.model import MediaKind, RatingJob, SourceRow
from importer.readers.base import Reader

_SOURCES = ("imdb", "tmdb", "tvdb", "trakt")


@dataclass(frozen=True, slots=True)
class Choice:
    """The title that somebody, or a look-up that was certain, has chosen; `line` is that of the file."""

    candidate: Candidate
    score: float | None
    line: int


@dataclass(slots=True)
class Mention:
    """How many rows are about a subject, and the line of the first of them."""

    rows: int
    first_line: int


def subject_of(job: RatingJob) -> Subject | None:
    """What has to be looked up for a job; None where its ids and its kind are there, or nothing is."""
    ids = {source: value for source in _SOURCES if (value := getattr(job, f"{source}_id"))}
    if ids:
        if job.kind is not MediaKind.UNKNOWN:
            return None
        source, value = next(iter(ids.items()))
        return Subject(job.kind, job.title, job.year, f"{source}:{value}")
    if not job.title or not job.title.strip():
        return None
    # A season or episode with a number has its show's title.
    kind = job.kind if job.season is None else MediaKind.SHOW
    return Subject(kind, job.title, job.year)


def key_of(subject: Subject) -> Subject:
    """Bring a subject into the form by which rows and lines find each other."""
    if subject.id is not None:  # then the title is for people only
        return subject._replace(title=None, year=None)
    return subject._replace(title=" ".join((subject.title or "").split()))


def collect_subjects(reader: Reader, note_rows: Callable[[int], None]) -> dict[Subject, Mention]:
    """Read to the end and find what has to be looked up, in the order of the file.

    `note_rows` is told how many rows were read since it was last told. Raises UnreadableFileError.
    """
    found: dict[Subject, tuple[Subject, Mention]] = {}
    for chunk in reader.chunks():
        note_rows(len(chunk))
        for row in chunk:
            subject = subject_of(row) if isinstance(row, RatingJob) else None
            if subject is not None:
                _, mention = found.setdefault(key_of(subject), (subject, Mention(0, row.line)))
                mention.rows += 1
    return dict(found.values())


class ResolvedReader:
    """A reader whose rows get the ids that were chosen in the resolve file of this name."""

    def __init__(self, reader: Reader, choices: Mapping[Subject, Choice], name: str) -> None:
        self._reader = reader
        self._choices = choices
        self._name = name
        self.format_name = reader.format_name
        self.notes: Sequence[str] = reader.notes

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows, those that were chosen for with their ids."""
        used: set[Subject] = set()
        for chunk in self._reader.chunks():
            yield [self._resolve(row, used) if isinstance(row, RatingJob) else row for row in chunk]
        self.notes = (*self._reader.notes, *self._describe_use(used))

    def _describe_use(self, used: AbstractSet[Subject]) -> Iterator[str]:
        """Also say which choices fit no row: a title was changed, perhaps, in the one file or the other."""
        yield f"titles whose ids are from {self._name}: {len(used):,}"
        idle = [choice.line for subject, choice in self._choices.items() if subject not in used]
        if idle:
            yield f"choices in it that fit no row here: {len(idle):,}, the first in line {min(idle)}"

    def _resolve(self, job: RatingJob, used: set[Subject]) -> RatingJob:
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

    def _describe(self, choice: Choice) -> str:
        title, year, fit = choice.candidate.title, choice.candidate.year, choice.score
        named = (title or "the title of these ids") + (f" ({year})" if year else "")
        scored = f", score {fit:.2f}" if fit is not None else ""
        return f"resolved as {named}{scored}, by {self._name} line {choice.line}"
