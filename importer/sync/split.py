"""A job with several destinations is a job for each, with a state, a health file and an end of its own.

```text
[jobs.nightly]                    nightly@simkl      SyncJob to simkl
to = ["simkl", "trakt:ada"]       nightly@trakt.ada  SyncJob to trakt, account ada
out = "nightly.csv"               both write their lines into nightly.csv: see `shared_results.py`
```
"""

from collections.abc import Mapping
from dataclasses import replace

from importer.monitoring.switches import JOB_MARK
from importer.runs.places import share_out
from importer.sync.config import SharedResults, SyncJob


def split_job(name: str, job: SyncJob) -> Mapping[str, SyncJob]:
    """Return the job, or one for each of its destinations, by name. Raises OptionError."""
    shares = share_out(job.place, job.at)
    parts = {label: f"{name}{JOB_MARK}{label.replace(':', '.')}" for label in shares}
    shared = SharedResults(name, job.files.out, parts) if len(shares) > 1 else None
    jobs = {}
    for label, share in shares.items():
        own = replace(job, place=replace(job.place, to=(share.to.word,)), at=share.at)
        if shared is None:
            return {name: job if share.at == job.at else own}
        jobs[parts[label]] = replace(own, files=replace(job.files, out=None), shared=shared)
    return jobs
