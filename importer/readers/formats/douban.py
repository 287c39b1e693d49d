"""Douban's films and series, as two programs save them: the doumark action, and Tofu in a workbook.

Tofu's columns are those of its `exportInterest`; what stands first in its summary is the year.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta, timezone
from typing import Any, ClassVar

from importer.model import RatingJob
from importer.readers.cells.kinds import unsupported
from importer.readers.cells.scales import steps
from importer.readers.columns import Column
from importer.readers.format_reader import DATE, FormatNote, TableReader
from importer.readers.formats.parts import require_title

_match_other = re.compile(r"https?://(book|music|www)\.douban\.com/(?:game/)?.*").fullmatch
_match_first_year = re.compile(r"((?:18|19|20|21)[0-9]{2})\s*(?:/.*)?", re.DOTALL).fullmatch

_STARS = steps("1", "5", "1", none=frozenset({""}))


class DoubanReader(TableReader):
    """An open table of Douban's films and series."""

    about = FormatNote(
        name="douban",
        what="Douban films and series of the doumark action, CSV or JSON",
        recognised_by="columns title, pubdate, star and star_time",
        ids="none: a title alone, which `importer match` looks up",
        scale="star, 1 to 5, doubled; without one a title is seen and not rated, and skipped",
        dates="instant in China's time, or as --timezone says",
        traps="rating is an average and never used; pubdate is of a local release, so no year; no books",
        sample="douban.csv",
    )
    description = ("Douban, the stars doubled; rating is everybody's and not taken",)
    title = Column("title", required=True)
    expected_scale = _STARS
    rating = Column("star", parse=_STARS.convert, required=True)
    rated_at = Column("star_time", parse=DATE, required=True)
    address = Column("url", parse=str.strip)
    unread_columns: ClassVar[Sequence[str]] = ("pubdate",)
    signature_columns: ClassVar = frozenset({"pubdate", "star_time"})
    own_zone = timezone(timedelta(hours=8), "Asia/Shanghai")  # no summer time since Douban exists

    def check_row(self, job: RatingJob, extra: Mapping[str, Any]) -> RatingJob:
        """Refuse what is no film or series: the same action saves books, music and games."""
        if _match_other(extra.get("address", "")):
            raise unsupported("is the page of no film or series", field="address")
        return job._replace(title=require_title(job.title))


def _parse_first_year(cell: str) -> int | None:
    """Read the year of `1994 / 美国 / 剧情`; a book has its author there."""
    match = _match_first_year(cell.strip())
    return int(match[1]) if match else None


class TofuReader(DoubanReader):
    """An open sheet of a workbook that Tofu has saved."""

    about = FormatNote(
        name="douban-tofu",
        what="Douban films and series, in a workbook of Tofu",
        recognised_by="columns 标题, 简介, 创建时间 and 我的评分",
        ids="none: a title with its year, which `importer match` looks up",
        scale="我的评分, 1 to 5, doubled; without one a title is seen and not rated, and skipped",
        dates="instant in China's time, or as --timezone says",
        traps="豆瓣评分 is an average and never used; one sheet is read, --sheet picks another; no books",
        sample="douban-tofu.xlsx",
    )
    description = ("Douban by Tofu, the stars doubled; 豆瓣评分 is everybody's and not taken",)
    title = Column("标题", required=True)
    rating = Column("我的评分", parse=_STARS.convert, required=True)
    rated_at = Column("创建时间", parse=DATE, required=True)
    year = Column("简介", parse=_parse_first_year, required=True)
    address = Column("链接", parse=str.strip)
    unread_columns: ClassVar[Sequence[str]] = ()
    signature_columns: ClassVar = frozenset({"我的评分", "创建时间"})

    def show_cells(self, cells: Mapping[str, str]) -> Mapping[str, str]:
        """Show the year alone, not what stands behind it."""
        return {**cells, "year": str(_parse_first_year(cells["year"]) or "")}
