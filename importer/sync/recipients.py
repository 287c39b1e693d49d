"""Builds the recipients of sync jobs' announcements from options and settings."""

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path

from importer.config.folders import config_file, state_dir
from importer.config.sync import load_sync
from importer.destinations.registry import list_sections
from importer.errors import OptionError, SettingsError
from importer.monitoring.announce import Recipients
from importer.monitoring.log import Log
from importer.monitoring.metrics import serve_metrics
from importer.monitoring.notify import NotifyOn, is_understood


def health_folder() -> Path:
    """Return the folder of the health files."""
    return state_dir() / "health"


def build_recipients(log: Log, metrics: Path | None, environ: Mapping[str, str] = os.environ) -> Recipients:
    """Build the recipients. Raises SettingsError for an address Apprise does not know, MissingPartError."""
    loaded = load_sync(list_sections(), environ)
    for warning in loaded.warnings:
        log.warn_once(warning)
    settings = loaded.settings
    odd = [number for number, address in enumerate(settings.notify, 1) if not is_understood(address)]
    if odd:
        many = len(settings.notify)
        raise SettingsError(
            [
                f"notify in [sync] of {config_file()}: address {number} of {many} is none that Apprise "
                "understands; its pages (https://github.com/caronc/apprise/wiki) show how each looks."
                for number in odd
            ]
        )
    return Recipients(log, health_folder(), metrics, settings.notify, NotifyOn(settings.notify_on))


def serving_metrics(place: str | None, log: Log) -> AbstractContextManager[None]:
    """Serve the metrics of all jobs at `[HOST:]PORT` while the block runs; see `serving`."""
    return serving(place, log, partial(serve_metrics, health_folder()))


def load_at_once(environ: Mapping[str, str] = os.environ) -> int:
    """Read how many jobs may run at once. Raises SettingsError."""
    return load_sync(list_sections(), environ).settings.at_once


@contextmanager
def serving(
    place: str | None, log: Log, serve: Callable[[int, str], AbstractContextManager[int]]
) -> Iterator[None]:
    """Have `serve` serve metrics at `[HOST:]PORT` while the block runs; None: none. Raises UsageError."""
    if place is None:
        yield
        return
    host, _, port = place.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 65536):
        raise OptionError("metrics_at", "write a port, or HOST:PORT, for example 9464", place)
    host = host.strip("[]") or "127.0.0.1"
    with serve(int(port), host) as bound_port:
        log.note(f"metrics are served at http://{f'[{host}]' if ':' in host else host}:{bound_port}/metrics")
        yield
