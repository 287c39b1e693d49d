"""The settings of `simkl`: the host, the registered app, and for containers the tokens."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from importer.errors import Remedy
from importer.http import url_problems
from importer.secret import Secret
from importer.setting import Places, check_word, secret, setting, without_slash

APP_KEYS = {"client_id": "Client id"}
"""The field that identifies the app, with its label; an app for devices has no secret."""

APPS_PAGE = "https://simkl.com/settings/developer/"
"""The page where anybody can make an app, at once and free."""


def _check_url(text: str, above: Mapping[str, Any]) -> Iterator[str]:
    in_clear = "" if above.get("insecure_http", True) else "your tokens"
    return url_problems(text, in_clear=in_clear, section="{section}")


@dataclass(frozen=True, slots=True)
class SimklSettings:
    """The host, the app and the tokens. The token pair is for containers; people sign in with a code."""

    insecure_http: bool = setting(False, is_flag=True)
    base_url: str = setting("https://api.simkl.com", is_flag=True, check=_check_url, read=without_slash)
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
        if places.place("refresh_token") and not places.place("access_token"):
            yield (
                f"{places.place('refresh_token')} stands alone: set {places.choices('access_token')} as "
                f"well, or remove it. {Remedy.SIGN_IN}"
            )
