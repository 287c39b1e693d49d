"""A CSV of everything that is known of each rating: for any other program, and to be read again here.

```text
kind,second_kind,title,year,season,episode,imdb_id,tmdb_id,tvdb_id,trakt_id,rating,rated_at
movie,,Heat,1995,,,tt0113277,949,,,9,2024-05-01
episode,,Game of Thrones,2011,1,9,tt0944947,1399,121361,,10,2024-05-01T20:15:00Z
```

The `csv` reader makes the same jobs of it. A love or hate without a number and a removal are the words that
it reads: `love`, `hate`, `unrate`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from importer.destinations.one_to_ten import build_number
from importer.destinations.spec import DestinationSpec, RequestOptions, UploadFile
from importer.model import UNRATE, Outcome, RatingJob

HEADER = (
    "kind",
    "second_kind",
    "title",
    "year",
    "season",
    "episode",
    "imdb_id",
    "tmdb_id",
    "tvdb_id",
    "trakt_id",
    "rating",
    "rated_at",
)


@dataclass(frozen=True, slots=True)
class PlainFile:
    """The file. `love` and `hate` are numbers from 1 to 10, if the user gave them."""

    love: int | None = None
    hate: int | None = None
    name: str = "csv-file"
    upload_at: str = ""
    header: Sequence[str] = HEADER
    is_own_form: bool = True
    largest_file_bytes: int | None = None

    def check(self, job: RatingJob) -> Outcome | None:
        """Take every job."""
        del job
        return None

    def build_line(self, job: RatingJob) -> Sequence[str]:
        """Build the line. As in the other files to upload, no cell gets an apostrophe for spreadsheets."""
        fields = job._asdict() | {"rating": self._build_rating(job)}
        return ["" if fields[name] is None else str(fields[name]) for name in HEADER]

    def remark(self, job: RatingJob) -> str:
        """Return none: the line has all that the row has."""
        del job
        return ""

    def _build_rating(self, job: RatingJob) -> str:
        if job.rating == UNRATE:
            return "unrate"
        return str(build_number(job.rating, self.love, self.hate) or job.rating)


def _build(options: RequestOptions) -> PlainFile:
    return PlainFile(options.love, options.hate)


CSV_FILE = DestinationSpec(
    name="csv-file",
    title="File with everything",
    where="a CSV with all that is known of each rating (--write-to, ratings-export.csv)",
    takes="all rows, with or without ids",
    ratings="1 to 10, love, hate, unrate; numbers for love and hate with --love and --hate",
    dates="kept as they are: a day or an instant in UTC",
    per_request="all in one file",
    search_at="trakt",
    file=UploadFile(_build, usual_name="ratings-export.csv", is_uploaded=False),
    tells_kinds=True,
)
