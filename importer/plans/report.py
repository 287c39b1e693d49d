"""Writes a plan as a CSV file, as JSON and as a summary.

Lines are counted while they are written, so that a million rows are read once.
"""

import csv
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from importer.errors import ResultsNotWrittenError
from importer.files import neutralise
from importer.model import NEEDS_ID
from importer.plans.model import PLAN_COLUMNS, Action
from importer.runs.results_csv import STANDARD_OUTPUT, open_sink
from importer.runs.room import Room, describe_room
from importer.text import clean, count, duration, without_place

Line = Sequence[object]
"""The cells of a plan's line, in the order of `PLAN_COLUMNS`."""

MOST_EXAMPLES = 5

MEANINGS = {
    Action.ADD: "not rated there yet",
    Action.CHANGE: "has another rating there",
    Action.UNRATE: "to be removed, as the row asks",
    Action.REMOVE: "to be removed, since the file does not rate it",
    Action.SAME: "there already; not sent",
    Action.CONFLICT: "has another rating there, which is kept",
    Action.DUPLICATE: "another row rates the same title; that one counts",
    Action.SKIPPED: "the row has no rating to send, or was taken out",
    Action.UNSUPPORTED: "the destination cannot take this kind of title, or rows without its ids",
    Action.INVALID: "the row cannot be understood as a rating",
    Action.UNCONFIRMED: "sent before; it is not known whether it arrived",
}

_SHOWN = frozenset(
    {
        *(Action.CHANGE, Action.UNRATE, Action.REMOVE, Action.CONFLICT),
        *(Action.UNSUPPORTED, Action.INVALID, Action.UNCONFIRMED),
    }
)
"""The actions of which the first rows are shown."""

_PLACES = {name: PLAN_COLUMNS.index(name) for name in ("row", "line", "action", "reason", "message", "title")}


@dataclass(slots=True)
class Plan:
    """The counts and examples of a plan, filled in while its lines are written."""

    source: str
    destination: str
    account: str
    notes: Sequence[str] = ()
    requests: int = 0
    """The number of requests that send the rows, without those that read the account."""
    seconds: float = 0.0
    """The shortest time at the pace of the run; 0 if only the server limits the pace."""
    room: Room | None = None
    """Whether the rows fit into the account, where that is known."""
    counts: Counter[Action] = field(default_factory=Counter)
    without_ids: int = 0
    """Rows that only lack an id which the destination needs."""
    examples: dict[Action, list[Line]] = field(default_factory=dict)

    def counted(self, lines: Iterable[Line]) -> Iterator[Line]:
        """Pass lines on, counted."""
        for line in lines:
            action = Action(str(line[_PLACES["action"]]))
            self.counts[action] += 1
            self.without_ids += line[_PLACES["reason"]] == NEEDS_ID
            if action in _SHOWN:
                shown = self.examples.setdefault(action, [])
                if len(shown) < MOST_EXAMPLES:
                    shown.append(line)
            yield line

    @property
    def rows_to_send(self) -> int:
        """The number of rows that would be sent."""
        return sum(number for action, number in self.counts.items() if action.is_sent)

    @property
    def is_fine(self) -> bool:
        """Whether every row would have what it asks for, as far as that is certain."""
        fits = self.room is None or not self.room.left_out or not self.room.is_cap_stated
        return fits and all(action.is_fine for action in self.counts)

    @property
    def is_hopeless(self) -> bool:
        """Whether nothing could be sent, since the account has room for none of it."""
        room = self.room
        return room is not None and room.is_cap_stated and 0 < self.rows_to_send == room.left_out


def write_plan(path: Path, lines: Iterable[Line]) -> None:
    """Write the plan as a CSV file, like a results file. Raises ResultsNotWrittenError."""
    try:
        with open_sink(path) as sink:
            writer = csv.writer(sink)
            writer.writerow(PLAN_COLUMNS)
            for line in lines:
                writer.writerow([neutralise(cell) if isinstance(cell, str) else cell for cell in line])
    except OSError as error:
        if path == STANDARD_OUTPUT and isinstance(error, BrokenPipeError):
            raise
        raise ResultsNotWrittenError(path, error) from error


def print_json(plan: Plan, lines: Iterable[Line], out: Path, stream: TextIO) -> None:
    """Print the plan as one JSON object whose rows come one by one."""
    head = build_head(plan, out)
    print(json.dumps(head, indent=2)[:-2] + ',\n  "rows": [', file=stream)
    separator = ""
    for line in lines:
        cells = json.dumps(dict(zip(PLAN_COLUMNS, line, strict=True)))
        print(f"{separator}    {cells}", end="", file=stream)
        separator = ",\n"
    print("\n  ]\n}", file=stream)


def build_head(plan: Plan, out: Path) -> dict[str, object]:
    """Return all but the rows, as values for JSON."""
    return {
        "source": plan.source,
        "destination": plan.destination,
        "account": plan.account,
        "notes": list(plan.notes),
        "actions": {str(action): plan.counts[action] for action in Action if plan.counts[action]},
        "rows_to_send": plan.rows_to_send,
        "requests": plan.requests,
        "seconds": round(plan.seconds, 3),
        "room": None if plan.room is None else plan.room.as_json(),
        "plan": str(out),
    }


def build_plan(plan: Plan, out: Path) -> str:
    """Build what is shown of a plan: counts, the first rows that change something, and the effort."""
    lines = [
        f"Plan: {clean(plan.source)} to {clean(plan.destination)} ({clean(plan.account)})",
        *(f"  {clean(note)}" for note in plan.notes),
        "",
    ]
    counts = [(f"{plan.counts[action]:,}", action) for action in Action if plan.counts[action]]
    widths = [max((len(cells[column]) for cells in counts), default=0) for column in range(2)]
    lines += [
        f"  {number:>{widths[0]}}  {action:<{widths[1]}}  {MEANINGS[action]}" for number, action in counts
    ]
    for action, examples in plan.examples.items():
        lines += ["", f"  {action}:", *(f"    {_describe(line)}" for line in examples)]
        more = plan.counts[action] - len(examples)
        lines += [f"    and {more:,} more"] if more else []
    lines += ["", _describe_effort(plan)]
    if plan.room is not None and plan.room.left_out:
        lines += describe_room(plan.room)
    if plan.rows_to_send and out != STANDARD_OUTPUT:
        place = clean(str(out), 4096)
        lines += [f"Written to {place}."]
    return "\n".join(lines)


def _describe(line: Line) -> str:
    number, title, message = (line[_PLACES[name]] for name in ("line", "title", "message"))
    where = f"line {number}" if number else "not in the file"
    why = without_place(str(message or ""), number)
    return f"{where}{f', {clean(str(title), 80)}' if title else ''}: {why}"


def _describe_effort(plan: Plan) -> str:
    if not plan.rows_to_send:
        return "Nothing to send."
    effort = f"To send: {count(plan.rows_to_send, 'row')} in about {count(plan.requests, 'request')}"
    return f"{effort}, at least {duration(plan.seconds)}." if plan.seconds else f"{effort}."
