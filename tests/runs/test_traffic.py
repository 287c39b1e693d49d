"""The journal keeps each request and each wait of a run, for its report."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from importer.journal.traffic_rows import PastTraffic, read_traffic
from tests.road import OPEN, Road, running_sandbox


def read(road: Road) -> PastTraffic:
    return read_traffic(road.list_runs()[-1])


@pytest.mark.parametrize("way", ["single", "bulk", "v2"])
def test_each_request_is_kept_with_its_rows(tmp_path: Path, way: str) -> None:
    road = Road.by(way, tmp_path)
    road.write(*(f"tt{number:07},8" for number in range(1, 31)))
    with running_sandbox(**OPEN) as sandbox:
        road.run(sandbox.url)
        path = "sync/ratings" if way == "v2" else "rate/"
        posts = [each for each in sandbox.requests(path) if each.method == "POST"]
    traffic = read(road)
    sent = [each for each in traffic.requests if each.rows]
    assert traffic.is_whole
    assert sorted((each.rows, each.status, each.reason) for each in sent) == sorted(
        (each.rows, each.status, "") for each in posts
    )
    assert sum(each.rows for each in sent) == 30
    assert [each.status for each in traffic.requests if not each.rows][:2] == [200, 200], "it was read"
    assert all(each.at > 1e9 and each.ms >= 0 for each in traffic.requests)


def test_an_answer_that_made_the_run_wait_is_kept_with_the_wait(tmp_path: Path) -> None:
    road = Road.by("v2", tmp_path)
    road.write("tt0000001,8", "tt0000002,7")
    with running_sandbox("503@1", "429@2", **OPEN) as sandbox:
        report = road.run(sandbox.url)
    assert report.stopped_by is None
    traffic = read(road)
    sent = [each for each in traffic.requests if each.rows]
    assert [each.status for each in sent] == [503, 429, 201]
    assert [bool(each.reason) for each in sent] == [True, True, False]
    assert [wait.reason for wait in traffic.waits] == [each.reason for each in sent[:2]]
    assert all(wait.seconds > 0 for wait in traffic.waits)


def test_a_run_that_is_continued_keeps_all(tmp_path: Path) -> None:
    road = Road.by("single", tmp_path)
    road.write("tt0000001,8", "tt0000002,7", "tt0000003,6")
    with running_sandbox(**OPEN) as sandbox:
        road.run(sandbox.url, limit=1)
        road.run(sandbox.url)
    assert sum(each.rows for each in read(road).requests) == 3


def test_a_dry_run_keeps_nothing(tmp_path: Path) -> None:
    road = Road.by("single", tmp_path)
    road.write("tt0000001,8")
    with running_sandbox(**OPEN) as sandbox:
        road.run(sandbox.url)
        before = read(road)
        road.undo(sandbox.url, road.list_runs()[-1].run_id, dry_run=True)
    assert read(road) == before


def test_of_a_run_before_its_rows_tell_what_they_can(tmp_path: Path) -> None:
    road = Road.by("bulk", tmp_path)
    road.write(*(f"tt{number:07},8" for number in range(1, 31)))
    with running_sandbox(**OPEN) as sandbox:
        road.run(sandbox.url)
    whole, past = read(road), road.list_runs()[-1]
    with closing(sqlite3.connect(past.journal)) as database:
        database.executescript("DELETE FROM request; DELETE FROM wait;")
    told = read(road)
    assert not told.is_whole
    sent = [each for each in whole.requests if each.rows]
    assert [(each.status, each.rows, each.ms) for each in told.requests] == [
        (each.status, each.rows, each.ms) for each in sorted(sent)
    ]
    assert [each.at for each in told.requests] == pytest.approx([each.at for each in sorted(sent)], abs=0.01)
