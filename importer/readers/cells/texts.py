"""Texts and titles: trimmed, and a title parted from what some exports put behind it.

"Matrix, The (1999)"  ->  "The Matrix", 1999
"""

import re
from html import unescape

_match_year = re.compile(r"(.*\S)\s*\(((?:18|19|20|21)[0-9]{2})\s*(?:[-–—]\s*(?:[0-9]{4})?\s*)?\)").fullmatch

# Only what the catalogues that sort titles by their first word are known to write there.
_ARTICLES = "The|A|An|L'|Le|La|Les|Un|Une|El|Los|Las|Il|Lo|Gli|Der|Die|Das|Den|Det"
_match_article = re.compile(rf"([^(]+), ({_ARTICLES})((?: \(.*)?)").fullmatch


_match_marked = re.compile(r"""(?:="([^"]*)"|'(.*))""").fullmatch


def unmark(cell: str) -> str:
    """Trim a cell, and take off what keeps a spreadsheet from reading a number in it: '123, or ="123"."""
    text = cell.strip()
    if text[:1] in {"'", "="} and (match := _match_marked(text)):
        return (match[1] or match[2] or "").strip()
    return text


def parse_text(cell: str) -> str | None:
    """Trim a text; an empty one is none."""
    return cell.strip() or None


def parse_html_text(cell: str) -> str | None:
    """Trim a text in which a site left the entities of its pages, such as &amp;."""
    return parse_text(unescape(cell))


def split_year(cell: str) -> tuple[str | None, int | None]:
    """Split `Toy Story (1995)`, or `Fawlty Towers (1975-1979)`; a text without a year is all title."""
    text = cell.strip()
    match = _match_year(text)
    return (match[1], int(match[2])) if match else (text or None, None)


def split_sorted_title(cell: str) -> tuple[str | None, int | None]:
    """Split as `split_year` does, and put the article first: `Matrix, The (1999)` is The Matrix."""
    title, year = split_year(cell)
    match = _match_article(title) if title else None
    if match is None:
        return title, year
    article = match[2] if match[2].endswith("'") else f"{match[2]} "
    return f"{article}{match[1]}{match[3]}", year
