"""runs.rules."""

from enum import StrEnum


class To(StrEnum):
    """The destinations of `--to`."""

    TRAKT = "trakt"
    TRAKT_V1 = "trakt-v1"
    SANDBOX = "sandbox"
    TRAKT_FILE = "trakt-file"
    LETTERBOXD_FILE = "letterboxd-file"


FILES = frozenset({To.TRAKT_FILE, To.LETTERBOXD_FILE})
"""The destinations that are files to upload, and no accounts."""


class Api(StrEnum):
    """The APIs of the sandbox."""

    V1 = "v1"
    V2 = "v2"
