"""Writes jobs into a file as a run does, and reads it with the importer's own reader."""

import csv
import tempfile
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from hypothesis import strategies as st

from importer.destinations.upload_files.base import FileDestination
from importer.model import MediaKind, RatingJob, make_job
from importer.readers import ReadOptions, open_reader

imdb_ids = st.integers(1, 99_999_999).map(lambda number: f"tt{number:07}")
days = st.dates(min_value=date(1970, 1, 2)).map(str)
_instants = st.tuples(days, st.times()).map(lambda both: f"{both[0]}T{both[1]:%H:%M:%S}Z")
dates = st.none() | days | _instants
years = st.none() | st.integers(1870, 2199)
ratings = st.integers(1, 10)
# A carriage return in a title is read as a newline.
_characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")
titles = st.text(_characters, min_size=1, max_size=30).map(str.strip).filter(bool)
_numbers = st.integers(1, 10**9)


def bare(job: RatingJob) -> RatingJob:
    """The job without what it has of the file that it was read from, and what its reader says of that."""
    return job._replace(row=0, line=0, note=None)


@st.composite
def jobs(draw: st.DrawFn, kinds: Sequence[MediaKind] = tuple(MediaKind)) -> RatingJob:
    """A job such as any reader may make: known by ids, or by title and year."""
    kind = draw(st.sampled_from(kinds))
    has_season = kind in {MediaKind.SEASON, MediaKind.EPISODE} and draw(st.booleans())
    has_title = kind in {MediaKind.MOVIE, MediaKind.SHOW} or has_season
    title = draw(st.none() | titles)
    numbers = st.none() | _numbers
    ids: list[str | int | None] = [draw(st.none() | imdb_ids), draw(numbers), draw(numbers), draw(numbers)]
    if not any(ids) and not (has_title and title):
        ids[0] = draw(imdb_ids)
    others = [each for each in MediaKind if each not in {kind, MediaKind.UNKNOWN}]
    season = draw(st.integers(0, 200)) if has_season else None
    episode = draw(st.integers(0, 9999)) if has_season and kind is MediaKind.EPISODE else None
    second_kind = draw(st.none() | st.sampled_from(others))
    return make_job(
        (0, 0, kind, title, draw(years), season, episode, *ids, draw(ratings), draw(dates), second_kind, None)
    )


def write_and_read(
    destination: FileDestination, written: Sequence[RatingJob], options: ReadOptions
) -> tuple[str, list[RatingJob]]:
    """Return the name of the format that the file is found to be of, and its jobs."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "written.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(destination.header)
            writer.writerows(destination.build_line(job) for job in written)
        reader = open_reader(path, options)
        rows = [row for chunk in reader.chunks() for row in chunk]
    assert reader.scale_doubt is None
    assert all(isinstance(row, RatingJob) for row in rows), rows
    return reader.format_name, [bare(row) for row in rows if isinstance(row, RatingJob)]
