"""The settings of `mdblist`: the host and the key that MDBList's page shows."""

from dataclasses import dataclass

from importer.secret import Secret
from importer.setting import Declared, check_address, check_word, secret, setting, without_slash

KEY_PAGE = "https://mdblist.com/preferences/#api"
"""The page that shows the key of an account."""


@dataclass(frozen=True, slots=True)
class MdblistSettings(Declared):
    """The host and the key; without a key here, the one that `importer login` keeps is used."""

    insecure_http: bool = setting(False, is_flag=True)
    base_url: str = setting(
        "https://api.mdblist.com", is_flag=True, check=check_address("your key"), read=without_slash
    )
    api_key: Secret = secret(check=check_word)
