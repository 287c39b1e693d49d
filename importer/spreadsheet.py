"""Cells that a spreadsheet would run as a formula, made harmless, and back again.

A cell starting with `=`, `+`, `-`, `@`, a tab or a carriage return gets an apostrophe in front; a cell
that already looks like a neutralised one gets one more, so `restore(neutralise(text)) == text` always.
"""

import re

_RISKY = re.compile(r"'*[=+\-@\t\r]")
_NEUTRALISED = re.compile(r"'+[=+\-@\t\r]")


def neutralise(text: str) -> str:
    """Make a cell safe to open in a spreadsheet."""
    return "'" + text if _RISKY.match(text) else text


def restore(text: str) -> str:
    """Undo `neutralise`."""
    return text[1:] if _NEUTRALISED.match(text) else text
