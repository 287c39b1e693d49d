"""The settings of `simkl`: the host, the registered app, and for containers the tokens."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from importer.secret import Secret
from importer.setting import Places, check_address, check_pair, check_word, secret, setting, without_slash

APP_KEYS = {"client_id": "Client id"}
"""The field that identifies the app, with its label; an app for devices has no secret."""

APPS_PAGE = "https://simkl.com/settings/developer/"
"""The page where anybody can make an app, at once and free."""


@dataclass(frozen=True, slots=True)
class SimklSettings:
    """The host, the app and the tokens. The token pair is for containers; people sign in with a code."""

    insecure_http: bool = setting(False, is_flag=True)
    base_url: str = setting(
        "https://api.simkl.com", is_flag=True, check=check_address("your tokens"), read=without_slash
    )
    client_id: str = setting("", check=check_word, shows=False)
    access_token: Secret = secret(check=check_word)
    refresh_token: Secret = secret(check=check_word)

    @property
    def auth_url(self) -> str:
        """The host that signs users in: the API's own."""
        return self.base_url

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield a problem if the app or half of a token pair is missing."""
        if (needs is None or "client_id" in needs) and not places.place("client_id"):
            yield (
                f"The client id of your Simkl app is missing: set {places.choices('client_id')}. Make an app "
                f'of the type "TV, devices & command line" at {APPS_PAGE}: it is free.'
            )
        yield from check_pair(places)
