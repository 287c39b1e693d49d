"""How numbers, times and foreign texts are written for people to read. Pure.

Titles come from anybody's file and messages from anybody's server: `clean` takes from them whatever could
move the cursor, colour the terminal or turn the direction of writing.

The server's own words, made fit to be shown: it may quote the request, credentials and all. Pure.
"""

import html
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TextIO


@contextmanager
def ignore_closed_stream(stream: TextIO) -> Iterator[None]:
    """Show what is no result: where nobody reads it, the work goes on and its exit code stands."""
    try:
        yield
        stream.flush()
    except OSError:
        give_up_stream(stream)


_ESCAPE_SEQUENCE = re.compile(
    r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)"  # operating system command: window title, links
    r"|(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\x1b[ -/]*[0-~]"
)


_JOINERS = "\u200c\u200d"
"""Not printable by Python's book, but Persian and emoji are not right without them."""


def clean(text: str, limit: int = 300) -> str:
    """Make foreign text safe for a terminal: one line, no escape sequences, at most `limit` characters."""
    text = _ESCAPE_SEQUENCE.sub("", text[: 4 * limit])
    text = " ".join(text.split())
    text = "".join(
        char if char.isprintable() or char in _JOINERS else "\N{REPLACEMENT CHARACTER}" for char in text
    )
    return text if len(text) <= limit else text[: limit - 1] + "…"


def without_place(message: str, line: object) -> str:
    """Clean a message that is told beside its line.

    A reader's messages name the line themselves, because they also stand alone in the results file.
    """
    return clean(message).removeprefix(f"line {line}, ").removeprefix(f"line {line}: ")


def count(number: int, thing: str) -> str:
    """Write a number of things: `1 row`, `1,234 rows`."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def describe_outcome(status: str, reason: str) -> str:
    """Name what became of rows: `invalid, bad rating`, or `duplicate` where the reason says no more."""
    word, told = (clean(text).replace("_", " ") for text in (status, reason))
    return word if told in {"", word} else f"{word}, {told}"


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


def rate(per_second: float) -> str:
    """Write a rate: `0.8`, `12.5`, `1,240`."""
    return f"{per_second:.1f}" if per_second < 99.95 else f"{per_second:,.0f}"


LONGEST_WORDS = 500
"""Characters that are shown: a server may send megabytes."""


def clean_words(words: object, secrets: Iterable[str]) -> str:
    """One printable line of what the server says, with every secret masked; empty if it is no text."""
    if not isinstance(words, str):
        return ""
    # The longest first, or what is left of a secret would stand behind the mask of its beginning.
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


def give_up_stream(stream: TextIO) -> None:
    """Let what a stream still holds, and all that follows, go nowhere instead of failing at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the known word that is meant, or all of them: the end of a sentence."""
    known = list(known)
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; it can be {' or '.join(known)}."
