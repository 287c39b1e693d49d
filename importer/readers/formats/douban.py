"""Douban's films and series, as the doumark action saves them, in CSV or JSON."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from typing import TYPE_CHECKING, Any, ClassVar

from importer.model import MediaKind, RatingJob, Status
from importer.readers.cells.cells import CellError, Reason, parse_text
from importer.readers.cells.scales import steps
from importer.readers.format_reader import FormatNote, TableReader
from importer.readers.tables.table import Header

if TYPE_CHECKING:
    from importer.readers.columns import Parse

_match_other = re.compile(r"https?://(book|music|www)\.douban\.com/(?:game/)?.*").fullmatch


class DoubanReader(TableReader):
    """An open table of Douban's films and series."""

    about = FormatNote(
        name="douban",
        what="Douban films and series of the doumark action, CSV or JSON",
        recognised_by="columns title, pubdate, star and star_time",
        ids="none: a title alone, which `importer resolve` looks up",
        scale="star, 1 to 5, doubled; without one a title is seen and not rated, and skipped",
        dates="instant in China's time, or as --timezone says",
        traps="rating is everybody's and never taken; pubdate is of a local release, so no year; no books",
        sample="douban.csv",
    )
    columns: ClassVar = {
        "title": ("title",),
        "rating": ("star",),
        "rated_at": ("star_time",),
        "address": ("url",),
    }
    marks: ClassVar = frozenset({"pubdate", "star_time"})
    needed = ("title", "rating", "rated_at")
    scale = steps("1", "5", "1", none=frozenset({""}))
    own_zone = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since Douban exists
    judges_rows = True

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing."""
        return super().missing(header) + ([] if header.find(["pubdate"]) is not None else ['"pubdate"'])

    def describe(self) -> Sequence[str]:
        """Say what is taken for a rating."""
        return ("Douban, the stars doubled; rating is everybody's and not taken",)

    def parsers(self) -> Mapping[str, "Parse"]:
        """Parse Douban's cells."""
        return {
            "title": parse_text,
            "rating": self.parse_scaled,
            "rated_at": self.parse_date,
            "address": str.strip,
        }

    def finish(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Refuse what is no film or series: the same action saves books, music and games."""
        if _match_other(extra.get("address", "")):
            raise CellError(
                Reason.UNKNOWN_TYPE,
                "is the page of no film or series",
                "Only movies, shows, seasons and episodes can be rated there.",
                status=Status.UNSUPPORTED,
                field="address",
            )
        if job.title is None:
            raise CellError(Reason.NO_ID, "the row has no title", "Write one, or take the row out.")
        return job._replace(kind=MediaKind.UNKNOWN)
