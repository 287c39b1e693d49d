"""The charts of a run or a file: what each shows, as values. Pure.

A chart is drawn by `page/charts.js` from its `spec`, in the colours of the page; its `table` has the same
numbers for those who cannot see it, and its `summary` is the sentence that a screen reader says. The report
and the web page show the same ones: `page/chart.html` is the fragment, `charts_as_json` is for the script.

```text
Chart("ratings", "Ratings", "8 is the most frequent rating, 41 of 112.", spec, headers, rows)
spec = {"kind": "bars", "labels": ["1", ...], "series": [{"name": "in the file", "role": "first", ...}]}
```
"""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from importer.progress import RequestRecord, WaitRecord
from importer.report.figures import SCORE_STEP, Figures, by_rating, list_ratings
from importer.text import count, duration

_BINS = 60
_FEWEST_BINS = 15
_MOST_MONTHS = 2400
_MOST_WAITS = 200
_TOO_MANY = 429


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart, with what it says in words and in numbers."""

    id: str
    title: str
    summary: str
    spec: Mapping[str, Any]
    headers: Sequence[str]
    rows: Sequence[Sequence[object]]


def charts_as_json(charts: Sequence[Chart]) -> str:
    """Write the specs for the script, safe to stand within a page."""
    specs = {chart.id: {**chart.spec, "summary": chart.summary} for chart in charts}
    return json.dumps(specs).replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def build_charts(figures: Figures, *, has_account: bool) -> list[Chart]:
    """Build the charts of the rows; one that would be empty is left out."""
    found = [_build_ratings(figures, has_account=has_account)] if figures.in_file else []
    months = {month: number for month, number in figures.months.items() if _is_month(month)}
    if months:
        found += [_build_years(months), _build_months(months)]
    return found + ([_build_scores(figures.scores)] if figures.scores else [])


def _series(name: str, role: str, values: Sequence[int]) -> dict[str, object]:
    return {"name": name, "role": role, "values": values}


def _bars(labels: Sequence[str], axis: str, *series: dict[str, object]) -> dict[str, object]:
    return {"kind": "bars", "labels": labels, "axis": axis, "series": series}


def _build_ratings(figures: Figures, *, has_account: bool) -> Chart:
    counted = {"in the file": (figures.in_file, "first")}
    if has_account:
        counted["at the account before"] = figures.before, "third"
        counted["at the account after"] = figures.after, "second"
    labels = list_ratings(*(counts for counts, _ in counted.values()))
    series = [_series(name, role, by_rating(counts, labels)) for name, (counts, role) in counted.items()]
    most, number = figures.in_file.most_common(1)[0]
    summary = f"{most} is the most frequent rating in the file: {number:,} of {figures.in_file.total():,}."
    if has_account:
        summary += (
            f" Of these titles the account had {count(figures.before.total(), 'rating')} before the run"
            f" and {figures.after.total():,} after it."
        )
    rows = zip(labels, *(by_rating(counts, labels) for counts, _ in counted.values()), strict=True)
    return Chart(
        "ratings", "Ratings", summary, _bars(labels, "rating", *series), ["rating", *counted], [*rows]
    )


def _is_month(text: str) -> bool:
    year, _, month = text.partition("-")
    return year.isdecimal() and month.isdecimal() and 1 <= int(month) <= 12


def _build_years(months: Mapping[str, int]) -> Chart:
    years: Counter[str] = Counter()
    for month, number in months.items():
        years[month[:4]] += number
    labels = [f"{year:04}" for year in range(int(min(years)), int(max(years)) + 1)]
    most, number = years.most_common(1)[0]
    summary = (
        f"Rated in {most}: {count(number, 'rating')}."
        if len(labels) == 1
        else f"Rated from {labels[0]} to {labels[-1]}, most in {most}: {count(number, 'rating')}."
    )
    values = [years[year] for year in labels]
    spec = _bars(labels, "year", _series("ratings", "first", values))
    rows = [(year, years[year]) for year in labels if years[year]]
    return Chart("years", "Years of the ratings", summary, spec, ["year", "ratings"], rows)


def _build_months(months: Mapping[str, int]) -> Chart:
    labels = [*_months_between(min(months), max(months))][-_MOST_MONTHS:]
    most = max(months, key=lambda month: months[month])
    summary = f"Rated in {count(len(months), 'month')}, most in {most}: {count(months[most], 'rating')}."
    values = [months.get(month, 0) for month in labels]
    spec = _bars(labels, "month", _series("ratings", "second", values))
    rows = [(month, months[month]) for month in labels if month in months]
    return Chart("months", "Months of the ratings", summary, spec, ["month", "ratings"], rows)


def _months_between(first: str, last: str) -> Iterator[str]:
    year, month = (int(part) for part in first.split("-"))
    while (name := f"{year:04}-{month:02}") <= last:
        yield name
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)


def _build_scores(scores: Counter[int]) -> Chart:
    steps = range(min(scores), max(scores) + 1)
    labels = [f"{step * SCORE_STEP:.2f}" for step in steps]
    values = [scores[step] for step in steps]
    certain = sum(number for step, number in scores.items() if step * SCORE_STEP >= 0.9)
    summary = (
        f"{count(scores.total(), 'row')} got ids by a look-up, {certain:,} with a score of 0.90 or more."
    )
    spec = _bars(labels, "score, from", _series("rows", "first", values))
    return Chart(
        "scores",
        "Titles that were looked up",
        summary,
        spec,
        ["score, from", "rows"],
        [*zip(labels, values, strict=True)],
    )


def build_requests_chart(
    requests: Sequence[RequestRecord], waits: Sequence[WaitRecord], *, is_whole: bool
) -> Chart | None:
    """Build the chart of requests over time; None if there were none."""
    if not requests:
        return None
    begin, end = _find_span(requests, waits)
    number = min(max(len(requests), _FEWEST_BINS), _BINS)
    width = max(end - begin, 1.0) / number
    bins = [_Bin(place * width) for place in range(number)]
    for request in requests:
        bins[min(int((request.at - begin) / width), number - 1)].add(request)
    used = [each for each in bins if each.requests]
    kinds = (("answered", "second"), ("too many requests (429)", "warn"), ("to be repeated or split", "bad"))
    series = [_series(name, role, [each.counts[name] for each in bins]) for name, role in kinds]
    spec = {
        "kind": "time",
        "starts": [round(each.start, 2) for each in bins],
        "width": width,
        "series": series,
        "rows": [each.rows_per_request for each in bins],
        "waits": _join_waits(waits, begin),
    }
    headers = ["from", *(name for name, _ in kinds), "ratings per request"]
    rows = [
        (duration(each.start), *(each.counts[name] for name, _ in kinds), each.rows_per_request or "")
        for each in used
    ]
    summary = _describe_requests(requests, waits, end - begin, is_whole=is_whole)
    return Chart("requests", "Requests over time", summary, spec, headers, rows)


class _Bin:
    """Requests of a short while."""

    def __init__(self, start: float) -> None:
        self.start = start
        self.requests = self.batches = self.ratings = 0
        self.counts: Counter[str] = Counter()

    def add(self, request: RequestRecord) -> None:
        self.requests += 1
        self.batches += request.rows > 0
        self.ratings += request.rows
        is_limit = request.status == _TOO_MANY
        kind = (
            "too many requests (429)"
            if is_limit
            else "to be repeated or split"
            if request.reason
            else "answered"
        )
        self.counts[kind] += 1

    @property
    def rows_per_request(self) -> float | None:
        return round(self.ratings / self.batches, 1) if self.batches else None


def _find_span(requests: Sequence[RequestRecord], waits: Sequence[WaitRecord]) -> tuple[float, float]:
    begin = min([each.at for each in requests] + [each.at for each in waits])
    return begin, max(each.at + each.ms / 1000 for each in requests)


def _join_waits(waits: Sequence[WaitRecord], begin: float) -> list[tuple[float, float, str]]:
    """Join waits that overlap and have one reason; the longest are shown."""
    joined: list[tuple[float, float, str]] = []
    for wait in sorted(waits, key=lambda wait: (wait.reason, wait.at)):
        first, last = wait.at - begin, wait.at - begin + wait.seconds
        if joined and joined[-1][2] == wait.reason and joined[-1][1] >= first:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]), wait.reason)
        else:
            joined.append((first, last, wait.reason))
    longest = sorted(joined, key=lambda each: each[0] - each[1])[:_MOST_WAITS]
    return [(round(first, 2), round(last, 2), reason) for first, last, reason in sorted(longest)]


def _describe_requests(
    requests: Sequence[RequestRecord], waits: Sequence[WaitRecord], seconds: float, *, is_whole: bool
) -> str:
    if not is_whole:
        return (
            f"{count(len(requests), 'request')} in {duration(seconds)}: the last one of each row. "
            "The version of the importer that made this run noted no others, and no waits."
        )
    parts = [f"{count(len(requests), 'request')} in {duration(seconds)}"]
    if again := sum(bool(each.reason) and each.status != _TOO_MANY for each in requests):
        parts.append(f"{again:,} had to be repeated or split")
    if refused := sum(each.status == _TOO_MANY for each in requests):
        parts.append(f"{refused:,} came too early (429)")
    sizes = [each.rows for each in requests if each.rows]
    if sizes:
        batch = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
        parts.append(f"{batch} ratings in each" if max(sizes) > 1 else "one rating in each")
    if waits:
        parts.append(f"{count(len(waits), 'wait')}, the longest {duration(max(w.seconds for w in waits))}")
    gaps = [later.at - earlier.at for earlier, later in pairwise(sorted(requests))]
    if gaps and max(gaps) > max(60.0, seconds / 10):
        parts.append(f"a pause of {duration(max(gaps))} between two of them")
    return "; ".join(parts) + "."
