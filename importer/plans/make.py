"""Makes a plan: reads the file, looks at the account, and writes down what a run would do. Sends nothing."""

from collections.abc import Iterator
from contextlib import ExitStack

from importer.cli.display import Display
from importer.cli.prompts import ConflictQuestions
from importer.errors import StopRunError, UsageError
from importer.journal import Journal, JournalRun
from importer.model import HATE, LOVE, MediaKind, Rating, RatingJob
from importer.plans.model import build_plan_line
from importer.plans.report import Line, Plan, build_plan, print_json, write_plan
from importer.progress import Phase, Progress
from importer.runs.estimate import estimate_effort
from importer.runs.launch import remembers
from importer.runs.load import LoadedRun, Source, forgotten_run
from importer.runs.open_destination import Choices, OpenDestination
from importer.runs.send import Sending


def make_plan(
    source: Source, target: OpenDestination, journal: Journal, choices: Choices, display: Display
) -> int:
    """Write and show the plan, and return the exit code. The journal forgets all of it."""
    if target.spec.is_file:
        raise UsageError("a plan needs an account to compare with; for a file, --dry-run shows what it gets")
    display.check_can_ask(target)
    progress = Progress()
    with ExitStack() as stack:
        with display.show(progress):
            planned = stack.enter_context(
                forgotten_run(
                    source,
                    target.destination,
                    journal,
                    progress,
                    remembers=remembers(source, target, choices),
                )
            )
            sender = _look(planned, target, journal, progress)
        if sender is not None and sender.leaves_conflicts:
            sender.resolve_conflicts(ConflictQuestions().keeps)
        progress.phase = Phase.WRITING
        plan = _begin_plan(planned, source, target)
        with display.show(progress):
            write_plan(display.results, plan.counted(_lines(planned.run, target)))
        if display.as_json:
            print_json(plan, _lines(planned.run, target), display.results, display.stream())
        elif not display.quiet:
            print(build_plan(plan, display.results), file=display.stream())
    return 0 if plan.is_fine else 1


def _look(
    planned: LoadedRun, target: OpenDestination, journal: Journal, progress: Progress
) -> Sending | None:
    """Hold the open rows against the account. Raises StopRunError where that cannot be done."""
    if not planned.open_rows:
        return None
    assert target.api is not None
    sender = Sending(planned.run, target.api, journal, target.options, progress)
    look = sender.look()
    if sender.stopped_by is not None:
        raise sender.stopped_by
    if not look.is_readable:
        raise StopRunError("the account cannot be read, so there is nothing to compare the file with")
    return sender


def _begin_plan(planned: LoadedRun, source: Source, target: OpenDestination) -> Plan:
    effort = estimate_effort(target, planned.run)
    name, account = target.destination.name, target.account
    return Plan(source.name, name, account, planned.notes, effort.requests, effort.seconds)


def _lines(run: JournalRun, target: OpenDestination) -> Iterator[Line]:
    place = (target.destination.name, target.account)
    numbers = _numbers(target)
    for planned_change in run.planned_changes():
        yield (*build_plan_line(planned_change, numbers), *place)


def _numbers(target: OpenDestination) -> dict[Rating, Rating]:
    """What love and hate are sent as."""
    love = RatingJob(0, 0, MediaKind.MOVIE, None, None, None, None, None, None, None, None, LOVE, None)
    words = (love, love._replace(rating=HATE))
    assert target.api is not None
    return {job.rating: target.api.as_stored(job).rating for job in words}
