"""A dry run of a sync job: its source is read as a sync reads it, and nothing is sent or written down."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from importer.errors import UsageError
from importer.interrupts import translate_interrupts
from importer.runs.import_run import ImportRun
from importer.runs.launch import RunRequest, open_run
from importer.runs.prompts import Observer, Prompts
from importer.sync.config import SyncJob
from importer.sync.source import Fetched, Version, fetch, spec_of, withhold_content


@contextmanager
def dry_run_job(job: SyncJob, prompts: Prompts, observer: Observer) -> Iterator[ImportRun]:
    """Open the run of a job as a dry run. Raises ImporterError."""
    if job.rules.mirror:
        raise UsageError("a job with mirror asks the account, a dry run does not: make a plan of it")
    with tempfile.TemporaryDirectory(prefix="sync-") as folder, translate_interrupts():
        fetched = Fetched(Path(), "", Version())
        if not job.is_from_account:
            fetched = fetch(job, Path(folder) / "download", Version())
        wanted = RunRequest(
            spec_of(job, fetched, Path(folder) / "match.csv"),
            job.spec,
            job.zoned_at,
            job.run_rules.as_dry_run(),
            job.sends,
            None,
        )
        with open_run(wanted, prompts, observer) as run, withhold_content(job, fetched):
            yield run
