"""Parses when a sync job runs: a crontab line, on the clock of a zone. Only home of APScheduler."""

import os
import re
import struct
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from functools import cache
from io import BytesIO
from typing import Protocol
from zoneinfo import ZoneInfo

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_DAY_ITEM = re.compile(r"(?:(\*)|(\w+)(?:-(\w+))?)(?:/(\d+))?")


class Calendar(Protocol):
    """The times of a crontab line, on a clock without time zones."""

    def next_at(self, earliest: datetime) -> datetime | None:
        """Return the first time not before `earliest`, both naive; None if there is none."""
        ...


def local_zone(environ: Mapping[str, str] = os.environ) -> tzinfo:
    """Return the zone of the variable TZ, or else of this machine, with all its rules; UTC if there is none.

    Raises ValueError for an invalid TZ, since runs at wrong hours would be noticed late.
    """
    from tzlocal import reload_localzone  # noqa: PLC0415 - slow to import, and only a daemon needs it

    try:
        return reload_localzone()
    except (OSError, ValueError, KeyError):  # the library knows names and files only
        text = environ.get("TZ", "").removeprefix(":")
        return parse_posix_zone(text) if text else UTC


@cache
def parse_posix_zone(text: str) -> tzinfo:
    """Parse a zone as POSIX writes it in TZ: `CET-1CEST,M3.5.0,M10.5.0/3`. Raises ValueError."""
    # The standard library parses it as the last line of a zone's file (RFC 9636, 3.3): such a file, without
    # any other content than one type of time that is never used.
    counts, kind = struct.pack(">6l", 0, 0, 0, 0, 1, 4), struct.pack(">lbb", 0, 0, 0)
    empty = b"TZif2" + bytes(15) + counts + kind + b"UTC\0"
    try:
        return ZoneInfo.from_file(BytesIO(empty * 2 + b"\n" + text.encode("ascii") + b"\n"))
    except ValueError:
        raise ValueError(
            f"TZ={text} is no time zone; name one like Europe/Berlin, or write it with its rules: "
            "CET-1CEST,M3.5.0,M10.5.0/3"
        ) from None


def parse_cron(text: str) -> Calendar:
    """Parse minute, hour, day, month and day of the week as crontab(5) has them. Raises ValueError."""
    from apscheduler.triggers.cron import CronTrigger  # noqa: PLC0415 - slow to import

    words = text.split()
    if len(words) != 5:
        raise ValueError(f"{text!r} is no crontab line: it has five words, for example 0 3 * * *")
    minute, hour, day, month, weekday = (word.lower() for word in words)
    if day != "*" and weekday != "*":
        # In crontab(5) this means "or", in other programs "and": refused rather than guessed.
        raise ValueError(f"{text!r} names days of the month and of the week; leave one of them a *")
    try:
        # Without daylight saving here: `schedule.py` handles skipped and doubled hours.
        fields = {"minute": minute, "hour": hour, "day": day, "month": month, "second": "0"}
        found = CronTrigger(day_of_week=_name_days(weekday), timezone=UTC, **fields)
    except (ValueError, IndexError) as error:
        raise ValueError(f"{text!r} is no crontab line ({error})") from None
    calendar = _Crontab(found)
    if calendar.next_at(datetime(2024, 1, 1)) is None:  # noqa: DTZ001 - a clock without zones
        raise ValueError(f"{text!r} names a day that never comes")
    return calendar


class _Crontab:
    """The library's trigger on a clock without time zones."""

    def __init__(self, trigger: "object") -> None:
        self._trigger = trigger

    def next_at(self, earliest: datetime) -> datetime | None:
        found: datetime | None = self._trigger.get_next_fire_time(  # type: ignore[attr-defined]
            None, earliest.replace(tzinfo=UTC)
        )
        return found.replace(tzinfo=None) if found is not None else None


def _name_days(word: str) -> str:
    """Spell out the days of the week: a crontab counts them from Sunday, the library from Monday."""
    if word == "*":
        return word
    return ",".join(dict.fromkeys(name for item in word.split(",") for name in _spell_out(item)))


def _spell_out(item: str) -> Iterator[str]:
    found = _DAY_ITEM.fullmatch(item)
    if found is None:
        raise ValueError(f"{item!r} is no day of the week")
    every, first, last, step = found.groups()
    begin = 0 if every else _number_of(first)
    end = 6 if every else _number_of(last or first)
    if end < begin or step == "0":
        raise ValueError(f"{item!r} is no day of the week")
    for number in range(begin, end + 1, int(step or 1)):
        yield _DAYS[number % 7]


def _number_of(day: str) -> int:
    if day in _DAYS:
        return _DAYS.index(day)
    if day.isdecimal() and len(day) == 1 and int(day) <= 7:
        return int(day)
    raise ValueError(f"{day!r} is no day of the week: 0 to 7, or sun to sat")
