"""The switches of Trakt's original API."""

from dataclasses import dataclass, field

from importer.sandbox.options import ServerOptions
from importer.sandbox.quota import parse_quota

NETWORKS = ("facebook", "twitter", "tumblr")


@dataclass(frozen=True)
class TraktV1Options(ServerOptions):
    """Credentials and settings of the account; key and password are never shown.

    `rate` ("1/s", "20/10s") refuses ratings beyond it with 429. `social` names the networks that the account
    posts single ratings to.
    """

    rate: str | None = None
    api_key: str = field(default="sandbox-key", repr=False)
    password: str = field(default="demo", repr=False)
    rating_mode: str = "advanced"
    social: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.rating_mode not in {"simple", "advanced"}:
            raise ValueError(f"rating mode is simple or advanced, not {self.rating_mode!r}")
        if unknown := set(self.social) - set(NETWORKS):
            raise ValueError(f"networks are {', '.join(NETWORKS)}, not {', '.join(sorted(unknown))}")
        if self.rate is not None:
            parse_quota(self.rate)
