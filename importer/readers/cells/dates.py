"""Parses dates of ratings: the forms of all exports become one.

The result is a day (`2024-05-01`) or an instant in UTC (`2024-05-01T14:06:03Z`), never more than the
file says. Rules: an instant without a zone is read as UTC, or in the zone that the format or its owner names;
midnight in the form of C's `asctime` is a day, for exports write days so; the day before or of the epoch
means "unknown"; dates with slashes are day or month first as the whole column shows, never by guess, and
24.05.01 is day or year first in the same way. A year of two digits is of this century and not to come, or it
is no year. What a day means as an instant, and whether a date is plausible, is decided by later stages.

```text
"2024-05-01"                  ->  2024-05-01
"2024-05-01T16:06:03+02:00"   ->  2024-05-01T14:06:03Z
"Tue Apr 15 00:00:00 2014"    ->  2014-04-15             midnight: the export writes days so
"01/05/2024"                  ->  2024-05-01             if the column has a 13th or later in the first place
"1970-01-01"                  ->  no date
```
"""

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta, tzinfo

from importer.readers.cells.errors import CellError, Reason, UnclearDateError
from importer.readers.cells.texts import unmark

DayFirst = Callable[[], bool | None]
"""Tells whether the column writes the day first; None if nothing in it shows that."""

_match_day = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_match_instant = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]"
    r"([0-9]{2}:[0-9]{2}(?::[0-9]{2})?)(?:\.[0-9]+)?\s?"
    r"(Z|UTC|[+-][0-9]{2}:?[0-9]{2})?",
).fullmatch
_match_asctime = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) +([0-9]{1,2}) ([0-9]{2}:[0-9]{2}:[0-9]{2}) (UTC |GMT )?([0-9]{4})",
).fullmatch
# 21/06/2014, 6/21/2014 or 21/06/14, and Simkl's 21-06-2014 22:06:41; 24-05-01 is nobody's guess
_match_slashed = re.compile(
    r"([0-9]{1,2})([/-])([0-9]{1,2})\2([0-9]{4}|(?<=/)[0-9]{2})"
    r"(?:,? +([0-9]{1,2}:[0-9]{2})(:[0-9]{2})?(?: ?([AaPp])\.?[Mm]\.?)?)?"
).fullmatch
# 2024/5/1, 2024.05.01, 2024-5-1 and 2024年5月1日
_match_year_first = re.compile(
    r"([0-9]{4})(?:[/.-]|年)([0-9]{1,2})(?:[/.-]|月)([0-9]{1,2})日?(?:,? +([0-9]{1,2}:[0-9]{2})(:[0-9]{2})?)?"
).fullmatch
# 04.04.10 9:49, and 21.06.2014 with or without a time
_match_dotted = re.compile(
    r"([0-9]{1,2})\.([0-9]{1,2})\.((?:[0-9]{2})?[0-9]{2})(?:,? +([0-9]{1,2}:[0-9]{2})(:[0-9]{2})?)?"
).fullmatch
# 1-May-24, 1 May 2024, and Wed, 01 May 2024 14:06:03 +0000 of mails
_match_day_name = re.compile(
    r"(?:[A-Z][a-z]{2}, )?([0-9]{1,2})[ -]([A-Z][a-z]{2,8}\.?)[ -]((?:[0-9]{2})?[0-9]{2})"
    r"(?: ([0-9]{1,2}:[0-9]{2})(:[0-9]{2})?(?: (Z|UTC|GMT|[+-][0-9]{4}))?)?"
).fullmatch
# Tue May 12 2026 18:38:35 GMT+0000 (Coordinated Universal Time)
_match_javascript = re.compile(
    r"[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([0-9]{2}) ([0-9]{4}) ([0-9:]{8}) GMT([+-][0-9]{4})(?: \(.*\))?"
).fullmatch
_match_serial = re.compile(r"([2-6][0-9]{4})(?:[.,]([0-9]+))?").fullmatch
_match_unix = re.compile(r"([1-9][0-9]{8,9})(?:[0-9]{3})?(?:\.0)?").fullmatch
_match_month_name = re.compile(
    r"([A-Z][a-z]{2,8}\.?) +([0-9]{1,2}),? ([0-9]{4})(?:,? +([0-9]{1,2}:[0-9]{2})(:[0-9]{2})?)?"
).fullmatch

