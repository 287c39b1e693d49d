"""The one results file of a job with several destinations: each puts its own lines in when it has run."""

from dataclasses import replace
from pathlib import Path

from importer.config.folders import state_dir
from importer.runs.again import ResultsFile, list_destinations
from importer.runs.outputs import Outputs, find_outputs, set_aside
from importer.runs.several import merge_results
from importer.sync.config import SharedResults, SyncJob
from importer.sync.job import results_of
from importer.sync.state import account_queue


def write_shared_results(name: str, job: SyncJob, shared: SharedResults, *, has_run: bool) -> Path:
    """Put in the lines of one destination, if it has run or the file is missing; return the file.

    The lines of the others stay: they may be those of a retry. Raises ResultsNotWrittenError.
    """
    path = results_of(shared.job, replace(job, files=replace(job.files, out=shared.out)))
    lock = state_dir() / "sync" / f"results-{shared.job}.lock"
    with account_queue(lock, lambda: None):  # the others may end at this moment
        if has_run or not path.exists():
            _merge(path, name, job, shared, find_outputs())
    return path


def _merge(path: Path, name: str, job: SyncJob, shared: SharedResults, outputs: Outputs) -> None:
    if outputs.may_be_edited(path):
        set_aside(path)  # nobody would read a refusal
    there = list_destinations(path) if path.is_file() and path.stat().st_size else []
    sources: dict[str, Path | ResultsFile] = {}
    runs = []
    for label, part in shared.parts.items():
        own = results_of(part, job)
        is_kept = label in there and part != name
        note = outputs.read_note(path if is_kept else own)
        if is_kept:
            sources[label] = ResultsFile(str(path), every=False, label=label)
        elif own.exists():
            sources[label] = own
        if note is not None:
            runs.append(f"{label}={note.run_of(label if is_kept else '')}")
    if sources:
        with outputs.writing(path, run_id=" ".join(runs)):
            merge_results(path, sources)
