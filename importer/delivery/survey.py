"""A look at the account before anything is sent: whose it is, what it holds, how long the sign-in lasts."""

from dataclasses import dataclass

from importer.delivery.asking import Sender, ask, send_once
from importer.delivery.credentials import Credentials
from importer.delivery.sign_in import ask_account
from importer.destinations.base import Retry, Stop
from importer.destinations.trakt_account import build_count, read_count

FREE_CAP = 10_000
VIP_CAP = 20_000
"""How many ratings an account may hold (announced for 2026: forum thread 101592)."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of the account. `held` None: Trakt did not say how many ratings there are."""

    username: str
    is_vip: bool
    held: int | None
    token_expires_at: float | None
    """Seconds since the epoch; None when the token's end is not known."""

    @property
    def cap(self) -> int:
        """How many ratings the account may hold."""
        return VIP_CAP if self.is_vip else FREE_CAP


async def survey(sender: Sender, credentials: Credentials, base_url: str, client_id: str) -> Survey:
    """Ask for the account and for the number of its ratings: two GETs. Raises StopRunError."""
    account = await ask_account(sender, credentials, base_url, client_id)
    token = await credentials.access_token()

    async def count() -> int | Retry | Stop | None:
        return read_count(await send_once(sender, build_count(base_url, client_id, token)))

    held = await ask(count)
    return Survey(account.username or account.name, account.is_vip, held, credentials.expires_at)
