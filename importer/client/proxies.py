"""Which proxy a request goes through, as curl and git read it from the environment; none for this machine.

`IMPORTER_PROXY` is the importer's own: it goes before the proxies that all programs share.
"""

import os
from urllib.request import getproxies, proxy_bypass

from importer.errors import SettingsError
from importer.http import host_of, is_loopback, split_url


class Proxies:
    """The proxies of the environment: HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, NO_PROXY, in either case.

    Falsy where there are none, so that a request pays nothing for them.
    """

    def __init__(self, by_scheme: dict[str, str]) -> None:
        self._by_scheme = by_scheme
        self._of_origin: dict[str, str | None] = {}

    @classmethod
    def from_environment(cls) -> "Proxies":
        """Read the environment. Raises SettingsError for a proxy that cannot be used."""
        found = {scheme: url for scheme, url in getproxies().items() if scheme in {"http", "https", "all"}}
        if own := os.environ.get("IMPORTER_PROXY", "").strip():
            found = {"importer": own}
        for scheme, url in found.items():
            found[scheme] = url if "://" in url else f"http://{url}"
            if split_url(found[scheme]) is None:
                name = f"{scheme.upper()}_PROXY"
                raise SettingsError([f"{name}: write it as http://HOST:PORT (a SOCKS proxy cannot be used)"])
        return cls(found)

    def __bool__(self) -> bool:
        return bool(self._by_scheme)

    def find(self, url: str) -> str | None:
        """Give the proxy of an address; None where it is asked directly."""
        origin = url[: url.find("/", 8)]
        if origin not in self._of_origin:
            way = self._choose(url)
            self._of_origin[origin] = self._by_scheme[way] if way else None
        return self._of_origin[origin]

    def name_setting(self, url: str) -> str:
        """Say what sets the proxy of an address: the variable, or the settings of the machine."""
        name = f"{self._choose(url) or 'all'}_proxy"
        names = {name, name.upper()} & os.environ.keys()
        # A variable in small letters goes before the same in capitals.
        return max(names) if names else "the settings of this machine"

    def _choose(self, url: str) -> str | None:
        host = host_of(url)
        if is_loopback(host) or proxy_bypass(host):
            return None
        scheme = url.partition(":")[0].lower()
        return next((way for way in ("importer", scheme, "all") if self._by_scheme.get(way)), None)
