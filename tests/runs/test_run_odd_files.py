"""The road with files that are odd: what one row says of another, and files that do not keep still."""

import os
from pathlib import Path

import pytest

from importer.errors import UnreadableFileError
from importer.runs.rules import RunRules
from tests.road import Road, running_sandbox

SHAWSHANK = "tt0111161"


@pytest.fixture
def road(tmp_path: Path) -> Road:
    return Road(tmp_path)


def test_rows_that_share_any_id_rate_one_title_and_the_newest_counts(road: Road) -> None:
    road.write(",278,9,2024-01-01", f"{SHAWSHANK},278,2,2010-01-01", header="imdb_id,tmdb_id,rating,rated_at")
    with running_sandbox() as sandbox:
        road.run(sandbox.url)
        assert sandbox.stored_movies() == {SHAWSHANK: 9}
    assert road.statuses == ["rated", "duplicate"]


def test_a_title_known_by_two_ids_is_looked_up_and_never_called_unchanged_from_memory(road: Road) -> None:
    with running_sandbox() as sandbox:
        road.write(f"{SHAWSHANK},8")
        road.run(sandbox.url)
        road.write("278,3", header="tmdb_id,rating")
        road.run(sandbox.url)
        road.write(f"{SHAWSHANK},8")
        road.run(sandbox.url)
        assert sandbox.stored_movies() == {SHAWSHANK: 8}
    assert road.statuses == ["rated"]


def test_two_ids_in_one_cell_are_no_id(road: Road) -> None:
    road.write(f'"{SHAWSHANK}\ntt0068646",8', "tt0109830,9")
    with running_sandbox() as sandbox:
        road.run(sandbox.url)
        assert sandbox.stored_movies() == {"tt0109830": 9}
    assert road.statuses == ["invalid", "rated"]


def test_after_a_proxys_503_that_hid_a_success_nothing_is_posted_twice(road: Road) -> None:
    road.write(f"{SHAWSHANK},8")
    with running_sandbox("html503-after") as sandbox:
        road.run(sandbox.url)
        assert sandbox.count_posts() == 1
    assert road.statuses == ["rated"]


def test_a_file_that_changes_while_it_is_read_is_refused_and_nothing_is_sent(road: Road) -> None:
    road.write(f"{SHAWSHANK},8")
    with road.open_run("http://127.0.0.1:1", road.source, RunRules()) as run:
        run.source.check_unchanged()
        os.truncate(road.file, 3)
        with pytest.raises(UnreadableFileError, match="changed while it was read"):
            run.source.check_unchanged()


def test_a_title_without_its_year_is_looked_up_or_not_sent_and_never_merged(road: Road) -> None:
    road.write("Heat,,8", "Heat,,3", "Heat,1995,9", header="title,year,rating")
    with running_sandbox() as sandbox:
        road.run(sandbox.url)
    assert road.statuses == ["unsupported", "unsupported", "rated"]
