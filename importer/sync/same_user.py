"""Whether the user of a sync job is the one of its last run."""

from importer.client.client import Client
from importer.destinations.sign_in import AccountApi
from importer.errors import StopRunError


class AccountChangedError(StopRunError):
    """Another user is signed in than in the last run."""


async def confirm_user(api: AccountApi, assumed: str, client: Client) -> None:
    """Raise AccountChangedError for another user than in the last run."""
    found = await client.request(api.build_account(), api.read_account)
    if (found.username or found.name) != assumed:
        raise AccountChangedError("somebody else is signed in now")
