"""What is told before the first rating goes out."""

from pathlib import Path

from importer.client.rate_limit import Rate
from importer.journal import Journal
from importer.model import MediaKind
from importer.runs.estimate import Effort, estimate_effort
from tests.builders import build_job
from tests.road import Road


def test_only_rows_of_one_method_travel_together(tmp_path: Path) -> None:
    kinds = [MediaKind.MOVIE] * 101 + [MediaKind.SHOW] * 30 + [MediaKind.EPISODE]
    jobs = [build_job(row, kind=kind, imdb_id=f"tt{row:07}") for row, kind in enumerate(kinds, 1)]
    jobs.append(build_job(len(jobs) + 1, imdb_id="tt9999999", rating=0))
    destination = Road.by("v2", tmp_path).build_destination("http://127.0.0.1:1")
    with Journal(tmp_path, "demo") as journal, journal.loading():
        run = journal.begin("print", "ratings.csv", "trakt")
        run.add_rows(jobs, [None] * len(jobs))
        found = estimate_effort(destination, Rate(1, 2.0), run)
    assert found == Effort(ratings=132, requests=2 + 1 + 1 + 1, seconds=10.0)
