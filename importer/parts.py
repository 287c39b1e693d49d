"""The optional parts of the program: extras of the package that it can do without.

is_there("xlsx")                    whether its libraries can be imported
MissingPartError("xlsx", "...")     a file, a setting or a command needs a part that is not there
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from types import MappingProxyType

from importer.errors import Remedy, UsageError


@dataclass(frozen=True, slots=True)
class Part:
    """An extra of the package."""

    libraries: tuple[str, ...]
    """The modules that are imported; all of them, or the part is not there."""
    purpose: str
    """What it is for, or what happens without it."""


PARTS: Mapping[str, Part] = MappingProxyType(
    {
        "fast": Part(("pandas",), "large files are read in two thirds of the time"),
        "fleet": Part(
            ("distributed", "psycopg", "cryptography"), "thousands of accounts, on one machine or many"
        ),
        "keyring": Part(("keyring",), "the system's keyring keeps the sign-in, not a private file"),
        "notify": Part(("apprise",), "notifications about unattended runs"),
        "xlsx": Part(("openpyxl",), "Excel workbooks (.xlsx)"),
    }
)
"""By the name of the extra; a test compares them with the package's own list."""


def is_there(part: str) -> bool:
    """Whether all libraries of a part can be imported; none is."""
    return all(find_spec(library) is not None for library in PARTS[part].libraries)


class MissingPartError(UsageError):
    """What was asked for needs the optional part `part`, which is not installed."""

    def __init__(self, part: str, need: str) -> None:
        self.part = part
        library = PARTS[part].libraries[0]
        super().__init__(f"{need} needs {library}, which is not installed", Remedy.INSTALL_PART)
