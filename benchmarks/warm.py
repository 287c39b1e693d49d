"""What a sync job costs that finds nothing new: in a thread of one process, and in a process of its own."""

import resource
import subprocess
from collections.abc import Generator
from pathlib import Path

from benchmarks.children import IMPORTER, ROOT, Figures, build_environment, running_server
from benchmarks.row import Round

ACCOUNTS = 500

_JOB = """
[accounts.{name}]
base_url = "{url}"
auth_url = "{url}"
client_id = "sandbox-client"
client_secret = "sandbox-secret"
access_token = "{name}"
refresh_token = "{name}"
[jobs.{name}]
source = "ratings.csv"
account = "{name}"
"""


def run_warm(folder: Path, size: float) -> Generator[Round]:
    """Row w: the processor time of one job more among many, over that of `importer sync NAME`."""
    accounts = max(100, int(ACCOUNTS * size))  # fewer would drown in the noise of the start-up
    names = [f"user{number}" for number in range(accounts)]
    (folder / "ratings.csv").write_text("imdb_id,rating,rated_at\ntt0111161,9,2024-01-01\n")
    with running_server() as url:
        settings = folder / "config.toml"
        settings.write_text("".join(_JOB.format(name=name, url=url) for name in names))
        settings.chmod(0o600)
        environment = build_environment(url, folder) | {"IMPORTER_CONFIG_FILE": str(settings)}
        for _ in range(3):  # what the first run sends is looked at by the second
            _sync(environment)
        while True:
            alone = _sync(environment, names[0])
            few, all_jobs = _sync(environment, *names[:2]), _sync(environment)
            per_job = (all_jobs["cpu_seconds"] - few["cpu_seconds"]) / (accounts - 2)
            figures = {"process": alone, "two": few, "all": all_jobs, "thread": {"cpu_seconds": per_job}}
            yield Round(per_job / alone["cpu_seconds"], figures)


def _sync(environment: dict[str, str], *names: str) -> Figures:
    """Run `importer sync`; the processor time of all of its processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    words = [*IMPORTER, "sync", *names, "--quiet"]
    subprocess.run(words, cwd=ROOT, env=environment, check=True, stdin=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {"cpu_seconds": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime}
