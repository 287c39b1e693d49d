"""The settings of `trakt`, today's API: the hosts, the registered app, and for containers the tokens."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from importer.errors import Remedy
from importer.http import url_problems
from importer.secret import Secret
from importer.setting import Places, check_word, secret, setting, without_slash

APP_KEYS = {"client_id": "Client id", "client_secret": "Client secret"}
"""What identifies the app that a Trakt user has registered."""

_HOW = {
    "client_id": " An app's page on Trakt (Settings, API apps) shows both keys; VIP members can make one. "
    + Remedy.UPLOAD_FILE,
    "client_secret": "",
}


def _check_url(text: str, above: Mapping[str, Any]) -> Iterator[str]:
    in_clear = "" if above.get("insecure_http", True) else "your tokens"
    return url_problems(text, in_clear=in_clear, section="{section}")


@dataclass(frozen=True, slots=True)
class TraktSettings:
    """How to reach Trakt, and as which app.

    `client_id` and `client_secret` are empty where the command does not need them and nobody gave them.
    The token pair is what a container gets from outside; people sign in by a code.
    """

    insecure_http: bool = setting(False, is_flag=True)
    base_url: str = setting("https://api.trakt.tv", is_flag=True, check=_check_url, read=without_slash)
    # Since July 2026 the contracts name a host of its own for OAuth; the API's host still answers as well.
    auth_url: str = setting("https://auth.trakt.tv", is_flag=True, check=_check_url, read=without_slash)
    client_id: str = setting("", check=check_word, shows=False)
    client_secret: Secret = secret(check=check_word)
    access_token: Secret = secret(check=check_word)
    refresh_token: Secret = secret(check=check_word)

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Say which key of the app is missing, and whether half of a token pair is."""
        for key, name in APP_KEYS.items():
            if key in (APP_KEYS if needs is None else needs) and not places.place(key):
                what = f"The {name.lower()} of your Trakt app is missing"
                yield f"{what}: set {places.choices(key)}.{_HOW[key]}"
        if places.place("refresh_token") and not places.place("access_token"):
            yield (
                f"{places.place('refresh_token')} stands alone: set {places.choices('access_token')} as "
                f"well, or remove it. {Remedy.SIGN_IN}"
            )
