"""The options that all services share. Each service adds its own in its folder; `services.py` joins them."""

from dataclasses import dataclass, field
from pathlib import Path

from importer.sandbox.faults import parse_faults


@dataclass(frozen=True)
class ServerOptions:
    """The server, its data, and the one user. The user's name is never shown.

    `data` None keeps everything in memory. `any_title` knows every well-formed id. `faults` are scripts of
    the grammar in `faults.py`. `latency_ms` comes before each answer. Raises ValueError for a wrong option.
    """

    host: str = "127.0.0.1"
    port: int = 0
    data: Path | None = None
    latency_ms: float = 0
    any_title: bool = False
    faults: tuple[str, ...] = ()
    username: str = field(default="demo", repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ValueError(f"a port lies between 0 and 65535: {self.port}")
        self.refuse_negative("latency_ms")
        parse_faults(self.faults)  # for the error only: faults count, so every server parses its own

    def refuse_negative(self, *names: str) -> None:
        """Raise ValueError for the first of these options that is below zero."""
        for name in names:
            if (getattr(self, name) or 0) < 0:
                raise ValueError(f"{name} cannot be negative: {getattr(self, name)}")
