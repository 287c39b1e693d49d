"""A run that was undone in part, and undone again: what is undone already stays as it is."""

from pathlib import Path

from importer.runs.undo import list_to_undo
from tests.road import OPEN, Road, running_sandbox

ALIEN, GODFATHER = "tt0078748", "tt0068646"


def test_a_second_undo_does_not_restore_the_rating_of_an_undone_run(tmp_path: Path) -> None:
    road = Road.by("v2", tmp_path)
    with running_sandbox(**OPEN) as sandbox:
        road.write(f"{ALIEN},8")
        first = road.run(sandbox.url).run.run_id
        road.write(f"{ALIEN},unrate", f"{GODFATHER},5")
        second = road.run(sandbox.url).run.run_id
        undo = road.undo(sandbox.url, second).run.run_id
        road.undo(sandbox.url, first)
        road.undo(sandbox.url, undo)  # redoes the Godfather; Alien was changed by the undo of the first
        assert sandbox.stored_movies() == {GODFATHER: 5}
        for past in list_to_undo(road.find_run(first)):
            road.undo(sandbox.url, past.run_id, force=True)
        assert sandbox.stored_movies() == {}
        assert list_to_undo(road.find_run(first)) == []
