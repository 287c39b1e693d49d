"""How many wrong passwords each address may give before it must wait.

```text
203.0.113.9     5 wrong    closed for 2 s, then 4 s, 8 s, up to 5 minutes
2001:db8::/64   1 wrong    the addresses of one network are one
192.0.2.7       none       is let in, whatever the others do
```
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

_FREE_TRIES = 5
_LONGEST_PAUSE_SECONDS = 300.0
_MOST_ADDRESSES = 10_000
"""That many are remembered; of more, those that were silent the longest are forgotten."""


class _Tries(NamedTuple):
    wrong: int = 0
    closed_until: float = 0.0


@dataclass(slots=True)
class Patience:
    """The wrong passwords of each address."""

    clock: Callable[[], float] = time.monotonic
    _tries: OrderedDict[str, _Tries] = field(default_factory=OrderedDict, repr=False)

    def seconds_left(self, address: str) -> float:
        """Return how long this address must wait; 0 if it may try."""
        tries = self._tries.get(_network_of(address), _Tries())
        return max(0.0, tries.closed_until - self.clock())

    def note_wrong(self, address: str) -> None:
        """Count a wrong password."""
        network = _network_of(address)
        wrong = self._tries.pop(network, _Tries()).wrong + 1
        pause = min(2.0 ** (wrong - _FREE_TRIES + 1), _LONGEST_PAUSE_SECONDS) if wrong >= _FREE_TRIES else 0.0
        self._tries[network] = _Tries(wrong, self.clock() + pause)
        while len(self._tries) > _MOST_ADDRESSES:
            self._tries.popitem(last=False)

    def note_right(self, address: str) -> None:
        """Forget what this address got wrong."""
        self._tries.pop(_network_of(address), None)


def _network_of(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is None:
            return str(ipaddress.ip_network((int(found) >> 64 << 64, 64)))
        found = found.ipv4_mapped
    return str(found)
