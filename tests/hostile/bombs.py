"""Files and answers that are small where they lie and huge where they are read; each builder writes one.

.venv/bin/python -m tests.hostile.bombs       measures them all: the table of docs/reliability.md
"""

import gzip
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl

MIB = 1 << 20
HEADER = b"imdb_id,rating,title,year,type\n"
GOOD = b"tt0111161,9,The Shawshank Redemption,1994,movie\n"
FILM = b"<film><imdb_id>tt0078748</imdb_id><title>Alien</title><rating>9</rating></film>"
ENTRY = b'{"imdb_id": "tt0078748", "rating": 9}'


@dataclass(frozen=True)
class Measured:
    """What `measure.py` found."""

    rows: int
    kept: int
    error: str
    peak_mib: float
    seconds: float


def run_alone(module: str, *words: str, timeout: float) -> dict[str, Any]:
    """Run a module in a process of its own, with no memory for threads; return the JSON that it writes."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def measure(kind: str, path: Path) -> Measured:
    """Read a file or an answer in a process of its own."""
    return Measured(**run_alone("tests.hostile.measure", kind, str(path), timeout=200))


def zipped(name: str, content: bytes) -> bytes:
    """An archive with one file."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return target.getvalue()


SHEET, SHARED, STYLES = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/styles.xml"
CONTENTS = "[Content_Types].xml"
SHARED_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"


