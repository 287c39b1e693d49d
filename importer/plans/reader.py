"""A plan that `importer plan` wrote, read to send just that: what is to be sent, and all else as it stands.

People may take lines out, and change cells: what then stands there is read anew, like any table's.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from importer.errors import Remedy, UsageError
from importer.files import restore
from importer.model import ClosedRow, InvalidRow, MediaKind, PlannedRow, RatingJob, SourceRow, Status
from importer.plans.model import PLAN_COLUMNS, Action
from importer.readers.base import ReadOptions
from importer.readers.cells.errors import CellError
from importer.readers.cells.kinds import TYPES, parse_kind
from importer.readers.cells.ratings import parse_rating_or_word
from importer.readers.columns import Column
from importer.readers.formats.csv import CsvReader
from importer.readers.tables.table import open_own_table


def _parse_kind(cell: str) -> MediaKind | None:
    if cell == MediaKind.UNKNOWN:
        return MediaKind.UNKNOWN
    return parse_kind(cell, TYPES) if cell.strip() else None


class _JobReader(CsvReader):
    """The lines of a plan as jobs; a kind may be unknown, for the destination may know it by id."""

    kind = Column("kind", parse=_parse_kind)
    second_kind = Column("second_kind", parse=_parse_kind)
    rating = Column("to", parse=parse_rating_or_word, required=True)
    note = Column()  # that of the plan is no reading's
    clean_cell = staticmethod(restore)  # as in the results file, a spreadsheet's formulas are made harmless


class PlanReader:
    """An open plan; see `base.Reader`."""

    format_name = "plan"

    def __init__(self, path: Path, name: str) -> None:
        """Open it. Raises `UnreadableFileError` or `UnknownFormatError`."""
        self._table = open_own_table(path, name, "plan", PLAN_COLUMNS)
        self._name = name
        self.notes: Sequence[str] = ("a plan of this importer: what it says is sent, and nothing else",)

    def read_place(self) -> tuple[str, str]:
        """Read where the ratings go: destination and account. Raises UsageError if there is not one place."""
        places = {(cells["destination"] or "", cells["account"] or "") for cells in self._cells()}
        if len(places) == 1:
            return places.pop()
        problem = "holds no line: there is nothing to send" if not places else "is of more than one account"
        raise UsageError(f"{self._name} {problem}", Remedy.NEW_PLAN)

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the lines: jobs with what the account held for them, the others as they stand."""
        lines = self._cells()
        for rows in _JobReader(self._table, ReadOptions()).chunks():
            yield [_choose(row, next(lines)) for row in rows]

    def _cells(self) -> Iterator[dict[str, str | None]]:
        """The same table once more, as the cells that stand there."""
        header = self._table.header
        places = {name: header.find([name]) or 0 for name in PLAN_COLUMNS}
        for chunk in self._table.chunks(sorted(places.values())):
            for line in chunk.rows([*places.values()]):
                yield {
                    name: restore(cell).strip() or None for name, cell in zip(PLAN_COLUMNS, line, strict=True)
                }


def _choose(row: SourceRow, cells: Mapping[str, str | None]) -> SourceRow:
    word = (cells["action"] or "").lower()
    word = "unconfirmed" if word == "unsure" else word  # as plans of earlier versions call it
    action = Action(word) if word in set(Action) else None
    if action is None:
        return _check(row, cells, "bad_action", f"column action: {word!r} is none. Write one of {_ACTIONS}.")
    if not action.is_sent:
        return _settle(row, cells, action.status)
    if not isinstance(row, RatingJob):
        return row
    if bool(row.rating) != (action in {Action.ADD, Action.CHANGE}):
        problem = f'columns action and to: {word} does not go with "{cells["to"]}". Correct one of them.'
        return _check(row, cells, "bad_action", problem)
    try:
        held = parse_rating_or_word(cells["from"]) if cells["from"] else None
    except CellError as error:
        return _check(
            row, cells, "bad_rating", f'column from: "{cells["from"]}" {error.problem}. Do not change it.'
        )
    return PlannedRow(*row._replace(note=cells["note"]), held, cells["held_rated_at"])


_ACTIONS = ", ".join(Action)


def _check(row: SourceRow, cells: Mapping[str, str | None], reason: str, problem: str) -> InvalidRow:
    message = f"line {row.line}, {problem}"
    return InvalidRow(
        row.row, row.line, **_pick(cells), status=Status.INVALID, reason=reason, message=message
    )


_OF_A_SENT_LINE = re.compile(r"change \S+ -> \S+|(add|unrate|remove) [^ ;]+(; .*)?")
"""What `importer plan` writes of a line that is to be sent."""


def _settle(row: SourceRow, cells: Mapping[str, str | None], status: Status) -> ClosedRow:
    nothing = dict.fromkeys(("attempts", "http_status", "sent_at", "duration_ms"))
    told, reason = cells["message"], cells["reason"]
    if told and _OF_A_SENT_LINE.fullmatch(told):  # somebody has decided otherwise since it was written
        told, reason = "not sent, as the plan says", None
    return ClosedRow(
        row.row,
        row.line,
        **_pick(cells),
        status=status,
        reason=reason,
        message="; ".join(filter(None, (cells["note"], told))) or None,
        previous_rating=cells["from"],
        **nothing,
    )


def _pick(cells: Mapping[str, str | None]) -> dict[str, Any]:
    names = InvalidRow._fields[2:13]
    return {name: cells["to" if name == "rating" else name] for name in names}
