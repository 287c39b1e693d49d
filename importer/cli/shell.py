"""The common part of all commands that import: prompts, display and exit code."""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from importer.cli.display import Display
from importer.cli.options import ShownOptions
from importer.cli.prompts import find_prompts
from importer.errors import OptionError
from importer.interrupts import translate_interrupts
from importer.monitoring.log import open_log
from importer.runs.import_run import ImportRun
from importer.runs.launch import RunRequest, open_run
from importer.runs.results_csv import STANDARD_OUTPUT


class Shell:
    """One command at work."""

    def __init__(self, out: Path | None, shown: ShownOptions, job: str, *, assume_yes: bool = False) -> None:
        if out == STANDARD_OUTPUT and sys.__stdout__ is None:
            raise OptionError("out", "standard output is closed; name a file", "-")
        self._out = out
        self._prompts = find_prompts(assume_yes=assume_yes, logs_json=shown.logs_json)
        self.display = Display(
            quiet=shown.quiet,
            as_json=shown.as_json,
            to_stderr=out == STANDARD_OUTPUT,
            log=open_log(as_json=shown.logs_json).bind(job=job),
        )

    @contextmanager
    def open(self, wanted: RunRequest) -> Iterator[ImportRun]:
        """Open the run with its destination, journal and source."""
        gc.set_threshold(2_000)  # rows form no cycles; looking for cycles takes more than a tenth of a run
        with (
            translate_interrupts(),
            open_run(replace(wanted, results=self._out), self._prompts, self.display) as run,
        ):
            yield run

    def run(self, wanted: RunRequest) -> int:
        """Import, print the summary, and return the exit code."""
        with self.open(wanted) as run:
            return self.display.report_end(run.execute())
