"""The settings of `tmdb`: a token, with which titles can be looked up there."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from importer.http import url_problems
from importer.secret import Secret
from importer.setting import Places, check_word, secret, setting, without_slash

SECTION = "tmdb"

TOKEN_PAGE = "https://www.themoviedb.org/settings/api"  # noqa: S105 - an address
"""The page where anybody gets a token, free for non-commercial use."""


def _check_url(text: str, above: Mapping[str, Any]) -> Iterator[str]:
    in_clear = "" if above.get("insecure_http", True) else "your token"
    return url_problems(text, in_clear=in_clear, section="{section}")


@dataclass(frozen=True, slots=True)
class TmdbSettings:
    """The host, and the "API Read Access Token" of its page.

    The variables are `IMPORTER_TMDB_TOKEN` and `IMPORTER_TMDB_BASE_URL`.
    """

    insecure_http: bool = setting(False)
    base_url: str = setting("https://api.themoviedb.org", check=_check_url, read=without_slash)
    token: Secret = secret(check=check_word)

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield nothing: without a token, TMDB is not asked."""
        del places, needs
        return iter(())
