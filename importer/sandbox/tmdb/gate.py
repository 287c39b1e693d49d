"""Checks every request: the limit of all of them, the token or key, and the session.

requests of the second -> token in the header, or key in the address -> session in the address
429, 25                   401, 7                                        401, 3
"""

import hmac
import math
from collections.abc import Callable

from importer.sandbox.exchange import Answer, Call, Pace
from importer.sandbox.quota import parse_quota
from importer.sandbox.tmdb.answers import build_status
from importer.sandbox.tmdb.options import TmdbOptions
from importer.sandbox.tmdb.sessions import Sessions

Method = Callable[[Call], Answer]


class Gate:
    """The limit and the credentials of the one account."""

    def __init__(self, options: TmdbOptions, sessions: Sessions) -> None:
        self._options = options
        self._sessions = sessions
        self._quota = parse_quota(options.tmdb_rate) if options.tmdb_rate else None

    def pace(self, _call: Call, arrived: float) -> Pace:
        """The limit, which counts whatever arrives."""
        seconds = self._quota.wait_seconds(arrived) if self._quota else 0
        if not seconds:
            return Pace()
        wait = {"Retry-After": str(math.ceil(seconds))} if self._options.tmdb_retry_after else {}
        return Pace(build_status(25, headers=wait))

    def for_app(self, method: Method) -> Method:
        """Let in whoever has the token or the key."""
        return lambda call: method(call) if self._has_token(call) or self._has_key(call) else build_status(7)

    def for_user(self, method: Method) -> Method:
        """Let in whoever has a session, too; the token's owner perhaps without one."""

        def answer(call: Call) -> Answer:
            session = call.query.get("session_id")
            if session is None:
                is_in = self._has_token(call) and self._options.tmdb_token_alone
            else:
                is_in = self._sessions.knows(session)
            return method(call) if is_in else build_status(3)

        return self.for_app(answer)

    def _has_token(self, call: Call) -> bool:
        return _is_same(call.headers.get("Authorization", ""), f"Bearer {self._options.tmdb_token}")

    def _has_key(self, call: Call) -> bool:
        return _is_same(call.query.get("api_key", ""), self._options.tmdb_key)


def _is_same(given: str, known: str) -> bool:
    return hmac.compare_digest(given.encode(errors="replace"), known.encode())
