"""The page of a file that was looked at and not run."""

from collections.abc import Iterator

from importer.model import Status
from importer.report.charts import build_charts
from importer.report.figures import Figures
from importer.report.inspection import Inspection, describe_kind
from importer.report.page import Count, Page, Reason
from importer.report.remedies import find_remedy
from importer.report.run_page import build_count, name_misses, name_source
from importer.text import clean, count, describe_outcome, span, without_place

SENDABLE = frozenset({Status.NOT_SENT, Status.DUPLICATE, Status.SKIPPED})
"""The statuses of rows that would go well, or have nothing to send."""


_CORRECT = "Correct these rows in the file, or after a run in its results, which are sent again then."


def build_file_page(found: Inspection, figures: Figures) -> Page:
    """Build the page of an inspection, and of the rows that it has seen."""
    odd = sum(each.count for (status, _), each in found.oddities.items() if status not in SENDABLE)
    name, to = name_source(found.name), clean(found.destination)
    return Page(
        title=f"{name}: what it has",
        what="A file that was looked at; nothing was sent",
        verdict=f"{found.sendable:,} of {count(found.rows, 'row')} would be sent to {to}.",
        tone="good" if not odd and found.sendable else "",
        route=name,
        facts=[*_list_facts(found)],
        counts=[*_count(found)],
        reasons=[*_build_reasons(found)],
        reasons_title="Why rows would not go, and what helps",
        charts=build_charts(figures, has_account=False),
        columns=figures.columns,
        rows_title="Rows that would not go" if figures.leaves_successes_out else "All rows",
        misses=figures.misses,
        misses_title=name_misses("that would not go", odd),
        notes=["; ".join(map(clean, found.notes))] if found.notes else [],
    )


def _count(found: Inspection) -> Iterator[Count]:
    if found.sendable:
        yield Count(
            Status.NOT_SENT, "would be sent", found.sendable, "rows that the destination takes", "good"
        )
    numbers: dict[Status, int] = {}
    for (status, _), each in found.oddities.items():
        numbers[status] = numbers.get(status, 0) + each.count
    yield from (build_count(status, numbers[status]) for status in Status if status in numbers)


def _list_facts(found: Inspection) -> Iterator[tuple[str, str]]:
    yield "format", found.format_name
    if found.rows:
        yield "lines", span(f"{found.lines[0]:,}", f"{found.lines[1]:,}")
    if found.kinds:
        yield (
            "kinds",
            ", ".join(f"{number:,} {describe_kind(kind)}" for kind, number in found.kinds.most_common()),
        )
        yield "ids", ", ".join(f"{number:,} {source}" for source, number in found.ids.most_common())
    if found.dates:
        without = f"; {found.days['']:,} without" if found.days[""] else ""
        yield "dates", f"{span(clean(found.dates[0]), clean(found.dates[1]))}{without}"
    if found.unread:
        yield "columns not read", ", ".join(clean(name, 40) for name in found.unread[:20])


def _build_reasons(found: Inspection) -> Iterator[Reason]:
    for (status, reason), odd in sorted(found.oddities.items(), key=lambda entry: -entry[1].count):
        if status not in SENDABLE:
            examples = [
                (line, clean(title, 120), without_place(message, line))
                for line, title, message in odd.examples
            ]
            remedy = _CORRECT if status is Status.INVALID else find_remedy(status, reason)
            yield Reason(odd.count, describe_outcome(status, reason), remedy, examples)
