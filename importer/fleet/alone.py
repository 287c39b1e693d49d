"""Brings an account in a process of its own, after two workers died with it: so the guilty one is known.

```text
this process                           the child (`alone_child.py`)
{"name": "ada", "fence": 9, ...}  -->  goes on under the lease
stop                              -->  ends in good order
the pipe closes, we died          -->  ends at once: the lease will be another's
                                  <--  {"outcome": "ended", ...}
                                       or nothing: it died, and the account is set aside
```
"""

import json
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import asdict

from importer.errors import StopRunError
from importer.fleet.bringing import Brought, FleetOptions, Outcome
from importer.fleet.depot import Depot, Lease, LeaseLostError
from importer.fleet.lease import Held
from importer.interrupts import OWN_GROUP

CHILD = ("-P", "-m", "importer.fleet.alone_child")


def work_alone(lease: Lease, held: Held, depot: Depot, options: FleetOptions) -> Brought:
    """Let a child go on under the lease. If it dies, the account is set aside."""
    with subprocess.Popen(  # noqa: S603 - this program
        [sys.executable, *CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        encoding="utf-8",
        **OWN_GROUP,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        stdin = child.stdin

        def tell(line: str) -> None:
            with suppress(OSError, ValueError):  # it has ended
                stdin.write(line + "\n")
                stdin.flush()

        tell(json.dumps({"name": lease.name, "fence": lease.fence, "options": asdict(options)}))
        with held.stop.calling(lambda _: tell("stop")):
            answer = child.stdout.read()
        code = child.wait()
    try:
        return _read(lease.name, answer) or _set_aside(lease, depot, code)
    except LeaseLostError as lost:
        return Brought(lease.name, Outcome.LOST, StopRunError.exit_code, str(lost))
    finally:
        with suppress(StopRunError):  # the child gave it back; a lock of this process is let go of
            depot.release(lease)


def _read(name: str, answer: str) -> Brought | None:
    try:
        found = json.loads(answer)
        return Brought(name, Outcome(found["outcome"]), int(found["exit_code"]), str(found["message"]))
    except (ValueError, KeyError, TypeError):
        return None


def _set_aside(lease: Lease, depot: Depot, code: int) -> Brought:
    ended_by = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    why = f"its worker died ({ended_by}) while it worked on nothing else"
    depot.set_aside(lease, why)
    return Brought(lease.name, Outcome.SET_ASIDE, 1, why)
