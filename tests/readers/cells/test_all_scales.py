"""Every rating that a format knows, and what it becomes: whole scales, not only an example of each."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import pytest

from importer.errors import ScaleNeededError
from importer.model import InvalidRow
from importer.readers import ReadOptions
from tests.readers.reading import read

WHOLE = {str(number): number for number in range(1, 11)}
HALVES_OF_5 = {f"{half / 2:g}": half for half in range(1, 11)}
HALVES_OF_10 = {f"{half / 2:g}": (half + 1) // 2 for half in range(1, 21)}
ANY = ReadOptions()
STARS_OF_5 = {str(star): 2 * star for star in range(1, 6)}
HUNDRED = {str(score): max(1, (score + 5) // 10) for score in range(101)}
TENTHS = {f"{tenth / 10:g}": max(1, (tenth + 5) // 10) for tenth in range(101)}
NO_WHOLE = ("0", "0.5", "7.5", "11", "-1", "1e1", "ten", "8/11", "٣")
NO_HALF = ("0", "0.25", "3.3", "5.5", "6", "-1", "4.0.0", "★x")
NO_STAR = ("0", "0.5", "2.5", "6", "-1")

FORMATS: Sequence[tuple[str, str, ReadOptions, Mapping[str, int], Sequence[str], Sequence[str]]] = (
    # header, row, what its owner says, ratings, what is none and invalid, what means "not rated"
    ("Const,Your Rating,Title Type", "tt0113277,{},movie", ANY, WHOLE, NO_WHOLE, ()),
    ("rated_at,type,trakt_rating,imdb_id,rating", ",movie,8,tt0113277,{}", ANY, WHOLE, NO_WHOLE, [""]),
    ("nameEng;nameRus;rating;year", "Heat;;{};1995", ANY, WHOLE, NO_WHOLE, ["-"]),
    (
        "Name,Year,Letterboxd URI,Rating",
        "Heat,1995,boxd.it/a,{}",
        ANY,
        HALVES_OF_5,
        NO_HALF,
        [""],
    ),
    ("imdbID,Rating,WatchedDate", "tt0113277,{},", ANY, HALVES_OF_5, ("0", "3.3", "-1"), [""]),
    ("imdbID,Rating10,WatchedDate", "tt0113277,{},", ANY, WHOLE, NO_WHOLE, [""]),
    (
        "movie_id,imdb_id,rating,average_rating",
        "6,0113277,{},3.9",
        ANY,
        HALVES_OF_5,
        NO_HALF,
        [""],
    ),
    (
        "TMDb ID,Type,Name,Rating,Your Rating",
        "949,movie,Heat,7.9,{}",
        ANY,
        HALVES_OF_10,
        ["0", "10.5"],
        [""],
    ),
    ("title,pubdate,rating,star,star_time", "Heat,,8.8,{},", ANY, STARS_OF_5, NO_STAR, [""]),
    ("VoteDate;MovieTitle;IMDB;Score", ";Heat;0113277;{}", ANY, STARS_OF_5, NO_STAR, [""]),
    (
        "Profile Name,Title Name,Rating Type,Star Value,Thumbs Value",
        "Anna,Heat,star,{},",
        ANY,
        STARS_OF_5,
        ("0.5", "2.5", "6", "-1"),
        ("", "0"),
    ),
    (
        "Profile Name,Title Name,Rating Type,Star Value,Thumbs Value",
        "Anna,Heat,thumb,,{}",
        ReadOptions(scale="1=3,2=7,3=10"),
        {"1": 3, "2": 7, "3": 10},
        ("4", "-1"),
        ("", "0"),
    ),
    ("tv_show_id,tv_show_name,rating", "81189,Heat,{}", ANY, STARS_OF_5, NO_STAR, [""]),
    (
        "media_id,source,media_type,title,score",
        "949,tmdb,movie,Heat,{}",
        ANY,
        TENTHS,
        ("-1", "10.1"),
        [""],
    ),
    (
        "Score,Film Name,Date Rated,IMDB ID",
        "{},Heat,,tt0113277",
        ReadOptions(scale="0-100"),
        HUNDRED,
        ("-1", "101"),
        [""],
    ),
    ("imdb_id,rating", "tt0113277,{}", ANY, WHOLE, ("0.5", "7.5", "11"), ("0", "0.0", "", "n/a", "-")),
    ("imdb_id,rating", "tt0113277,{}", ReadOptions(scale="0-100"), HUNDRED, ("-1", "101"), [""]),
    ("imdb_id,rating", "tt0113277,{}", ReadOptions(scale="5"), HALVES_OF_5, ("0", "5.5"), [""]),
)


@pytest.mark.parametrize(
    ("header", "row", "reading", "ratings", "invalid", "unrated"), FORMATS, ids=[each[0] for each in FORMATS]
)
def test_every_rating_of_a_format_becomes_what_loses_least(
    tmp_path: Path,
    header: str,
    row: str,
    reading: ReadOptions,
    ratings: Mapping[str, int],
    invalid: Sequence[str],
    unrated: Sequence[str],
) -> None:
    def read_cells(*cells: str) -> list[object]:
        content = "\n".join([header, *(row.format(cell) for cell in cells), ""])
        rows = read(tmp_path, content.encode(), reading=reading)
        return [str(each.status) if isinstance(each, InvalidRow) else each.rating for each in rows]

    assert read_cells(*ratings, *unrated) == [*ratings.values(), *["skipped"] * len(unrated)]
    usual = list(ratings)[-1]
    for cell in invalid:
        try:
            assert read_cells(usual, cell) == [ratings[usual], "invalid"], cell
        except ScaleNeededError:
            assert Fraction(cell) > max(map(Fraction, ratings)), "nothing is sent where the scale is another"
