"""What every service gets to work with."""

from collections.abc import Callable
from dataclasses import dataclass

from importer.sandbox.catalogue import Catalogue
from importer.sandbox.store import Store


@dataclass(frozen=True, slots=True)
class Shared:
    """The ratings, the known titles, and the time in Unix seconds."""

    store: Store
    catalogue: Catalogue
    clock: Callable[[], float]
