"""What a reader is, and the options of reading.

A reader yields every data row of its file exactly once and in order, as a job or as an `InvalidRow`;
it never skips one and never ends over one. `detect` finds the reader that a file needs.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from pathlib import Path
from typing import ClassVar, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from importer.errors import OptionError
from importer.model import SourceRow
from importer.option import option
from importer.readers.cells.scales import parse_scale
from importer.readers.tables.encodings import check_encoding


class Reader(Protocol):
    """An open file of a known format."""

    format_name: str
    """The `--format` word, e.g. `imdb`."""

    notes: Sequence[str]
    """What was found out about the file, one short phrase each: vintage, encoding, delimiter."""

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the rows, some thousands at a time; raise UnreadableFileError where reading must end."""
        ...


class FileReader(Reader, Protocol):
    """A reader of an export file, and of those that belong to it."""

    @property
    def unread(self) -> Sequence[str]:
        """The columns of the file that are not read."""
        ...

    @property
    def is_garbled(self) -> bool:
        """Whether its letters are of an encoding that nobody knows, so that titles are no use."""
        ...

    scale_doubt: str | None
    """What should be asked about its ratings where somebody can answer, beside being noted."""

    is_results: bool
    """Whether it is a results file of the importer: its rows have been dealt with."""

    related_files: Sequence[Path]
    """The files beside it that shape its rows, too: the links of a data set, say."""


def parse_mapping(words: Sequence[str]) -> dict[str, str]:
    """Parse the COLUMN=FIELD words of `--map`; a column's name may itself hold an equals sign."""
    mapping = {}
    for word in words:
        column, equals, field = word.rpartition("=")
        if not equals or not column or not field:
            raise OptionError("map", "write it as COLUMN=FIELD, for example 'My score=rating'", word)
        mapping[column] = field
    return mapping


def parse_zone(text: str) -> tzinfo:
    """Parse the ZONE of `--timezone`, such as Europe/Berlin."""
    try:
        return UTC if text == "UTC" else ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise OptionError("timezone", "write it as in Europe/Berlin, or UTC", text) from error


def check_scale(text: str) -> str:
    """Check the text of a scale. Raises OptionError."""
    parse_scale(text)
    return text


def check_zero(text: str) -> str:
    """Check the word of `--zero`. Raises OptionError."""
    if text not in {"skip", "unrate"}:
        raise OptionError("zero", "write skip or unrate", text)
    return text


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What the flags say about the reading of a file.

    `mapping` renames columns to fields (`{"Film": "title"}`) before anything else. `scale` is the text of
    `--scale`, for formats without a scale of their own. `zone` is that of times without one; None leaves
    it to the format, and UTC is that of most. With `leaves_types_open`, a type word that is not known makes
    a job of an unknown kind, for destinations that find titles by id alone; else the row is invalid.
    """

    heading: ClassVar[str] = "How the file is read"

    format_name: str = option(
        "The format of the file: auto, or one of `importer formats`.",
        default="auto",
        flag="--format",
        metavar="FORMAT",
    )
    mapping: Mapping[str, str] = option(
        "Read COLUMN as FIELD, such as Score=rating; may be repeated. Fields: rating, title, year, type, "
        "rated_at, season, episode, imdb_id, tmdb_id, tvdb_id, trakt_id.",
        factory=dict,
        flag="--map",
        metavar="COLUMN=FIELD",
        typed=list[str] | None,
        parse=parse_mapping,
    )
    scale: str | None = option(
        "The scale of the ratings: 5, 0-100, or votes: 1=3,2=8.", metavar="SCALE", parse=check_scale
    )
    zone: tzinfo | None = option(
        "The time zone of dates without one; usually UTC or the format's.",
        flag="--timezone",
        metavar="ZONE",
        typed=str | None,
        parse=parse_zone,
    )
    encoding: str | None = option(
        "The encoding of the text, such as cp1251 or gbk; usually it is recognised.",
        metavar="NAME",
        parse=check_encoding,
    )
    sheet: str | None = option("Of a workbook: read this sheet.", metavar="NAME")
    zero: str | None = option(
        "In a table of your own: what a rating of 0 means; usually skip.",
        metavar="skip|unrate",
        parse=check_zero,
    )
    lists: bool = option("Of a list of IMDb: import the rows that are rated.", default=False)
    diary_dates: bool = option("Of Letterboxd: date ratings by the day of the last viewing.", default=False)
    user: str | None = option("Of a MovieLens data set: import the ratings of this user.", metavar="ID")
    profile: str | None = option("Of Netflix: import the ratings of this profile.", metavar="NAME")
    leaves_types_open: bool = False
