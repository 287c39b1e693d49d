"""A plan that is to be sent, as the input of a run."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from importer.errors import UnreadableFileError, UsageError
from importer.journal import Journal
from importer.plans.reader import PlanReader
from importer.runs.load import Source
from importer.runs.rules import Api, To
from importer.runs.sources import fingerprint, name_of
from importer.runs.targets import AnyTarget, Choices

PLACES = {
    "trakt": (To.TRAKT, Api.V2),
    "trakt-v1": (To.TRAKT_V1, Api.V1),
    "sandbox": (To.SANDBOX, Api.V1),
    "sandbox-v2": (To.SANDBOX, Api.V2),
}
"""What plans and journals call an account's destination, and how that is typed."""


def check_typed(what: str, place: tuple[To, Api], to: To | None, api: Api | None) -> None:
    """See that nobody typed another place than the one that `what` says is meant. Raises UsageError."""
    for flag, typed, meant in (("--to", to, place[0]), ("--api", api, place[1])):
        if typed not in {None, meant}:
            raise UsageError(f"{what}, so {flag} {typed} cannot be; leave it out")


@dataclass(frozen=True, slots=True)
class PlanInput:
    """A plan, by the name of its file."""

    file: Path

    def find_place(self, to: To | None, api: Api | None) -> tuple[To, Api]:
        """Read where the ratings go; what was typed must not say otherwise. Raises UsageError."""
        name = name_of(self.file)
        if not self.file.is_file():
            raise UnreadableFileError(name, "there is no such file", remedy="Name the plan itself.")
        destination, _ = PlanReader(self.file, name).read_place()
        if destination not in PLACES:
            raise UsageError(f"{name} is for {destination!r}, which is no destination a plan can have")
        check_typed(f"{name} is a plan for {destination}", PLACES[destination], to, api)
        return PLACES[destination]

    @contextmanager
    def open(self) -> Iterator[Path]:
        """Give the file."""
        yield self.file

    def build_source(self, path: Path, choices: Choices, target: AnyTarget, journal: Journal) -> Source:
        """Name and fingerprint the plan, and prepare its reader. Raises UsageError for another account."""
        del journal
        name = name_of(path)
        _, account = PlanReader(path, name).read_place()
        if account != target.account:
            raise UsageError(f"{name} is a plan for {account}, and this is {target.account}")
        return Source(
            name, fingerprint(name, path, choices, "plan"), partial(PlanReader, path, name), is_plan=True
        )
