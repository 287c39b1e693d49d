"""The summary of a run for people: plain text, or rich on a terminal. Pure.

```text
Run 20261130-0021-ab: ratings.csv to trakt       _title

  98  rated      the destination took the rating   _count_rows
   2  not found  the destination does not know the title

2 of 100 rows did not succeed:                   _conclude
```
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from importer.model import RESULT_COLUMNS, Status
from importer.report.summary import Summary, Tally
from importer.text import clean, count, describe_outcome, duration, list_counts, rate, without_place

if TYPE_CHECKING:
    from rich.console import RenderableType

MEANINGS = {
    Status.RATED: "the destination took the rating",
    Status.UNRATED: "the rating was removed: its row asks for it, or the mirrored file does not rate it",
    Status.UNCHANGED: "an earlier run sent it, or the account has it already; nothing was sent",
    Status.KEPT: "the account has another rating, which was kept",
    Status.DUPLICATE: "another row rates the same title; that one counts",
    Status.SKIPPED: "the row has no rating to send, or was taken out of the plan",
    Status.UNSUPPORTED: "the destination cannot take this kind of title, or rows without its ids",
    Status.INVALID: "the row cannot be understood as a rating",
    Status.NOT_FOUND: "the destination does not know the title",
    Status.REJECTED: "the destination refused the row",
    Status.FAILED: "given up after the last try",
    Status.UNCONFIRMED: "sent, but the answer was lost and could not be checked",
    Status.NOT_SENT: "the run ended before these were sent",
}

_OF_A_DRY_RUN = "A dry run does not read the account, which may have some already: `importer plan` reads it."

_OF_AN_UNDO = {
    Status.RATED: ("restored", "the rating from before the run is back"),
    Status.UNRATED: ("removed", "the run had added the rating"),
    Status.UNCHANGED: ("unchanged", "it was so already"),
    Status.KEPT: ("left alone", "changed since that run"),
}
_WOULD = {"would_restore": "would be restored", "would_remove": "would be removed"}
"""By reason, what an undo's dry run would do to rows."""

_WHY_KEPT = {
    "policy_keep": "the account's rating is kept, as you asked",
    "policy_newest": "the account's rating is newer",
    "policy_newest_unread_date": "the row's date cannot be read, so the account's rating may be newer",
    "policy_highest": "the account's rating is higher",
    "policy_ask": "the account's rating is kept, as you chose",
}

_STYLES = dict.fromkeys((Status.UNSUPPORTED, Status.INVALID, Status.NOT_FOUND), "yellow")
"""Row problems are yellow, other misses red, successes green."""

_SCREEN_LINES = 15
"""What title, counts, verdict, facts and the next command leave of a screen of 24 lines."""


def build_text(summary: Summary) -> str:
    """Build the summary as plain text for pipes and logs: no colours, no fixed width."""
    lines = [_title(summary), *(f"  {clean(note)}" for note in summary.notes), ""]
    counts = _count_rows(summary)
    widths = [max((len(cells[column]) for _, *cells in counts), default=0) for column in range(2)]
    lines += [
        f"  {number:>{widths[0]}}  {word:<{widths[1]}}  {meaning}" for _, number, word, meaning in counts
    ]
    if summary.first_rows:
        lines += ["", *(f"  {row}" for row in _show_rows(summary))]
    lines += ["", _conclude(summary)]
    for tally in summary.misses:
        lines += ["", f"  {_miss_heading(tally)}", *(f"    {example}" for example in _examples(tally))]
    lines += ["", *(f"{label}: {text}" for label, text in _footer(summary))]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip()


def build_rich(summary: Summary) -> "RenderableType":
    """Build the summary for a terminal, with colours where the terminal has them."""
    from rich.console import Group  # noqa: PLC0415 - only output on a terminal pays for the import
    from rich.padding import Padding  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    # Text and never str: rich reads markup in a str, and a title may be "[bold]".
    def indented(text: str, columns: int, style: str = "") -> Padding:
        return Padding(Text(text, style), (0, 0, 0, columns))

    counts = Table.grid(padding=(0, 2))
    counts.add_column(justify="right")
    for status, number, word, meaning in _count_rows(summary):
        style = _style(status, summary)
        counts.add_row(Text(number, f"bold {style}"), Text(word, style), Text(meaning, "dim"))
    parts: list[RenderableType] = [Text(_title(summary), "bold")]
    parts += [indented(clean(note), 2, "dim") for note in summary.notes]
    if counts.row_count:
        parts += [Text(), Padding(counts, (0, 0, 0, 2))]
    if summary.first_rows:
        parts += [Text(), *(indented(row, 2) for row in _show_rows(summary))]
    parts += [Text(), Text(_conclude(summary), "bold green" if summary.all_succeeded else "bold")]
    for tally in summary.misses:
        parts += [Text(), indented(_miss_heading(tally), 2, _style(tally.status, summary))]
        parts += [indented(example, 4) for example in _examples(tally)]
    footer = Table.grid(padding=(0, 2))
    for label, text in _facts(summary):
        footer.add_row(Text(label, "dim"), Text(text))
    return Group(*parts, Text(), footer)


