"""Finds TMDB's own ids for rows that have an IMDb or TVDB id: `GET /3/find/{id}`. Pure.

```text
row                           the answer has              becomes
movie tt0113277               movie 949                   movie 949
tt0903747, of no kind         show 1396                   show 1396
episode tt2301451             5x14 of show 1396           episode 1396, 5, 14
episode tt0903747, 5, 14      show 1396                   episode 1396, 5, 14
movie tt1234567               nothing                     not_found
tt1234567, of no kind         a movie and a show          not_found, ambiguous: nobody says which
```

An IMDb id is of one title only, so the answer says what it is. TVDB ids count from one in each kind.
"""

from dataclasses import dataclass
from urllib.parse import quote

from importer.destinations.decisions import Decision, Done
from importer.destinations.titles import Candidate, EpisodeOf, Found, possible_kinds
from importer.destinations.tmdb.entries import FIND_LISTS, is_id, list_found
from importer.destinations.tmdb.request import TmdbAccess
from importer.destinations.tmdb.trouble import NOT_FOUND, PATIENT_QUESTION, interpret_trouble, read_code
from importer.errors import ConnectionLostError
from importer.http import Request, Response, parse_object
from importer.model import MediaKind, Outcome, RatingJob, Status

_IMDB, _TVDB = "imdb_id", "tvdb_id"
_LONGEST_TITLE = 500


def needs_find(job: RatingJob) -> bool:
    """Whether the row lacks what TMDB's addresses are made of: its own id, the kind, an episode's numbers."""
    if not job.tmdb_id or job.kind is MediaKind.UNKNOWN:
        return True
    is_episode = job.kind is MediaKind.EPISODE
    return is_episode and (job.season is None or job.episode is None)


def question_of(job: RatingJob) -> str | None:
    """Return what TMDB is asked for a row that needs it: `imdb_id:tt0113277`; None if it has no such id."""
    if job.kind is MediaKind.SEASON or (job.season is not None and job.episode is None):
        return None
    if job.imdb_id:
        return f"{_IMDB}:{job.imdb_id}"
    is_of_tv = job.kind in {MediaKind.SHOW, MediaKind.EPISODE} and job.second_kind is None
    return f"{_TVDB}:{job.tvdb_id}" if job.tvdb_id and is_of_tv else None


@dataclass(frozen=True, slots=True)
class TmdbFinder:
    """The questions for ids. `kept_as` is its name in the names of cached answers."""

    access: TmdbAccess
    kept_as: str = "tmdb"

    @staticmethod
    def question_of(job: RatingJob) -> str | None:
        """Return the question for a row; None if it needs none."""
        return question_of(job) if needs_find(job) else None

    def build_find(self, question: str) -> Request:
        """Ask what an id is."""
        source, _, value = question.partition(":")
        return self.access.build("GET", f"/find/{quote(value, safe='')}", "find", external_source=source)

    def read_find(self, answer: Response | ConnectionLostError) -> Decision[Found]:
        """Read the titles with the id; `is_cut_off` if there are others that cannot be understood."""
        if isinstance(answer, Response):
            if answer.status == 404 and read_code(answer) == NOT_FOUND:
                return Done(Found())
            content = parse_object(answer.body) if answer.status == 200 else {}
            if any(isinstance(content.get(name), list) for name in FIND_LISTS):
                entries = [_read_title(kind, entry) for kind, entry in list_found(content)]
                titles = tuple(each for each in entries if each is not None)
                return Done(Found(titles, is_cut_off=len(titles) < len(entries)))
        return interpret_trouble(answer, self.access.secrets, PATIENT_QUESTION)

    @staticmethod
    def take_found(job: RatingJob, found: Found) -> RatingJob | Outcome:
        """Return the row with TMDB's ids, or why it has none."""
        asked = job.imdb_id or f"TVDB id {job.tvdb_id}"
        if found.is_cut_off:
            return _not_found("ambiguous", f"TMDB's answer for {asked} cannot be understood")
        titles = found.titles
        if job.season is not None:
            titles = tuple(each for each in titles if each.kind is MediaKind.SHOW)
        elif job.tmdb_id:
            titles = tuple(each for each in titles if each.tmdb_id == job.tmdb_id)
        if not titles:
            others = f"; it knows {_name(found.titles)} by that id" if found.titles else ""
            return _not_found("not_found", f"TMDB does not know {asked}{others}")
        taken = _choose(job, titles)
        if taken is None:
            return _not_found("ambiguous", f"TMDB has several titles for {asked}: {_name(titles)}")
        return _fill_in(job, taken)


def _choose(job: RatingJob, titles: tuple[Candidate, ...]) -> Candidate | None:
    """Choose the title that the row means; None where that would be a guess."""
    if job.season is not None:
        return titles[0] if len(titles) == 1 else None
    own = [each for each in titles if each.kind in possible_kinds(job)]
    is_certain = job.kind is not MediaKind.UNKNOWN and job.second_kind is None
    if len(own) == 1 and (is_certain or len(titles) == 1):
        return own[0]
    return titles[0] if len(titles) == 1 and job.imdb_id else None


def _fill_in(job: RatingJob, found: Candidate) -> RatingJob:
    """The ids of an episode are those of its show: its own IMDb id stays in the note only."""
    if job.season is not None:
        return job._replace(tmdb_id=found.tmdb_id)
    kind = found.kind or job.kind
    filled = job._replace(kind=kind, second_kind=None, tmdb_id=found.tmdb_id)
    if job.kind not in {kind, MediaKind.UNKNOWN}:
        filled = filled.with_note(f"TMDB has it as a {kind}")
    if found.place is None:
        return filled
    place = found.place
    number = f"{place.season}x{place.number:02}"
    return filled._replace(
        season=place.season,
        episode=place.number,
        imdb_id=None,
        tmdb_id=place.tmdb_id,
        tvdb_id=None,
        trakt_id=None,
    ).with_note(f"{job.imdb_id or job.tvdb_id} is {number} of TMDB's show {place.tmdb_id}")


def _not_found(reason: str, message: str) -> Outcome:
    return Outcome(Status.NOT_FOUND, reason, message)


def _name(titles: tuple[Candidate, ...]) -> str:
    return ", ".join(f"{each.kind} {each.tmdb_id}" for each in titles[:3])


def _read_title(kind: MediaKind, entry: object) -> Candidate | None:
    if not isinstance(entry, dict):
        return None
    tmdb_id, title = entry.get("id"), entry.get("title" if kind is MediaKind.MOVIE else "name")
    if not is_id(tmdb_id):
        return None
    candidate = Candidate(kind, str(title or "")[:_LONGEST_TITLE], None, tmdb_id=tmdb_id)
    if kind is not MediaKind.EPISODE:
        return candidate
    show, season, number = (entry.get(name) for name in ("show_id", "season_number", "episode_number"))
    if not is_id(show) or type(season) is not int or type(number) is not int or min(season, number) < 0:
        return None
    return candidate._replace(place=EpisodeOf("", None, season, number, tmdb_id=show))
