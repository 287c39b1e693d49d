"""`importer fleet run`, `serve`, `scheduler` and `worker`: the processes of a fleet.

```text
run                  driver and 32 threads in this process             no port
run --processes 4    driver and scheduler here, 4 worker processes     127.0.0.1, certificates of this run
serve                as run, and stays
scheduler            hands names of accounts from a driver to workers  tls://
worker ADDRESS       imports for these accounts in threads
```
"""

import asyncio
import signal
import sys
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer

from importer.cli import options
from importer.cli.next_step import command_line
from importer.cli.options import LogFormat
from importer.errors import StopRunError
from importer.fleet.bringing import Brought, FleetOptions, Outcome
from importer.fleet.driver import Driver
from importer.fleet.metrics import read_fleet
from importer.fleet.opening import open_depot, open_sealer_of
from importer.fleet.settings import MOST_THREADS, FleetSettings, load_fleet
from importer.fleet.watching import Turns, watching
from importer.fleet.worker import open_worker
from importer.interrupts import ending_signals, listening_to_signals, on_signals
from importer.monitoring.log import Log, open_log
from importer.monitoring.metrics import serve_gauges
from importer.parts import MissingPartError, is_there
from importer.sync.recipients import serving
from importer.text import ignore_closed_stream

if TYPE_CHECKING:
    from importer.fleet.engine import Tls

Threads = Annotated[
    int | None,
    typer.Option("--threads", min=1, max=MOST_THREADS, help="Accounts at once in each process.", metavar="N"),
]
Processes = Annotated[
    int | None,
    typer.Option(
        "--processes", min=1, max=64, help="Work in so many processes of this machine.", metavar="N"
    ),
]

_LOCAL = "tcp://127.0.0.1:8786"
_EVERYWHERE = "tls://0.0.0.0:8786"


def run(
    *,
    processes: Processes = None,
    threads: Threads = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormatOption = LogFormat.TEXT,
) -> None:
    """Import for all accounts that are due, once.

    The exit code is the worst of all accounts. After Ctrl-C the same command goes on.
    """
    log = open_log(as_json=log_format is LogFormat.JSON)
    turns = Turns(log, partial(_print, quiet=quiet))
    settings = _load(threads)
    with _Stop() as stop, _driver(settings, processes, log, turns, stop) as driver:
        code = driver.run()
    _print(turns.summarise(), quiet=quiet or log.is_json)
    if code:
        _print(f"Next: {_next_step(turns)}", quiet=quiet or log.is_json)
    if stop.signal is not None:
        raise StopRunError(f"interrupted ({stop.signal.name}); the same command goes on from there")
    raise typer.Exit(code)


def _next_step(turns: Turns) -> str:
    """Where one account has rows that did not succeed, and no other has trouble, its results tell all."""
    match list(turns.failed.values()):
        case [Brought(name=name, outcome=Outcome.ENDED, exit_code=1, message="")]:
            return command_line("fleet", "results", name)
        case _:
            return command_line("fleet", "status")


def serve(
    *,
    processes: Processes = None,
    threads: Threads = None,
    metrics_at: Annotated[
        str | None,
        typer.Option("--metrics-at", help="Serve metrics there, on 127.0.0.1.", metavar="[HOST:]PORT"),
    ] = None,
    quiet: options.Quiet = False,
    log_format: options.LogFormatOption = LogFormat.TEXT,
) -> None:
    """Stay, and import for each account when it is due."""
    log = open_log(as_json=log_format is LogFormat.JSON)
    turns = Turns(log, partial(_print, quiet=quiet))
    settings = _load(threads)
    with (
        _Stop() as stop,
        _driver(settings, processes, log, turns, stop) as driver,
        serving(metrics_at, log, partial(serve_gauges, partial(read_fleet, driver.depot.tally))),
    ):
        driver.serve()
    if stop.signal is not None:
        log.note(f"stopped by {stop.signal.name}")


