"""The JSON of an answer: what it should be, or nothing, whatever a server or a proxy sends. Pure."""

from collections.abc import Mapping
from typing import Any

import orjson


def parse_object(body: bytes) -> Mapping[str, Any]:
    """Parse a JSON object; anything else is an empty one."""
    content = _parse(body)
    return content if isinstance(content, dict) else {}


def parse_list(body: bytes) -> list[Any] | None:
    """Parse a JSON list; None if it is none."""
    content = _parse(body)
    return content if isinstance(content, list) else None


def _parse(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