def build_reasons(summary: Summary) -> list[str]:
    """Build a line for each reason that rows failed, the most frequent first, with its first row."""
    reasons = []
    for tally in summary.misses:
        first = next(_examples(tally), "")
        reasons.append(f"{_miss_heading(tally)}; {first}" if first else _miss_heading(tally))
    return reasons


def list_undone(counts: Mapping[str, int]) -> str:
    """List the rows of an undo by what became of them: `15 removed, 35 left alone`."""
    words = {str(status): word for status, (word, _) in _OF_AN_UNDO.items()}
    return list_counts((words.get(status, status), number) for status, number in counts.items()) or "no rows"


def _style(status: Status, summary: Summary) -> str:
    if status.is_success or (summary.dry_run and status is Status.NOT_SENT):
        return "green"
    return _STYLES.get(status, "red")


def _title(summary: Summary) -> str:
    what = "Dry run" if summary.dry_run else "Run"
    # The journal forgets a dry run, so nothing can be asked about its id.
    name = "" if summary.dry_run else f" {clean(summary.run_id)}"
    return f"{what}{name}: {clean(summary.source)} to {clean(summary.destination)}"


def _count_rows(summary: Summary) -> list[tuple[Status, str, str, str]]:
    meanings = {status: (status.replace("_", " "), meaning) for status, meaning in MEANINGS.items()}
    kept = [tally.reason for tally in summary.tallies if tally.status is Status.KEPT]
    if why := "; ".join(_WHY_KEPT[reason] for reason in kept if reason in _WHY_KEPT):
        meanings[Status.KEPT] = ("kept", why)
    if summary.dry_run:
        name = "to undo" if summary.is_undo else "not sent"
        meanings[Status.NOT_SENT] = (name, _describe_dry_run(summary))
    if summary.is_undo:
        meanings |= _OF_AN_UNDO
    if summary.is_file:
        meanings[Status.RATED] = ("rated", _describe_written(summary))
    taken_over = summary.taken_over
    now = {status: number - taken_over.get(status, 0) for status, number in summary.counts.items()}
    rows = [(status, f"{number:,}", *meanings[status]) for status, number in now.items() if number]
    if taken_over:
        detail = list_counts(taken_over.items())
        total = f"{sum(taken_over.values()):,}"
        where = "settled in the plan" if summary.follows_plan else "settled by an earlier run"
        rows.append((Status.UNCHANGED, total, "taken over", f"{where}: {detail}"))
    return rows


def _describe_written(summary: Summary) -> str:
    return "written to the file" + ("; it counts once you have uploaded it" if summary.is_uploaded else "")


def _show_rows(summary: Summary) -> Iterator[str]:
    """Show what would become of the first rows: `line 2, Heat: would be restored, 9 -> 3`."""
    for cells in summary.first_rows:
        row = dict(zip(RESULT_COLUMNS, cells, strict=True))
        title = f", {clean(str(row['title']), 80)}" if row["title"] else ""
        before = "no rating" if row["previous_rating"] is None else row["previous_rating"]
        after = "no rating" if row["rating"] == "unrate" else row["rating"]
        change = f", {before} -> {after}" if row["status"] == Status.NOT_SENT else ""
        where = f"line {row['line']}" if row["line"] else "not in the file"
        message = without_place(row["message"] or row["status"], row["line"])
        yield f"{where}{title}: {message}{change}"
    if more := summary.rows - len(summary.first_rows):
        yield f"and {more:,} more; a results file has all rows"


def _describe_dry_run(summary: Summary) -> str:
    would = [f"{tally.count:,} {_WOULD[tally.reason]}" for tally in summary.tallies if tally.reason in _WOULD]
    return ", ".join(would) or "would be sent"


