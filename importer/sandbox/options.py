"""How the sandbox is to behave, as a value. What each option does is done elsewhere."""

from dataclasses import dataclass, field
from pathlib import Path

from importer.sandbox.faults import parse_faults
from importer.sandbox.quota import parse_quota

NETWORKS = ("facebook", "twitter", "tumblr")

RATING_CAP, VIP_RATING_CAP = 10_000, 20_000
"""How many ratings an account may hold (Trakt's announced limits for 2026)."""


@dataclass(frozen=True, slots=True)
class SandboxOptions:
    """How the sandbox is to behave. Keys, secrets, user and password are never shown.

    Both APIs are always served. For both: `data` None keeps everything in memory; `any_title` knows every
    well-formed id; `faults` are scripts of the grammar in `faults.py`; `latency_ms` comes before each answer.

    For v1: `rate` ("1/s", "20/10s") refuses ratings beyond it with 429. `social` names the networks that the
    account posts single ratings to.

    For v2: `post_rate` and `get_rate` are what each user may write and read (None: no limit).
    `item_latency_ms` is what /sync/ratings takes for each rating. `rating_cap` None is Trakt's own, which is
    higher for `vip`. An app that is not `approved` gets 403. `not_found_ids` False leaves the ids out of the
    echo. `auto_approve` approves every device code at once, without the page. Raises ValueError for an option
    that cannot be.
    """

    host: str = "127.0.0.1"
    port: int = 0
    data: Path | None = None
    rate: str | None = None
    latency_ms: float = 0
    any_title: bool = False
    faults: tuple[str, ...] = ()
    api_key: str = field(default="sandbox-key", repr=False)
    username: str = field(default="demo", repr=False)
    password: str = field(default="demo", repr=False)
    rating_mode: str = "advanced"
    social: tuple[str, ...] = ()
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

    def __post_init__(self) -> None:
        if self.rating_mode not in {"simple", "advanced"}:
            raise ValueError(f"rating mode is simple or advanced, not {self.rating_mode!r}")
        if unknown := set(self.social) - set(NETWORKS):
            raise ValueError(f"networks are {', '.join(NETWORKS)}, not {', '.join(sorted(unknown))}")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"a port lies between 0 and 65535: {self.port}")
        if self.latency_ms < 0 or self.item_latency_ms < 0:
            raise ValueError(f"latency cannot be negative: {min(self.latency_ms, self.item_latency_ms)}")
        for name in ("token_life_seconds", "device_interval", "device_life_seconds", "rating_cap"):
            if (getattr(self, name) or 0) < 0:
                raise ValueError(f"{name} cannot be negative: {getattr(self, name)}")
        # Parsed here for the error only: quotas and faults count, so every server gets its own.
        parse_faults(self.faults)
        for rate in (self.rate, self.post_rate, self.get_rate):
            if rate is not None:
                parse_quota(rate)

    @property
    def account_limit(self) -> int:
        """How many ratings the account may hold."""
        if self.rating_cap is not None:
            return self.rating_cap
        return VIP_RATING_CAP if self.vip else RATING_CAP
