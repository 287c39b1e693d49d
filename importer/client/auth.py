"""The access token of a run: loaded before each attempt, renewed before it expires or when it is refused.

A refresh token works once. So there is one renewal at a time, across workers (a lock) and processes (a lock
file), a worker that waited takes the pair that the other one stored, and a new pair is stored before it is
used. A refused renewal ends the sign-in; there is no loop. The client sends the refused request again.
"""

import asyncio
import time
from collections.abc import Callable

from importer.client.client import Client, Trace, value_of
from importer.client.retry import shield_until_done
from importer.client.token_store import TokenStore
from importer.client.transport import HttpSender
from importer.destinations.decisions import Decision, Done, Retry
from importer.destinations.sign_in import DeviceFlow, RefreshRefused, TokenSet
from importer.errors import AuthorizationError, Remedy, StopRunError
from importer.secret import Secret

LATER_SECONDS = 60.0
"""After a failed renewal of a token that is still valid, wait this long before trying again."""


class KeyInRequest:
    """The credentials of a service whose requests hold a key themselves: there is no token to add."""

    expires_at: float | None = None

    async def access_token(self) -> str:
        """Return nothing: no request asks for a token."""
        return ""

    async def renew(self, stale: str) -> None:
        """Do nothing: a key that is refused stays refused."""


class Credentials:
    """The sign-in on one host and app, shared by all workers of a run."""

    def __init__(
        self,
        sender: HttpSender,
        app: DeviceFlow,
        store: TokenStore,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = Client.for_questions(sender)
        self._app = app
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._tokens: TokenSet | None = None
        self._not_before = 0.0
        """The earliest time, on the loop's clock, for the next renewal ahead of expiry."""
        self._ended_by: tuple[str, Remedy | None] | None = None

    @property
    def expires_at(self) -> float | None:
        """When the current token expires, in seconds since the epoch; None if that is not known (yet)."""
        return self._tokens.expires_at if self._tokens else None

    async def access_token(self) -> str:
        """Return a token for the next request. Raises AuthorizationError if nobody is signed in."""
        if self._tokens is None or self._is_due(self._tokens):
            async with self._lock:
                self._check_not_ended()
                tokens = self._tokens or await self._load()
                if self._is_due(tokens):
                    await self._renew_ahead(tokens)
        assert self._tokens is not None
        return self._tokens.access_token.reveal()

    async def renew(self, stale: str) -> None:
        """Get a newer token than `stale`, which the server refused with a 401.

        Returns at once if another worker or process has renewed it. Raises
        AuthorizationError if the sign-in has ended, StopRunError if the host cannot be reached.
        """
        async with self._lock:
            self._check_not_ended()
            if self._tokens is None or self._tokens.access_token.reveal() == stale:
                await self._replace(stale)

    async def _load(self) -> TokenSet:
        tokens = await self._store.load()
        if tokens is None:
            raise AuthorizationError(
                f"Not signed in at {self._app.auth_url}{self._store.trouble}", Remedy.SIGN_IN
            )
        self._tokens = tokens
        return tokens

    def _is_due(self, tokens: TokenSet) -> bool:
        if tokens.expires_at is None or tokens.refresh_token is None:
            return False
        if asyncio.get_running_loop().time() < self._not_before:
            return False
        return self._clock() >= tokens.expires_at - tokens.margin_seconds

    async def _renew_ahead(self, tokens: TokenSet) -> None:
        try:
            await self._replace(tokens.access_token.reveal())
        except AuthorizationError:
            raise
        except StopRunError:
            if tokens.expires_at is None or self._clock() >= tokens.expires_at:
                raise
            # An outage of the sign-in does not stop a run whose token is still valid.
            self._not_before = asyncio.get_running_loop().time() + LATER_SECONDS

    async def _replace(self, stale: str) -> None:
        """Take the token that another process stored in place of `stale`, or renew it."""
        async with self._store.locked():
            stored = await self._store.load()
            if stored is None:
                raise self._end(f"Signed out at {self._app.auth_url} meanwhile")
            if stored.access_token.reveal() != stale:
                self._tokens = stored
                return
            if stored.refresh_token is None:
                raise self._end("The access token is not accepted and there is no refresh token")
            try:
                found = await self._refresh(stored.refresh_token)
            except AuthorizationError as error:  # no other worker asks again
                raise self._end(error.message, error.remedy) from None
            if isinstance(found, RefreshRefused):
                await self._store.forget()
                raise self._end(found.error.message, found.error.remedy)

    async def _refresh(self, refresh_token: Secret) -> TokenSet | RefreshRefused:
        async def attempt(_: Retry | None = None) -> Decision[TokenSet | RefreshRefused]:
            # The old pair is spent once this is sent: a worker that is cancelled stores the new one first.
            return await shield_until_done(self._refresh_once(refresh_token))

        decision = await attempt()
        if isinstance(decision, Retry):
            decision = await self._client.retry(decision, attempt)
        return value_of(decision)

    async def _refresh_once(self, refresh_token: Secret) -> Decision[TokenSet | RefreshRefused]:
        request = self._app.build_refresh(refresh_token)
        decision = await self._client.attempt(
            request, lambda answer: self._app.read_refresh(answer, self._clock()), Trace()
        )
        if isinstance(decision, Done) and isinstance(decision.value, TokenSet):
            await self._keep(decision.value, refresh_token)
        return decision

    async def _keep(self, tokens: TokenSet, spent: Secret) -> None:
        if tokens.refresh_token is None:  # then the old one stays valid (RFC 6749, 6)
            tokens = TokenSet(tokens.access_token, spent, tokens.created_at, tokens.expires_in)
        await self._store.save(tokens)
        self._tokens = tokens
        # With a wrong clock on this machine, a new token may seem expired at once.
        life_seconds = (tokens.expires_in or 0.0) - tokens.margin_seconds
        self._not_before = asyncio.get_running_loop().time() + life_seconds

    def _end(self, message: str, remedy: Remedy | None = Remedy.SIGN_IN) -> AuthorizationError:
        if self._store.is_given:
            message = (
                f"{message.rstrip('.')}. The settings have a token pair (access_token, refresh_token): renew "
                "or remove it, too"
            )
        self._tokens = None
        self._ended_by = (message, remedy)
        return AuthorizationError(message, remedy)

    def _check_not_ended(self) -> None:
        if self._ended_by is not None:
            raise AuthorizationError(*self._ended_by)
