"""Reads a plan that `importer plan` wrote: jobs to send, and closed rows.

Users may remove lines and edit cells.
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
from importer.runs.results_reader import keep_line


def _parse_kind(cell: str) -> MediaKind | None:
    if cell == MediaKind.UNKNOWN:
        return MediaKind.UNKNOWN
    return parse_kind(cell, TYPES) if cell.strip() else None


class _JobReader(CsvReader):
    """Reads the lines of a plan as jobs; a kind may be unknown if the destination finds the title by id."""

    kind = Column("kind", parse=_parse_kind)
    second_kind = Column("second_kind", parse=_parse_kind)
    rating = Column("to", parse=parse_rating_or_word, required=True)
    note = Column()  # the column `note` of a plan is no note of the reader
    clean_cell = staticmethod(restore)  # as in the results file, a spreadsheet's formulas are made harmless


class PlanReader:
    """An open plan; see `base.Reader`."""

    format_name = "plan"

    def __init__(self, path: Path, name: str) -> None:
        """Open it. Raises `UnreadableFileError` or `UnknownFormatError`."""
        self._table = open_own_table(path, name, "plan", PLAN_COLUMNS)
        self._name = name
        self.notes: Sequence[str] = ("a plan of the importer: only its lines are sent",)

    def read_place(self) -> tuple[str, str]:
        """Return destination and account. Raises UsageError if the lines do not name exactly one."""
        places = {(cells["destination"] or "", cells["account"] or "") for cells in self._cells()}
        if len(places) == 1:
            return places.pop()
        problem = "has no lines, so there is nothing to send" if not places else "names more than one account"
        raise UsageError(f"{self._name} {problem}", Remedy.NEW_PLAN)

    def chunks(self) -> Iterator[list[SourceRow]]:
        """Yield the lines: jobs with the account's rating at the time of the plan, and closed rows.

        They keep their line of the planned file; what is wrong in the plan is named by its own line.
        """
        lines = self._cells()
        for rows in _JobReader(self._table, ReadOptions()).chunks():
            yield [_choose(row, next(lines)) for row in rows]

    def _cells(self) -> Iterator[dict[str, str | None]]:
        """Yield the lines as cells by column."""
        header = self._table.header
        places = {name: header.find([name]) or 0 for name in PLAN_COLUMNS}
        for chunk in self._table.chunks(sorted(places.values())):
            for line in chunk.rows([*places.values()]):
                yield {
                    name: restore(cell).strip() or None for name, cell in zip(PLAN_COLUMNS, line, strict=True)
                }


def _choose(row: SourceRow, cells: Mapping[str, str | None]) -> SourceRow:
    word = (cells["action"] or "").lower()
    word = "unconfirmed" if word == "unsure" else word  # in plans of earlier versions
    action = Action(word) if word in set(Action) else None
    if action is None:
        return _check(row, cells, "bad_action", f"column action: {word!r} is none. Write one of {_ACTIONS}.")
    line = keep_line(cells["line"], row.line)
    if not action.is_sent:
        return _close(row._replace(line=line), cells, action.status)
    if not isinstance(row, RatingJob):
        return row
    if bool(row.rating) != (action in {Action.ADD, Action.CHANGE}):
        problem = f'columns action and to: {word} does not go with "{cells["to"]}". Correct one of them.'
        return _check(row, cells, "bad_action", problem)
    try:
        account_rating = parse_rating_or_word(cells["from"]) if cells["from"] else None
    except CellError as error:
        return _check(
            row, cells, "bad_rating", f'column from: "{cells["from"]}" {error.problem}. Do not change it.'
        )
    return PlannedRow(*row._replace(line=line, note=cells["note"]), account_rating, cells["account_rated_at"])


_ACTIONS = ", ".join(Action)


def _check(row: SourceRow, cells: Mapping[str, str | None], reason: str, problem: str) -> InvalidRow:
    message = f"line {row.line}, {problem}"
    return InvalidRow(
        row.row, row.line, **_pick(cells), status=Status.INVALID, reason=reason, message=message
    )


TAKEN_OUT = "taken_out"
"""The reason of a row that has a rating, and is skipped since somebody took it out of the plan."""

_OF_A_SENT_LINE = re.compile(r"change \S+ -> \S+|(add|unrate|remove) [^ ;]+(; .*)?")
"""The message of a line that is to be sent."""


def _close(row: SourceRow, cells: Mapping[str, str | None], status: Status) -> ClosedRow:
    nothing = dict.fromkeys(("attempts", "http_status", "sent_at", "duration_ms"))
    text, reason = cells["message"], cells["reason"]
    if text and _OF_A_SENT_LINE.fullmatch(text):  # the action was edited
        text, reason = "not sent, as the plan says", TAKEN_OUT if status is Status.SKIPPED else None
    return ClosedRow(
        row.row,
        row.line,
        **_pick(cells),
        status=status,
        reason=reason,
        message="; ".join(filter(None, (cells["note"], text))) or None,
        previous_rating=cells["from"],
        **nothing,
    )


def _pick(cells: Mapping[str, str | None]) -> dict[str, Any]:
    names = InvalidRow._fields[2:13]
    return {name: cells["to" if name == "rating" else name] for name in names}
