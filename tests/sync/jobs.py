"""Sync jobs for tests, from the keys of `[jobs.NAME]`."""

from typing import Any

from importer.sync.config import SyncJob
from importer.sync.keys import read_keys


def job_of(**table: Any) -> SyncJob:
    """Build the job that a section of the settings file gives."""
    job, problems = read_keys(SyncJob, table)
    assert job is not None, problems
    return job
