"""The switches of Simkl's API."""

from dataclasses import dataclass, field

from importer.sandbox.options import ServerOptions
from importer.sandbox.quota import parse_quota

DAY_QUOTAS = {"free": 500, "pro": 1_000, "vip": 10_000}
"""Requests of a day, by the type of the account."""


@dataclass(frozen=True)
class SimklOptions(ServerOptions):
    """The application, the account and its limits; the client id is never shown.

    Signing in: `auto_approve` approves every code at once. `simkl_scope` is what is granted, whatever was
    asked for (None: what was asked for).

    Limits: `simkl_post_rate` and `simkl_get_rate` are what each user may write and read (None: no limit). Too
    many writes block the app for `simkl_block_seconds`, each time twice as long. `simkl_day_quota` None is
    that of `simkl_account_type`; `simkl_used_today` requests are used up from the start. Each write locks the
    account for `simkl_lock_seconds`.

    Ratings: titles with an IMDb id in `simkl_anime` stand in the section of anime, and with
    `simkl_anime_apart` are found nowhere else; `simkl_anime_type` is what the list calls those that are no
    movies. Without `simkl_takes_anime` a request's section of that name is ignored. With `simkl_null_lists`
    an empty list is null, else {}. `simkl_not_found_ids` False leaves the ids out of the echo.
    `simkl_counts_equal` False does not count a rating that was there already, and `simkl_counts` False counts
    nothing at all. With `simkl_bare_removals` a removal is answered by no body.
    """

    simkl_client_id: str = field(default="sandbox-client", repr=False)
    simkl_account_type: str = "free"
    simkl_token_life_seconds: int = 604_800
    simkl_code_life_seconds: int = 900
    simkl_scope: str | None = None
    auto_approve: bool = False
    device_interval: int = 5
    simkl_post_rate: str | None = "1/s"
    simkl_get_rate: str | None = "10/s"
    simkl_block_seconds: float = 60
    simkl_day_quota: int | None = None
    simkl_used_today: int = 0
    simkl_lock_seconds: float = 0
    simkl_anime: tuple[str, ...] = ()
    simkl_anime_apart: bool = True
    simkl_anime_type: str = "tv"
    simkl_takes_anime: bool = True
    simkl_null_lists: bool = True
    simkl_not_found_ids: bool = True
    simkl_counts_equal: bool = True
    simkl_counts: bool = True
    simkl_bare_removals: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self.refuse_negative(
            *("simkl_token_life_seconds", "simkl_code_life_seconds", "simkl_block_seconds"),
            *("simkl_day_quota", "simkl_used_today", "simkl_lock_seconds", "device_interval"),
        )
        if self.simkl_account_type not in DAY_QUOTAS:
            raise ValueError(f"an account is {', '.join(DAY_QUOTAS)}, not {self.simkl_account_type!r}")
        for rate in (self.simkl_post_rate, self.simkl_get_rate):
            if rate is not None:
                parse_quota(rate)

    @property
    def requests_a_day(self) -> int:
        """How many requests the user has in a day."""
        quota = self.simkl_day_quota
        return DAY_QUOTAS[self.simkl_account_type] if quota is None else quota
