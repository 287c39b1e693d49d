"""Builds requests to Trakt: the address, the label and the required headers."""

from importer.http import Request


def build_request(
    method: str, base_url: str, path: str, client_id: str, body: bytes | None = None, *, as_user: bool = False
) -> Request:
    """Build a request to `path` (docs: required headers; the transport adds a User-Agent).

    `as_user` asks the client to add the token of the signed-in account.
    """
    headers = {"Content-Type": "application/json", "trakt-api-version": "2", "trakt-api-key": client_id}
    label = f"{method} {path.partition('?')[0].removeprefix('/')}"
    return Request(method, base_url + path, label, body, headers, needs_token=as_user)
