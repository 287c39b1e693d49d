"""The settings of `tmdb`: the host, and the credentials, with which titles can be looked up as well."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from importer.secret import Secret
from importer.setting import Places, check_address, check_word, secret, setting, without_slash

APP_KEYS = {"read_access_token": "API Read Access Token"}
"""The field that identifies the app, with its label."""

KEY_PAGE = "https://www.themoviedb.org/settings/api"
"""The page where anybody gets a token and a key, free for non-commercial use."""


@dataclass(frozen=True, slots=True)
class TmdbSettings:
    """The host without `/3`, the token or the key of the app, and the session of the user.

    Without a session here, the one that `importer login` keeps is used.
    """

    insecure_http: bool = setting(False, is_flag=True)
    base_url: str = setting(
        "https://api.themoviedb.org", is_flag=True, check=check_address("your token"), read=without_slash
    )
    read_access_token: Secret = secret(check=check_word)
    api_key: Secret = secret(check=check_word)
    session_id: Secret = secret(check=check_word)
    token: Secret = secret(check=check_word)
    """The name of `read_access_token` when it was for looking titles up only."""

    @property
    def bearer(self) -> Secret:
        """The token, under either name."""
        return self.read_access_token or self.token

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield a problem if there is neither a token nor a key."""
        has_one = any(places.place(name) for name in ("read_access_token", "token", "api_key"))
        if not has_one and (needs is None or "read_access_token" in needs):
            yield (
                f"TMDB's API Read Access Token is missing: set {places.choices('read_access_token')}, or the "
                f"API Key as {places.choices('api_key')}. {KEY_PAGE} shows both, free for non-commercial use."
            )