def workbook(added: Mapping[str, tuple[bytes, bytes]], picture: int = 400_000) -> bytes:
    """A workbook of openpyxl, with something put before a text of some parts.

    A picture makes the file large enough for what it unpacks to; without it every bomb is too dense.
    """
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["imdb_id", "rating", "title"])
    sheet.append(["tt0078748", 9, "Alien"])
    plain, target = io.BytesIO(), io.BytesIO()
    book.save(plain)
    with (
        zipfile.ZipFile(plain) as source,
        zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        parts = {name: source.read(name) for name in source.namelist()}
        override = f'<Override PartName="/{SHARED}" ContentType="{SHARED_TYPE}"/></Types>'.encode()
        parts[CONTENTS] = parts[CONTENTS].replace(b"</Types>", override)
        parts[SHARED] = b"<?xml version='1.0'?><sst xmlns='" + SHEET_SPACE + b"'><si><t>Heat</t></si></sst>"
        for name, (before, content) in added.items():
            assert before in parts[name]
            parts[name] = parts[name].replace(before, content + before, 1)
        for name, part in parts.items():
            archive.writestr(name, part)
        archive.writestr("xl/media/picture.png", random.Random(1).randbytes(picture))
    return target.getvalue()


SHEET_SPACE = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def _in_sheet(content: bytes, picture: int = 400_000) -> bytes:
    return workbook({SHEET: (b"</sheetData>", content)}, picture)


def _shared(content: bytes, picture: int = 400_000) -> bytes:
    return workbook({SHARED: (b"</sst>", content)}, picture)


def _one_text_in_every_cell() -> bytes:
    row = b'<row><c t="s"><v>0</v></c><c t="s"><v>0</v></c><c t="s"><v>0</v></c></row>'
    long_text = b"<si><t>" + b"x" * 900_000 + b"</t></si>"
    return workbook({SHEET: (b"</sheetData>", row * 50_000), SHARED: (b"<si>", long_text)})


def _entities(root: bytes) -> bytes:
    names = b"".join(b'<!ENTITY a%d "%s">' % (n + 1, b"&a%d;" % n * 10) for n in range(9))
    return b'<!DOCTYPE %s [<!ENTITY a0 "haha">%s]>' % (root, names)


def _json_list(entries: bytes) -> bytes:
    return b"[" + ENTRY + b"," + entries.rstrip(b",") + b"]"


def _padded(size: int) -> bytes:
    """Records of a mebibyte each."""
    return (b'{"imdb_id": "tt0078748", "rating": 9, "title": "' + b"x" * 900_000 + b'"},') * size


CELLS = b"<row>" + b"<c/>" * 4_000_000 + b"</row>"

FILES: Mapping[str, Callable[[], bytes]] = {
    "workbook: a row of four million empty cells, 20 kB": lambda: _in_sheet(CELLS, 0),
    "workbook: a row of four million empty cells": lambda: _in_sheet(CELLS),
    "workbook: 20,000 rows whose last cell is the last there is": lambda: _in_sheet(
        b'<row><c r="XFD1"/></row>' * 20_000
    ),
    "workbook: rows without end": lambda: _in_sheet(b"<row/>" * 3_000_000),
    "workbook: two million shared texts, 10 kB": lambda: _shared(b"<si/>" * 2_000_000, 0),
    "workbook: two million shared texts": lambda: _shared(b"<si/>" * 2_000_000),
    "workbook: a shared text of 20 MB": lambda: _shared(b"<si><t>" + b"x" * 20_000_000 + b"</t></si>"),
    "workbook: a cell of 20 MB": lambda: _in_sheet(
        b'<row><c t="inlineStr"><is><t>' + b"x" * 20_000_000 + b"</t></is></c></row>"
    ),
    "workbook: one long text in every cell": _one_text_in_every_cell,
    "workbook: a tag of 20 MB": lambda: _in_sheet(b'<row x="' + b"x" * 20_000_000 + b'"/>'),
    "workbook: entities within entities": lambda: workbook({SHARED: (b"<sst", _entities(b"sst"))}),
    "workbook: a million styles": lambda: workbook({STYLES: (b"</cellXfs>", b"<xf/>" * 1_000_000)}),
    "workbook: packed in gz": lambda: gzip.compress(_in_sheet(CELLS)),
    "workbook: in a zip, as a table": lambda: zipped("a.csv", _in_sheet(CELLS)),
    "zip: rows of a mebibyte": lambda: zipped(
        "ratings.csv", HEADER + (b"tt1,9," + b"x" * 1_000_000 + b",1994,movie\n") * 30
    ),
    "zip: 20 million empty rows": lambda: zipped("ratings.csv", HEADER + b",\n" * 20_000_000),
    "gz: 40 MB of empty rows": lambda: gzip.compress(HEADER + b",\n" * 20_000_000),
    "gz around a zip": lambda: gzip.compress(zipped("ratings.csv", HEADER + b",\n" * 20_000_000)),
    "json: a text of 20 MB": lambda: b'[{"title": "' + b"x" * 20_000_000 + b'"}]',
    "json: a value of 20 MB": lambda: b'[{"a": {"b": [' + b"[]," * 20_000_000 + b"[]]}}]",
    "json: 60 records of a mebibyte": lambda: _json_list(_padded(60)),
    "json: a long name before every value": lambda: _json_list(
        b'{"' + b"k" * 400_000 + b'": {' + b",".join(b'"%d":"1"' % n for n in range(50_000)) + b"}}"
    ),
    "json: lists within lists": lambda: b"[" * 5_000_000,
    "json: a number of five million digits": lambda: _json_list(b'{"rating": ' + b"9" * 5_000_000 + b"}"),
    "xml: a comment of 20 MB": lambda: b"<a>" + FILM + b"<!-- " + b"x" * 20_000_000 + b" --></a>",
    "xml: an attribute of 20 MB": lambda: b"<a>" + FILM + b'<film x="' + b"x" * 20_000_000 + b'"/></a>',
    "xml: a text of 20 MB": lambda: (
        b"<a>" + FILM + b"<film><title>" + b"x" * 20_000_000 + b"</title></film></a>"
    ),
    "xml: 60 records of 900 kB": lambda: b"<a>" + FILM.replace(b"Alien", b"x" * 900_000) * 60 + b"</a>",
    "xml: a long name before every value": lambda: (
        b"<a><film><"
        + b"k" * 100_000
        + b">"
        + b'<x a="1"/>' * 80_000
        + b"</"
        + b"k" * 100_000
        + b"></film></a>"
    ),
    "xml: entities within entities": lambda: (
        b'<?xml version="1.0"?>' + _entities(b"a") + b"<a>" + FILM.replace(b"Alien", b"&a9;") + b"</a>"
    ),
}

_ANSWER = 32_000_000

ANSWERS: Mapping[str, Callable[[], bytes]] = {
    "answer: a list of empty objects": lambda: b"[" + b"{}," * (_ANSWER // 3) + b"{}]",
    "answer: a list of small objects": lambda: b"[" + b'{"a":0},' * (_ANSWER // 8) + b"{}]",
    "answer: a list of short texts": lambda: b"[" + b'"ab",' * (_ANSWER // 5) + b"0]",
    "answer: a list of numbers": lambda: b"[" + b"1e9," * (_ANSWER // 4) + b"0]",
    "answer: an object of many names": lambda: (
        b"{" + b",".join(b'"%d":1' % number for number in range(_ANSWER // 12)) + b"}"
    ),
    "answer: one text with a wide character": lambda: b'["' + b"x" * _ANSWER + "\U0001f600".encode() + b'"]',
    "answer: as large as one may be": lambda: b"[" + b'"ab",' * 1_770_000 + b"0]",
    "answer: objects, as many as there may be": lambda: b"[" + b'{"a":1000},' * 390_000 + b"0]",
}


def measure_all() -> Iterator[str]:
    """A line for each: size, memory, time, what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "bomb"
        for kind, bombs in {"file": FILES, "answer": ANSWERS}.items():
            for name, build in bombs.items():
                path.write_bytes(build())
                found = measure(kind, path)
                what = found.error.splitlines()[0] if found.error else f"{found.rows:,} rows"
                yield (
                    f"{name:58} {path.stat().st_size:>12,} B {found.peak_mib:4.0f} MiB {found.seconds:5.1f} s"
                    f" {found.kept:>12,} {what[:90]}"
                )


if __name__ == "__main__":
    for line in measure_all():
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
