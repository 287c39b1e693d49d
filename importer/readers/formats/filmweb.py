"""Filmweb's ratings, as the filmweb-export script saves them, in CSV or JSON.

Its `year` is the day of the Polish premiere; the year of the film stands in the address of its page:
`https://www.filmweb.pl/film/Kiler-1997-529`. `iso_date` is local time of wherever the script ran, so the
Unix time beside it counts. (github.com/ppatrzyk/filmweb-export)
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, NamedTuple

from importer.model import MediaKind, RatingJob
from importer.readers.cells.dates import parse_unix_seconds
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.ratings import parse_rating
from importer.readers.columns import Column
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.parts import require_title
from importer.readers.tables.table import Header

_match_link = re.compile(r"https?://(?:www\.)?filmweb\.pl/([a-z]+)/.*-([0-9]{4})-[0-9]+/?").fullmatch
_match_day = re.compile(r"([0-9]{4})-[0-9]{2}(?:-[0-9]{2})?").fullmatch
_match_time = re.compile(r"[0-9]{9,11}").fullmatch

_KINDS = {"film": MediaKind.MOVIE, "serial": MediaKind.SHOW}
_FIRST = ("duration_min", "year", "global_votes", "global_rating", "directors", "countries", "genres")
_HEADERLESS = (
    (*_FIRST, "timestamp", "iso_date", "user_vote", "original_title", "pl_title", "link"),
    (
        *("timestamp", "iso_date", "user_comment", "user_vote", "global_rating", "global_votes"),
        *("original_title", "pl_title", "directors", "countries", "genres", "link", "duration_min", "year"),
    ),
)


class _Link(NamedTuple):
    kind: MediaKind
    year: int


def _parse_premiere(cell: str) -> int | None:
    match = _match_day(cell.strip())
    return parse_year(match[1] if match else cell)


def _parse_link(cell: str) -> _Link | None:
    match = _match_link(cell.strip())
    return _Link(_KINDS.get(match[1], MediaKind.UNKNOWN), int(match[2])) if match else None


class FilmwebReader(TableReader):
    """An open table of Filmweb's ratings."""

    about = FormatNote(
        name="filmweb",
        what="Filmweb ratings of filmweb-export, CSV or JSON, with or without a header",
        recognised_by="columns user_vote (or user_rating), timestamp, and pl_title or original_title",
        ids="none: a title with its year, so look it up with `importer match`",
        scale="1 to 10",
        dates="instant in UTC (timestamp); iso_date, without a zone, only where that is missing",
        traps="global_rating is an average and never used; the year is the link's, not the premiere's",
        sample="filmweb.csv",
    )
    description = ("Filmweb ratings; the year is that of the film, not of the Polish premiere",)
    title = Column("original_title")
    polish = Column("pl_title")
    rating = Column("user_vote", "user_rating", parse=parse_rating, required=True)
    rated_at = Column("timestamp", parse=parse_unix_seconds, required=True)
    local_time = Column("iso_date", parse=DATE)
    premiere = Column("year", parse=_parse_premiere)
    link = Column("link", parse=_parse_link)
    signature_columns: ClassVar = frozenset({"pl_title", "user_vote", "global_rating"})

    @classmethod
    def missing(cls, header: Header) -> list[str]:
        """Name the columns that are missing; one of the two titles will do."""
        has_title = not {"original_title", "pl_title"}.isdisjoint(header.keys)
        return super().missing(header) + ([] if has_title else ['"original_title"'])

    @classmethod
    def name_columns(cls, cells: Sequence[str]) -> Sequence[str]:
        """Name the columns of a file without a header: the address and the time show which they are."""
        for names in _HEADERLESS:
            if len(names) == len(cells):
                row = dict(zip(names, map(str.strip, cells), strict=True))
                if _match_link(row["link"]) and _match_time(row["timestamp"]):
                    return names
        return ()

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Take what the address says; a Polish work has no other title than its Polish one."""
        link = extra.get("link")
        return job._replace(
            title=require_title(job.title or extra.get("polish")),
            year=link.year if link else extra.get("premiere"),
            kind=link.kind if link else MediaKind.UNKNOWN,
            rated_at=job.rated_at or extra.get("local_time"),
        )
