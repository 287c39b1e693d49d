"""The settings of `mdblist`: the host and the key that MDBList's page shows."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from importer.http import url_problems
from importer.secret import Secret
from importer.setting import Places, check_word, secret, setting, without_slash

KEY_PAGE = "https://mdblist.com/preferences/#api"
"""The page that shows the key of an account."""


def _check_url(text: str, above: Mapping[str, Any]) -> Iterator[str]:
    in_clear = "" if above.get("insecure_http", True) else "your key"
    return url_problems(text, in_clear=in_clear, section="{section}")


@dataclass(frozen=True, slots=True)
class MdblistSettings:
    """The host and the key; without a key here, the one that `importer login` keeps is used."""

    insecure_http: bool = setting(False, is_flag=True)
    base_url: str = setting("https://api.mdblist.com", is_flag=True, check=_check_url, read=without_slash)
    api_key: Secret = secret(check=check_word)

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield nothing: every field has a default, and a key may be kept elsewhere."""
        del places, needs
        return iter(())
