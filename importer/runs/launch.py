"""From what is read and where it goes to an `ImportRun`: the one way all commands go that send ratings."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from importer.destinations.spec import DestinationSpec
from importer.interrupts import StopRequest
from importer.runs.asking import open_asking
from importer.runs.destination import OpenDestination, journal_for
from importer.runs.import_run import ImportRun
from importer.runs.outputs import find_outputs, name_written, origin_of
from importer.runs.prompts import Observer, Prompts, Unattended, Unwatched
from importer.runs.rules import DestinationOptions, RunRules, SendOptions
from importer.runs.sources import Opening, SourceSpec


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run as it is wanted, all of it values."""

    what: SourceSpec
    to: DestinationSpec
    at: DestinationOptions = field(default_factory=DestinationOptions)
    rules: RunRules = field(default_factory=RunRules)
    options: SendOptions = field(default_factory=SendOptions)
    results: Path | None = Path("results.csv")
    overwrites: bool = False


@contextmanager
def open_run(
    wanted: RunRequest,
    prompts: Prompts | None = None,
    observer: Observer | None = None,
    stop: StopRequest | None = None,
) -> Iterator[ImportRun]:
    """Open the destination, its journal and what is read, for as long as the block lasts.

    Raises UsageError where something does not fit together, StopRunError where it cannot be reached.
    """
    prompts, observer = prompts or Unattended(), observer or Unwatched()
    with (
        open_place(wanted, observer) as destination,
        open_at(destination, wanted, prompts, observer) as run,
    ):
        run.stop_request = stop or StopRequest()
        yield run


@contextmanager
def open_place(wanted: RunRequest, observer: Observer) -> Iterator[OpenDestination]:
    """Open only the destination. A file has its usual name, unless that is of another source."""
    is_dry_run, at = not wanted.rules.asks_account, wanted.at
    if wanted.to.file is not None and at.write_to is None:
        usual = Path(wanted.to.file.usual_name)
        at = replace(at, write_to=name_written(wanted.what.name, usual, find_outputs()))
    with open_asking(wanted.to, at, observer, wanted.options, is_dry_run=is_dry_run) as opened:
        yield replace(opened, origin=origin_of(wanted.what.name))


@contextmanager
def open_at(
    destination: OpenDestination, wanted: RunRequest, prompts: Prompts, observer: Observer
) -> Iterator[ImportRun]:
    """Open the journal of a destination and what is read."""
    with (
        journal_for(destination) as journal,
        wanted.what.open(
            Opening(
                destination,
                journal,
                prompts,
                wanted.results,
                wanted.at,
                observer,
                wanted.options,
                offers_lookup=True,
            )
        ) as source,
    ):
        yield ImportRun(
            source,
            destination,
            journal,
            wanted.rules,
            wanted.options,
            wanted.results,
            prompts,
            observer,
            overwrites=wanted.overwrites,
        )
