"""Tables of text, for a terminal or a pipe: columns are aligned, the last one is cut at the terminal's edge.

```text
build_table(["job", "result"], [["nightly", "good"], ["影", "2 rows not found"]])

job      result
nightly  good
影       2 rows not found
```
"""

import shutil
import sys
import unicodedata
from collections.abc import Iterator, Sequence

from importer.text import clean

_GAP = "  "


def build_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Build the lines. A column that is empty in all rows is left out."""
    kept = [place for place in range(len(header)) if any(row[place] for row in rows)]
    lines = [[header[place] for place in kept], *([clean(row[place]) for place in kept] for row in rows)]
    widths = [max(width_of(line[column]) for line in lines) for column in range(len(kept))]
    edge = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in lines:
        padded = (text + " " * (width - width_of(text)) for text, width in zip(line, widths, strict=True))
        yield cut(_GAP.join(padded).rstrip(), edge)


def width_of(text: str) -> int:
    """Count the columns that a terminal needs for a text: Chinese takes two, combining marks none."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char) or unicodedata.category(char) in {"Cf", "Mn", "Me"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in {"W", "F"} else 1


def cut(text: str, columns: int | None) -> str:
    """Cut a text that is wider than this."""
    if columns is None or width_of(text) <= columns:
        return text
    kept, width = [], 0
    for char in text:
        width += _width(char)
        if width > columns - 1:
            break
        kept.append(char)
    return "".join(kept) + "…"
