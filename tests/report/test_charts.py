"""What the charts say of rows and requests."""

from collections import Counter
from typing import Any

import pytest

from importer.model import RESULT_COLUMNS
from importer.progress import RequestRecord, WaitRecord
from importer.report.charts import Chart, build_charts, build_requests_chart
from importer.report.figures import Figures


def line(**cells: Any) -> tuple[Any, ...]:
    usual = {"row": 1, "line": 2, "status": "rated", "kind": "movie", "rating": 8}
    return tuple((dict.fromkeys(RESULT_COLUMNS) | usual | cells)[name] for name in RESULT_COLUMNS)


def count(*lines: tuple[Any, ...]) -> Figures:
    figures = Figures()
    figures.add_all(lines)
    return figures


@pytest.mark.parametrize(
    ("cells", "before", "after"),
    [
        ({}, [], ["8"]),
        ({"previous_rating": 6}, ["6"], ["8"]),
        ({"status": "unchanged"}, ["8"], ["8"]),
        ({"status": "kept", "previous_rating": 6}, ["6"], ["6"]),
        ({"status": "unrated", "rating": "unrate", "previous_rating": 6}, ["6"], []),
        ({"status": "failed", "previous_rating": 6}, ["6"], ["6"]),
        ({"status": "not_found"}, [], []),
        ({"status": "unconfirmed", "previous_rating": 6}, ["6"], []),  # nobody knows
        ({"status": "duplicate", "previous_rating": 6}, [], []),  # the other row counts
        ({"status": "invalid", "rating": "11"}, [], []),
    ],
)
def test_what_the_account_had_and_has(cells: dict[str, Any], before: list[str], after: list[str]) -> None:
    figures = count(line(**cells))
    assert (figures.before, figures.after) == (Counter(before), Counter(after))


def find(charts: list[Chart], name: str) -> Chart:
    return next(chart for chart in charts if chart.id == name)


def test_ratings_stand_in_their_order() -> None:
    figures = count(*(line(rating=rating) for rating in (10, 2, 8.5, 8, 8, "love")))
    chart = find(build_charts(figures, has_account=False), "ratings")
    assert chart.spec["labels"] == [*map(str, range(1, 9)), "8.5", "9", "10", "love"]
    assert {row[0]: row[1] for row in chart.rows}["8"] == 2
    assert "8 is the most frequent rating in the file: 2 of 6." in chart.summary


def test_years_and_months_have_no_gaps_but_odd_dates_are_no_months() -> None:
    dates = ("2019-11-02", "2020-02-03T10:00:00Z", "2020-02", "2021", "someday", None)
    charts = build_charts(count(*(line(rated_at=date) for date in dates)), has_account=False)
    years, months = find(charts, "years"), find(charts, "months")
    assert (years.spec["labels"], years.spec["series"][0]["values"]) == (["2019", "2020"], [1, 2])
    assert months.spec["labels"] == ["2019-11", "2019-12", "2020-01", "2020-02"]
    assert list(months.rows) == [("2019-11", 1), ("2020-02", 2)]


def test_scores_of_titles_that_were_looked_up() -> None:
    told = (
        "resolved as Heat (1995), score 0.97, by index",
        "noted; resolved as A, score 0.90, by x",
        "no score 0.1",
    )
    charts = build_charts(count(*(line(message=message) for message in told)), has_account=False)
    chart = find(charts, "scores")
    assert chart.rows == [("0.90", 1), ("0.95", 1)]
    assert "2 rows got ids by a look-up, 2 with a score of 0.90 or more." in chart.summary


def test_a_file_without_ratings_has_no_charts() -> None:
    assert build_charts(count(line(status="invalid")), has_account=True) == []
    assert build_requests_chart([], [], is_whole=True) is None


def test_requests_over_time() -> None:
    requests = [RequestRecord(100.0 + number, 200, "POST", 201, 100, "") for number in range(600)]
    requests[5] = RequestRecord(105.0, 10, "POST", 429, 100, "too many requests (429)")
    requests[6] = RequestRecord(106.0, 10, "POST", 503, 50, "over capacity (503)")
    requests[7] = RequestRecord(107.0, 10, "GET", 200, 0, "")
    waits = [WaitRecord(105.1, 10, "429"), WaitRecord(106.1, 20, "429"), WaitRecord(300.0, 5, "503")]
    chart = build_requests_chart(requests, waits, is_whole=True)
    assert chart is not None
    spec = chart.spec
    series = {each["name"]: sum(each["values"]) for each in spec["series"]}
    assert series == {"answered": 598, "too many requests (429)": 1, "to be repeated or split": 1}
    assert [round(wait[0], 1) for wait in spec["waits"]] == [5.1, 200.0], "the first two overlap"
    assert len(spec["starts"]) == len(spec["rows"]) == 60
    assert spec["rows"][-1] == 100
    assert chart.summary == (
        "600 requests in 9 min 59 s; 1 had to be repeated or split; 1 came too early (429); "
        "50 to 100 ratings in each; 3 waits, the longest 20 s."
    )


def test_a_run_of_an_older_version_says_what_is_not_known() -> None:
    chart = build_requests_chart([RequestRecord(1.0, 5, "POST", 200, 1, "")], [], is_whole=False)
    assert chart is not None
    assert "noted no others, and no waits" in chart.summary
