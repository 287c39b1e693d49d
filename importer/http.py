"""HTTP as values, without I/O: requests and answers, what their headers and bodies say, and addresses.

```text
Request("POST", "https://.../rate/movie/K3Y", "POST rate/movie")    repr: <Request POST rate/movie>
Response(429, {"Retry-After": "12"}, b"")                           read_retry_after(headers) == 12.0
Response(502, {}, b"<html>")                                        parse_object(body) == {}
"http://me:pw@ratings.example.org/?x"                               url_problems: password, http, query
```
"""

import ipaddress
import os
import re
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any, NamedTuple
from urllib.parse import SplitResult, urlsplit

import orjson

from importer import limits
from importer.errors import Remedy

_NO_HEADERS: Mapping[str, str] = {}


class Request(NamedTuple):
    """One HTTP request.

    Its URL may have a key and its body a password, so neither is ever shown: its repr is its `label`
    (`POST rate/movie`), which is what logs and messages use.
    """

    method: str
    url: str
    label: str
    body: bytes | None = None
    """JSON: the transport says so in the header, unless `headers` do."""
    headers: Mapping[str, str] = _NO_HEADERS
    needs_token: bool = False
    """Whether the client adds the token of the signed-in account."""
    answer_limit: int = limits.ANSWER
    """Bytes that the answer may have."""

    def __repr__(self) -> str:
        return f"<Request {self.label}>"


class Response(NamedTuple):
    """One HTTP answer, read to its end. Header names are matched without regard to case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Response {self.status}>"


_LONGEST_NUMBER = 12
"""Digits of a Retry-After that are read: enough for any wait, too few to overflow a float."""


def read_retry_after(headers: Mapping[str, str]) -> float | None:
    """Read `Retry-After` in seconds; a date counts from the server's own `Date` (RFC 9110, 10.2.3)."""
    text = headers.get("Retry-After", "").strip()
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text[:_LONGEST_NUMBER])
    try:
        pause = parsedate_to_datetime(text) - parsedate_to_datetime(headers.get("Date", ""))
    except (TypeError, ValueError, OverflowError):
        return None
    return max(0.0, pause.total_seconds())


def is_web_page(answer: Response) -> bool:
    """Whether a web page came instead of an answer: then it was not the API that refused."""
    is_html = "html" in answer.headers.get("Content-Type", "").lower()
    return is_html or answer.body[:200].lstrip().startswith(b"<")


def parse_object(body: bytes) -> Mapping[str, Any]:
    """Parse a JSON object; anything else that a server or a proxy sends is an empty one."""
    content = _parse(body)
    return content if isinstance(content, dict) else {}


def parse_list(body: bytes) -> list[Any] | None:
    """Parse a JSON list; None if the body is not one."""
    content = _parse(body)
    return content if isinstance(content, list) else None


def _parse(body: bytes) -> Any:
    # What it takes in memory, at most: 240 bytes for an object, 90 for a value, 80 for its name. Most answers
    # are so short that they need not be looked through.
    if 240 * len(body) > limits.LARGEST_PARSED:
        objects, values, names = body.count(b"{") + body.count(b"["), body.count(b","), body.count(b'":')
        if 240 * objects + 90 * values + 80 * names > limits.LARGEST_PARSED:
            return None
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def split_url(url: str) -> SplitResult | None:
    """Split an http(s) address; None if the text is not one."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and _is_host(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return parts if is_address and url.isprintable() and " " not in url else None


def _is_host(host: str | None) -> bool:
    """Whether a host can be looked up: no label of it is empty or over 63 letters. Raises ValueError."""
    plain = (host or "").encode("idna" if host and not host.isascii() else "ascii").decode()
    return all(0 < len(label) < 64 for label in plain.removesuffix(".").split("."))


def host_of(url: str) -> str:
    """Return the host of an address; empty if the text is not one."""
    parts = split_url(url)
    return (parts.hostname or "").rstrip(".") if parts else ""


def is_same_site(url: str, other: str) -> bool:
    """Whether two addresses are of one host, or of hosts of one domain: auth.trakt.tv and trakt.tv.

    Without a list of all suffixes that anybody can register under, co.uk is told by its length.
    """
    hosts = host_of(url).lower(), host_of(other).lower()
    if not all(hosts):
        return False
    return (
        hosts[0] == hosts[1] or all(map(is_loopback, hosts)) or _domain_of(hosts[0]) == _domain_of(hosts[1])
    )


def _domain_of(host: str) -> str:
    labels = host.split(".")
    is_number = labels[-1].isdigit() or ":" in host
    is_suffix = len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3
    return host if is_number else ".".join(labels[-3 if is_suffix else -2 :])


def url_problems(url: str, *, in_clear: str, section: str) -> Iterator[str]:
    """Yield all problems of an address. Plain http to another machine is one unless `in_clear` is empty.

    `in_clear` names what would be sent unencrypted; `section` is the section of the settings file.
    """
    parts = split_url(url)
    if parts is None:
        yield "{place} is no web address; it should look like https://ratings.example.org."
        return
    if "@" in parts.netloc:
        yield "{place} must not contain a user name or a password: they have settings of their own."
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        yield "{place} must end with its path, without ? and # and what follows them."
    host = parts.hostname or ""
    if parts.scheme == "http" and in_clear and not is_loopback(host):
        yield (
            f"{{place}} is plain http: {in_clear} would travel in clear to {host}. "
            f"{Remedy.USE_HTTPS} (insecure_http = true in [{section}])."
        )


def is_loopback(host: str) -> bool:
    """Whether the host is this machine, by its name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def explain_socket_error(error: OSError) -> str:
    """Say what the system says: asyncio puts a call and an address in its place, or before it."""
    told = error.strerror or str(error)
    is_told_otherwise = "call failed" in told or "error while attempting to bind" in told
    return os.strerror(error.errno) if error.errno and is_told_otherwise else told
