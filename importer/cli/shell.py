"""The common part of all commands that import: prompts, display and exit code."""

import gc
import sys
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from importer.cli.display import Display
from importer.cli.options import ShownOptions
from importer.cli.prompts import find_prompts
from importer.cli.several import report_ends
from importer.cli.voice import Floor, Voice
from importer.errors import OptionError
from importer.interrupts import translate_interrupts
from importer.model import Status
from importer.monitoring.log import open_log
from importer.runs.again import ResultsFile
from importer.runs.import_run import ImportRun
from importer.runs.launch import RunRequest, open_run
from importer.runs.prompts import Prompts
from importer.runs.results_csv import STANDARD_OUTPUT
from importer.runs.several import execute_several


class Shell:
    """One command at work."""

    def __init__(
        self,
        out: Path | None,
        shown: ShownOptions,
        job: str,
        *,
        assume_yes: bool = False,
        accepted: Collection[Status] = (),
    ) -> None:
        if out == STANDARD_OUTPUT and sys.__stdout__ is None:
            raise OptionError("out", "standard output is closed; name a file", "-")
        self._out = out
        self._shown = shown
        self._job = job
        self._assume_yes = assume_yes
        self._accepted = accepted
        self._log = open_log(as_json=shown.logs_json)
        self.display = self._build_display(Voice())

    def _build_display(self, voice: Voice) -> Display:
        job = " ".join(filter(None, (self._job, voice.label)))
        return Display(
            quiet=self._shown.quiet,
            as_json=self._shown.as_json,
            to_stderr=self._out == STANDARD_OUTPUT,
            log=self._log.bind(job=job),
            accepted=self._accepted,
            voice=voice,
        )

    def _find_prompts(self, voice: Voice) -> Prompts:
        return find_prompts(assume_yes=self._assume_yes, logs_json=self._shown.logs_json, voice=voice)

    @contextmanager
    def open(self, wanted: RunRequest) -> Iterator[ImportRun]:
        """Open the run with its destination, journal and source."""
        _collect_seldom()
        with (
            translate_interrupts(),
            open_run(replace(wanted, results=self._out), self._find_prompts(Voice()), self.display) as run,
        ):
            yield run

    def run(self, wanted: RunRequest) -> int:
        """Import, print the summary, and return the exit code."""
        with self.open(wanted) as run:
            return self.display.report_end(run.execute())

    def run_all(self, wanted: Mapping[str, RunRequest], kept: Collection[ResultsFile] = ()) -> int:
        """Import to each destination, by its label; return the worst exit code.

        The results also get the lines that are `kept`.
        """
        if len(wanted) == 1 and not kept:
            return self.run(*wanted.values())
        _collect_seldom()
        floor = Floor()
        displays = {label: self._build_display(Voice(label, floor)) for label in wanted}
        with translate_interrupts():
            ended = execute_several(
                {label: replace(each, results=self._out) for label, each in wanted.items()},
                lambda label: self._find_prompts(Voice(label, floor)),
                displays,
                kept,
            )
        return report_ends(ended, displays)


def _collect_seldom() -> None:
    """Look for cycles seldom, and not among what was imported by now, which lives as long as the process.

    Rows and ratings form no cycles. With 2,000 in place of 20,000 and without `freeze`, a run that reads an
    account of 20,000 ratings takes a tenth longer.
    """
    gc.freeze()
    gc.set_threshold(20_000)
