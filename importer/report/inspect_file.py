"""Inspects an export: loads it into a temporary journal and counts the outcomes of its rows."""

import tempfile
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from importer.destinations.spec import DestinationSpec
from importer.journal import Journal
from importer.model import Outcome, Status
from importer.report.inspection import Inspection
from importer.runs.import_run import ImportRun
from importer.runs.open_destination import build_offline
from importer.runs.prompts import Observer, Prompts
from importer.runs.results_csv import STANDARD_OUTPUT
from importer.runs.rules import DestinationOptions, RunRules
from importer.runs.sources import ExportFile, Opening


def inspect_file(
    export: ExportFile,
    spec: DestinationSpec,
    options: DestinationOptions,
    prompts: Prompts,
    note_row: Callable[[Sequence[Any]], None] | None = None,
    observer: Observer | None = None,
) -> Inspection:
    """Return the file's contents and the rows that a destination would take. Offline. Raises UsageError.

    `note_row` is called with each line of the results; `observer` shows how far it is.
    """
    destination = build_offline(spec, options)
    with (
        tempfile.TemporaryDirectory(prefix="inspect-") as folder,
        Journal(Path(folder), "inspection") as journal,
        export.open(Opening(destination, journal, prompts, STANDARD_OUTPUT)) as source,
    ):
        reader = source.open_reader()
        run = ImportRun(source, destination, journal, RunRules.for_import(recheck=True))
        run.observer = observer or run.observer
        with run.loaded() as loaded:
            loaded.run.close_open(Outcome(Status.NOT_SENT))
            found = Inspection(source.name, reader.format_name, reader.notes, spec.word, unread=source.unread)
            with closing(loaded.run.results()) as lines:
                found.add_all(lines)
            if note_row is not None:
                with closing(loaded.run.results()) as lines:
                    for line in lines:
                        note_row(line)
    return found
