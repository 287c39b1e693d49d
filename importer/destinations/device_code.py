"""Reads the code of a device sign-in (RFC 8628), and checks the page that a person is sent to. Pure.

```text
https://simkl.com/pin, asked at api.simkl.com       the host's own site
https://simkl.com.example.org/pin                   another's: the sign-in stops, and the page is not shown
```
"""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, TypeGuard

from importer.destinations.decisions import Done, Stop
from importer.destinations.sign_in import DeviceCode, read_seconds, read_word
from importer.errors import AuthorizationError, Remedy, StopRunError
from importer.http import host_of, is_same_site, split_url
from importer.secret import Secret

_DEFAULT_INTERVAL_SECONDS = 5.0
"""The polling interval when the answer names none (RFC 8628, 3.2)."""

SLOWER_SECONDS = 5.0
"""`slow_down` adds this to the polling interval (RFC 8628, 3.5)."""

_LEAST_INTERVAL_SECONDS = 1.0
"""No server makes the importer poll faster."""


class SignInHost(NamedTuple):
    """The host of a sign-in, and what is known of it."""

    url: str
    setting: str
    """The variable that names the host."""
    code_seconds: float
    """How long a code is valid if the answer does not say."""


def read_code(
    content: Mapping[str, Any], url: object, whole_url: object = None, *, host: SignInHost
) -> Done[DeviceCode] | Stop | None:
    """Read a device code; None if the answer lacks something.

    The addresses are those of the page, without and with the code in it.
    """
    device_code, user_code = read_word(content, "device_code"), content.get("user_code")
    if not device_code or not _is_user_code(user_code) or not _is_address(url):
        return None
    if not _is_own_page(url, host.url):
        return _refuse_page(host)
    return Done(
        DeviceCode(
            Secret(device_code),
            user_code,
            url,
            read_seconds(content, "expires_in") or host.code_seconds,
            max(read_seconds(content, "interval") or _DEFAULT_INTERVAL_SECONDS, _LEAST_INTERVAL_SECONDS),
            whole_url if _is_address(whole_url) and _is_own_page(whole_url, host.url) else "",
        )
    )


def read_page(url: object, host: SignInHost) -> Done[str] | Stop | None:
    """Check the address of a page to approve on; None if it is no address."""
    if not _is_address(url):
        return None
    return Done(url) if _is_own_page(url, host.url) else _refuse_page(host)


def _refuse_page(host: SignInHost) -> Stop:
    # Not quoted: nobody shall open it.
    where = f"The sign-in at {host_of(host.url)} names a page that is not its own"
    return Stop(StopRunError(f"{where}: check or unset {host.setting}."))


def _is_user_code(value: Any) -> TypeGuard[str]:
    """Whether the text is a code that people can type."""
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9-]{1,20}", value) is not None


def _is_address(value: Any) -> TypeGuard[str]:
    """Whether the text is an address that is safe to show and looks like what it is."""
    if not isinstance(value, str) or len(value) > 200 or not value.isascii():
        return False
    parts = split_url(value)
    return parts is not None and "@" not in parts.netloc and "\\" not in value


def _is_own_page(page: str, auth_url: str) -> bool:
    """Whether the page is this host's own, and not in clear unless the host itself is."""
    is_safe = page.startswith("https://") or auth_url.startswith("http://")
    return is_safe and is_same_site(page, auth_url)


def start_over(what: str) -> Stop:
    """Stop a sign-in that has to begin anew."""
    return Stop(AuthorizationError(what, Remedy.START_OVER))
