"""The health files as Prometheus metrics: a textfile or an HTTP endpoint. Only home of prometheus_client.

The textfile is for node_exporter's textfile collector, which reads files that end in `.prom` and takes no
timestamps (https://github.com/prometheus/node_exporter#textfile-collector). The endpoint answers in
OpenMetrics if the client asks for it.
"""

import ipaddress
import socket
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from importer.errors import UsageError
from importer.files import AtomicFiles
from importer.http import host_of
from importer.model import Status
from importer.monitoring.health import Health, read_health
from importer.monitoring.switches import is_off, list_off

if TYPE_CHECKING:
    from socketserver import BaseRequestHandler
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

    from prometheus_client import CollectorRegistry, Metric

_PREFIX = "rating_importer"
_LOCK_SECONDS = 10

REQUEST_SECONDS = 10.0
"""The longest wait for the rest of a request."""

_LOCAL_NAMES = (".localhost", ".local", ".lan", ".home", ".home.arpa", ".internal")
"""Ends of names that nobody can register in public."""


def write_metrics(path: Path, health_folder: Path) -> None:
    """Write the metrics of all jobs to a file, atomically. Raises OSError."""
    from prometheus_client import generate_latest  # noqa: PLC0415 - slow to import

    # If two jobs end at once, the one that reads later must also write later.
    with (
        FileLock(health_folder / ".metrics.lock", timeout=_LOCK_SECONDS, mode=0o600),
        AtomicFiles() as drafts,
    ):
        drafts.open(path).write(generate_latest(_build_registry(health_folder)).decode())
        drafts.commit([path])


@contextmanager
def serve_metrics(health_folder: Path, port: int, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve the metrics over HTTP from a thread, and yield the port: a free one if `port` is 0.

    Anybody who can reach the port can read job names and counts, nothing else. Raises UsageError.
    """
    from prometheus_client import make_wsgi_app, start_http_server  # noqa: PLC0415

    registry = _build_registry(health_folder)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise UsageError(
            f"the metrics cannot be served at {host} port {port} ({error.strerror or error}); "
            "choose another port"
        ) from error
    server.set_app(_refuse_foreign_hosts(make_wsgi_app(registry), host))
    server.RequestHandlerClass = _build_handler_class()
    server.handle_error = lambda *_: None  # type: ignore[method-assign] # it would print a traceback
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _build_handler_class() -> "type[BaseRequestHandler]":
    from wsgiref.simple_server import WSGIRequestHandler  # noqa: PLC0415

    class Handler(WSGIRequestHandler):
        timeout = REQUEST_SECONDS  # else half a request keeps its thread for ever

        def log_message(self, *_: object) -> None:
            """Requests are no news."""

    return Handler


def _refuse_foreign_hosts(app: "WSGIApplication", bound_to: str) -> "WSGIApplication":
    """Answer only under names of this network.

    Else a web page could have its own name point here, and read the metrics in a visitor's browser.
    """

    def answer(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        if not _is_own_name(environ.get("HTTP_HOST", ""), bound_to):
            start_response("403 Forbidden", [("Content-Type", "text/plain; charset=utf-8")])
            return [b"Ask under an address, or a name of this network.\n"]
        return app(environ, start_response)

    return answer


def _is_own_name(header: str, bound_to: str) -> bool:
    host = host_of(f"http://{header}").lower()
    if not header or host in {bound_to.lower(), socket.gethostname().lower()}:
        return True
    is_local = bool(host) and ("." not in host or host.endswith(_LOCAL_NAMES))
    try:
        return is_local or bool(ipaddress.ip_address(host))
    except ValueError:
        return False


def _build_registry(health_folder: Path) -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry  # noqa: PLC0415

    registry = CollectorRegistry()
    registry.register(_Collector(health_folder))
    return registry


class _Collector:
    """Reads the health files at each request."""

    def __init__(self, health_folder: Path) -> None:
        self._health_folder = health_folder

    def describe(self) -> Iterable["Metric"]:
        return []

    def collect(self) -> Iterator["Metric"]:
        known = read_health(self._health_folder)
        yield _build_switches(self._health_folder, known)
        # Without series, a job that is off is not overdue, and no success either.
        jobs = [job for job in known if not is_off(self._health_folder, job.job)]
        yield _build_rows("rows", "Rows of the last run by status.", ((job, job.counts) for job in jobs))
        told = "Rows of the last run that did not succeed, and of which the run before told the same."
        yield _build_rows("rows_told_before", told, ((job, job.told) for job in jobs))
        yield _build_gauge(
            "last_run_timestamp_seconds",
            "When the last run of the job ended.",
            ((job, _seconds(job.ended_at)) for job in jobs),
        )
        yield _build_gauge(
            "last_success_timestamp_seconds",
            "When the last run in which every row succeeded ended.",
            ((job, _seconds(job.last_success_at)) for job in jobs if job.last_success_at),
        )
        yield _build_gauge(
            "last_run_duration_seconds",
            "How long the last run of the job took.",
            ((job, job.seconds) for job in jobs),
        )
        yield _build_gauge(
            "last_run_exit_code",
            "0 every row succeeded, 1 some did not, 2 settings or file, 3 stopped early.",
            ((job, job.exit_code) for job in jobs),
        )
        yield _build_gauge(
            "consecutive_failures",
            "Runs of the job since the last one in which every row succeeded.",
            ((job, job.consecutive_failures) for job in jobs),
        )


def _build_switches(folder: Path, jobs: Iterable[Health]) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    meaning = "1 while the job is switched off; then it has no other metrics."
    family = GaugeMetricFamily(f"{_PREFIX}_switched_off", meaning, labels=["job"])
    for name in sorted({*(job.job for job in jobs), *list_off(folder)}):
        family.add_metric([name], float(is_off(folder, name)))
    return family


def _build_rows(name: str, meaning: str, counted: Iterable[tuple[Health, Mapping[str, int]]]) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    family = GaugeMetricFamily(f"{_PREFIX}_{name}", meaning, labels=["job", "status"])
    for job, counts in counted:
        # All statuses each time: an alert cannot watch a series that comes and goes.
        for status in Status:
            family.add_metric([job.job, str(status)], counts.get(status, 0))
    return family


def _build_gauge(name: str, meaning: str, values: Iterable[tuple[Health, float]]) -> "Metric":
    from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

    family = GaugeMetricFamily(f"{_PREFIX}_{name}", meaning, labels=["job"])
    for job, value in values:
        family.add_metric([job.job], value)
    return family


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
