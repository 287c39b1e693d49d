"""The contents of a file and the outcomes its rows would have, for people and for programs. Pure.

Built from the results of a run that was loaded and not sent; see `importer inspect`.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from importer.model import RESULT_COLUMNS, MediaKind, Status
from importer.text import clean, count, describe_outcome, find_lost_date, span, without_place

_MOST_EXAMPLES = 5
_MOST_UNREAD = 20
_BAR = 40
_MANY = 0.2
"""If one day has this share of all dates, the ratings were entered or imported on that day."""

_IDS = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id")
_PLACE = {column: place for place, column in enumerate(RESULT_COLUMNS)}
_NOT_UNDERSTOOD = frozenset({Status.INVALID, Status.UNSUPPORTED, Status.SKIPPED})


@dataclass(slots=True)
class Oddity:
    """Rows with the same status and reason; `examples` are the first of them as (line, title, message)."""

    count: int = 0
    examples: list[tuple[int, str, str]] = field(default_factory=list)


@dataclass(slots=True)
class Inspection:
    """The contents of a file. `notes` are the reader's: vintage, encoding, scale."""

    name: str
    format_name: str
    notes: Sequence[str]
    destination: str
    unread: Sequence[str] = ()
    """The columns of the file that are not read."""
    rows: int = 0
    lines: tuple[int, int] = (0, 0)
    kinds: Counter[str] = field(default_factory=Counter)
    ids: Counter[str] = field(default_factory=Counter)
    ratings: Counter[str] = field(default_factory=Counter)
    days: Counter[str] = field(default_factory=Counter)
    noted: Oddity = field(default_factory=Oddity)
    """Rows with a note of the reader, such as a rounded rating or an impossible date."""
    lost_dates: Oddity = field(default_factory=Oddity)
    """Rows whose date cannot be read and is left out, sent or not; the messages are the cells."""
    sendable: int = 0
    oddities: dict[tuple[Status, str], Oddity] = field(default_factory=dict)

    def add_all(self, lines: Iterable[Sequence[Any]]) -> None:
        """Count the lines of the results."""
        for cells in lines:
            self._add(cells)

    def _add(self, cells: Sequence[Any]) -> None:
        status, reason, line = cells[_PLACE["status"]], cells[_PLACE["reason"]] or "", cells[_PLACE["line"]]
        title, message = str(cells[_PLACE["title"]] or ""), str(cells[_PLACE["message"]] or "")
        self.rows += 1
        self.lines = (min(self.lines[0] or line, line), max(self.lines[1], line))
        # A row that a destination refuses has a number as its rating; an invalid row has only texts.
        if status not in _NOT_UNDERSTOOD or isinstance(cells[_PLACE["rating"]], int):
            self.kinds[str(cells[_PLACE["kind"]])] += 1
            self.ratings[str(cells[_PLACE["rating"]])] += 1
            self.days[str(cells[_PLACE["rated_at"]] or "")[:10]] += 1
            found = [name.removesuffix("_id") for name in _IDS if cells[_PLACE[name]]]
            self.ids.update(found or ["none"])
            if not cells[_PLACE["rated_at"]] and (cell := find_lost_date(message)):
                _note(self.lost_dates, line, title, cell)
        if status == Status.NOT_SENT:
            self.sendable += 1
            if message:
                _note(self.noted, line, title, message)
            return
        _note(self.oddities.setdefault((Status(status), reason), Oddity()), line, title, message)

    @property
    def dates(self) -> tuple[str, str] | None:
        """The first and the last day of all ratings."""
        known = [day for day in self.days if day]
        return (min(known), max(known)) if known else None

    @property
    def crowded_day(self) -> tuple[str, int] | None:
        """The day of a large share of the ratings with its count, if there is one."""
        dated = sum(number for day, number in self.days.items() if day)
        day, number = max(((d, n) for d, n in self.days.items() if d), key=lambda e: e[1], default=("", 0))
        return (day, number) if number > max(10, _MANY * dated) else None

    def as_json(self) -> dict[str, object]:
        """Return the inspection as values for JSON, with texts unchanged."""
        return {
            "file": self.name,
            "format": self.format_name,
            "notes": list(self.notes),
            "not_read": list(self.unread),
            "rows": self.rows,
            "lines": list(self.lines),
            "kinds": dict(self.kinds),
            "ids": dict(self.ids),
            "ratings": {rating: self.ratings[rating] for rating in _in_order(self.ratings)},
            "dates": None if self.dates is None else list(self.dates),
            "undated": self.days[""],
            "unread_dates": _as_json(self.lost_dates),
            "years": _count_years(self.days),
            "destination": self.destination,
            "would_be_sent": self.sendable,
            "noted": _as_json(self.noted),
            "odd": [
                {"status": str(status), "reason": reason} | _as_json(odd)
                for (status, reason), odd in self.oddities.items()
            ],
        }


