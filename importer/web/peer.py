"""Which user of this machine a connection comes from, where the system says so (Linux).

The address with the key stands in the browser's arguments for a moment, where `ps` shows it to every user;
one who is quicker than the browser must still not get in.

```text
/proc/net/tcp    sl  local_address rem_address   st ... uid
                 12: 0100007F:D431 0100007F:223D 01 ... 1000
```
"""

import ipaddress
import os
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from aiohttp import web

TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))


def comes_from_another_user(request: web.Request) -> bool:
    """Whether another user than ours, and not the superuser, has opened this connection."""
    peer = request.transport.get_extra_info("peername") if request.transport else None
    if not peer or os.name != "posix":
        return False
    lines: list[str] = []
    for table in TABLES:
        with suppress(OSError):
            lines += table.read_text("ascii").splitlines()[1:]
    user = find_user(lines, str(peer[0]), int(peer[1]))
    return user is not None and user not in {0, os.getuid()}


def find_user(lines: Iterable[str], address: str, port: int) -> int | None:
    """Find the user of the socket at this address; None if the tables do not have it."""
    wanted = ipaddress.ip_address(address.partition("%")[0])
    for line in lines:
        cells = line.split()
        place, _, number = cells[1].partition(":")
        if int(number, 16) == port and _parse_address(place) == wanted:
            return int(cells[7])
    return None


def _parse_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Parse an address of the tables: words of four bytes, in the order of this machine."""
    words = [int(text[at : at + 8], 16) for at in range(0, len(text), 8)]
    found = ipaddress.ip_address(b"".join(word.to_bytes(4, sys.byteorder) for word in words))
    return (found.ipv4_mapped or found) if isinstance(found, ipaddress.IPv6Address) else found
