"""The switches of TMDB."""

from dataclasses import dataclass, field

from importer.sandbox.options import ServerOptions
from importer.sandbox.quota import parse_quota


@dataclass(frozen=True)
class TmdbOptions(ServerOptions):
    """The credentials, the limit, and what ids lead to; credentials are never shown.

    Signing in: `auto_approve` approves every request token at once. `tmdb_token_alone` False wants a session
    also with the token, as the docs say. Without `tmdb_callback` no header names the page to approve on.

    Limit: `tmdb_rate` counts all requests together (None: no limit); without `tmdb_retry_after` a refusal
    does not say how long to wait.

    Ids: `/find` does not know the IMDb ids in `tmdb_unlinked`, and has a movie and a show for those in
    `tmdb_ambiguous`. Movies in `tmdb_as_shows` are shows there.

    Ratings: `tmdb_tells_unrated` answers 404 to the removal of what is not rated, which is documented
    nowhere. Titles with an IMDb id in `tmdb_watchlist` stand on the watchlist until they are rated.
    """

    tmdb_token: str = field(default="sandbox-tmdb-token", repr=False)
    tmdb_key: str = field(default="sandbox-tmdb-key", repr=False)
    tmdb_session: str = field(default="sandbox-tmdb-session", repr=False)
    auto_approve: bool = False
    tmdb_request_token_seconds: int = 3600
    tmdb_token_alone: bool = True
    tmdb_callback: bool = True
    tmdb_rate: str | None = "40/s"
    tmdb_retry_after: bool = True
    tmdb_unlinked: tuple[str, ...] = ()
    tmdb_ambiguous: tuple[str, ...] = ()
    tmdb_as_shows: tuple[str, ...] = ()
    tmdb_tells_unrated: bool = False
    tmdb_watchlist: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_negative("tmdb_request_token_seconds")
        if self.tmdb_rate is not None:
            parse_quota(self.tmdb_rate)
