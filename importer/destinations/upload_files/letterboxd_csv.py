"""The CSV that Letterboxd imports (letterboxd.com/about/importing-data).

Ratings go into `Rating10`, whole numbers from 1 to 10, and not into `Rating`, stars in halves: our scale is
the former, so what the file says is what the row says, with nothing to round or to misread.

`WatchedDate` is never written, although Letterboxd takes it: it makes a diary entry, and the day a film was
rated is not the day it was watched. The ratings therefore carry no date there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from importer.destinations.one_to_ten import build_number
from importer.destinations.spec import DestinationSpec, RequestOptions, UploadFile
from importer.destinations.upload_files.base import refuse_rating
from importer.model import NEEDS_ID, MediaKind, Outcome, RatingJob, Status

HEADER = ("imdbID", "tmdbID", "Title", "Year", "Rating10")

LARGEST_FILE_BYTES = 999_999
"""Stay below a million bytes: what CrossWatch splits at. Letterboxd's page names no limit."""


@dataclass(frozen=True, slots=True)
class LetterboxdFile:
    """Letterboxd's import file. `love` and `hate` are numbers from 1 to 10, if the user gave them."""

    love: int | None = None
    hate: int | None = None
    name: str = "letterboxd-file"
    upload_at: str = "letterboxd.com/import"
    header: Sequence[str] = HEADER
    is_own_form: bool = True
    largest_file_bytes: int | None = LARGEST_FILE_BYTES

    def check(self, job: RatingJob) -> Outcome | None:
        """Refuse all but movies. Letterboxd has some limited series, but an export does not say which."""
        if job.kind is MediaKind.UNKNOWN:
            return Outcome(
                Status.INVALID, "unknown_type", "only movies go there, and the row does not say it is one"
            )
        if job.kind is not MediaKind.MOVIE:
            return Outcome(
                Status.UNSUPPORTED, job.kind, f"Letterboxd is about films; this row rates: {job.kind}"
            )
        if refused := refuse_rating(job.rating, self.love, self.hate):
            return refused
        # Letterboxd accepts a title alone, but then only guesses among all films of that name.
        if not (job.imdb_id or job.tmdb_id or (job.title and job.year)):
            message = (
                "Letterboxd finds a film by IMDb id, TMDB id, or title and year; the row has none of them"
            )
            return Outcome(Status.UNSUPPORTED, NEEDS_ID, message)
        return None

    def build_line(self, job: RatingJob) -> Sequence[str]:
        """Build the line, with the title as it is in the row.

        Cells that a spreadsheet would run as a formula get no apostrophe here: another site
        reads this file, and "'=Hello" is not the title it knows.
        """
        return (
            job.imdb_id or "",
            str(job.tmdb_id or ""),
            job.title or "",
            str(job.year or ""),
            str(build_number(job.rating, self.love, self.hate)),
        )

    def remark(self, job: RatingJob) -> str:
        """Return a note for a row without an id: Letterboxd then guesses by title."""
        if job.imdb_id or job.tmdb_id:
            return ""
        return "without an id Letterboxd goes by the title: check its match before you confirm the import"


def _build(options: RequestOptions) -> LetterboxdFile:
    return LetterboxdFile(options.love, options.hate)


LETTERBOXD_FILE = DestinationSpec(
    name="letterboxd-file",
    title="File for Letterboxd",
    where="a CSV for Letterboxd's import page (--write-to, letterboxd-import.csv)",
    takes="movies",
    ratings="1 to 10; love and hate with --love and --hate",
    dates="none: a date there would make a diary entry",
    per_request="files below 1 MB",
    search_at="trakt",
    file=UploadFile(_build, usual_name="letterboxd-import.csv"),
)
