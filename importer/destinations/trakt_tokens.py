"""Trakt's tokens as a value: read from an answer or the store, never shown. Pure.

Asking for them is `trakt_oauth.py`'s, keeping them `delivery/tokens.py`'s.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from importer.destinations.answer_body import parse_object
from importer.settings.secret import Secret

MARGIN_SECONDS = 600.0
"""How long before its end a token is renewed, if it lives long enough; clients use 2 to 10 minutes."""


@dataclass(frozen=True, slots=True)
class TokenSet:
    """An access token and what renews it, once. `expires_in` None: nobody told (a container's pair)."""

    access_token: Secret
    refresh_token: Secret | None
    created_at: float
    expires_in: float | None = None

    @property
    def expires_at(self) -> float | None:
        """When the access token ends: nothing but `created_at + expires_in` tells.

        The usual life went from 3 months to 24 hours to 7 days within 2025 and 2026.
        """
        return None if self.expires_in is None else self.created_at + self.expires_in

    @property
    def margin_seconds(self) -> float:
        """How long before its end to renew it: never more than half its life."""
        return min(MARGIN_SECONDS, (self.expires_in or 0.0) / 2)


def parse_tokens(body: bytes, received_at: float) -> TokenSet | None:
    """Parse a token set; `received_at` (seconds since the epoch) counts where it names no `created_at`."""
    content = parse_object(body)
    access_token, refresh_token = read_word(content, "access_token"), read_word(content, "refresh_token")
    if not access_token:
        return None
    return TokenSet(
        Secret(access_token),
        Secret(refresh_token) if refresh_token else None,
        read_seconds(content, "created_at") or received_at,
        read_seconds(content, "expires_in"),
    )


def dump_tokens(tokens: TokenSet) -> bytes:
    """Write a token set in the API's own form, for the store only."""
    return orjson.dumps(
        {
            "access_token": tokens.access_token.reveal(),
            "refresh_token": tokens.refresh_token.reveal() if tokens.refresh_token else None,
            "created_at": tokens.created_at,
            "expires_in": tokens.expires_in,
        }
    )


def read_word(content: Mapping[str, Any], key: str) -> str:
    """A text that may travel in a header; empty if there is none."""
    value = content.get(key)
    is_word = isinstance(value, str) and value.isascii() and value.isprintable() and " " not in value
    return str(value) if is_word else ""


def read_seconds(content: Mapping[str, Any], key: str) -> float | None:
    """A time or a duration that makes sense; None if there is none."""
    value = content.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 < value < 1e11 and math.isfinite(value) else None
