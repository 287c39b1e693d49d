"""How much a file, an archive or an answer may hold: every limit in one place, each with its reason.

A ratings export is far below all of them. Without them a file of some kilobytes could fill the memory, the
disk or the day of whoever reads it; each such file of `tests/hostile/test_bombs.py` is read or refused below
300 MiB.

```text
text       a line 1 MiB, 1,000 columns        archive   100 times the bytes of the file that was given
a title    1,000 characters                   answer    4 MiB, a list of ratings 32 MiB
records    1 MiB each, 2,000 columns          workbook  16,384 cells in a row
```
"""

KIB = 1 << 10
MIB = 1 << 20

# Text and cells

LONGEST_LINE = MIB
"""Bytes of a physical line."""

LONGEST_CELL = 1_000
"""Characters of a cell that is read. The longest title of a film has 172; a longer cell is `too_long`."""

LONGEST_RAW_CELL = 200
"""Characters that the results keep of a cell that is no title, in a row that cannot be read."""

MOST_COLUMNS = 1_000
"""Of a text."""

# Records of JSON, XML and workbooks

LONGEST_RECORD = MIB
"""Bytes of XML, characters of JSON."""

LONGEST_PATH = 300
"""Characters of the name of a value within values; a longer one is left out. Each value has a copy of it."""

MOST_VALUES = 1 << 17
"""Of a record."""

MOST_TOLD = 100
"""Values of a record that each of its parts is given: of a show, for its episodes."""

MOST_RECORD_COLUMNS = 2_000

# Workbooks

MOST_SHEET_ROWS = 1 << 20
MOST_SHEET_CELLS = 1 << 14
"""In a row. Both are what Excel has."""

MOST_WIDE_CELLS = 1 << 14
"""Cells of an Excel workbook to the right of ZZ: for one, openpyxl makes a row of up to 16,384."""

MOST_REPEATED_CELLS = 1 << 23
"""Of an OpenDocument spreadsheet or a web page, in which some bytes make many cells and rows."""

MOST_ELEMENTS_OF_ROW = 4 * MOST_SHEET_CELLS
MOST_ELEMENTS_BESIDE_ROWS = 300_000
"""Of all parts: styles, columns, links, merged cells. Each costs 30 µs."""

MOST_SHARED_ELEMENTS = 200_000
"""Of the texts that all sheets share, or a fifth of the file's bytes if that is more. Each costs 10 µs."""

LARGEST_SHARED = 64 * MIB
"""Bytes of these texts, and of all that is no row: they are held in memory as a whole."""

LONGEST_TOKEN = 256 * KIB
"""Bytes of a tag. Older versions of expat look at the whole of it again for every block that comes in."""

# Archives

DENSEST = 100
"""Bytes unpacked for each byte of the file that was given. Exports shrink to a tenth, and hardly ever to a
thirtieth."""

NEVER_A_BOMB = 256 * KIB
"""Bytes, unpacked."""

LARGEST_UNPACKED = 1 << 33
"""Bytes. Larger than any export, and a bound for what an archive can do to a disk."""

MOST_FILES = 20_000

# Answers of servers

ANSWER = 4 * MIB
"""Bytes of most answers: a page of 250 ratings has 300 kB, a sign-in one."""

LIST_ANSWER = 32 * MIB
"""Bytes of an account's ratings, which the original API sends on one page: 48,000 of them."""

DOWNLOAD = 64 * MIB
"""Bytes of the file that a sync job downloads."""

LARGEST_PARSED = 160 * MIB
"""Bytes that the values of an answer take in memory. `[{},{},{}]` takes 25 times as much as its text."""
