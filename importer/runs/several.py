r"""One import to several destinations, with one results file that has a line per row and destination.

```text
                    simkl    -> ImportRun -> part \
ratings.csv, opened mdblist  -> ImportRun -> part  > ratings.results.csv    destination,row,line,status, ...
for each of them    csv-file -> ImportRun -> part /                         simkl,1,2,rated, ...
                                                                            mdblist,1,2,not_found, ...
```

All destinations are opened before anything is sent to any. Each run is one like any other, with a journal, a
pace and an id of its own: it is continued, undone and listed by itself.
"""

import csv
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from heapq import merge
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from importer.errors import ImporterError, ResultsNotWrittenError, UsageError
from importer.interrupts import delaying_signals
from importer.model import DESTINATION, RESULT_COLUMNS
from importer.runs.account_export import AccountExport
from importer.runs.again import ResultsFile
from importer.runs.destination import OpenDestination
from importer.runs.import_run import ImportRun
from importer.runs.launch import RunRequest, open_at, open_place
from importer.runs.prompts import Observer, Prompts
from importer.runs.results_csv import open_sink
from importer.runs.results_reader import keep_line
from importer.runs.run_report import RunReport
from importer.runs.side_by_side import Ended, execute_all
from importer.runs.sources import ExportFile, SourceSpec


def execute_several(
    wanted: Mapping[str, RunRequest],
    find_prompts: Callable[[str], Prompts],
    observers: Mapping[str, Observer],
    kept: Collection[ResultsFile] = (),
) -> Mapping[str, Ended]:
    """Run all at once and merge their results, and the lines that are kept; say by label how each ended.

    Raises UsageError or StopRunError, with its `place`, if one of them cannot begin: then nothing is sent.
    """
    with _open_all(wanted, find_prompts, observers) as runs:
        ended = execute_all(runs)
        for label, each in ended.items():
            if isinstance(each, ImporterError):
                each.place = each.place or label
        with delaying_signals():
            # A run that ended before it had read anything leaves the lines that were to be sent again.
            again = [each.what for each in wanted.values() if isinstance(each.what, ResultsFile)]
            _write_results(runs, ended, [*kept, *again])
            for each in ended.values():
                if isinstance(each, RunReport) and each.stopped_by is None and not each.is_dry_run:
                    each.run.finish()
    return ended


@contextmanager
def _open_all(
    wanted: Mapping[str, RunRequest],
    find_prompts: Callable[[str], Prompts],
    observers: Mapping[str, Observer],
) -> Iterator[Mapping[str, ImportRun]]:
    runs: dict[str, ImportRun] = {}
    with ExitStack() as stack:
        opened: dict[str, OpenDestination] = {}
        for label, request in wanted.items():
            with _naming(label):
                opened[label] = stack.enter_context(open_place(request, observers[label]))
                _check_other(opened)
        folder = Path(stack.enter_context(TemporaryDirectory(prefix="results-")))
        about_file = cast(Prompts, _AskedOnce(find_prompts("")))
        shared: SourceSpec | None = None
        for number, (label, request) in enumerate(wanted.items()):
            what = request.what
            if isinstance(what, ExportFile | AccountExport):  # the same for all, and all must read the same
                what = shared = shared or stack.enter_context(what.repeatable())
            with _naming(label):
                wished = replace(request, what=what)
                opening = open_at(opened[label], wished, about_file, observers[label])
                run = runs[label] = stack.enter_context(opening)
                run.part, run.prompts = folder / f"{number}.csv", find_prompts(label)
                run.check()
        yield runs


@contextmanager
def _naming(label: str) -> Iterator[None]:
    """Name the destination in an error."""
    try:
        yield
    except ImporterError as error:
        error.place = label
        raise


def _check_other(opened: Mapping[str, OpenDestination]) -> None:
    """Raise UsageError if the last destination is one of those before: its journal is opened once."""
    *others, last = opened.values()
    for other in others:
        if (other.spec.name, other.account) == (last.spec.name, last.account):
            raise UsageError(f"this is {last.account}, as another destination of this run is")


class _AskedOnce:
    """The prompts of all runs about the file that they read: no question is asked twice."""

    def __init__(self, prompts: Prompts) -> None:
        self._prompts = prompts
        self._answers: dict[tuple[str, str], Any] = {}

    def __getattr__(self, question: str) -> Any:
        found = getattr(self._prompts, question)
        return partial(self._ask, question, found) if callable(found) else found

    def _ask(self, question: str, prompt: Callable[..., Any], *facts: object) -> Any:
        asked = (question, repr(facts))
        if asked not in self._answers:
            self._answers[asked] = prompt(*facts)
        return self._answers[asked]


def _write_results(
    runs: Mapping[str, ImportRun], ended: Mapping[str, Ended], kept: Collection[ResultsFile]
) -> None:
    """Merge the results of all runs that have any. Raises ResultsNotWrittenError."""
    first = next(iter(runs.values()))
    parts: dict[str, Path | ResultsFile] = {
        label: run.part for label, run in runs.items() if run.part is not None and run.part.exists()
    }
    if first.results is None or not parts:
        return
    run_ids = [
        f"{label}={each.run.run_id}"
        for label, each in ended.items()
        if isinstance(each, RunReport) and not each.is_dry_run
    ]
    with first.outputs.writing(first.results, run_id=" ".join(run_ids), origin=first.source.origin):
        merge_results(first.results, {each.label: each for each in kept} | parts)


def merge_results(path: Path, sources: Mapping[str, Path | ResultsFile]) -> None:
    """Write one results file, row by row: of each destination its own file, or its lines of one of several.

    Raises ResultsNotWrittenError.
    """
    try:
        with ExitStack() as stack, open_sink(path) as sink:
            lines = []
            for label, source in sources.items():
                if isinstance(source, ResultsFile):
                    lines.append(_label(label, source.read_lines()))
                    continue
                rows = csv.reader(stack.enter_context(source.open(encoding="utf-8", newline="")))
                next(rows)  # the columns
                lines.append(_label(label, rows))
            writer = csv.writer(sink)
            writer.writerow((DESTINATION, *RESULT_COLUMNS))
            writer.writerows(merge(*lines, key=_row_of))
    except OSError as error:
        raise ResultsNotWrittenError(path, error) from error


def _label(label: str, rows: Iterable[Sequence[str]]) -> Iterator[Sequence[str]]:
    return ((label, *row) for row in rows)


def _row_of(line: Any) -> int:
    return keep_line(line[1], 0)
