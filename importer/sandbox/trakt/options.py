"""The switches of Trakt's API of today."""

from dataclasses import dataclass, field

from importer.sandbox.options import ServerOptions
from importer.sandbox.quota import parse_quota

RATING_CAP, VIP_RATING_CAP = 10_000, 20_000
"""How many ratings an account may hold (Trakt's announced limits for 2026)."""


@dataclass(frozen=True)
class TraktOptions(ServerOptions):
    """The application, its tokens, and the limits of the account; id and secret are never shown.

    Signing in: an app that is not `approved` gets 403. `client_secret` "" is an app without one. A refresh
    must name the app's `redirect_uri`. `auto_approve` approves every device code at once, without the page.
    With `json_poll_errors` a poll is refused with 400 and a JSON error (RFC 8628, section 3.5).

    Limits: `post_rate` and `get_rate` are what each user may write and read (None: no limit); without
    `retry_after_header` the refusal of a read does not say how long to wait. `rating_cap` None is Trakt's
    own, which is higher for `vip`; with `tells_rating_cap` the settings name it. `item_latency_ms` is what
    /sync/ratings takes for each rating. `not_found_ids` False leaves the ids out of the echo.

    Listing: `page_limit` clamps pages, `page_headers` False leaves their headers out, which never count more
    than `counted_ratings`, and `counted_extra` that are not there; page `short_page` is not full (see
    `pages.py`). A change is not shown by the next `late_listings` listings, nor for `late_seconds` (see
    `late.py`). Without `sync_listing` only /users/me/ratings lists them.

    Search: with `loose_search` the search by words is as the real one since early 2026 (#578, #668, #796): it
    ignores `years` and `fields`, and all hits score the same. With `search_lacks_exact` it does not find a
    title of exactly the searched name; the exact search does.
    """

    client_id: str = field(default="sandbox-client", repr=False)
    client_secret: str = field(default="sandbox-secret", repr=False)
    approved: bool = True
    token_life_seconds: int = 604_800
    device_interval: int = 5
    device_life_seconds: int = 600
    auto_approve: bool = False
    redirect_uri: str = "urn:ietf:wg:oauth:2.0:oob"
    json_poll_errors: bool = False
    post_rate: str | None = "1/s"
    get_rate: str | None = "500/5m"
    retry_after_header: bool = True
    item_latency_ms: float = 0
    vip: bool = False
    rating_cap: int | None = None
    tells_rating_cap: bool = False
    not_found_ids: bool = True
    page_limit: int = 250
    page_headers: bool = True
    counted_ratings: int | None = None
    counted_extra: int = 0
    short_page: int | None = None
    late_listings: int = 0
    late_seconds: float = 0
    sync_listing: bool = True
    loose_search: bool = False
    search_lacks_exact: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_negative(
            *("item_latency_ms", "token_life_seconds", "device_interval", "device_life_seconds"),
            *(
                "rating_cap",
                "counted_ratings",
                "counted_extra",
                "short_page",
                "late_listings",
                "late_seconds",
            ),
        )
        if self.page_limit < 1:
            raise ValueError(f"page_limit is at least 1: {self.page_limit}")
        for rate in (self.post_rate, self.get_rate):
            if rate is not None:
                parse_quota(rate)

    @property
    def account_limit(self) -> int:
        """How many ratings the account may hold."""
        if self.rating_cap is not None:
            return self.rating_cap
        return VIP_RATING_CAP if self.vip else RATING_CAP
