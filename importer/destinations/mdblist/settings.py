"""The settings of `mdblist`: the host and the key that MDBList's page shows."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from importer.secret import Secret
from importer.setting import Places, check_address, check_word, secret, setting, without_slash

KEY_PAGE = "https://mdblist.com/preferences/#api"
"""The page that shows the key of an account."""


@dataclass(frozen=True, slots=True)
class MdblistSettings:
    """The host and the key; without a key here, the one that `importer login` keeps is used."""

    insecure_http: bool = setting(False, is_flag=True)
    base_url: str = setting(
        "https://api.mdblist.com", is_flag=True, check=check_address("your key"), read=without_slash
    )
    api_key: Secret = secret(check=check_word)

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield nothing: every field has a default, and a key may be kept elsewhere."""
        del places, needs
        return iter(())
