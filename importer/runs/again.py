"""Earlier runs as sources: the failed rows of a results file, and the changes of a run to undo."""

import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import tzinfo
from functools import partial
from itertools import islice
from pathlib import Path

from importer.config.folders import state_dir
from importer.destinations.registry import find, list_specs
from importer.destinations.spec import DestinationSpec
from importer.errors import OptionError, PlaceNeededError, Remedy, UsageError
from importer.journal.history import LAST, PastRun, find_run, find_sender, list_runs, read_results
from importer.model import CORRECTABLE, RESULT_COLUMNS, TRANSIENT, Status
from importer.runs.load import Source
from importer.runs.open_destination import check_typed
from importer.runs.outputs import find_outputs, origin_of
from importer.runs.places import PlaceOptions, Share, share_out
from importer.runs.results_csv import write_results
from importer.runs.results_reader import FIRST_COLUMNS, ResultsReader
from importer.runs.rules import DestinationOptions
from importer.runs.sources import Opening, fingerprint, name_of
from importer.runs.undo import UndoReader


@dataclass(frozen=True, slots=True)
class ResultsFile:
    """The failed rows of a results file or of a run, which are to be sent again."""

    what: str
    every: bool
    past: PastRun | None = None
    """The run of the results file, if known."""
    zone: tzinfo | None = None
    """The time zone of dates and times without one."""
    label: str = ""
    """The destination whose lines are meant, in a file of several."""
    written_by: PastRun | None = None
    """The run that wrote the file, if known: its cells show which of them were corrected."""

    @property
    def name(self) -> str:
        """What messages and the list of runs call it: for `last`, another run tomorrow, its source."""
        is_last = self.past is not None and self.what == LAST and not Path(self.what).exists()
        return self.past.source if self.past is not None and is_last else name_of(self.what)

    @contextmanager
    def open(self, opening: Opening) -> Iterator[Source]:
        """Prepare to read the results file; that of a run is printed anew from its journal.

        Raises UsageError for another account.
        """
        if self.past is not None:
            check_account(self.past, opening)
        if Path(self.what).exists() or self.past is None:
            yield self._build_source(Path(self.what), opening)
            return
        with tempfile.TemporaryDirectory(prefix="results-") as folder:
            path = Path(folder) / "results.csv"
            write_results(path, read_results(self.past))
            yield self._build_source(path, opening)

    def _build_source(self, path: Path, opening: Opening) -> Source:
        again = TRANSIENT | CORRECTABLE if self.every else TRANSIENT
        zone = [] if self.zone is None else [f"zone {self.zone}"]
        label = [f"to {self.label}"] if self.label else []
        print_ = fingerprint(self.name, path, "retry", *sorted(again), *zone, *label)
        # A results file is still that of the export it was written for.
        origin = "" if self.past is None or path == Path(self.what) else origin_of(self.past.source)
        return Source(
            self.name, print_, partial(self._open_reader, path, again, opening), path=path, origin=origin
        )

    def _open_reader(self, path: Path, again: Collection[Status], opening: Opening) -> ResultsReader:
        past, journal = self.written_by or self.past, opening.journal
        is_here = past is not None and past.journal.absolute() == journal.path.absolute()
        written_by = journal.open_run(past.number, past.run_id) if past is not None and is_here else None
        reader = ResultsReader(
            path, self.name, again, self.zone, destination=self.label, written_by=written_by
        )
        if self.past is not None and (undo := self.past.undone_by):
            undone = "undone in part" if self.past.undone_in_part else "undone"
            run = f"run {self.past.run_id} was {undone} by {undo}"
            note = f"{run}: its closed rows are taken over, but no longer true"
            reader.notes = (*reader.notes, note)
        return reader

    def read_lines(self) -> Iterator[Sequence[str]]:
        """Yield the lines of the destination as they stand."""
        reader = ResultsReader(Path(self.what), self.name, (), destination=self.label)
        return reader.lines(*RESULT_COLUMNS)

    def find_place(self, place: PlaceOptions) -> DestinationSpec:
        """Find the destination of the run. `to` and `api` must not name another one.

        Raises UsageError.
        """
        if place.to is not None and place.spec.is_file:
            raise OptionError("to", "a file is written whole, by its own command", place.spec.word)
        if self.past is None and place.to is not None:
            return place.spec
        if self.past is None:
            places = dict.fromkeys(spec.word for spec in list_specs() if not spec.is_file)
            raise PlaceNeededError(self.name, list(places))
        run_id, destination = self.past.run_id, self.past.destination
        if undone := self.past.undo_of:
            raise UsageError(
                f"{self.name}: {run_id} undid {undone}. Undo {undone} again: that goes on with what is left, "
                "and leaves alone what was changed since"
            )
        spec = find(destination)
        if spec is None or spec.is_file:
            raise _wrote_file(run_id)
        check_typed(f"{self.name}: {run_id} went to {destination}", spec, place)
        return spec


