"""A file as text: which encoding it has, and whether it is text at all.

One pass over the whole file in small blocks settles it, so that nothing further down has to be ready
for a byte that cannot be decoded, a NUL, or a line that never ends. Lines, cells and columns are the
work of `table`.
"""

import codecs
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from importer import limits
from importer.errors import EmptyFileError, UnreadableFileError
from importer.readers.tables.encodings import NAMES, WESTERN, Guess, guess_encoding

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_LOOKS = (
    (b"PK\x05\x06", "an empty zip archive"),
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
_CHECKED_AT_ONCE = 1 << 17
"""Bytes. What is larger is not found in the processor's nearest memory any more, and takes twice as long."""
# A letter of Latin-1 as UTF-8, read as Windows-1252: Ã or Â, and what its second byte then is.
_find_encoded_twice = re.compile("[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œžŸ]").findall
_UNPACK = "Unpack it, or save the table in it as CSV, and import that file."
CHECK_FILE = "Check whether it is a ratings export, and download it again."
_SAVE_AS_TEXT = "Save the table as CSV in UTF-8 and import that file."


@dataclass(frozen=True, slots=True)
class TextFile:
    """A file that was read through once and is text in a known encoding."""

    path: Path
    name: str
    encoding: str
    is_plain: bool
    """It is UTF-8 with newlines alone, and can be taken as it is."""
    is_cut_off: bool
    """The file ends within a character."""
    encoded_twice: int = 0
    """Characters that were encoded twice (LÃ©on for Léon), by whatever program wrote the file."""
    lost: int = 0
    """Characters that such a program could not read, and replaced."""
    is_garbled: bool = False
    """Its letters are of another encoding, which they do not tell."""

    def blocks(self, size: int) -> Iterator[bytes]:
        """Yield the text in UTF-8, in blocks of whole lines that end in a newline, each of about `size`."""
        with reading_further(self.name):
            yield from self._plain_blocks(size) if self.is_plain else self._converted_blocks(size)

    def texts(self, size: int) -> Iterator[str]:
        """Yield the text in pieces of about `size` characters, wherever its lines end."""
        with (
            reading_further(self.name),
            self.path.open(encoding=self.encoding, errors="replace", newline=None) as file,
        ):
            while piece := file.read(size):
                yield piece

    def _plain_blocks(self, size: int) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(len(codecs.BOM_UTF8) if self.encoding == "utf-8-sig" else 0)
            while block := file.read(size):
                yield block + file.readline()

    def _converted_blocks(self, size: int) -> Iterator[bytes]:
        # Only the cut-off last character needs replacing; all else was found decodable.
        with self.path.open(encoding=self.encoding, errors="replace", newline=None) as file:
            while lines := file.readlines(size):
                yield "".join(lines).encode()

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found out, for people."""
        notes = [f"encoding {NAMES.get(self.encoding, self.encoding)}"]
        if self.is_garbled:
            notes.append(
                "the letters are not Western, and which they are cannot be told: titles are garbled, ids are "
                "not; --encoding names the encoding, such as cp1251"
            )
        if self.is_cut_off:
            notes.append("the file ends within a character: it was cut off")
        if self.encoded_twice:
            notes.append(
                f"{self.encoded_twice:,} characters were encoded twice by the program that wrote the file "
                "(Ã© where é should stand); ids are not touched by that, titles are left as they are"
            )
        if self.lost:
            notes.append(f"{self.lost:,} characters were lost before (\ufffd stands for each); ids are not")
        return tuple(notes)


@contextmanager
def reading_further(name: str) -> Iterator[None]:
    """Say what became of a file that was read through once before. Raises `UnreadableFileError`."""
    try:
        yield
    except OSError as error:
        problem = f"cannot be read further ({error.strerror or error})"
        remedy = "Copy the file to another disk, and import the copy."
        raise UnreadableFileError(name, problem, remedy=remedy) from error


def read_text_file(path: Path, name: str, *, has_lines: bool = True, encoding: str | None = None) -> TextFile:
    """Read a file through once, or say why it cannot be read. Without `has_lines`, a line has any length.

    `encoding` is what its owner says; else it is told by the text.
    """
    try:
        head = read_head(path, name)
        bom = next((encoding for bom, encoding in _BOMS if head.startswith(bom)), None)
        known = "UTF-16, as its first bytes say" if bom == "utf-16" else "UTF-8 nor Windows-1252"
        if encoding is not None and bom is None:
            known = f"{NAMES.get(encoding, encoding)}, as was said"
        for tried in _list_encodings(path, encoding, bom):
            check = _Check(name, tried.encoding, has_lines=has_lines)
            if check.run(path):
                return replace(check.result(path), is_garbled=not tried.is_decided)
    except OSError as error:
        raise _cannot_be_read(name, error) from error
    raise UnreadableFileError(name, f"the text is not {known}", remedy=_SAVE_AS_TEXT)


def _list_encodings(path: Path, named: str | None, bom: str | None) -> Iterator[Guess]:
    """Yield the encodings to try, the next only where a text is not of those before."""
    if bom is not None or named is not None:
        yield Guess(bom or named or "", True)  # the first bytes cannot be mistaken
        return
    yield Guess("utf-8", True)
    guess = guess_encoding(path)
    yield guess
    if guess.encoding != WESTERN:
        yield Guess(WESTERN, False)


def read_head(path: Path, name: str) -> bytes:
    """Read the beginning of a file that can be read, and may hold ratings. Raises UnreadableFileError."""
    try:
        return _read_head(path, name)
    except OSError as error:
        raise _cannot_be_read(name, error) from error


def _cannot_be_read(name: str, error: OSError) -> UnreadableFileError:
    problem = f"cannot be read ({error.strerror or error})"
    return UnreadableFileError(name, problem, remedy="Check the path and your rights to read it.")


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
        raise EmptyFileError(name, "is empty", remedy="Export your ratings again.")
    for start, what in _LOOKS:
        if head.startswith(start):
            raise UnreadableFileError(name, f"looks like {what}, not a table of text", remedy=_UNPACK)
    return head


class _Check:
    """Whether a file decodes in an encoding, and is text."""

    def __init__(self, name: str, encoding: str, *, has_lines: bool) -> None:
        self.name = name
        self._has_lines = has_lines
        self._encoded_twice = self._lost = 0
        self.encoding = encoding
        self._is_cut_off = False
        self._has_returns = False
        self._decoder = codecs.getincrementaldecoder(encoding)()

    def result(self, path: Path) -> TextFile:
        """Return the file, once `run` said that it decodes."""
        is_utf8 = self.encoding in {"utf-8", "utf-8-sig"}
        is_plain = is_utf8 and not self._has_returns and not self._is_cut_off
        return TextFile(
            path, self.name, self.encoding, is_plain, self._is_cut_off, self._encoded_twice, self._lost
        )

    def run(self, path: Path) -> bool:
        """Read the file through; return whether it decodes."""
        has_more_than_ascii = False
        last = ""
        bytes_without_end = 0
        with path.open("rb") as file:
            try:
                while block := file.read(_CHECKED_AT_ONCE):
                    text = self._decoder.decode(block)
                    joined, last = last + text, text[-1:]  # a pair may lie across the edge of a block
                    if not joined.isascii():
                        has_more_than_ascii = True
                        if "Ã" in joined or "Â" in joined:  # many times faster than looking for what follows
                            self._encoded_twice += len(_find_encoded_twice(joined))
                        self._lost += text.count("\ufffd")
                    # Looking into the bytes is much faster, where they show it.
                    shown = text.encode() if self.encoding == "utf-16" else block
                    self._has_returns = self._has_returns or b"\r" in shown
                    if b"\0" in shown:
                        raise self._error("there are NUL bytes, so this is not a text file", _SAVE_AS_TEXT)
                    has_end = b"\n" in shown or b"\r" in shown
                    bytes_without_end = 0 if has_end else bytes_without_end + len(block)
                    if self._has_lines and bytes_without_end >= limits.LONGEST_LINE:
                        raise self._error(f"a line is longer than {limits.LONGEST_LINE:,} bytes", CHECK_FILE)
            except UnicodeDecodeError:
                return False
        try:
            self._decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            # A last character cut in half is a cut-off file if its others are in this encoding.
            self._is_cut_off = has_more_than_ascii
            return has_more_than_ascii
        return True

    def _error(self, problem: str, remedy: str) -> UnreadableFileError:
        return UnreadableFileError(self.name, problem, remedy=remedy)
