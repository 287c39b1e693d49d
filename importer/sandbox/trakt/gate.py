"""Checks every request: who may call, with which headers, and how often.

    User-Agent -> approved app -> trakt-api-key -> trakt-api-version -> token -> rate limit -> Content-Type
    403 HTML      403             403              412                  401      429           412

The order is the sandbox's own choice. A request that is refused for another reason does not count against
a rate limit.
"""

import hmac
import json
import math
from collections.abc import Callable
from datetime import UTC, datetime

from importer.sandbox.exchange import Answer, Call, Pace, Twist, build_page, build_text
from importer.sandbox.quota import Quota, parse_quota
from importer.sandbox.trakt.options import TraktOptions
from importer.sandbox.trakt.tokens import Tokens

UserMethod = Callable[[Call, str], Answer]
Method = Callable[[Call], Answer]

_LIBRARY_AGENTS = ("Python/", "python-requests")
_BLOCK_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Request blocked</title></head>
<body><h1>Request blocked</h1><p>The protection in front of this site took your request for a robot's:
it came without a User-Agent of its own.</p></body></html>
"""

_LIMIT_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>You are being rate limited</title></head>
<body><h1>Error 1015</h1><p>You are being rate limited.</p></body></html>
"""


class Gate:
    """The checks that all methods share (docs pages: required headers, rate limiting)."""

    def __init__(self, client_id: str, *, approved: bool, tokens: Tokens, limits: "Limits") -> None:
        self._client_id = client_id.encode()
        self._approved = approved
        self._tokens = tokens
        self._limits = limits

    def for_user(self, method: UserMethod) -> Method:
        """Let in a known app on behalf of a signed-in user."""

        def answer(call: Call) -> Answer:
            if call.twist is Twist.EXPIRE:
                self._tokens.expire(_bearer(call) or "")
            user = self._user(call)
            return self._refuse_app(call) or (method(call, user) if user else _UNAUTHORIZED)

        return answer

    def for_app(self, method: Method) -> Method:
        """Let in a known app. A token is not needed, but a bad one is refused (sandbox's choice)."""

        def answer(call: Call) -> Answer:
            if call.twist is Twist.EXPIRE:
                self._tokens.expire(_bearer(call) or "")
            lapsed = _bearer(call) is not None and self._user(call) is None
            return self._refuse_app(call) or (_UNAUTHORIZED if lapsed else method(call))

        return answer

    def for_sign_in(self, method: Method) -> Method:
        """Let in an OAuth call. Its app is named in the body, so the method itself checks it."""

        def answer(call: Call) -> Answer:
            return self._refuse_agent(call) or _refuse_content(call) or method(call)

        return answer

    def pace_writing(self, call: Call, arrived: float) -> Pace:
        """The limit of POST, PUT and DELETE for each user. All paths share it: the sandbox's choice."""
        return self._pace(call, arrived, "AUTHED_API_POST_LIMIT", self._user(call))

    def pace_reading(self, call: Call, arrived: float) -> Pace:
        """The limit of GET for each user, or for the app if nobody is signed in."""
        if _bearer(call) is None:
            return self._pace(call, arrived, "UNAUTHED_API_GET_LIMIT", "")
        return self._pace(call, arrived, "AUTHED_API_GET_LIMIT", self._user(call))

    def _pace(self, call: Call, arrived: float, name: str, owner: str | None) -> Pace:
        if owner is None or self._refuse_app(call) is not None:
            return Pace()
        return self._limits.pace(name, owner, arrived)

    def _user(self, call: Call) -> str | None:
        token = _bearer(call)
        return self._tokens.user_of(token) if token else None

    def _refuse_agent(self, call: Call) -> Answer | None:
        """Refuse a request without a User-Agent of its own with the block page (#670 of trakt-api).

        An app that is not approved gets an empty 403.
        """
        agent = call.headers.get("User-Agent", "").strip()
        if not agent or agent.startswith(_LIBRARY_AGENTS):
            return build_page(403, _BLOCK_PAGE, {"Server": "cloudflare"})
        return None if self._approved else _FORBIDDEN

    def _refuse_app(self, call: Call) -> Answer | None:
        """Docs: required headers. That a missing `trakt-api-version` is 412 is the sandbox's own choice."""
        if (refusal := self._refuse_agent(call)) is not None:
            return refusal
        key = call.headers.get("trakt-api-key", "").encode(errors="replace")
        if not hmac.compare_digest(key, self._client_id):
            return _FORBIDDEN
        if call.headers.get("trakt-api-version") != "2":
            return build_text(412, "412: this is version 2 of the API; send trakt-api-version: 2")
        return None


class Limits:
    """The rate limits, counted for each name and owner (a user, or the app)."""

    def __init__(self, options: TraktOptions, clock: Callable[[], float]) -> None:
        self._options = options
        self._clock = clock
        self._quotas: dict[tuple[str, str], Quota] = {}

    def pace(self, name: str, owner: str, arrived: float) -> Pace:
        """Count a request; 429 if there is no room for it (docs: rate limiting).

        Too many reads are refused by the protection layer: a web page with `Retry-After: 300`, which may be
        missing, and no `X-Ratelimit` (#909 of trakt-api). The sandbox's own choices: `X-Ratelimit` also on
        every answer within the limit (it was seen on a 420), and a sliding window.
        """
        rate = self._options.post_rate if "POST" in name else self._options.get_rate
        if rate is None:
            return Pace()
        quota = self._quotas.setdefault((name, owner), parse_quota(rate))
        wait_seconds = quota.wait_seconds(arrived)
        until = self._clock() + (wait_seconds or quota.period_seconds)
        header = {
            "name": name,
            "period": math.ceil(quota.period_seconds),
            "limit": quota.limit,
            "remaining": quota.remaining,
            "until": datetime.fromtimestamp(math.ceil(until), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
        headers = {"X-Ratelimit": json.dumps(header, separators=(",", ":"))}
        if not wait_seconds:
            return Pace(headers=headers)
        if "GET" in name:
            told = {"Retry-After": str(math.ceil(quota.period_seconds))}
            shown = told if self._options.retry_after_header else {}
            return Pace(build_page(429, _LIMIT_PAGE, {"Server": "cloudflare", **shown}))
        wait = math.ceil(wait_seconds)
        text = f"{name} rate limit exceeded. Please wait {wait} seconds then retry your request."
        return Pace(build_text(429, text, {"Retry-After": str(wait), **headers}))


def checks_content(method: UserMethod) -> UserMethod:
    """Refuse a body that is not declared as JSON with 412 (documented)."""

    def answer(call: Call, user: str) -> Answer:
        return _refuse_content(call) or method(call, user)

    return answer


def _refuse_content(call: Call) -> Answer | None:
    content_type = call.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if content_type == "application/json":
        return None
    return build_text(412, "412: send the body with Content-Type: application/json")


def _bearer(call: Call) -> str | None:
    scheme, _, token = call.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


_FORBIDDEN = Answer(403, b"")
_UNAUTHORIZED = Answer(
    401, b"", headers={"WWW-Authenticate": 'Bearer realm="sandbox", error="invalid_token"'}
)
