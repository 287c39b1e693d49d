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
    own = {
        label: replace(job, place=replace(job.place, to=(share.to.word,)), at=share.at)
        for label, share in share_out(job.place, job.at).items()
    }
    if len(own) == 1:
        (only,) = own.values()
        return {name: job if only.at == job.at else only}
    parts = {label: f"{name}{JOB_MARK}{label.replace(':', '.')}" for label in own}
    shared = SharedResults(name, job.files.out, parts)
    return {
        parts[label]: replace(each, files=replace(each.files, out=None), shared=shared)
        for label, each in own.items()
    }
