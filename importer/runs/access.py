"""How an account is reached: what `open_destination.py` finds out, and `send.py` needs."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from importer.client.client import Client, Tokens
from importer.client.rate import Rate
from importer.client.retry import RetryBudget
from importer.client.sign_in import AccountInfo
from importer.client.transport import Transport
from importer.destinations.base import IdFinder


@dataclass(frozen=True, slots=True)
class Access:
    """How the account is reached."""

    get_rate: Rate | None = None
    """The pace of reading; None means that only the server limits it."""
    build_tokens: Callable[[Transport], Tokens] | None = None
    """Gives the signed-in account's tokens."""
    signs_in: bool = False
    """Whether the first token of the run is not kept anywhere, and takes a sign-in."""
    is_proven: bool = False
    """Whether the credentials were just checked, so that no request is needed for that."""
    account_info: AccountInfo | None = None
    """The account's description, with its number of ratings and its limit if known."""
    confirm_user: Callable[[Client], Awaitable[None]] | None = None
    """If the user is only assumed: asks the service before anything is sent. Raises StopRunError."""
    budget: RetryBudget = field(default_factory=RetryBudget)
    finder: IdFinder | None = None
    """Finds the destination's own ids for rows, if it takes no others."""
