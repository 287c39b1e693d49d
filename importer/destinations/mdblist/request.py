"""Builds requests to MDBList: its key is taken from the address only, a header is ignored."""

from urllib.parse import quote

from importer.http import Request


def build_request(
    method: str, base_url: str, path: str, api_key: str, body: bytes | None = None, *, query: str = ""
) -> Request:
    """Build a request to `path`; the label, which is what logs show, has no key."""
    more = f"&{query}" if query else ""
    url = f"{base_url}{path}?apikey={quote(api_key, safe='')}{more}"
    return Request(method, url, f"{method} {path.removeprefix('/')}", body)
