"""What is wrong with an address that secrets are to be sent to. `{place}` stands for where it was read."""

import ipaddress
from collections.abc import Iterator
from urllib.parse import SplitResult, urlsplit


def split_url(url: str) -> SplitResult | None:
    """Take an http(s) address apart; None if it is none."""
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return parts if is_address and url.isprintable() and " " not in url else None


def host_of(url: str) -> str:
    """Give the host of an address, empty if it is none."""
    parts = split_url(url)
    return (parts.hostname or "").rstrip(".") if parts else ""


def url_problems(url: str, *, in_clear: str, section: str) -> Iterator[str]:
    """Say all that is wrong with an address. Plain http to another machine is, if `in_clear` is not empty.

    `in_clear` names what would travel in clear; `section` is the one of the settings file.
    """
    parts = split_url(url)
    if parts is None:
        yield "{place} is no web address; it should look like https://ratings.example.org."
        return
    if "@" in parts.netloc:
        yield "{place} must not hold a user name or a password: these are settings of their own."
    if parts.query or parts.fragment or url.endswith(("?", "#")):
        yield "{place} must end with its path, without ? and # and what follows them."
    host = parts.hostname or ""
    if parts.scheme == "http" and in_clear and not _is_loopback(host):
        yield (
            f"{{place}} is plain http: {in_clear} would travel in clear to {host}. "
            f"Use https, or accept it with --insecure-http (or insecure_http = true in [{section}])."
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
