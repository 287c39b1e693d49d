"""Metrics for Prometheus: a textfile or an HTTP endpoint. Only home of prometheus_client.

```text
Gauge("rows", "Rows of the last run by status.", ("job", "status"), [(("nightly", "failed"), 2)])
rating_importer_rows{job="nightly",status="failed"} 2.0
```

The metrics of sync jobs come from their health files, those of a fleet from its depot (`fleet/metrics.py`).

The textfile is for node_exporter's textfile collector, which reads files that end in `.prom` and takes no
timestamps (https://github.com/prometheus/node_exporter#textfile-collector). The endpoint answers in
OpenMetrics if the client asks for it.
"""

import ipaddress
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from filelock import FileLock

from importer.errors import UsageError
from importer.files import AtomicFiles
from importer.http import explain_socket_error, host_of
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


class Gauge(NamedTuple):
    """A metric, with a value for each combination of labels."""

    name: str
    meaning: str
    labels: tuple[str, ...]
    values: Iterable[tuple[tuple[str, ...], float]]


ReadGauges = Callable[[], Iterable[Gauge]]
"""Called for each answer. What it raises makes that answer an error."""


def write_metrics(path: Path, health_folder: Path) -> None:
    """Write the metrics of all jobs to a file, atomically. Raises OSError."""
    from prometheus_client import generate_latest  # noqa: PLC0415 - slow to import

    # If two jobs end at once, the one that reads later must also write later.
    with (
        FileLock(health_folder / ".metrics.lock", timeout=_LOCK_SECONDS, mode=0o600),
        AtomicFiles() as drafts,
    ):
        drafts.open(path).write(generate_latest(_build_registry(partial(_read_jobs, health_folder))).decode())
        drafts.commit([path])


@contextmanager
def serve_metrics(health_folder: Path, port: int, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve the metrics of all jobs as `serve_gauges` does."""
    with serve_gauges(partial(_read_jobs, health_folder), port, host) as bound_port:
        yield bound_port


@contextmanager
def serve_gauges(read: ReadGauges, port: int, host: str = "127.0.0.1") -> Iterator[int]:
    """Serve the metrics over HTTP from a thread, and yield the port: a free one if `port` is 0.

    Anybody who can reach the port can read job names and counts, nothing else. Raises UsageError.
    """
    from prometheus_client import make_wsgi_app, start_http_server  # noqa: PLC0415

    registry = _build_registry(read)
    try:
        server, thread = start_http_server(port, host, registry)
    except OSError as error:
        raise UsageError(
            f"the metrics cannot be served at {host} port {port} ({explain_socket_error(error)}); "
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

        def get_stderr(self) -> StringIO:
            """Drop what would be a traceback: the answer says that there is an error."""
            return StringIO()

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


def _build_registry(read: ReadGauges) -> "CollectorRegistry":
    from prometheus_client import CollectorRegistry  # noqa: PLC0415

    registry = CollectorRegistry()
    registry.register(_Collector(read))
    return registry


class _Collector:
    """Reads the gauges at each request."""

    def __init__(self, read: ReadGauges) -> None:
        self._read = read

    def describe(self) -> Iterable["Metric"]:
        return []

    def collect(self) -> Iterator["Metric"]:
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

        for gauge in self._read():
            family = GaugeMetricFamily(f"{_PREFIX}_{gauge.name}", gauge.meaning, labels=gauge.labels)
            for labels, value in gauge.values:
                family.add_metric(labels, value)
            yield family


def _read_jobs(folder: Path) -> Iterator[Gauge]:
    """Read the health files."""
    known = read_health(folder)
    names = sorted({*(job.job for job in known), *list_off(folder)})
    meaning = "1 while the job is switched off; then it has no other metrics."
    yield Gauge("switched_off", meaning, ("job",), (((name,), float(is_off(folder, name))) for name in names))
    # Without series, a job that is off is not overdue, and no success either.
    jobs = [job for job in known if not is_off(folder, job.job)]
    yield _count_rows("rows", "Rows of the last run by status.", ((job, job.counts) for job in jobs))
    told = "Rows of the last run that did not succeed, and of which the run before told the same."
    yield _count_rows("rows_told_before", told, ((job, job.told) for job in jobs))
    yield _by_job(
        "last_run_timestamp_seconds",
        "When the last run of the job ended.",
        ((job, _seconds(job.ended_at)) for job in jobs),
    )
    yield _by_job(
        "last_success_timestamp_seconds",
        "When the last run in which every row succeeded ended.",
        ((job, _seconds(job.last_success_at)) for job in jobs if job.last_success_at),
    )
    yield _by_job(
        "last_run_duration_seconds",
        "How long the last run of the job took.",
        ((job, job.seconds) for job in jobs),
    )
    yield _by_job(
        "last_run_exit_code",
        "0 every row succeeded, 1 some did not, 2 settings or file, 3 stopped early.",
        ((job, job.exit_code) for job in jobs),
    )
    yield _by_job(
        "consecutive_failures",
        "Runs of the job since the last one in which every row succeeded.",
        ((job, job.consecutive_failures) for job in jobs),
    )


def _count_rows(name: str, meaning: str, counted: Iterable[tuple[Health, Mapping[str, int]]]) -> Gauge:
    # All statuses each time: an alert cannot watch a series that comes and goes.
    values = (((job.job, str(each)), counts.get(each, 0)) for job, counts in counted for each in Status)
    return Gauge(name, meaning, ("job", "status"), values)


def _by_job(name: str, meaning: str, values: Iterable[tuple[Health, float]]) -> Gauge:
    return Gauge(name, meaning, ("job",), (((job.job,), value) for job, value in values))


def _seconds(time: str) -> float:
    return datetime.fromisoformat(time).timestamp()
