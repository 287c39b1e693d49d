"""The child process of `alone.py`: `python -m importer.fleet.alone_child`. It brings one account."""

import json
import os
import sys
import threading

from importer.errors import StopRunError
from importer.fleet.bringing import Bringing, Brought, FleetOptions, Outcome
from importer.fleet.depot import Lease
from importer.fleet.lease import Held, Leases
from importer.fleet.opening import open_depot, open_sealer_of


def work(order: str) -> Brought:
    """Work on the account that the order names, under the lease that it names."""
    wanted = json.loads(order)
    options, lease = FleetOptions(**wanted["options"]), Lease(wanted["name"], int(wanted["fence"]))
    with open_depot(options.depot) as depot:
        sealer = open_sealer_of(depot)
        with Leases(depot, options.lease_seconds) as leases:
            held = leases.take_over(lease)
            threading.Thread(target=_listen, args=(held,), daemon=True).start()
            return Bringing(depot, sealer, leases, options).work(depot.claimed(lease), held)


def _listen(held: Held) -> None:
    for line in sys.stdin:
        if line.strip() == "stop":
            held.stop(StopRunError("interrupted"))
    os._exit(StopRunError.exit_code)  # the process that has the lock died: nobody holds the lease for us


def main() -> None:
    """Read the order from standard input, and write the outcome to standard output."""
    order = sys.stdin.readline()
    try:
        brought = work(order)
    except Exception as error:  # noqa: BLE001 - no fault of the account: the depot does not answer, for one
        brought = Brought(json.loads(order)["name"], Outcome.GIVEN_BACK, StopRunError.exit_code, str(error))
    print(json.dumps(brought._asdict()), flush=True)  # noqa: T201 - the answer
    os._exit(0)  # the listener is still reading


if __name__ == "__main__":
    main()
