"""A plan as the source of a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from importer.destinations.registry import find
from importer.destinations.spec import DestinationSpec
from importer.errors import UnreadableFileError, UsageError
from importer.plans.reader import PlanReader
from importer.runs.load import Source
from importer.runs.open_destination import check_typed
from importer.runs.outputs import origin_of
from importer.runs.places import PlaceOptions
from importer.runs.sources import Opening, fingerprint, name_of


@dataclass(frozen=True, slots=True)
class PlanFile:
    """A plan, by the name of its file."""

    file: Path

    def find_place(self, place: PlaceOptions) -> DestinationSpec:
        """Return the destination of the plan. Raises UsageError if `to` or `api` names another one."""
        name = self.name
        if not self.file.is_file():
            raise UnreadableFileError(name, "there is no such file", remedy="Name the plan itself.")
        destination, _ = PlanReader(self.file, name).read_place()
        spec = find(destination)
        if spec is None or spec.is_file:
            raise UsageError(f"{name} is for {destination!r}, which is no destination a plan can have")
        check_typed(f"{name} is a plan for {destination}", spec, place)
        return spec

    @property
    def name(self) -> str:
        """What messages call it."""
        return name_of(self.file)

    @contextmanager
    def open(self, opening: Opening) -> Iterator[Source]:
        """Name and fingerprint the plan, and prepare its reader. Raises UsageError for another account."""
        _, account = PlanReader(self.file, self.name).read_place()
        if account != opening.destination.account:
            raise UsageError(
                f"{self.name} is a plan for {account}, and this is {opening.destination.account}"
            )
        print_ = fingerprint(self.name, self.file, "plan")
        origin = origin_of(str(self.file))
        yield Source(
            self.name, print_, partial(PlanReader, self.file, self.name), path=self.file, origin=origin
        )
