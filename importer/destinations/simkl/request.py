"""Builds requests to Simkl: the address with the app's name in it, the label and the headers."""

from functools import cache
from importlib.metadata import version
from urllib.parse import urlencode

from importer.http import Request

APP_NAME = "rating-importer"
"""Simkl wants it in lower case."""


def build_request(
    method: str, base_url: str, path: str, client_id: str, body: bytes | None = None, *, as_user: bool = False
) -> Request:
    """Build a request to `path`; the transport adds a User-Agent.

    Every request names the app (Simkl's docs, conventions: `client_id`, `app-name`, `app-version`).
    `as_user` asks the client to add the token of the signed-in account.
    """
    address = f"{base_url}{path}?{_name_app(client_id)}"
    headers = {"Content-Type": "application/json"}
    return Request(method, address, f"{method} {path.removeprefix('/')}", body, headers, needs_token=as_user)


@cache
def _name_app(client_id: str) -> str:
    return urlencode({"client_id": client_id, "app-name": APP_NAME, "app-version": version(APP_NAME)})
