"""`importer sync --daemon`: puts the daemon together from settings, processes, signals, log and metrics.

```text
settings file  ->  _KeptSettings  ->  Daemon  ->  WarmProcess  ->  a thread for each run, in another process
SIGHUP: reload    the last valid      when        each line of its output, with the job's name in front
                  version of them
```
"""

import asyncio
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from importer.config.folders import config_file, state_dir
from importer.errors import Remedy, StateFileError, StopRunError, UsageError
from importer.files import write_privately
from importer.interrupts import ending_signals, on_signals
from importer.monitoring.health import note_next_run, read_job
from importer.monitoring.log import Log
from importer.monitoring.switches import section_of
from importer.state_files import translate_trouble
from importer.sync.config import SyncJob
from importer.sync.daemon import Daemon, JobEnd
from importer.sync.job import queue_of
from importer.sync.jobs_file import choose_jobs, load_jobs
from importer.sync.processes import Children
from importer.sync.recipients import health_folder, load_at_once, serving_metrics
from importer.sync.schedule import Schedule, ScheduledJob, build_schedule, show_moment
from importer.sync.state import load_state
from importer.sync.switch import is_switched_off
from importer.sync.warm_process import WarmProcess


@dataclass(frozen=True, slots=True)
class DaemonOptions:
    """The options of `importer sync --daemon`."""

    names: tuple[str, ...] = ()
    """The jobs; empty means all that have a schedule."""
    schedule: Schedule | None = None
    """The schedule of all jobs, in place of their own `every` or `cron`."""
    jitter_seconds: float = 0.0
    metrics_at: str | None = None
    """`[HOST:]PORT` to serve metrics at."""
    quiet: bool = False


def run_daemon(options: DaemonOptions, children: Children, log: Log) -> int:
    """Run jobs when they are due, until a signal ends it, and return the exit code.

    Raises UsageError if the settings are not valid at the start or the metrics cannot be served, and
    StateFileError if the state folder cannot be written.
    """
    with _kept_settings() as settings, serving_metrics(options.metrics_at, log):
        load = partial(_load_schedules, options, settings)
        warm = WarmProcess(
            lambda: replace(children, environ=settings.variables()), load_at_once(), settings.queue_of
        )
        return asyncio.run(_run(options, load, warm, log.note))


async def _run(
    options: DaemonOptions,
    load: Callable[[], Mapping[str, ScheduledJob]],
    warm: WarmProcess,
    report: Callable[[str], None],
) -> int:
    stopped_by: list[str] = []

    async def begin(name: str) -> JobEnd:
        with suppress(StateFileError):  # what is wrong with the folder is told by the job's own process
            if is_switched_off(name):  # asked each time: it is switched while the daemon runs
                return JobEnd(0, is_off=True)
        code = await warm.run(name)
        # A process only returns an exit code: the rest is in the health file that it wrote.
        health = read_job(health_folder(), name) if code == StopRunError.exit_code else None
        return JobEnd(code, retry_soon=health is not None and health.unreachable_since is not None)

    def ended(name: str, end: JobEnd, due: datetime) -> None:
        _note_next_run(name, None if end.is_off else due)
        if end.is_off:
            report(f"{name} is switched off and was not run; importer sync {name} --on switches it on")
        elif not options.quiet:
            report(f"{name} ended with exit code {end.exit_code}; next at {show_moment(due)}")

    def stop(number: signal.Signals) -> None:
        stopped_by.append(number.name)
        daemon.stop()

    daemon = Daemon(load, begin, ended, report, jitter_seconds=options.jitter_seconds)
    actions: dict[signal.Signals, Callable[[], None]] = {
        number: partial(stop, number) for number in ending_signals()
    }
    if hasattr(signal, "SIGHUP"):
        actions[signal.SIGHUP] = daemon.reload
    with on_signals(actions):
        await daemon.run()
        await warm.close()
    for name in daemon.due():
        _note_next_run(name, None)
    if stopped_by:
        report(f"stopped by {stopped_by[0]}")
    return 0


def _note_next_run(name: str, due: datetime | None) -> None:
    with suppress(OSError):
        note_next_run(health_folder(), name, due)


def _load_schedules(options: DaemonOptions, settings: "_KeptSettings") -> dict[str, ScheduledJob]:
    """Read the jobs and their schedules, at the start and at every SIGHUP. Raises UsageError."""
    scheduled = {}
    for name, job in choose_jobs(settings.load_jobs(), options.names).items():
        schedule = options.schedule or build_schedule(job.every, job.cron)
        if schedule is not None:
            began_at = load_state(state_dir() / "sync" / f"{name}.json").began_at
            scheduled[name] = ScheduledJob(schedule, datetime.fromisoformat(began_at) if began_at else None)
        elif options.names:
            raise UsageError(f"[jobs.{section_of(name)}] has neither every nor cron: when is it to run?")
    if not scheduled:
        raise UsageError("No job has every or cron", Remedy.SET_TIMES)
    return scheduled


@contextmanager
def _kept_settings() -> Iterator["_KeptSettings"]:
    settings = _KeptSettings(state_dir())
    try:
        yield settings
    finally:
        settings.remove_copy()


class _KeptSettings:
    """The last valid version of the settings file. The runs of a daemon read a copy of it.

    While the drive is full there is no copy, and they read the file itself.
    """

    def __init__(self, parent: Path) -> None:
        self._parent = parent
        self._folder: Path | None = None
        self._content: bytes | None = None
        self._queues: dict[str, str] = {}

    def queue_of(self, name: str) -> str:
        """Return the queue of a job, as it was when the settings were read last."""
        return self._queues.get(name, name)

    def load_jobs(self) -> dict[str, SyncJob]:
        """Read the jobs and copy the file. Raises SettingsError; then the old copy stays.

        Raises StateFileError if no copy can be made, unless that is for want of room.
        """
        jobs = self._load_jobs()
        self._queues = {name: queue_of(name, job) for name, job in jobs.items()}
        return jobs

    def _load_jobs(self) -> dict[str, SyncJob]:
        try:
            content = config_file().read_bytes()
        except OSError:
            return load_jobs()  # it names the file's problems
        try:
            candidate = self._write("new.toml", content)
        except StateFileError as error:
            if error.remedy is not Remedy.MAKE_ROOM:
                raise
            jobs = load_jobs()
        else:
            jobs = load_jobs({**os.environ, "IMPORTER_CONFIG_SNAPSHOT": str(candidate)})
        self._content = content
        return jobs

    def variables(self) -> dict[str, str]:
        """Return the variables with the path of the copy; empty if there is none."""
        if self._content is None:
            return {}
        try:
            copy = self._write("config.toml", self._content)
        except StateFileError:
            return {}
        return {"IMPORTER_CONFIG_SNAPSHOT": str(copy)}

    def remove_copy(self) -> None:
        """Delete the copy: the settings may contain secrets."""
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _write(self, name: str, content: bytes) -> Path:
        if self._folder is None:
            with translate_trouble(self._parent, "keep a copy of the settings"):
                self._folder = Path(tempfile.mkdtemp(prefix="daemon-", dir=self._parent))
        write_privately(self._folder / name, content)
        return self._folder / name
