"""A file in the form of IMDb's ratings export since June 2024, which many sites import.

Among them are TMDB, Simkl, MovieLens, iCheckMovies, Letterboxd, Yamtrack, Ryot and Watcharr. Titles are found
by `Const`, the IMDb id, so nothing else is needed, and what is not known of a title stays empty:

```text
Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,...
tt0113277,9,2024-05-01,Heat,,https://www.imdb.com/title/tt0113277/,Movie,,,1995,,,,
```

`Title Type` has IMDb's English words of today: Yamtrack takes them to the letter and no older ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from importer.destinations.one_to_ten import build_number
from importer.destinations.spec import DestinationSpec, RequestOptions, UploadFile
from importer.destinations.upload_files.base import refuse_rating
from importer.model import NEEDS_ID, MediaKind, Outcome, RatingJob, RowRemedy, Status

HEADER = (
    "Const",
    "Your Rating",
    "Date Rated",
    "Title",
    "Original Title",
    "URL",
    "Title Type",
    "IMDb Rating",
    "Runtime (mins)",
    "Year",
    "Genres",
    "Num Votes",
    "Release Date",
    "Directors",
)

_TYPES = {MediaKind.MOVIE: "Movie", MediaKind.SHOW: "TV Series", MediaKind.EPISODE: "TV Episode"}

_DAY = len("2024-05-01")


@dataclass(frozen=True, slots=True)
class ImdbFile:
    """The file. `love` and `hate` are numbers from 1 to 10, if the user gave them.

    The day of an instant is that of the `zone`.
    """

    love: int | None = None
    hate: int | None = None
    zone: tzinfo = UTC
    name: str = "imdb-file"
    upload_at: str = "a site that takes IMDb's ratings export"
    header: Sequence[str] = HEADER
    is_own_form: bool = False
    largest_file_bytes: int | None = None

    def check(self, job: RatingJob) -> Outcome | None:
        """Refuse what IMDb does not rate, and rows without an IMDb id of their own."""
        if job.kind is MediaKind.UNKNOWN:
            message = "the file must say whether it is a movie, a show or an episode"
            return Outcome(Status.INVALID, "unknown_type", message)
        if job.kind is MediaKind.SEASON:
            return Outcome(Status.UNSUPPORTED, job.kind, "IMDb's export has no seasons")
        if refused := refuse_rating(job.rating, self.love, self.hate):
            return refused
        if not job.imdb_id:
            message = f"IMDb's export knows titles by IMDb id; the row has none; {RowRemedy.FIND_IDS}"
            return Outcome(Status.UNSUPPORTED, NEEDS_ID, message)
        if job.season is not None:
            message = "IMDb's export knows an episode by its own IMDb id; the row has that of its show"
            return Outcome(Status.UNSUPPORTED, NEEDS_ID, message)
        return None

    def build_line(self, job: RatingJob) -> Sequence[str]:
        """Build the line. Other programs read it, so no cell gets an apostrophe for spreadsheets."""
        known = {
            "Const": job.imdb_id,
            "Your Rating": build_number(job.rating, self.love, self.hate),
            "Date Rated": job.rated_at and self._find_day(job.rated_at),
            "Title": job.title,
            "URL": f"https://www.imdb.com/title/{job.imdb_id}/",
            "Title Type": _TYPES[job.kind],
            "Year": job.year,
        }
        return [str(known.get(name) or "") for name in HEADER]

    def remark(self, job: RatingJob) -> str:
        """Return a note for a movie without a date, which IMDb's own export always has."""
        if job.kind is MediaKind.MOVIE and not job.rated_at:
            return "it has no date: Yamtrack refuses a file with such a movie"
        return ""

    def _find_day(self, rated_at: str) -> str:
        if len(rated_at) == _DAY:
            return rated_at
        return datetime.fromisoformat(rated_at).astimezone(self.zone).date().isoformat()


def _build(options: RequestOptions) -> ImdbFile:
    return ImdbFile(options.love, options.hate, options.time_of_day.tzinfo or UTC)


IMDB_FILE = DestinationSpec(
    name="imdb-file",
    title="File like IMDb's",
    where="a CSV in the form of IMDb's ratings export, which many sites import (--write-to, imdb-import.csv)",
    takes="movies, shows and episodes by IMDb id of their own",
    ratings="1 to 10; love and hate with --love and --hate",
    dates="the day, in UTC (--timezone)",
    per_request="all in one file",
    search_at="trakt",
    file=UploadFile(_build, usual_name="imdb-import.csv"),
)
