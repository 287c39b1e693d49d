"""The CSV that Trakt's own web importer accepts, for accounts without an API app.

The rules are those of its source (github.com/trakt/trakt-web, settings/import, read August 2026). It was
changed often in that time: early versions drop episode ratings, shows with only a TMDB id and the dates of
ratings, and take a season for a movie; late ones send all of these, seasons and episodes by ids of their own.
It is not known which version will read an upload, so only rows that every version assigns to the right title
are written; the others are refused with a reason.

`type` is always written (without it everything is a movie), `watched_at` never: it would add plays to the
history. Its parser takes one file, whose name must end in `.csv`, of any size.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from importer.destinations.dates import Dates
from importer.destinations.one_to_ten import build_number
from importer.destinations.spec import DestinationSpec, RequestOptions, UploadFile
from importer.destinations.upload_files.base import refuse_rating
from importer.model import NEEDS_ID, MediaKind, Outcome, RatingJob, RowRemedy, Status

HEADER = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id", "type", "rating", "rated_at")

_UNRELIABLE = {
    MediaKind.SEASON: "Trakt's web importer is not reliable for seasons: versions of it take them for movies",
    MediaKind.EPISODE: "Trakt's web importer is not reliable for episodes: versions of it drop their ratings",
}


@dataclass(frozen=True, slots=True)
class TraktFile:
    """Trakt's import file. `love` and `hate` are numbers from 1 to 10, if the user gave them."""

    dates: Dates
    love: int | None = None
    hate: int | None = None
    name: str = "trakt-file"
    upload_at: str = "trakt.tv (Settings, Import, CSV)"
    header: Sequence[str] = HEADER
    is_own_form: bool = True
    largest_file_bytes: int | None = None

    def check(self, job: RatingJob) -> Outcome | None:
        """Refuse rows that some version of the web importer would drop, change or assign to another title."""
        if job.kind in _UNRELIABLE:
            return Outcome(Status.UNSUPPORTED, str(job.kind), _UNRELIABLE[job.kind])
        if job.kind is MediaKind.UNKNOWN:
            return Outcome(
                Status.INVALID, "unknown_type", "the file must say whether it is a movie or a show"
            )
        # An unrate above all: a rating of 0 is clamped to 1 by most versions.
        if refused := refuse_rating(job.rating, self.love, self.hate):
            return refused
        is_movie = job.kind is MediaKind.MOVIE
        if not (job.imdb_id or job.trakt_id or (job.tmdb_id if is_movie else job.tvdb_id)):
            known = "imdb, tmdb, trakt" if is_movie else "imdb, tvdb, trakt"
            message = (
                f"Trakt's web importer finds a {job.kind} by one of these ids: {known}; the row has none"
            )
            if is_movie or not (job.tmdb_id or job.tvdb_id):
                message += f"; {RowRemedy.FIND_IDS}"
            return Outcome(Status.UNSUPPORTED, NEEDS_ID, message)
        return None

    def build_line(self, job: RatingJob) -> Sequence[str]:
        """Build the line with every known id; the importer uses one of them."""
        return (
            job.imdb_id or "",
            str(job.tmdb_id or ""),
            str(job.tvdb_id or ""),
            str(job.trakt_id or ""),
            str(job.kind),
            str(build_number(job.rating, self.love, self.hate)),
            self.dates.build(job.rated_at) or "",
        )

    def remark(self, job: RatingJob) -> str:
        """Return a note for a changed date, or for a title that Trakt may have under another type."""
        if self.dates.is_future(job.rated_at):
            return "its date lies in the future; it was dated now"
        if job.second_kind is not None:
            return f"if Trakt does not find it, change its type in the file to {job.second_kind}"
        return ""


def _build(options: RequestOptions) -> TraktFile:
    return TraktFile(Dates(datetime.now(UTC), options.time_of_day), options.love, options.hate)


TRAKT_FILE = DestinationSpec(
    name="trakt-file",
    title="File for Trakt",
    where="a CSV for the importer on Trakt's own site (--write-to, trakt-import.csv)",
    takes="movies, shows",
    ratings="1 to 10; love and hate with --love and --hate",
    dates="kept, as at Trakt",
    per_request="all in one file",
    search_at="trakt",
    file=UploadFile(_build, usual_name="trakt-import.csv"),
)
