"""`importer inspect FILE`: shows what a file has and which rows would be sent. Sends nothing."""

import json
import sys
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Annotated

import typer

from importer.cli import options
from importer.cli.advice import advise_inspection, explain
from importer.cli.groups import Only, spread
from importer.cli.progress_bar import show_progress
from importer.cli.prompts import find_prompts
from importer.destinations.spec import RequestOptions
from importer.errors import UsageError
from importer.progress import Progress
from importer.readers.base import ReadOptions
from importer.readers.sample import ColumnSample
from importer.report.inspect_file import inspect_file
from importer.report.inspection import Inspection, build_inspection
from importer.runs.places import PlaceOptions
from importer.runs.prompts import TableAnswers, TryOut, Unattended, Unwatched
from importer.runs.rules import DestinationOptions
from importer.runs.sources import ExportFile


class _Questions(Unattended):
    """Answers nothing, and keeps what would be asked, for a program that asks it."""

    def __init__(self) -> None:
        super().__init__()
        self._scale = ""
        self._columns: Sequence[ColumnSample] = ()

    def choose_scale(self, question: str, suggested: str | None) -> str | None:
        """Keep the question."""
        self._scale = question
        return super().choose_scale(question, suggested)

    def describe_table(
        self, name: str, columns: Sequence[ColumnSample], try_out: TryOut
    ) -> TableAnswers | None:
        """Keep the columns."""
        self._columns = columns
        return super().describe_table(name, columns, try_out)

    @property
    def is_any(self) -> bool:
        """Whether anything would be asked."""
        return bool(self._scale or self._columns)

    def as_json(self) -> dict[str, object]:
        """Return the questions: the scale, and the columns of a table that no format knows."""
        columns = [{"name": each.name, "cells": list(each.cells)} for each in self._columns]
        return {"scale_question": self._scale or None, "columns": columns}


class _Shown(Unwatched):
    """Shows on a terminal that the file is being read."""

    def watch(self, progress: Progress) -> AbstractContextManager[None]:
        """Show it while the block lasts."""
        return show_progress(progress, quiet=not sys.stderr.isatty())


class _HtmlPage:
    """The page that was asked for; imported late, since only it needs templates."""

    def __init__(self, path: Path | None, *, opens: bool, overwrite: bool) -> None:
        from importer.cli.html_page import find_place  # noqa: PLC0415
        from importer.report.figures import Figures  # noqa: PLC0415
        from importer.report.file_page import SENDABLE  # noqa: PLC0415

        self._path, self._opens, self._overwrite = find_place(path), opens, overwrite
        self.figures = Figures(succeeded=SENDABLE)

    def write(self, found: Inspection) -> None:
        from importer.cli.html_page import write_page  # noqa: PLC0415
        from importer.report.file_page import build_file_page  # noqa: PLC0415

        page = build_file_page(found, self.figures)
        write_page(page, self._path, overwrite=self._overwrite, opens=self._opens)


@spread
def inspect(
    *,
    file: Annotated[str, typer.Argument(help="The export to look at; - reads standard input.")],
    place: PlaceOptions,
    reading: ReadOptions,
    name: options.Name = "",
    matched: options.MatchFile,
    request: Annotated[RequestOptions, Only("love", "hate")],
    html: options.Html = None,
    opens: options.Open = False,
    overwrite: options.Overwrite = False,
    as_json: options.AsJson = False,
) -> None:
    """Show what FILE has and which rows would be sent.

    Also says why the other rows would not. Asks no server, sends nothing.
    """
    export = ExportFile(file, reading, matched.resolved, name)
    page = None if html is None and not opens else _HtmlPage(html, opens=opens, overwrite=overwrite)
    at = DestinationOptions(request=request)
    prompts = find_prompts()
    questions = _Questions()
    if as_json and isinstance(prompts, Unattended):
        prompts = questions
    try:
        note_row = None if page is None else page.figures.add
        found = inspect_file(export, place.spec, at, prompts, note_row, _Shown())
    except UsageError as error:
        if questions.is_any:
            print(
                json.dumps({"file": export.name, "problem": explain(error)} | questions.as_json(), indent=2)
            )
        raise
    if page is not None:
        page.write(found)
    if as_json:
        print(json.dumps(found.as_json() | questions.as_json(), indent=2))
    elif page is None:
        advice = list(advise_inspection(found))
        if place.to is None:
            advice.append(f"This is for {place.spec.word}, the usual destination; --to names another.")
        print(build_inspection(found), *advice, sep="\n\n")
