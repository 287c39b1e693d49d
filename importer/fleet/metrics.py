"""A fleet as metrics, for its driver's `--metrics-at`. No account is named: a fleet has thousands."""

from collections.abc import Callable, Iterator

from importer.fleet.depot import State, Tally
from importer.model import Status
from importer.monitoring.metrics import Gauge


def read_fleet(count: Callable[[], Tally]) -> Iterator[Gauge]:
    """Count the fleet, and yield what came of it. Raises what `count` raises."""
    tally = count()
    yield Gauge(
        "fleet_accounts",
        "Accounts by what they are doing.",
        ("state",),
        (((str(state),), tally.states.get(state, 0)) for state in State),
    )
    yield Gauge(
        "fleet_rows",
        "Rows by status, of every account's last turn.",
        ("status",),
        (((str(status),), tally.counts.get(status, 0)) for status in Status),
    )
    for name, meaning, value in (
        ("fleet_overdue_seconds", "How long the account that waits longest is due.", tally.overdue_seconds),
        ("fleet_leases_lost", "How often an account was taken over from a worker.", tally.leases_lost),
        ("fleet_saves", "How often a worker saved an account's state.", tally.saves),
        (
            "fleet_pause_seconds",
            "How much longer nobody sends anything: a server asked.",
            tally.pause_seconds,
        ),
    ):
        yield Gauge(name, meaning, (), [((), value)])
    if tally.share is not None:
        yield Gauge("fleet_share", "Requests a second for each worker process.", (), [((), tally.share)])
