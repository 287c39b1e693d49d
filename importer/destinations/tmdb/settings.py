"""The settings of `tmdb`: a token, with which titles can be looked up there."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from importer.secret import Secret
from importer.setting import Places, check_address, check_word, secret, setting, without_slash

SECTION = "tmdb"

TOKEN_PAGE = "https://www.themoviedb.org/settings/api"  # noqa: S105 - an address
"""The page where anybody gets a token, free for non-commercial use."""


@dataclass(frozen=True, slots=True)
class TmdbSettings:
    """The host, and the "API Read Access Token" of its page.

    The variables are `IMPORTER_TMDB_TOKEN` and `IMPORTER_TMDB_BASE_URL`.
    """

    insecure_http: bool = setting(False)
    base_url: str = setting(
        "https://api.themoviedb.org", check=check_address("your token"), read=without_slash
    )
    token: Secret = secret(check=check_word)

    @staticmethod
    def find_missing(places: Places, needs: Collection[str] | None) -> Iterator[str]:
        """Yield nothing: without a token, TMDB is not asked."""
        del places, needs
        return iter(())
