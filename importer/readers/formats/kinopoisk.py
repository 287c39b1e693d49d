"""Kinopoisk's ratings: the site's own export, a web page that is called .xls, and the files of scripts.

They name a title in Russian and mostly in English, by no id that others know. The columns of the export are
those that the makers of J-Kinopoisk2IMDB show.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from importer.model import MediaKind, RatingJob
from importer.readers.cells.addresses import Address, parse_address
from importer.readers.cells.dates import parse_date
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.ratings import parse_rating
from importer.readers.columns import Column
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.parts import require_title

# 2000 – 2004 and 2005 – ... are the years of series.
_match_years = re.compile(r"([0-9]{4})\s*[-–—]\s*(?:[0-9]{4}|\.{2,3}|…)?").fullmatch
_match_date = re.compile(
    r"[0-9]{1,2}\.[0-9]{1,2}\.[0-9]{2}(?:[0-9]{2})?(?:,? +[0-9]{1,2}:[0-9]{2})?"
).fullmatch
_match_rating = re.compile(r"[1-9]|10|-").fullmatch
_HEADERLESS = ("ru_title", "en_title", "year", "rating", "data")


def _parse_first_year(cell: str) -> int | None:
    match = _match_years(cell.strip())
    return parse_year(match[1] if match else cell)


def _parse_kind(cell: str) -> MediaKind:
    """Tell a series by its range of years."""
    return MediaKind.SHOW if _match_years(cell.strip()) else MediaKind.UNKNOWN


class KinopoiskReader(TableReader):
    """An open table of Kinopoisk's ratings."""

    about = FormatNote(
        name="kinopoisk",
        what="Kinopoisk ratings: the site's .xls, and what scripts save",
        recognised_by="columns nameEng and nameRus, or ru_title and en_title, or моя оценка; or no header",
        ids="none: a title with its year, which `importer match` looks up",
        scale="1 to 10; - is seen and not rated, and skipped",
        dates="instant without a zone, most likely Moscow's: UTC, or as --timezone says",
        traps="the English title if there is one, else the Russian; a range of years is a series",
        sample="kinopoisk.csv",
    )
    description = ("Kinopoisk ratings",)
    title = Column("nameEng", "en_title", "оригинальное название", required=True)
    russian = Column("nameRus", "ru_title", "русскоязычное название", required=True)
    unrated = frozenset({"", "-"})
    rating = Column("rating", "моя оценка", parse=parse_rating, required=True)
    rated_at = Column("date", "data", parse=DATE)
    year = Column("year", "год", parse=_parse_first_year, required=True)
    years = year.also(_parse_kind)
    address = Column("link", "url", parse=parse_address)
    signature_columns: ClassVar = frozenset({"nameeng", "namerus", "en_title", "ru_title", "моя оценка"})

    @classmethod
    def name_columns(cls, cells: Sequence[str]) -> Sequence[str]:
        """Name the columns of a file without a header: titles, year, rating and date show what they are."""
        texts = [cell.strip() for cell in cells]
        if len(texts) != len(_HEADERLESS) or not _match_rating(texts[3]) or not _match_date(texts[4]):
            return ()
        return _HEADERLESS if _match_years(texts[2]) or (texts[2].isdigit() and len(texts[2]) == 4) else ()

    def parse_date(self, cell: str) -> str | None:
        """Parse a date; where it has dots, the site writes the day first."""
        return parse_date(cell, lambda: True, self.zone) if "." in cell else super().parse_date(cell)

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take the Russian title where there is no other; a range of years is that of a series."""
        title = require_title(job.title or extra["russian"])
        address: Address = extra.get("address") or Address()
        # A page of a film may be a mini series; that of a series is one.
        kind = MediaKind.SHOW if address.kind is MediaKind.SHOW else extra["years"]
        return job._replace(kind=kind, title=title)