# English whatever the locale, so strptime's %b will not do. Whole words only: Marraskuu is November.
_NAMES = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
_MONTHS = {
    word: number for number, name in enumerate(_NAMES, start=1) for word in (name, name[:3], f"{name[:3]}.")
} | {"Sept": 9, "Sept.": 9}
_UNKNOWN = frozenset({"1969-12-31", "1970-01-01"})
# What programs write that know no empty date.
_match_no_date = re.compile(r"0001-01-01(?:[T ]00:00:00(?:\.0+)?Z?)?").fullmatch
_MIDNIGHT = "00:00:00"
_LAST_MONTH = 12
_CENTURY = 2000
_SERIAL_START = date(1899, 12, 30)
"""Day 0 of the spreadsheets, which count a 29 February 1900."""
_NONE = frozenset({"-", "n/a", "na", "null", "none", "unknown", "?"})
_HALF_A_DAY = 12


def parse_date(cell: str, day_first: DayFirst, zone: tzinfo = UTC) -> str | None:
    """Read a date or an instant; `day_first` is asked only when a date can be read two ways.

    `zone` is that of instants without one.
    """
    text = unmark(cell)
    if not text or text.lower() in _NONE or _match_no_date(text):
        return None
    try:
        found = _parse(text, day_first, zone)
    except (ValueError, OverflowError) as error:
        if isinstance(error, CellError):
            raise
        found = ""
    if not found:
        raise CellError(Reason.BAD_DATE, "is not a date", "Write it as 2024-05-01, or leave the cell empty.")
    return None if found[:10] in _UNKNOWN else found


def _parse(text: str, day_first: DayFirst, zone: tzinfo) -> str:
    if _match_day(text):
        return date.fromisoformat(text).isoformat()
    if match := _match_instant(text):
        return _instant(match[1], match[2], match[3], zone)
    if match := _match_asctime(text):
        day = date(int(match[5]), _MONTHS.get(match[1], 0), int(match[2])).isoformat()
        return day if match[3] == _MIDNIGHT else _instant(day, match[3], match[4], zone)
    if match := _match_slashed(text):
        slashed = _slashed(int(match[1]), int(match[3]), _year(match[4]), day_first)
        return _with_time(slashed, _clock(match[5], match[7]), match[6], zone)
    if match := _match_dotted(text):
        dotted = _dotted(match[1], int(match[2]), match[3], day_first)
        return _with_time(dotted, match[4], match[5], zone) if dotted else ""
    if match := _match_month_name(text):
        named = date(int(match[3]), _MONTHS.get(match[1], 0), int(match[2]))
        return _with_time(named, match[4], match[5], zone)
    return _parse_rarer(text, zone)


