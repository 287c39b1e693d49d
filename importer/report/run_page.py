"""The page of a past run, from its journal."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from importer.destinations.registry import find_title, is_file
from importer.journal import RunKind
from importer.journal.history import PastRun, read_results, read_taken_over, read_tallies, was_compared
from importer.journal.results import Tally
from importer.journal.traffic_rows import PastTraffic, read_traffic
from importer.model import SUCCESSES, Status
from importer.report.charts import Chart, build_charts, build_requests_chart
from importer.report.figures import MOST_MISSES, MOST_ROWS, Figures
from importer.report.page import Count, Page, Reason
from importer.report.remedies import find_remedy
from importer.report.summary_text import MEANINGS
from importer.text import clean, count, describe_outcome, duration, list_counts, without_place


def build_run_page(run: PastRun, notes: Sequence[str] = ()) -> Page:
    """Read the run, and build its page. Raises StateFileError."""
    rows = sum(run.counts.values())
    figures = Figures(leaves_successes_out=rows > MOST_ROWS)
    figures.add_all(read_results(run))
    tallies, traffic = read_tallies(run), read_traffic(run)
    missed = sum(number for status, number in run.counts.items() if not status.is_success)
    if figures.leaves_successes_out:
        shown = f"the first {MOST_ROWS:,}" if figures.is_shortened else "all"
        notes = [
            *notes,
            f"The table has {shown} of the rows that did not succeed, since all rows are too many.",
        ]
    if taken_over := read_taken_over(run):
        detail = list_counts(taken_over.items())
        where = "in the plan" if run.kind == RunKind.PLAN else "by an earlier run"
        notes = [*notes, f"Settled {where}, and taken over as it was: {detail}."]
    source = name_source(run.source)
    return Page(
        title=f"{source} to {find_title(run.destination)}: {run.started_at[:10]}",
        what=f"Run {run.run_id}",
        verdict=_conclude(run, rows, missed),
        tone="good" if not missed and run.ended_at else "",
        route=f"{source} to {find_title(run.destination)}",
        facts=[*_list_facts(run, traffic)],
        counts=[build_count(status, number) for status, number in run.counts.items()],
        reasons=[*build_reasons(tallies)],
        reasons_title="Why rows did not succeed, and what helps",
        charts=build_run_charts(run, figures, traffic),
        columns=figures.columns,
        rows_title="Rows that did not succeed" if figures.leaves_successes_out else "All rows",
        misses=figures.misses,
        misses_title=name_misses("that did not succeed", missed),
        notes=notes,
    )


def build_run_charts(run: PastRun, figures: Figures, traffic: PastTraffic) -> list[Chart]:
    """Build the charts of a run: those of its rows, and its requests over time."""
    charts = build_charts(figures, has_account=not is_file(run.destination) and was_compared(run))
    requests = build_requests_chart(traffic.requests, traffic.waits, is_whole=traffic.is_whole)
    return charts + ([requests] if requests else [])


def build_count(status: Status, number: int) -> Count:
    """Describe the rows of a status."""
    return Count(status, status.replace("_", " "), number, MEANINGS[status], find_tone(status))


def find_tone(status: str) -> str:
    """Say how rows of a status are shown: good, bad, or with nothing where nothing was to be done."""
    if status in {Status.RATED, Status.UNRATED}:
        return "good"
    return "" if status in SUCCESSES else "bad"


def build_reasons(tallies: Sequence[Tally]) -> Iterator[Reason]:
    """Describe why rows did not succeed, in the order of the tallies."""
    for tally in tallies:
        if not tally.status.is_success:
            yield Reason(
                tally.count,
                describe_outcome(tally.status, tally.reason),
                find_remedy(tally.status, tally.reason),
                [
                    (line, clean(title or "", 120), without_place(message or "", line))
                    for line, title, message in tally.examples
                ],
            )


def name_source(source: str) -> str:
    """Name what was read; a path tells about the machine, and stays on it."""
    is_address = "://" in source
    return clean(source if is_address else source.replace("\\", "/").rstrip("/").rpartition("/")[2], 80)


def name_misses(what: str, number: int) -> str:
    """Name the list of rows that can be read without scripts."""
    first = f"The first {MOST_MISSES:,} of {number:,} rows" if number > MOST_MISSES else count(number, "row")
    return f"{first} {what}"


def _conclude(run: PastRun, rows: int, missed: int) -> str:
    if run.ended_at is None:
        left = sum(run.counts.get(status, 0) for status in (Status.NOT_SENT, Status.UNCONFIRMED))
        return f"The run has not ended: {left:,} of {count(rows, 'row')} are left."
    if not rows:
        return "The file has no rows."
    if missed:
        return f"{rows - missed:,} of {count(rows, 'row')} succeeded, {missed:,} did not."
    return f"All {count(rows, 'row')} succeeded." if rows > 1 else "The row succeeded."


def _list_facts(run: PastRun, traffic: PastTraffic) -> Iterator[tuple[str, str]]:
    yield "kind", run.kind if run.undo_of is None else f"undo of {run.undo_of}"
    yield "began", _show(run.started_at)
    if run.ended_at:
        yield "ended", _show(run.ended_at)
        seconds = (
            datetime.fromisoformat(run.ended_at) - datetime.fromisoformat(run.started_at)
        ).total_seconds()
        yield "took", duration(seconds)
    if traffic.requests:
        rows = sum(each.rows for each in traffic.requests if not each.reason)
        yield "requests", f"{len(traffic.requests):,}" + (f", with {count(rows, 'rating')}" if rows else "")
    if traffic.waits:
        yield "waits", f"{len(traffic.waits):,}"
    if run.undone_by:
        yield "undone by", run.undone_by + (", in part" if run.undone_in_part else "")


def _show(instant: str) -> str:
    return datetime.fromisoformat(instant).strftime("%Y-%m-%d %H:%M UTC")
