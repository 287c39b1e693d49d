"""Cells that a spreadsheet would run as a formula, made harmless, and back again.

A cell starting with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break gets an apostrophe
in front; a cell that already looks like a neutralised one gets one more, so
`restore(neutralise(text)) == text` always. The list is OWASP's (CSV injection); full-width forms count
because a Japanese or Chinese Excel reads them as the plain ones.
"""

import re

_STARTERS = "=+-@\t\r\n＝＋－＠"
_RISKY = re.compile(rf"'*[{re.escape(_STARTERS)}]")
_NEUTRALISED = re.compile(rf"'+[{re.escape(_STARTERS)}]")

SUSPECTS = frozenset(_STARTERS + "'")
"""`neutralise` leaves a text alone whose first character is none of these: a cheap look saves the call."""


def neutralise(text: str) -> str:
    """Make a cell safe to open in a spreadsheet."""
    return "'" + text if _RISKY.match(text) else text


def restore(text: str) -> str:
    """Undo `neutralise`."""
    return text[1:] if _NEUTRALISED.match(text) else text
