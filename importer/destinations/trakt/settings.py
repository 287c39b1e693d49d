"""The settings of `trakt`, today's API: the hosts, the registered app, and for containers the tokens."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from importer.errors import Remedy
from importer.secret import Secret
from importer.setting import Places, check_address, check_pair, check_word, secret, setting, without_slash

APP_KEYS = {"client_id": "Client id", "client_secret": "Client secret"}
"""The fields that identify the app of a Trakt user, with their labels; an app may have no secret."""

APPS_PAGE = "https://trakt.tv/oauth/applications"
"""The page where users make apps and find their keys."""

DEVICE_REDIRECT = "urn:ietf:wg:oauth:2.0:oob"
"""The redirect URI of apps for devices; new apps on Trakt need https."""


@dataclass(frozen=True, slots=True)
class TraktSettings:
    """The hosts, the app and the tokens.

    `client_id` may be empty if the command does not need it; some apps have no secret.
    The token pair is for containers; people sign in with a code.
    """

    insecure_http: bool = setting(False, is_flag=True)
    base_url: str = setting(
        "https://api.trakt.tv", is_flag=True, check=check_address("your tokens"), read=without_slash
    )
    # Since July 2026 the contracts have a separate host for OAuth; the API's host still works, too.
    auth_url: str = setting(
        "https://auth.trakt.tv", is_flag=True, check=check_address("your tokens"), read=without_slash
    )
    client_id: str = setting("", check=check_word, shows=False)
    client_secret: Secret = secret(check=check_word)
    redirect_uri: str = setting(DEVICE_REDIRECT, check=check_word)
    access_token: Secret = secret(check=check_word)
    refresh_token: Secret = secret(check=check_word)

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield a problem if the app or half of a token pair is missing."""
        if (needs is None or "client_id" in needs) and not places.place("client_id"):
            yield (
                f"The client id of your Trakt app is missing: set {places.choices('client_id')}. {APPS_PAGE} "
                f"shows it; VIP members can make an app there. {Remedy.UPLOAD_FILE}"
            )
        yield from check_pair(places)