def _parse_rarer(text: str, zone: tzinfo) -> str:
    """Read what spreadsheets, mails and programs write."""
    if match := _match_year_first(text):
        return _with_time(date(int(match[1]), int(match[2]), int(match[3])), match[4], match[5], zone)
    if match := _match_day_name(text):
        named = date(_year(match[3]), _MONTHS.get(match[2], 0), int(match[1]))
        if match[6] is None:
            return _with_time(named, match[4], match[5], zone)
        return _instant(named.isoformat(), f"{match[4]:0>5}{match[5] or ''}", match[6], zone)
    if match := _match_javascript(text):
        named = date(int(match[3]), _MONTHS.get(match[1], 0), int(match[2]))
        return _instant(named.isoformat(), match[4], match[5], zone)
    if match := _match_serial(text):
        return (_SERIAL_START + timedelta(days=int(match[1]))).isoformat()
    if match := _match_unix(text):
        return datetime.fromtimestamp(int(match[1]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return ""


def _year(digits: str) -> int:
    """Read a year; of two digits it is one of this century, and not to come. Raises ValueError."""
    if len(digits) > 2:
        return int(digits)
    year = _CENTURY + int(digits)
    if year > datetime.now(UTC).year:
        raise ValueError
    return year


def _clock(time: str | None, half: str | None) -> str | None:
    """Turn 1:30 of the afternoon into 13:30."""
    if time is None or half is None:
        return time
    hour, minute = time.split(":")
    return f"{int(hour) % _HALF_A_DAY + _HALF_A_DAY * (half in 'Pp')}:{minute}"


def _with_time(day: date, time: str | None, seconds: str | None, zone: tzinfo) -> str:
    if time is None:
        return day.isoformat()
    return _instant(day.isoformat(), f"{time:0>5}{seconds or ''}", None, zone)


def _instant(day: str, time: str, offset: str | None, zone: tzinfo) -> str:
    moment = datetime.fromisoformat(f"{day}T{time}")
    if offset is None:
        moment = moment.replace(tzinfo=zone)
    elif (offset := offset.strip()) in {"Z", "UTC", "GMT"}:
        moment = moment.replace(tzinfo=UTC)
    else:
        moment = datetime.fromisoformat(f"{day}T{time}{offset}")
    moment = moment.astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year > 999 else ""


def _slashed(first: int, second: int, year: int, day_first: DayFirst) -> date:
    if first <= _LAST_MONTH and second <= _LAST_MONTH and first != second:
        order = day_first()
        if order is None:
            raise UnclearDateError(
                Reason.BAD_DATE,
                "may be day/month or month/day, and no date of the column shows which",
                "Write the dates as 2024-05-01.",
            )
    else:
        order = first > _LAST_MONTH
    day, month = (first, second) if order else (second, first)
    return date(year, month, day)


def _dotted(first: str, month: int, last: str, day_first: DayFirst) -> date | None:
    """Read 21.06.2014, 21.06.14 or 14.06.21, for nobody writes the month first with dots."""
    found = _dotted_readings(first, month, last)
    with_day_first = found.get(True)
    if found.get(False, with_day_first) == with_day_first:
        return with_day_first
    if (order := day_first()) is not None:
        return found.get(order)
    return found[False] if len(found) == 1 else None


def _dotted_readings(first: str, month: int, last: str) -> dict[bool, date]:
    """Find the days that a date with dots can be: with the day first (True), and with the year first."""
    found = {}
    with suppress(ValueError):
        found[True] = date(_year(last), month, int(first))
    if len(first) == len(last) == 2:
        with suppress(ValueError):
            found[False] = date(_year(first), month, int(last))
    return found


def is_day_first(cells: Iterable[str]) -> bool | None:
    """Tell whether a column writes the day of 06/21/2014, 21-06-2014 or 21.06.14 first.

    None if nothing shows it, or if some have slashes and some have dots: neither tells about the other.
    """
    seen: set[bool] = set()
    styles: set[bool] = set()
    for cell in cells:
        text = unmark(cell)
        if (match := _match_dotted(text)) and len(match[3]) == 2:
            styles.add(True)
            readings = _dotted_readings(match[1], int(match[2]), match[3])
            if len(readings) == 1:
                seen.update(readings)
        elif match := _match_slashed(text):
            styles.add(False)
            first, second = int(match[1]), int(match[3])
            if (first > _LAST_MONTH) != (second > _LAST_MONTH):
                seen.add(first > _LAST_MONTH)
    return seen.pop() if len(seen) == len(styles) == 1 else None


def parse_unix_seconds(cell: str) -> str | None:
    """Read seconds since the epoch, as data sets write them."""
    text = cell.strip()
    if text in {"", "0"}:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 11:
        raise CellError(
            Reason.BAD_DATE,
            "is no number of seconds since 1970",
            "Write digits only, or leave the cell empty.",
        )
    return datetime.fromtimestamp(int(text), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
