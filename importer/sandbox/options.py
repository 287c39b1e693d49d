"""The options that all services share. Each service adds its own in its folder; `services.py` joins them."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from importer.sandbox.catalogue import CATALOGUE_FILE
from importer.sandbox.faults import parse_faults

_MERGED = re.compile(r"tt\d{7,10}=tt\d{7,10}", re.ASCII)


@dataclass(frozen=True)
class ServerOptions:
    """The server, its data, and the one user. The user's name is never shown.

    `data` None keeps everything in memory. `catalogue` lists the known titles; `any_title` knows every
    well-formed id. A merged title `tt0000001=tt0078748` is stored and listed under its second id, whichever
    was sent. `faults` are scripts of the grammar in `faults.py`. `latency_ms` comes before each answer. A
    connection that is idle for `keep_alive_seconds` is closed (None: an hour). Raises ValueError for a wrong
    option.
    """

    host: str = "127.0.0.1"
    port: int = 0
    data: Path | None = None
    latency_ms: float = 0
    catalogue: Path = CATALOGUE_FILE
    any_title: bool = False
    merged_titles: tuple[str, ...] = ()
    keep_alive_seconds: float | None = None
    faults: tuple[str, ...] = ()
    username: str = field(default="demo", repr=False)

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise ValueError(f"a port lies between 0 and 65535: {self.port}")
        self.refuse_negative("latency_ms", "keep_alive_seconds")
        if wrong := [it for it in self.merged_titles if not _MERGED.fullmatch(it)]:
            raise ValueError(f"not a merged title: {wrong[0]!r} (example: tt0000001=tt0078748)")
        parse_faults(self.faults)  # for the error only: faults count, so every server parses its own

    @property
    def merged(self) -> dict[str, str]:
        """The merged titles: old IMDb id to new."""
        return dict(it.split("=") for it in self.merged_titles)

    def refuse_negative(self, *names: str) -> None:
        """Raise ValueError for the first of these options that is below zero."""
        for name in names:
            if (getattr(self, name) or 0) < 0:
                raise ValueError(f"{name} cannot be negative: {getattr(self, name)}")
