"""Numbers, durations and foreign text as people read them, and streams that were closed by their reader.

```text
count(1234, "row")                       1,234 rows
duration(7500)                           2 h 05 min
clean(ESC + "[31mAlien" + TAB + "3")     Alien 3
clean_words("bad key K3Y", ["K3Y"])      bad key ***
```

Titles come from any file and messages from any server. `clean` removes what could move the cursor, colour the
terminal or turn the direction of writing; `clean_words` also masks secrets that a server quotes back.
"""

import html
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from difflib import get_close_matches
from typing import TextIO

DOCS = "https://rating-importer.readthedocs.io/en/latest"
"""Where the documentation is read; who installs the command does not have its files."""


def docs_page(name: str) -> str:
    """Give the address of a page of the documentation: `settings`."""
    return f"{DOCS}/{name}.html"


_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # operating system command: window title, links
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\x1b[ -/]*[0-~]"
)


_JOINERS = "\u200c\u200d"
"""Not printable to Python, but needed by Persian words and emoji."""


def clean(text: str, limit: int = 300) -> str:
    """Make foreign text safe for a terminal: one line, no escape sequences, at most `limit` characters."""
    text = _ESCAPE_SEQUENCE.sub("", text[: 4 * limit])
    text = " ".join(text.split())
    text = "".join(
        char if char.isprintable() or char in _JOINERS else "\N{REPLACEMENT CHARACTER}" for char in text
    )
    return text if len(text) <= limit else text[: limit - 1] + "…"


def is_text(name: str) -> bool:
    """Whether a file's name is text, and not only bytes."""
    return not any("\ud800" <= char <= "\udfff" for char in name)


def without_place(message: str, line: object) -> str:
    """Clean a message that is shown beside its line number.

    A reader's messages name the line themselves, because the results file shows them without it.
    """
    return clean(message).removeprefix(f"line {line}, ").removeprefix(f"line {line}: ")


def count(number: int, thing: str) -> str:
    """Write a number of things: `1 row`, `1,234 rows`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def span(first: str, last: str) -> str:
    """Write a range: `2 to 5`, or `2` where both ends are one."""
    return first if first == last else f"{first} to {last}"


def local_time(moment: datetime) -> str:
    """Write an instant as the clock on the wall shows it: `2026-11-30 03:00`."""
    return moment.astimezone().strftime("%Y-%m-%d %H:%M")


def list_counts(counts: Iterable[tuple[str, int]]) -> str:
    """Write rows by status: `98 rated, 2 not found`; empty for none."""
    return ", ".join(f"{number:,} {status.replace('_', ' ')}" for status, number in counts)


def describe_outcome(status: str, reason: str) -> str:
    """Name an outcome: `invalid, bad rating`, or only `duplicate` if the reason is the same word."""
    word, detail = (clean(text).replace("_", " ") for text in (status, reason))
    return word if detail in {"", word} else f"{word}, {detail}"


def duration(seconds: float) -> str:
    """Write a time span with the precision people use: `0.4 s`, `42 s`, `3 min 20 s`, `2 h 05 min`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02} s"
    return f"{whole // 3600:,} h {whole % 3600 // 60:02} min"


_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?")
_UNITS_SECONDS = (86_400, 3_600, 60, 1)
_LONGEST_SECONDS = 10 * 366 * 86_400


def parse_duration(text: str) -> float:
    """Parse a length of time, `6h`, `90m` or `1d12h`, into seconds. Raises ValueError."""
    found = _DURATION.fullmatch(text.strip().lower())
    parts = [int(part or 0) for part in found.groups()] if found else []
    seconds = sum(part * unit for part, unit in zip(parts, _UNITS_SECONDS, strict=False))
    if not 0 < seconds <= _LONGEST_SECONDS:
        raise ValueError(f"{text!r} is no length of time: write it as 6h, 90m or 1d12h, ten years at most")
    return float(seconds)


def rate(per_second: float) -> str:
    """Write a rate: `0.8`, `12.5`, `1,240`."""
    return f"{per_second:.1f}" if per_second < 99.95 else f"{per_second:,.0f}"


LONGEST_WORDS = 500
"""At most this many characters are shown: a server may send megabytes."""


def clean_words(words: object, secrets: Iterable[str]) -> str:
    """Return a server's text as one printable line with all secrets masked; empty if it is not a string."""
    if not isinstance(words, str):
        return ""
    # The longest first: with "ab" before "abc", "abc" would become "***c".
    known = sorted(filter(None, secrets), key=len, reverse=True)
    if known:
        words = re.sub("|".join(map(_spell, known)), "***", words, flags=re.IGNORECASE)
    shown = "".join(each if each.isprintable() else " " for each in words[:LONGEST_WORDS])
    return " ".join(shown.split())


def _spell(secret: str) -> str:
    """A pattern for the secret as a URL, a JSON text or a web page may spell it."""
    return "".join(f"(?:{'|'.join(map(re.escape, _spellings(each)))})" for each in secret)


def _spellings(char: str) -> set[str]:
    in_url = "".join(f"%{byte:02x}" for byte in char.encode("utf-8", "surrogatepass"))
    number = ord(char)
    in_page = {html.escape(char), f"&#{number};", f"&#x{number:x};"}
    return {char, f"\\{char}", f"\\u{number:04x}", in_url, *in_page}


@contextmanager
def ignore_closed_stream(stream: TextIO) -> Iterator[None]:
    """Ignore errors of a closed stream: progress and summaries must not change the exit code."""
    try:
        yield
        stream.flush()
    except OSError:
        give_up_stream(stream)


def give_up_stream(stream: TextIO) -> None:
    """Discard the stream's buffer and all later output, so that it cannot fail at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Suggest the closest known word, or list all of them, as the end of a sentence."""
    known = list(known)
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; it can be {' or '.join(known)}."


_LOST = "the {what}, {cell}, is none and left out"
_search_lost_date = re.compile(_LOST.format(what="date", cell='(".*?")')).search


def lost_cell(what: str, cell: str) -> str:
    """Say of a row that it goes without its date or its year, a quoted cell."""
    return _LOST.format(what=what, cell=cell)


def find_lost_date(note: str | None) -> str | None:
    """Return the cell, quoted, of the date that was left out of a row with this note, if one was."""
    found = _search_lost_date(note) if note else None
    return found and found[1]
