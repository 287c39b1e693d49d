"""A dry run of a sync job: its source is read as a sync reads it, and nothing is sent or written down."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from importer.errors import UsageError
from importer.interrupts import translate_interrupts
from importer.runs.account_export import AccountExport
from importer.runs.import_run import ImportRun
from importer.runs.launch import RunRequest, open_run
from importer.runs.prompts import Observer, Prompts
from importer.runs.rules import RunRules
from importer.runs.sources import ExportFile, SourceSpec
from importer.sync.config import SyncJob
from importer.sync.source import Version, fetch, withhold_content


@contextmanager
def dry_run_job(job: SyncJob, prompts: Prompts, observer: Observer) -> Iterator[ImportRun]:
    """Open the run of a job as a dry run. Raises ImporterError."""
    if job.rules.mirror:
        raise UsageError("a job with mirror asks the account, a dry run does not: make a plan of it")
    with tempfile.TemporaryDirectory(prefix="sync-") as folder, translate_interrupts():
        what: SourceSpec
        if job.origin.spec is not None:
            fetched, what = None, AccountExport(job.origin.spec, job.origin.from_account)
        else:
            fetched = fetch(job, Path(folder) / "download", Version())
            files, match_file = job.files, Path(folder) / "match.csv"
            what = ExportFile(
                str(fetched.path), job.reading, files.resolved, fetched.name, files.match, match_file
            )
        wanted = RunRequest(
            what,
            job.spec,
            replace(job.at, request=job.at.request.in_zone(job.reading.zone)),
            RunRules.for_sync(job.rules.on_conflict).guarded_at(job.rules.guard).as_dry_run(),
            job.sends,
            None,
        )
        with open_run(wanted, prompts, observer) as run:
            if fetched is None:
                yield run
            else:
                with withhold_content(job, fetched):
                    yield run