def build_inspection(inspection: Inspection) -> str:
    """Build the text that people read."""
    lines = [clean(inspection.name), *_facts(inspection), "", *_histogram(inspection.ratings)]
    lines += ["", f"To {inspection.destination}: {count(inspection.sendable, 'row')} would be sent."]
    if noted := inspection.noted.count:
        shared = _shared_message(inspection.noted)
        shared = f": {clean(shared)}" if shared else ""
        lines += ["", f"  {noted:,} of them with a note{shared}", *_examples(inspection.noted)]
    by_number = sorted(inspection.oddities.items(), key=lambda entry: -entry[1].count)
    for (status, reason), odd in by_number:
        shared = _shared_message(odd)
        shared = f": {clean(shared)}" if shared else ""
        lines += [
            "",
            f"  {count(odd.count, 'row')} {describe_outcome(status, reason)}{shared}",
            *_examples(odd),
        ]
    return "\n".join(lines)


def describe_kind(kind: str) -> str:
    """Describe a kind behind a number: `2 movie`, `1 of unknown kind (an id may tell it)`."""
    return "of unknown kind (an id may tell it)" if kind == MediaKind.UNKNOWN else clean(kind)


def _describe_lines(lines: tuple[int, int]) -> str:
    first, last = lines
    if not last:
        return ""
    return f", line{'s' if last > first else ''} {span(f'{first:,}', f'{last:,}')}"


def _facts(inspection: Inspection) -> Iterator[str]:
    first, *others = inspection.notes or ("",)
    yield f"  format   {inspection.format_name}: {clean(first)}"
    yield from (f"           {clean(note)}" for note in others)
    if inspection.unread:
        shown = ", ".join(clean(f'"{name}"', 40) for name in inspection.unread[:_MOST_UNREAD])
        more = len(inspection.unread) - _MOST_UNREAD
        yield f"           not read: {shown}" + (f" and {more:,} more" if more > 0 else "")
    yield f"  rows     {inspection.rows:,}{_describe_lines(inspection.lines)}"
    if inspection.kinds:
        yield "  kinds    " + ", ".join(
            f"{n:,} {describe_kind(kind)}" for kind, n in inspection.kinds.most_common()
        )
        yield "  ids      " + ", ".join(f"{n:,} {source}" for source, n in inspection.ids.most_common())
    if inspection.dates is not None:
        first_day, last_day = inspection.dates
        without = f"; {inspection.days['']:,} without" if inspection.days[""] else ""
        yield f"  dates    {span(clean(first_day), clean(last_day))}{without}"
    elif inspection.kinds:
        yield "  dates    none"
    if lost := inspection.lost_dates.count:
        shared = _shared_message(inspection.lost_dates)
        are = "is" if lost == 1 else "are"
        yield f"           {count(lost, 'date')} cannot be read and {are} left out:{shared and f' {shared}'}"
        yield from (f"       {example}" for example in _examples(inspection.lost_dates))
    if crowded := inspection.crowded_day:
        yield f"           {crowded[1]:,} share one day, {clean(crowded[0])}: entered or imported in one go"


def _histogram(ratings: Mapping[str, int]) -> Iterator[str]:
    most = max(ratings.values(), default=0)
    width = max((len(rating) for rating in ratings), default=0)
    number_width = len(f"{most:,}")
    for rating in _in_order(ratings):
        number = ratings[rating]
        bar = "█" * max(1, round(_BAR * number / most))
        yield f"  {clean(rating):>{max(8, width)}}  {number:>{number_width},}  {bar}"


def _in_order(ratings: Mapping[str, int]) -> list[str]:
    """Sort the ratings from 10 down, words last."""
    return sorted(ratings, key=lambda rating: (not rating.isdigit(), -int(rating) if rating.isdigit() else 0))


def _count_years(days: Mapping[str, int]) -> dict[str, int]:
    """Count the dated ratings of each year, the first year first."""
    years: Counter[str] = Counter()
    for day, number in days.items():
        if day:
            years[day[:4]] += number
    return {year: years[year] for year in sorted(years)}


def _note(odd: Oddity, line: int, title: str, message: str) -> None:
    odd.count += 1
    if len(odd.examples) < _MOST_EXAMPLES:
        odd.examples.append((line, title, message))


def _shared_message(odd: Oddity) -> str:
    """Return the message that all examples share, so that it is shown only once."""
    messages = {message for _, _, message in odd.examples}
    return messages.pop() if odd.count > 1 and len(messages) == 1 else ""


def _examples(odd: Oddity) -> Iterator[str]:
    is_shared = bool(_shared_message(odd))
    for line, title, message in odd.examples:
        where = f"line {line}" + (f", {clean(title, 80)}" if title else "")
        why = "" if is_shared else without_place(message, line)
        yield f"    {where}" + (f": {why}" if why else "")
    if odd.count > len(odd.examples):
        yield f"    and {odd.count - len(odd.examples):,} more"


def _as_json(odd: Oddity) -> dict[str, object]:
    examples = [{"line": line, "title": title, "message": message} for line, title, message in odd.examples]
    return {"count": odd.count, "examples": examples}
