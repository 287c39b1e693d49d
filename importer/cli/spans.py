"""Spans of time as people type them: `90m`, `6h`, `180d`, `2w`."""

import re
from datetime import timedelta

from importer.errors import UsageError

_SPAN = re.compile(r"(\d{1,5})\s*(m|min|h|d|w)")
_UNITS = {
    "m": timedelta(minutes=1),
    "min": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}


def parse_span(text: str, flag: str) -> timedelta:
    """Read a span, which is more than nothing. Raises UsageError."""
    found = _SPAN.fullmatch(text.strip().lower())
    if found is None or not int(found[1]):
        raise UsageError(f"{flag} {text!r} is no span of time: it is a number with m, h, d or w, such as 6h")
    return int(found[1]) * _UNITS[found[2]]