def scheduler(
    listen: Annotated[
        str,
        typer.Option(
            "--listen",
            help=f"Where, usually {_EVERYWHERE}, or {_LOCAL} without TLS files.",
            metavar="ADDRESS",
            show_default=False,
        ),
    ] = "",
    log_format: options.LogFormatOption = LogFormat.TEXT,
) -> None:
    """Hand accounts from a driver to workers, until Ctrl-C."""
    _check_part()
    from importer.fleet.engine import serve_scheduler  # noqa: PLC0415 - an optional part

    log = open_log(as_json=log_format is LogFormat.JSON)
    tls = _tls(load_fleet())
    address = listen or (_EVERYWHERE if tls.ca else _LOCAL)

    def ready(bound: str) -> None:
        log.note(f"the scheduler is at {bound}")

    _run_until_stopped(lambda until: serve_scheduler(address, tls, until, ready))


def worker(
    address: Annotated[
        str, typer.Argument(help="The scheduler's; usually that of the settings.", show_default=False)
    ] = "",
    *,
    threads: Threads = None,
    log_format: options.LogFormatOption = LogFormat.TEXT,
) -> None:
    """Import for the accounts that a scheduler hands out."""
    _check_part()
    from importer.fleet.engine import serve_worker  # noqa: PLC0415 - an optional part

    log = open_log(as_json=log_format is LogFormat.JSON)
    settings = _load(threads)
    at = address or settings.scheduler or _LOCAL
    with open_worker(worker_options(settings), watching(log)) as (own, _):
        _run_until_stopped(lambda until: serve_worker(at, _tls(settings), own, settings.threads, until))


def _check_part() -> None:
    """Raise MissingPartError before an import fails."""
    if not is_there("fleet"):
        raise MissingPartError("fleet", "a fleet")


def _load(threads: int | None) -> FleetSettings:
    settings = load_fleet()
    return settings if threads is None else replace(settings, threads=threads)


def worker_options(settings: FleetSettings) -> FleetOptions:
    """Return the settings that a worker needs."""
    return FleetOptions(
        settings.depot.reveal(), dict(settings.defaults or {}), settings.every, settings.lease
    )


def _tls(settings: FleetSettings) -> "Tls":
    from importer.fleet.engine import Tls  # noqa: PLC0415 - an optional part

    return Tls(settings.tls_ca, settings.tls_cert, settings.tls_key)


@contextmanager
def _driver(
    settings: FleetSettings, processes: int | None, log: Log, turns: Turns, stop: "_Stop"
) -> Iterator[Driver]:
    """Build the driver with its depot and its hands: here, in processes of this machine, or elsewhere."""
    _check_part()
    from importer.fleet.engine import connected, embedded  # noqa: PLC0415 - an optional part
    from importer.fleet.local_fleet import local_fleet  # noqa: PLC0415 - it needs the same

    with ExitStack() as opened:
        if processes is None and not settings.scheduler:
            own, depot = opened.enter_context(open_worker(worker_options(settings), watching(log)))
            hands = opened.enter_context(embedded(own, settings.threads))
        else:
            depot = opened.enter_context(open_depot(settings.depot.reveal()))
            address, tls = settings.scheduler, _tls(settings)
            if processes is not None:
                open_sealer_of(depot)  # or the workers would end at once, and be started again for ever
                words = ["--threads", str(settings.threads)] + (
                    ["--log-format", "json"] if log.is_json else []
                )
                address, tls = opened.enter_context(local_fleet(processes, words))
            hands = opened.enter_context(connected(address, tls))
        rate = None if settings.rate is None else settings.rate.requests / settings.rate.period_seconds
        yield Driver(depot, hands, rate, turns, stop.asked)


class _Stop:
    """Hears the signals that ask to stop; a second one ends the wait for a good end."""

    def __init__(self) -> None:
        self.signal: signal.Signals | None = None
        self.asked = threading.Event()
        self._opened = ExitStack()

    def __enter__(self) -> Self:
        self._opened.enter_context(listening_to_signals(self._take))
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def _take(self, number: int, _frame: FrameType | None) -> None:
        if self.asked.is_set():
            raise KeyboardInterrupt
        self.signal = signal.Signals(number)
        self.asked.set()


def _run_until_stopped(serve_until: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    async def work() -> None:
        until = asyncio.Event()
        with on_signals(dict.fromkeys(ending_signals(), until.set)):
            await serve_until(until)

    asyncio.run(work())


def _print(line: str, *, quiet: bool) -> None:
    if not quiet:
        with ignore_closed_stream(sys.stdout):
            print(line, flush=True)
