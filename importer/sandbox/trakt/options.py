"""The switches of Trakt's API of today."""

from dataclasses import dataclass, field

from importer.sandbox.options import ServerOptions
from importer.sandbox.quota import parse_quota

RATING_CAP, VIP_RATING_CAP = 10_000, 20_000
"""How many ratings an account may hold (Trakt's announced limits for 2026)."""


@dataclass(frozen=True)
class TraktOptions(ServerOptions):
    """The application, its tokens, and the limits of the account; id and secret are never shown.

    `post_rate` and `get_rate` are what each user may write and read (None: no limit). `item_latency_ms` is
    what /sync/ratings takes for each rating. `rating_cap` None is Trakt's own, which is higher for `vip`. An
    app that is not `approved` gets 403. `not_found_ids` False leaves the ids out of the echo. `auto_approve`
    approves every device code at once, without the page. `loose_search` searches by words as the real server
    does since early 2026 (#578, #668, #796): it ignores `years` and `fields`, and all hits score the same.
    """

    client_id: str = field(default="sandbox-client", repr=False)
    client_secret: str = field(default="sandbox-secret", repr=False)
    approved: bool = True
    token_life_seconds: int = 604_800
    device_interval: int = 5
    device_life_seconds: int = 600
    auto_approve: bool = False
    post_rate: str | None = "1/s"
    get_rate: str | None = "1000/5m"
    item_latency_ms: float = 0
    vip: bool = False
    rating_cap: int | None = None
    not_found_ids: bool = True
    loose_search: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_negative(
            "item_latency_ms", "token_life_seconds", "device_interval", "device_life_seconds", "rating_cap"
        )
        for rate in (self.post_rate, self.get_rate):
            if rate is not None:
                parse_quota(rate)

    @property
    def account_limit(self) -> int:
        """How many ratings the account may hold."""
        if self.rating_cap is not None:
            return self.rating_cap
        return VIP_RATING_CAP if self.vip else RATING_CAP
