"""Tables of text, for a terminal or a pipe: columns are aligned. On a terminal no column is lost.

```text
build_table(["job", "result"], [["nightly", "good"], ["影", "2 rows not found"]])

job      result
nightly  good
影       2 rows not found
```

Where a terminal is too narrow, names are shortened, and the last columns go below their line:

```text
run       from           to
3ff0a1c2  film…2024.csv  sandbox
  1,999 rated, 1 not found
```
"""

import shutil
import sys
import unicodedata
from collections.abc import Collection, Iterator, Sequence

from importer.text import clean

_GAP = "  "
_SHORTEST_NAME = 12


def build_table(
    header: Sequence[str], rows: Sequence[Sequence[str]], names: Collection[str] = ()
) -> Iterator[str]:
    """Build the lines. A column that is empty in all rows is left out; those in `names` may be shortened."""
    kept = [place for place in range(len(header)) if any(row[place] for row in rows)]
    lines = [[header[place] for place in kept], *([clean(row[place]) for place in kept] for row in rows)]
    widths = [max(width_of(line[column]) for line in lines) for column in range(len(kept))]
    edge = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    if edge is not None:
        widths = _fit(widths, [lines[0][column] in names for column in range(len(kept))], edge)
    for line in lines:
        cells = [shorten(text, width) for text, width in zip(line, widths, strict=False)]
        padded = (text + " " * (width - width_of(text)) for text, width in zip(cells, widths, strict=True))
        yield cut(_GAP.join(padded).rstrip(), edge)
        if line is not lines[0]:
            yield from (f"{_GAP}{text}" for text in line[len(widths) :] if text)


def _fit(widths: list[int], are_names: Sequence[bool], edge: int) -> list[int]:
    """Return the widths of the columns that fit into a line: all but the last ones, and the first always."""
    least = [
        min(width, _SHORTEST_NAME) if is_name else width
        for width, is_name in zip(widths, are_names, strict=True)
    ]
    kept = len(widths)
    while kept > 1 and sum(least[:kept]) + len(_GAP) * (kept - 1) > edge:
        kept -= 1
    fitted = widths[:kept]
    while sum(fitted) + len(_GAP) * (kept - 1) > edge:
        longest = max(range(kept), key=lambda column: fitted[column] - least[column])
        if fitted[longest] == least[longest]:
            break
        fitted[longest] -= 1
    return fitted


def shorten(text: str, columns: int) -> str:
    """Shorten a text that is wider than this in its middle: the end of a file's name says much."""
    if width_of(text) <= columns:
        return text
    end = cut(text[::-1], (columns + 1) // 2)[-2::-1]
    return cut(text, columns - width_of(end)) + end


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
