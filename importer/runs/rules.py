"""runs.rules."""

from enum import StrEnum


class Api(StrEnum):
    """The APIs of the sandbox."""

    V1 = "v1"
    V2 = "v2"
