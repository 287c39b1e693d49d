"""The server's own words, made fit to be shown: it may quote the request, credentials and all. Pure."""

import html
import re
from collections.abc import Iterable

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
