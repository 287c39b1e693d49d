"""The metrics of a fleet: every state and every status each time, and no account's name."""

import urllib.error
import urllib.request
from functools import partial

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics

from importer.errors import StopRunError
from importer.fleet.depot import State, Tally
from importer.fleet.metrics import read_fleet
from importer.model import Status
from importer.monitoring.metrics import serve_gauges

TALLY = Tally({State.DUE: 3, State.SET_ASIDE: 1}, 61.5, {"rated": 70, "failed": 2}, 4, 9, 0.0, 2.5)


def _ask(port: int) -> dict[tuple[str, ...], float]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/metrics", headers={"Accept": "application/openmetrics-text"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read().decode()
    return {
        (sample.name.removeprefix("rating_importer_fleet_"), *sample.labels.values()): sample.value
        for family in parse_openmetrics(text)  # type: ignore[no-untyped-call]
        for sample in family.samples
    }


def test_a_fleet_is_counted_anew_for_each_answer() -> None:
    tallies = [TALLY, Tally({}, 0, {}, 4, 10, 0, None)]
    with serve_gauges(partial(read_fleet, lambda: tallies.pop(0)), 0) as port:
        first, second = _ask(port), _ask(port)

    assert first["accounts", "due"] == 3
    assert first["accounts", "set_aside"] == 1
    assert first["accounts", "waiting"] == 0
    assert first["rows", "rated"] == 70
    assert first["rows", "unconfirmed"] == 0
    assert (first["overdue_seconds",], first["leases_lost",], first["saves",]) == (61.5, 4, 9)
    assert first["share",] == 2.5
    assert second["accounts", "due"] == 0
    assert ("share",) not in second
    assert len([key for key in second if key[0] == "accounts"]) == len(State)
    assert len([key for key in second if key[0] == "rows"]) == len(Status)


def test_a_depot_that_does_not_answer_makes_the_answer_an_error() -> None:
    def fail() -> Tally:
        raise StopRunError("the depot does not answer")

    with (
        serve_gauges(partial(read_fleet, fail), 0) as port,
        pytest.raises(urllib.error.HTTPError, match="500"),
    ):
        _ask(port)
