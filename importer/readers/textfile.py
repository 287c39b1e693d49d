"""A file as text: which encoding it has, and whether it is text at all.

One pass over the whole file in small blocks settles it, so that nothing further down has to be ready
for a byte that cannot be decoded, a NUL, or a line that never ends. Lines, cells and columns are the
work of `table`.
"""

import codecs
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISDIR, S_ISREG
from typing import TextIO

from importer.errors import UnreadableFileError

LONGEST_LINE = 1 << 20
"""Bytes. A physical line that fills a whole block of this size is not one of a ratings export."""

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NAMES = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8 with BOM",
    "utf-16": "UTF-16",
    "cp1252": "Windows-1252 or ISO-8859-1",
}
_LOOKS = (
    (b"PK\x03\x04", "a zip archive or an Excel workbook"),
    (b"PK\x05\x06", "an empty zip archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a rar archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)"),
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"%PDF", "a PDF document"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\x7fELF", "a program"),
)
_HEAD = 4096
_UNPACK = "Unpack it, or save the table in it as CSV, and import that file."
_SAVE_AS_TEXT = "Save the table as CSV in UTF-8 and import that file."


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was read through once and is text in a known encoding."""

    path: Path
    name: str
    encoding: str
    is_cut_off: bool
    """The file ends within a character."""

    def open(self) -> TextIO:
        """Open the text from its start, line ends as they are."""
        # Only the cut-off last character needs replacing; all else was found decodable.
        return self.path.open(encoding=self.encoding, errors="replace", newline="")

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out, for people."""
        note = f"encoding {_NAMES[self.encoding]}"
        return (note, "the file ends within a character: it was cut off") if self.is_cut_off else (note,)


def read_text_file(path: Path, name: str) -> TextFile:
    """Read a file through once, or say why it cannot be read."""
    try:
        head = _read_head(path, name)
        encodings = [encoding for bom, encoding in _BOMS if head.startswith(bom)] or ["utf-8", "cp1252"]
        for encoding in encodings:
            check = _Check(name, encoding)
            if check.run(path):
                return TextFile(path, name, encoding, check.is_cut_off)
    except OSError as error:
        raise UnreadableFileError(
            name,
            f"cannot be read ({error.strerror or error})",
            remedy="Check the path and your rights to read it.",
        ) from error
    known = "UTF-16, as its first bytes say" if encodings == ["utf-16"] else "UTF-8 nor Windows-1252"
    raise UnreadableFileError(name, f"the text is not {known}", remedy=_SAVE_AS_TEXT)


def _read_head(path: Path, name: str) -> bytes:
    mode = path.stat().st_mode
    if S_ISDIR(mode):
        raise UnreadableFileError(name, "is a folder", remedy="Name the export file inside it.")
    if not S_ISREG(mode):  # a pipe or a device cannot be read twice, and may never end
        raise UnreadableFileError(
            name, "is not a regular file", remedy="Name a file, or - for standard input."
        )
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if len(head) < _HEAD and not head.strip():
        raise UnreadableFileError(name, "is empty", remedy="Export your ratings again.")
    for start, what in _LOOKS:
        if head.startswith(start):
            raise UnreadableFileError(name, f"looks like {what}, not a table of text", remedy=_UNPACK)
    if head.lstrip()[:9].lower() in {b"<!doctype", b"<html>"}:
        raise UnreadableFileError(
            name, "looks like a web page", remedy="Sign in at the site and download the export again."
        )
    return head


class _Check:
    """Whether a file decodes in an encoding, and is text."""

    def __init__(self, name: str, encoding: str) -> None:
        self.name = name
        self.is_cut_off = False
        self._decoder = codecs.getincrementaldecoder(encoding)()

    def run(self, path: Path) -> bool:
        has_more_than_ascii = False
        line = 1
        with path.open("rb") as file:
            try:
                while block := file.read(LONGEST_LINE):
                    text = self._decoder.decode(block)
                    self._refuse_what_is_no_text(text, line, is_full=len(block) == LONGEST_LINE)
                    line += text.count("\n")
                    has_more_than_ascii = has_more_than_ascii or not text.isascii()
            except UnicodeDecodeError:
                return False
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            # A last character cut in half is a cut-off file if its others are in this encoding.
            self.is_cut_off = has_more_than_ascii
            return has_more_than_ascii
        return True

    def _refuse_what_is_no_text(self, text: str, line: int, *, is_full: bool) -> None:
        if "\0" in text:
            at = line + text.count("\n", 0, text.index("\0"))
            raise UnreadableFileError(
                self.name, "there are NUL bytes, so this is not a text file", remedy=_SAVE_AS_TEXT, line=at
            )
        if is_full and "\n" not in text and "\r" not in text:
            raise UnreadableFileError(
                self.name,
                "a line is longer than any of a ratings export",
                remedy="Check whether the file is a ratings export, and download it again.",
                line=line,
            )
