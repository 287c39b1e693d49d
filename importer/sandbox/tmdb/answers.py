"""The answers that have a `status_code`, as TMDB's docs list them (errors)."""

from collections.abc import Mapping
from typing import Any

from importer.sandbox.exchange import Answer, build_json

_MESSAGES = {
    1: (201, "Success."),
    3: (401, "Authentication failed: You do not have permissions to access the service."),
    5: (422, "Invalid parameters: Your request parameters are incorrect."),
    7: (401, "Invalid API key: You must be granted a valid key."),
    12: (201, "The item/record was updated successfully."),
    13: (200, "The item/record was deleted successfully."),
    17: (401, "Session denied."),
    18: (400, "Validation failed."),
    22: (400, "Invalid page: Pages start at 1 and max at 500. They are expected to be an integer."),
    25: (429, "Your request count is over the allowed limit."),
    33: (401, "Invalid request token: The request token is either expired or invalid."),
    34: (404, "The resource you requested could not be found."),
}


def build_status(
    code: int, message: str = "", *, rows: int = 0, headers: Mapping[str, str] | None = None
) -> Answer:
    """Build the answer with this `status_code`."""
    status, usual = _MESSAGES[code]
    body: dict[str, Any] = {
        "success": status < 300,
        "status_code": code,
        "status_message": message or usual,
    }
    return build_json(status, body, rows=rows, headers=headers)
