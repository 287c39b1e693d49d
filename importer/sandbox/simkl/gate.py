"""Checks every request: which app calls, how often, and on whose behalf.

    client_id, app-name, app-version -> User-Agent -> block -> token -> scope -> rate -> day
    412                                 403           412      401      403      412/429 429

The order is the sandbox's own choice. A day ends at midnight in New York.
"""

import math
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from importer.sandbox.exchange import Answer, Call, Pace, Twist
from importer.sandbox.quota import Quota, parse_quota
from importer.sandbox.simkl.options import SimklOptions
from importer.sandbox.simkl.output import build_refusal
from importer.sandbox.simkl.tokens import Tokens

UserMethod = Callable[[Call, str], Answer]
Method = Callable[[Call], Answer]

_NAMES = ("client_id", "app-name", "app-version")


class Gate:
    """The checks that all methods share."""

    def __init__(self, options: SimklOptions, tokens: Tokens, clock: Callable[[], float]) -> None:
        self._options = options
        self._tokens = tokens
        self._clock = clock
        self._quotas: dict[tuple[str, str], Quota] = {}
        self._used: dict[str, tuple[str, int]] = {}
        self._blocked_until = 0.0
        self._blocks = 0

    def for_app(self, method: Method) -> Method:
        """Let in a known app; nobody need be signed in."""

        def answer(call: Call) -> Answer:
            return self._refuse_app(call) or method(call)

        return answer

    def for_user(self, method: UserMethod, *, writes: bool = False) -> Method:
        """Let in a known app on behalf of a signed-in user, who may have to have the scope to write."""

        def answer(call: Call) -> Answer:
            token = _bearer(call)
            if call.twist is Twist.EXPIRE:
                self._tokens.expire(token)
            found = self._tokens.find(token) if token else None
            if refusal := self._refuse_app(call):
                return refusal
            if found is None:
                return build_refusal(401, "invalid_token" if token else "user_token_required")
            if writes and "media:write" not in found.scope.split():
                return build_refusal(403, "insufficient_scope")
            return self._count(found.username) or method(call, found.username)

        return answer

    def pace_writing(self, call: Call, arrived: float) -> Pace:
        """One POST a second; too many block the app, each time twice as long."""
        wait_seconds = self._wait_seconds("POST", self._options.simkl_post_rate, call, arrived)
        if not wait_seconds:
            return Pace()
        self._blocked_until = self._clock() + self._options.simkl_block_seconds * 2**self._blocks
        self._blocks += 1
        return Pace(build_refusal(412, "client_id_failed"))

    def pace_reading(self, call: Call, arrived: float) -> Pace:
        """Ten GETs a second."""
        wait_seconds = self._wait_seconds("GET", self._options.simkl_get_rate, call, arrived)
        if not wait_seconds:
            return Pace()
        told = {"Retry-After": str(math.ceil(wait_seconds))}
        return Pace(build_refusal(429, "rate_limit", headers=told))

    def _wait_seconds(self, verb: str, rate: str | None, call: Call, arrived: float) -> float:
        found = self._tokens.find(_bearer(call))
        if rate is None or found is None:
            return 0
        return self._quotas.setdefault((verb, found.username), parse_quota(rate)).wait_seconds(arrived)

    def _refuse_app(self, call: Call) -> Answer | None:
        named = call.query.get("client_id") or call.headers.get("simkl-api-key")
        missing = [name for name in _NAMES[1:] if not call.query.get(name)]
        if named != self._options.simkl_client_id or missing:
            return build_refusal(412, "client_id_failed", f"missing or wrong: {', '.join(missing)}")
        if call.query["app-name"] != call.query["app-name"].lower():
            return build_refusal(412, "client_id_failed", "app-name is lower case")
        if self._clock() < self._blocked_until:
            return build_refusal(412, "client_id_failed", "blocked")
        agent = call.headers.get("User-Agent", "")
        return None if "/" in agent and not agent.startswith("Python/") else build_refusal(403, "forbidden")

    def _count(self, user: str) -> Answer | None:
        """Count a request of the day; 429 if none is left."""
        now = _in_new_york(self._clock())
        day, used = self._used.get(user, ("", self._options.simkl_used_today))
        used = used if day in {"", f"{now:%Y-%m-%d}"} else 0
        if used >= self._options.requests_a_day:
            midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
            told = {"Retry-After": str(math.ceil(midnight.timestamp() - self._clock()))}
            return build_refusal(429, "user_limit_exceeded", headers=told)
        self._used[user] = f"{now:%Y-%m-%d}", used + 1
        return None


def _in_new_york(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, ZoneInfo("America/New_York"))
    except ZoneInfoNotFoundError:  # a machine without a list of zones
        return datetime.fromtimestamp(seconds, UTC) - timedelta(hours=5)


def _bearer(call: Call) -> str:
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
