"""Small files, each of a fault that importers were reported for, and what is right for every row of them.

A row is written as kind, rating, id or title, season, episode and date; what is no job, as status and reason.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from importer.errors import ScaleNeededError, UsageError
from importer.model import InvalidRow, SourceRow
from importer.readers import ReadOptions, open_reader

CASES = Path(__file__).parent / "cases"

READINGS: Mapping[str, ReadOptions] = {
    "27-filmow-stars.csv": ReadOptions(scale="5"),
    "47-allocine-films.csv": ReadOptions(scale="5"),
    "57-crosswatch-letterboxd-combined.csv": ReadOptions(scale="10"),
}
"""What the owner of a file has to say before it can be read."""

# The format, then the rows.
RIGHT: Mapping[str, Sequence[str]] = {
    "01-imdb-spanish-types.csv": (
        "imdb",
        "movie 9 tt0111161 2025-03-02",
        "show 8 tt0903747 2025-03-03",
        "show 7 tt7366338 2025-03-04",
        "episode 6 tt0959621 2025-03-05",
        "unsupported video_game",
    ),
    "02-imdb-excel-us-two-digit-year.csv": (
        "imdb",
        "movie 9 tt0111161 2023-12-31",
        "movie 10 tt0068646 2024-05-01",
        "movie 8 tt0468569 2024-02-03",
    ),
    "05-imdb-sep-line.csv": (
        "imdb",
        "movie 9 tt0111161 2023-12-31",
        "show 8 tt0903747 2024-05-01",
    ),
    "07-kinopoisk-cp1251.csv": (
        "kinopoisk",
        "unknown 9 Кавказская пленница 2010-04-04T18:36:00Z",
        "unknown 8 Брат 2010-04-05T09:49:00Z",
        "unknown 10 The Shawshank Redemption 2010-04-06T21:10:00Z",
    ),
    "08-kinorium-votes.csv": (
        "kinorium",
        "movie 9 The Shawshank Redemption 2023-11-05T20:14:00Z",
        "movie 7 Брат 2023-11-06T10:00:00Z",
        "show 10 Breaking Bad 2024-01-02T23:59:00Z",
        "movie 8 Sen to Chihiro no kamikakushi 2024-01-03T12:30:00Z",
        "skipped no_rating",
    ),
    "09-movary-ratings.csv": (
        "csv",
        "movie 9 tt0133093",
        "movie 8 tt1375666",
        "movie 10 tt0245429",
        "movie 7 496243",
    ),
    "10-traktrater-rated_shows.csv": (
        "traktrater",
        "show 10 tt0903747 2019-03-02T20:11:05Z",
        "show 6 tt0944947 2019-05-20T07:00:00Z",
        "show 9 tt7366338 2019-06-05T21:30:00Z",
    ),
    "12-traktrater-rated_movies.csv": (
        "traktrater",
        "movie 9 tt0133093 2014-09-01T10:00:00Z",
        "movie 8 tt1375666 2015-01-02T22:30:00Z",
    ),
    "13-trakt-guideline-mixed.csv": (
        "csv",
        "movie 6 tt0068646 2024-10-26T21:00:00Z",
        "skipped no_rating",
        "skipped no_rating",
        "show 9 81189 2024-11-03T10:00:00Z",
        "movie 8 tt0133093",
    ),
    "15-trakt-flat.json": (
        "csv",
        "show 8 1396 2026-08-11T07:22:03Z",
        "movie 6 tt0068646 2024-10-26T21:00:00Z",
        "show 7 121361 2024-10-27T21:00:00Z",
        "skipped no_rating",
        "movie 8 16662 2024-02-01T00:00:00Z",
    ),
    "16-tvtime-extractor.csv": (
        "tvtime-extractor",
        "skipped no_rating",
        "movie 8 tt0133093",
        "skipped no_rating",
        "episode 10 349232",
    ),
    "17-wetrakr-ratings.csv": (
        "csv",
        "movie 7 tt0437086 2026-05-12T18:38:35Z",
        "show 10 tt0903747 2026-05-13T08:00:00Z",
    ),
    "18-floppy-export.csv": (
        "floppy",
        "movie 9 603",
        "skipped no_rating",
        "season 9 1396 s1",
        "episode 8 1396 s1 e1",
        "skipped no_rating",
        "skipped no_rating",
    ),
    "19-douban-tofu.xlsx": (
        "douban-tofu",
        "unknown 10 肖申克的救赎 2020-01-05T12:11:00Z",
        "unknown 8 黑客帝国 2020-02-05T12:11:00Z",
        "skipped no_rating",
    ),
    "20-shikimori-animes.json": (
        "shikimori",
        "unknown 9 Cowboy Bebop",
        "unknown 10 Sen to Chihiro no Kamikakushi",
        "unsupported unknown_type",
        "skipped no_rating",
    ),
    "22-anilist-collection.json": (
        "anilist",
        "show 9 Cowboy Bebop",
        "movie 10 Spirited Away",
        "skipped no_rating",
    ),
    "24-listal-ratings.xml": (
        "listal",
        "movie 9 tt0133093",
        "skipped no_rating",
        "movie 6 tt7286456",
    ),
    "27-filmow-stars.csv": (
        "filmow",
        "unknown 10 The Matrix",
        "unknown 6 Jumanji",
        "unknown 7 Chicken Run",
        "season 8 Prison Break s1",
        "skipped no_rating",
    ),
    "29-kodi-videodb.xml": (
        "kodi",
        "movie 9 tt0133093",
        "skipped no_rating",
        "show 10 tt0903747",
        "episode 8 tt0903747 s1 e1",
    ),
    "30-imdb-map.json": (
        "csv",
        "unknown 9 tt3749900",
        "unknown 9 tt2575988",
        "unknown 10 tt0133093",
    ),
    "31-letterboxd-with-ids.csv": (
        "letterboxd",
        "movie 9 tt0133093 2024-01-02",
        "movie 6 tt4353270 2024-01-03",
        "movie 8 tt4834762 2024-01-04",
    ),
    "34-imdb-like-blank-type.csv": (
        "imdb",
        "unknown 9 tt0133093 2014-03-01",
        "unknown 8 tt0903747 2014-03-02",
        "unknown 7 Inception 2014-03-03",
    ),
    "35-leading-quote-ids.csv": (
        "csv",
        "movie 9 tt0133093 2024-05-01",
        "movie 8 tt1375666 2024-05-02",
        "movie 7 tt0816692 2024-05-03",
        "movie 9 tt0110912 2024-05-04",
    ),
    "36-ratings-as-people-write.csv": (
        "csv",
        "movie 9 tt0133093",
        "invalid bad_rating",
        "movie 8 tt0816692",
        "invalid bad_rating",
        "invalid bad_rating",
        "movie 8 tt7286456",
        "movie 10 tt6751668",
    ),
    "37-thousands-separators.csv": (
        "csv",
        "invalid bad_id",
        "invalid bad_id",
        "invalid bad_id",
        "invalid bad_id",
    ),
    "38-letterboxd-german-excel.csv": (
        "letterboxd",
        "invalid off_scale",
        "movie 8 Inception 2024-01-03",
        "invalid off_scale",
        "movie 7 Joker 2024-01-05",
    ),
    "39-kinopoisk-html.xls": (
        "kinopoisk",
        "unknown 9 The Matrix",
        "unknown 8 Брат",
    ),
    "42-ryot-export.json": (
        "ryot",
        "movie 9 603 2024-03-02T10:00:00Z",
        "show 10 1396",
        "unsupported unknown_type",
    ),
    "47-allocine-films.csv": (
        "csv",
        "movie 7 Taking lives, destins violés",
        "movie 9 Matrix",
        "movie 10 Les Infiltrés",
    ),
    "48-names-of-columns.csv": (
        "csv",
        "movie 9 tt0133093 2024-05-01",
        "movie 8 tt1375666 2024-05-02",
    ),
    "49-workbook-cover-sheet.xlsx": (
        "csv",
        "movie 9 tt0133093 2024-05-01",
        "movie 8 tt1375666 2024-05-02",
    ),
    "50-libreoffice.ods": (
        "csv",
        "movie 9 tt0133093 2024-05-01",
        "movie 8 tt1375666 2024-05-02",
    ),
    "51-zero-is-not-rated.csv": (
        "csv",
        "movie 9 tt0133093",
        "skipped no_rating",
        "skipped no_rating",
        "movie 8 tt0110912",
    ),
    "55-mal-xml-without-type.xml": (
        "myanimelist",
        "unknown 9 Cowboy Bebop",
        "skipped no_rating",
    ),
    "57-crosswatch-letterboxd-combined.csv": (
        "letterboxd-import",
        "movie 9 tt0133093 2024-05-01",
        "movie 4 tt1375666 2024-05-02",
        "movie 9 tt7286456 2024-05-03",
        "movie 5 tt0109830 2024-05-04",
        "skipped no_rating",
    ),
    "61-liberator.zip": (
        "tvtime-liberator",
        "movie 10 tt0133093",
        "movie 6 1571",
        "skipped no_rating",
        "episode 8 tt0959621",
        "episode 10 349235",
        "skipped no_rating",
        "movie 10 tt0133093",
        "skipped no_rating",
        "skipped no_rating",
    ),
}

REFUSED = {
    # Nobody can know whose ratings they are, or which column is which: what to do is said.
    "46-douban-to-imdb.csv": "the first row is data",
    "59-plex-library-list.csv": "a library's list",
}


def open_case(name: str, reading: ReadOptions | None = None) -> tuple[str, Sequence[SourceRow]]:
    """Read a case as its owner would have it, for a destination that can tell kinds by id."""
    chosen = replace(reading or READINGS.get(name, ReadOptions()), leaves_types_open=True)
    reader = open_reader(CASES / name, chosen, name=name)
    return reader.format_name, [row for chunk in reader.chunks() for row in chunk]


def write(row: SourceRow) -> str:
    """Write a row as the table has it."""
    if isinstance(row, InvalidRow):
        return f"{row.status} {row.reason}"
    numbers = [f"{letter}{number}" for letter, number in (("s", row.season), ("e", row.episode)) if number]
    title = row.imdb_id or row.tmdb_id or row.tvdb_id or row.trakt_id or row.title
    return " ".join(map(str, filter(None, (row.kind, row.rating, title, *numbers, row.rated_at))))


@pytest.mark.parametrize("name", RIGHT)
def test_every_row_of_a_case_comes_out_right(name: str) -> None:
    format_name, rows = open_case(name)
    assert [format_name, *map(write, rows)] == list(RIGHT[name])


@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_can_tell_is_refused_with_what_to_do(name: str) -> None:
    with pytest.raises(UsageError, match=REFUSED[name]):
        open_case(name)


@pytest.mark.parametrize("name", [name for name in READINGS if name != "47-allocine-films.csv"])
def test_without_a_scale_such_a_file_is_not_read(name: str) -> None:
    with pytest.raises(ScaleNeededError):
        open_case(name, ReadOptions())


def test_sheets_that_are_not_read_are_named() -> None:
    reader = open_reader(CASES / "19-douban-tofu.xlsx")
    assert 'only the sheet "看过" is read, not "在看", "想看", "读过"' in reader.notes
    books = ReadOptions(sheet="读过")
    assert [write(row) for row in open_case("19-douban-tofu.xlsx", books)[1]] == ["unsupported unknown_type"]


def test_no_case_is_forgotten() -> None:
    files = {path.name for path in CASES.iterdir() if path.suffix != ".md"}
    assert set(RIGHT) | set(REFUSED) == files