def _conclude(summary: Summary) -> str:
    unsent = summary.counts.get(Status.NOT_SENT, 0)
    unchanged = summary.counts.get(Status.UNCHANGED, 0)
    sentences = []
    if summary.stopped is not None:
        left = f"{count(unsent, 'row')} left to send" if unsent else "no row was left to send"
        sentences.append(f"Stopped early, {left}: {clean(summary.stopped).rstrip('.')}.")
    elif not summary.rows:
        return "There are no rows: nothing to do."
    elif summary.dry_run:
        would = f"; {_describe_dry_run(summary)}" if summary.is_undo else f"; {count(unsent, 'row')} would be"
        sentences.append(f"Nothing was sent{would if unsent else ''}.")
        if unsent and not summary.is_undo and not summary.is_file:
            sentences.append(_OF_A_DRY_RUN)
    elif unchanged and not summary.sent:
        sentences.append(_nothing_to_send(unchanged, is_all=unchanged == summary.rows))
    if summary.is_undo and (kept := summary.counts.get(Status.KEPT)):
        left = f"{kept:,} of {count(summary.rows, 'row')} left alone, not undone"
        sentences.append(f"{left}; the message of each says why.")
    accepted = list_counts(
        (status, number) for status, number in summary.counts.items() if status in summary.accepted
    )
    if summary.missed:
        known = f" ({summary.told_again:,} of them known from earlier runs)" if summary.told_again else ""
        besides = f"; besides, accepted are {accepted}" if accepted else ""
        sentences.append(
            f"{summary.missed:,} of {count(summary.rows, 'row')} did not succeed{known}{besides}:"
        )
    elif accepted:
        sentences.append(f"Nothing is left to correct: {accepted} are accepted.")
    elif not sentences:
        sentences.append(
            "The row succeeded." if summary.rows == 1 else f"All {summary.rows:,} rows succeeded."
        )
    return " ".join(sentences)


def _nothing_to_send(unchanged: int, *, is_all: bool) -> str:
    if unchanged == 1:
        return "Nothing to send: one rating is unchanged."
    every = "all " if is_all else ""
    return f"Nothing to send: {every}{unchanged:,} ratings are unchanged."


def _miss_heading(tally: Tally) -> str:
    message = _common_message(tally)
    detail = f": {message}" if message else ""
    return f"{count(tally.count, 'row')} {describe_outcome(tally.status, tally.reason)}{detail}"


def _common_message(tally: Tally) -> str:
    """Give the message that all examples share: said once, it need not stand beside each."""
    messages = {message or "" for _, _, message in tally.examples}
    is_shared = len(messages) == 1 and (tally.count > 1 or tally.status is Status.NOT_SENT)
    return clean(messages.pop()) if is_shared else ""


def _examples(tally: Tally) -> Iterator[str]:
    if tally.status is Status.NOT_SENT:  # nothing is wrong with these rows
        return
    is_shared = bool(_common_message(tally))
    for line, title, message in tally.examples:
        where = f"line {line}" + (f", {clean(title, 80)}" if title else "")
        why = "" if is_shared else without_place(message or "", line)
        yield f"{where}: {why}" if why else where
    more = tally.count - len(tally.examples)
    if more and tally.examples:
        yield f"and {more:,} more"


def _footer(summary: Summary) -> Iterator[tuple[str, str]]:
    yield from _facts(summary)
    if summary.next_command is not None:
        yield "Next", build_next(summary).removeprefix("Next: ")


def build_next(summary: Summary) -> str:
    """Build the lines with the next command to type; empty if there is none."""
    if summary.next_command is None:
        return ""
    reason = f"{summary.next_reason}:\n    " if summary.next_reason else ""
    return "Next: " + reason + clean(summary.next_command, 4096)


def _facts(summary: Summary) -> Iterator[tuple[str, str]]:
    if summary.rows_per_second is not None:
        took = f"{count(summary.sent, 'row')} in {duration(summary.seconds)}"
        yield "Wrote" if summary.is_file else "Sent", f"{took}, {rate(summary.rows_per_second)} per second"
    if summary.results is not None:
        results = str(summary.results)
        yield "Results", "standard output" if results == "-" else clean(results, 4096)
    misses = sum(2 + len(list(_examples(tally))) for tally in summary.misses)
    if (
        summary.misses or len(summary.notes) + misses > _SCREEN_LINES
    ):  # the last line that is read has all counts
        yield "Rows", ", ".join(f"{number} {word}" for _, number, word, _ in _count_rows(summary))
