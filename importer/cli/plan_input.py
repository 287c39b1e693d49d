"""A plan that is to be sent, as the input of a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from importer.cli.inputs import fingerprint
from importer.cli.options import Api, To
from importer.cli.targets import AnyTarget, Choices
from importer.errors import UnreadableFileError, UsageError
from importer.journal import Journal
from importer.readers.plan_file import PlanReader
from importer.run import Source

_PLACES = {
    "trakt": (To.TRAKT, Api.V2),
    "trakt-v1": (To.TRAKT_V1, Api.V1),
    "sandbox": (To.SANDBOX, Api.V1),
    "sandbox-v2": (To.SANDBOX, Api.V2),
}
"""What a plan calls its destination, and how that is typed."""


@dataclass(frozen=True, slots=True)
class PlanInput:
    """A plan, by the name of its file."""

    file: Path

    def find_place(self, typed: To) -> tuple[To, Api]:
        """Read where the ratings go; `typed` must not say otherwise. Raises UsageError."""
        if not self.file.is_file():
            raise UnreadableFileError(str(self.file), "there is no such file", remedy="Name the plan itself.")
        destination, _ = PlanReader(self.file, str(self.file)).read_place()
        if destination not in _PLACES:
            raise UsageError(f"{self.file} is for {destination!r}, which is no destination a plan can have")
        to, api = _PLACES[destination]
        if typed not in {to, To.TRAKT}:
            raise UsageError(f"{self.file} is a plan for {to}, not for {typed}")
        return to, api

    @contextmanager
    def open(self) -> Iterator[Path]:
        """Give the file."""
        yield self.file

    def build_source(self, path: Path, choices: Choices, target: AnyTarget, journal: Journal) -> Source:
        """Name and fingerprint the plan, and prepare its reader. Raises UsageError for another account."""
        del journal
        name = str(path)
        _, account = PlanReader(path, name).read_place()
        if account != target.account:
            raise UsageError(f"{name} is a plan for {account}, and this is {target.account}")
        return Source(
            name, fingerprint(name, path, choices, "plan"), partial(PlanReader, path, name), is_plan=True
        )