def _wrote_file(name: str) -> UsageError:
    return UsageError(
        f"{name}: this run wrote a file to upload, and no account took its rows; a file is written whole, by "
        "its own command. Correct its source, then type that command again"
    )


def open_results(what: str, *, every: bool, zone: tzinfo | None) -> Mapping[str, ResultsFile]:
    """Find the results file or the run; of several destinations give one for each, by its label.

    Raises UsageError and UnreadableFileError.
    """
    path = Path(what)
    if path.exists():
        labels = list_destinations(path) or [""]
        return {label: _find_file(what, label, every=every, zone=zone) for label in labels}
    if what != LAST and (not what[:1].isdigit() or path.suffix):  # a run's id begins with its date
        raise UsageError(f"there is no file {name_of(what)}", Remedy.NAME_RUN)
    return {"": ResultsFile(what, every, find_run(state_dir() / "journals", what), zone)}


def list_destinations(path: Path) -> list[str]:
    """Name the destinations that a results file has lines of; none if it is that of a run to one.

    Raises UnreadableFileError and UnknownFormatError.
    """
    return ResultsReader(path, name_of(path), ()).list_destinations()


def find_shares(
    given: Mapping[str, ResultsFile], place: PlaceOptions, at: DestinationOptions
) -> Mapping[str, Share]:
    """Find where each goes again, by its label; what was written into files stays out. Raises UsageError."""
    if len(given) == 1 and "" in given:
        return {"": Share(given[""].find_place(place), at)}
    if place.to is not None:
        raise OptionError("to", "the results name their destinations; leave this out", " ".join(place.to))
    shares = share_out(replace(place, to=tuple(given)), at)
    sent = {label: share for label, share in shares.items() if not share.to.is_file}
    if not sent:
        raise _wrote_file(next(iter(given.values())).name)
    return {
        label: share._replace(to=given[label].find_place(replace(place, to=(share.to.word,))))
        for label, share in sent.items()
    }


def _find_file(what: str, label: str, *, every: bool, zone: tzinfo | None) -> ResultsFile:
    """Find the runs of a file, or of its lines of one destination: who sent them, and who wrote the file."""
    folder, path = state_dir() / "journals", Path(what)
    reader = ResultsReader(path, name_of(path), (), destination=label)
    sent = reader.read_sent()
    if not label and reader.is_of_file:
        raise _wrote_file(name_of(path))
    # Two runs that work side by side may send a row at the same moment.
    names = {spec.name for spec in list_specs() if spec.word == label.partition(":")[0]} if label else None
    writer = _find_writer(folder, path, label, reader.read_first())
    past = find_sender(folder, sent, names) if sent else writer
    return ResultsFile(what, every, past, zone, label, writer if past is not None else None)


def _find_writer(folder: Path, path: Path, label: str, rows: Sequence[tuple[str, ...]]) -> PastRun | None:
    """Find the run that wrote a results file; its first rows must be the run's."""
    note = find_outputs().read_note(path)
    run_id = "" if note is None else note.run_of(label)
    past = next((run for run in list_runs(folder, []) if run.run_id == run_id), None) if run_id else None
    if past is None:
        return None
    places = [RESULT_COLUMNS.index(name) for name in FIRST_COLUMNS]
    lines = islice(read_results(past), len(rows))
    return past if rows == [tuple(str(cells[place]) for place in places) for cells in lines] else None


@dataclass(frozen=True, slots=True)
class ChangesOfRun:
    """The changes of an earlier run, which are to be undone."""

    past: PastRun
    force: bool = False

    @property
    def name(self) -> str:
        """What messages and journals call it."""
        return f"undo {self.past.run_id}"

    @contextmanager
    def open(self, opening: Opening) -> Iterator[Source]:
        """Prepare to read the run; there is no file. Raises UsageError if it belongs to another account."""
        check_account(self.past, opening)
        print_ = self.name + (" by force" if self.force else "")
        undone = opening.journal.open_run(self.past.number, self.past.run_id)
        yield Source(self.name, print_, partial(UndoReader, undone))


def check_account(past: PastRun, opening: Opening) -> None:
    """Raise UsageError unless the run belongs to this account."""
    if opening.journal.path.absolute() != past.journal.absolute():
        raise UsageError(f"{past.run_id} was for another account than {opening.destination.account}")
