"""Makes a plan: reads the file, compares it with the account, and writes what a run would do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from importer.errors import Remedy, UsageError
from importer.journal import JournalRun
from importer.model import HATE, LOVE, MediaKind, Rating, RatingJob
from importer.plans.model import PLAN_COLUMNS, build_plan_line
from importer.plans.report import Line, Plan, write_plan
from importer.progress import Phase
from importer.runs.destination import OpenDestination
from importer.runs.import_run import ImportRun
from importer.runs.room import Room


@contextmanager
def made_plan(run: ImportRun) -> Iterator[tuple[Plan, Callable[[], Iterator[Line]]]]:
    """Write the plan of a run to its `results`. The block may read the lines once more.

    The journal forgets the run afterwards. Raises UsageError, StopRunError.
    """
    destination = run.destination
    if destination.spec.is_file:
        raise UsageError("a plan needs an account to compare with", Remedy.DRY_RUN)
    with run.compared(PLAN_COLUMNS) as loaded:
        effort = destination.estimate_effort(loaded.run, run.options.or_else(destination.recommended))
        name, account = destination.destination.name, destination.account
        plan = Plan(
            run.source.name, name, account, loaded.notes, effort.requests, effort.seconds, loaded.room
        )
        lines = partial(_lines, loaded.run, destination, loaded.room)
        run.progress.phase = Phase.WRITING
        assert run.results is not None
        writing = run.outputs.writing(run.results, origin=run.source.origin)
        with run.observer.watch(run.progress), writing:
            write_plan(run.results, plan.counted(lines()))
        yield plan, lines


def _lines(run: JournalRun, destination: OpenDestination, room: Room | None) -> Iterator[Line]:
    place = (destination.destination.name, destination.account)
    numbers = _numbers(destination)
    for planned_change in run.planned_changes():
        yield (*build_plan_line(planned_change, numbers, room), *place)


def _numbers(destination: OpenDestination) -> dict[Rating, Rating]:
    """What love and hate are sent as."""
    love = RatingJob(0, 0, MediaKind.MOVIE, None, None, None, None, None, None, None, None, LOVE, None)
    words = (love, love._replace(rating=HATE))
    return {job.rating: destination.as_stored(job).rating for job in words}
