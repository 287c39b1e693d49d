"""A scale is judged for the whole file: where its ratings are of another one, none is sent."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.errors import ScaleNeededError, UnknownFormatError
from importer.model import RatingJob
from importer.readers import ReadOptions, open_reader
from tests.readers.reading import invalid, jobs, read, reasons

COMBINED = "imdbID,tmdbID,Title,Year,Rating,WatchedDate\n" + "".join(
    f"tt000000{number},{number},T,1999,{rating},2024-05-01\n"
    for number, rating in enumerate(("9", "4", "8.5", "5", ""), 1)
)
URI = "Name,Year,Letterboxd URI,Rating\n"


def write(folder: Path, content: str) -> Path:
    path = folder / "input.csv"
    path.write_text(content)
    return path


def test_no_star_is_taken_beside_ratings_of_ten(tmp_path: Path) -> None:
    with pytest.raises(ScaleNeededError, match=r"2 of 4 are above 5.*for example 10") as raised:
        open_reader(write(tmp_path, COMBINED))
    assert raised.value.suggested is None, "nobody is there to be asked: nothing is read"
    rows = read(tmp_path, COMBINED.encode(), reading=ReadOptions(scale="10"))
    assert [job.rating for job in jobs(rows[:4])] == [9, 4, 9, 5]
    assert jobs(rows[2:3])[0].note == "8.5 of 10 is rated 9"
    assert reasons(rows[4:]) == ["no_rating"]


@pytest.mark.parametrize(
    ("content", "told", "example"),
    [
        (URI + "A,1999,a,9\nB,1999,b,4\nC,1999,c,85\n", "2 of 3 are above 5", "100"),
        ("imdb_id,rating\ntt0000001,85\ntt0000002,7\ntt0000003,40\n", "2 of 3 are above 10", "100"),
        ("title,year,rating\nA,1999,5\nB,1999,3.5\n", "some are halves and none is above 5", "5"),
    ],
)
def test_ratings_of_another_scale_stop_the_file(
    tmp_path: Path, content: str, told: str, example: str
) -> None:
    path = write(tmp_path, content)
    with pytest.raises(ScaleNeededError, match=told) as raised:
        open_reader(path)
    assert (raised.value.suggested, raised.value.example) == (None, example)
    (rows,) = open_reader(path, ReadOptions(scale=example)).chunks()
    assert set(reasons(rows)) == {"ok"}


def test_a_single_rating_above_the_stars_is_enough_and_of_ten_it_is_a_slip(tmp_path: Path) -> None:
    stars = "imdbID,Title,Year,Rating,WatchedDate\n" + "tt0000001,A,1999,4,\n" * 50
    with pytest.raises(ScaleNeededError, match=r'1 of 51 are above 5.*line 52: "6"') as raised:
        read(tmp_path, (stars + "tt0000002,B,1999,6,\n").encode())
    assert raised.value.example is None, "a scale of ten would halve the fifty others"
    assert "Correct them in the file" in str(raised.value)
    tenths = "media_id,source,media_type,score\n949,tmdb,movie,9\n603,tmdb,movie,11\n"
    assert reasons(read(tmp_path, tenths.encode())) == ["ok", "off_scale"]


def test_among_the_stars_of_a_known_export_a_bad_cell_is_one_invalid_row(tmp_path: Path) -> None:
    content = URI + "A,1999,a,4.5\nB,1999,b,5\nC,1999,c,5.5\nD,1999,d,3\n"
    rows = read(tmp_path, content.encode())
    assert reasons(rows) == ["ok", "ok", "off_scale", "ok"]
    assert [job.rating for job in jobs([rows[0], rows[1], rows[3]])] == [9, 10, 6]
    (bad,) = invalid([rows[2]])
    assert 'line 4, column "Rating": "5.5" is not a rating from 0.5 to 5' in bad.message


def test_a_scale_that_would_shrink_most_ratings_is_never_an_example(tmp_path: Path) -> None:
    """Seven of ten and two slips: of a hundred the 9 would be a 1."""
    lines = [f"tt{number:07},{rating}" for number, rating in enumerate((9, 8, 7, 6, 7, 11, 12), 1)]
    path = write(tmp_path, "\n".join(["imdb_id,rating", *lines]))
    with pytest.raises(ScaleNeededError, match='line 7: "11", line 8: "12"') as raised:
        open_reader(path)
    assert raised.value.example is None


def test_a_slip_among_half_stars_does_not_make_them_ratings_of_ten(tmp_path: Path) -> None:
    lines = [f"tt{number:07},{rating}" for number, rating in enumerate((5, 4.5, 3, 5.5), 1)]
    path = write(tmp_path, "\n".join(["imdb_id,rating", *lines]))
    with pytest.raises(ScaleNeededError, match="halves and only 1 of 4 is above 5") as raised:
        open_reader(path)
    assert raised.value.example == "5"
    (rows,) = open_reader(path, ReadOptions(scale="5")).chunks()
    assert reasons(rows) == ["ok", "ok", "ok", "off_scale"]


def test_with_a_scale_letterboxd_does_not_say_that_stars_are_doubled(tmp_path: Path) -> None:
    path = write(tmp_path, URI + "A,1999,a,4.5\n")
    assert "stars are doubled" in open_reader(path).notes
    notes = open_reader(path, ReadOptions(scale="10")).notes
    assert not any("doubled" in note for note in notes)
    assert any("more than 0 to 10" in note for note in notes)


def test_a_scale_that_makes_too_little_of_stars_is_told(tmp_path: Path) -> None:
    path = write(tmp_path, URI + "A,1999,a,4.5\nB,1999,b,5\nC,1999,c,5.5\n")
    doubt = "1 of 3 are above 5: if they are 0.5 to 5, as this format has them, that makes too little of them"
    assert doubt in open_reader(path, ReadOptions(scale="10")).notes
    assert doubt not in open_reader(path, ReadOptions(scale="5")).notes
    of_ten = write(tmp_path, URI + "A,1999,a,9\nB,1999,b,8\nC,1999,c,4\n")
    assert not any("too little" in note for note in open_reader(of_ten, ReadOptions(scale="10")).notes)


def test_many_low_ratings_are_a_doubt_that_is_noted(tmp_path: Path) -> None:
    lines = [f"tt{number:07},{number % 5 + 1}" for number in range(1, 21)]
    path = write(tmp_path, "\n".join(["imdb_id,rating", *lines]))
    reader = open_reader(path)
    assert reader.scale_doubt is not None
    assert reader.scale_doubt in reader.notes
    assert "--scale 5" in reader.scale_doubt
    for content in (lines[:19], [*lines, "tt0000021,6"]):
        path.write_text("\n".join(["imdb_id,rating", *content]))
        assert open_reader(path).scale_doubt is None
    path.write_text("\n".join(["imdb_id,rating", *lines]))
    assert open_reader(path, ReadOptions(scale="10")).scale_doubt is None


def test_every_format_takes_a_scale(tmp_path: Path) -> None:
    content = b"Const,Your Rating,Title Type\ntt0111161,85,movie\ntt0068646,,movie\n"
    rated, unrated = read(tmp_path, content, reading=ReadOptions(scale="100"))
    (job,) = jobs([rated])
    assert (job.rating, job.note) == (9, "85 of 100 is rated 9")
    assert reasons([unrated]) == ["no_rating"]


def test_the_rating_of_a_library_is_the_critics(tmp_path: Path) -> None:
    content = "Title,Year,Rating,Studio,Content Rating\nThe Matrix,1999,8.0,WB,R\n"
    with pytest.raises(UnknownFormatError, match="the critics', as likely as not"):
        open_reader(write(tmp_path, content))
    (job,) = jobs(read(tmp_path, content.encode(), mapping={"Rating": "rating"}))
    assert job.rating == 8


@given(
    st.lists(
        st.one_of(
            st.integers(0, 12).map(str),
            st.sampled_from(("0.5", "3.5", "8,5", "100", "-1", "", "n/a", "unrate", "★★★", "4½")),
        ),
        min_size=1,
        max_size=30,
    )
)
def test_no_rating_is_read_that_the_table_does_not_hold(
    tmp_path_factory: pytest.TempPathFactory, cells: list[str]
) -> None:
    lines = (f'tt{number:07},"{cell}"' for number, cell in enumerate(cells, 1))
    content = "\n".join(["imdb_id,rating", *lines, ""]).encode()
    try:
        rows = read(tmp_path_factory.mktemp("any"), content)
    except ScaleNeededError:
        return
    for row, cell in zip(rows, cells, strict=True):
        if isinstance(row, RatingJob):
            assert str(row.rating) == cell.replace("unrate", "0")


def test_a_half_says_how_it_is_taken_where_a_scale_takes_it(tmp_path: Path) -> None:
    content = b"imdb_id,rating\ntt0000001,8.5\ntt0000002,9\n"
    (bad,) = invalid(read(tmp_path, content)[:1])
    assert bad.message.endswith("decide for one in the file, or take the nearest with --scale 1-10.")
    taken = jobs(read(tmp_path, content, reading=ReadOptions(scale="1-10")))
    assert [job.rating for job in taken] == [9, 9], "as the message says"
    of_ten = b"imdbID,Title,Year,Rating10,WatchedDate\ntt0000001,A,1999,8.5,\n"
    (bad,) = invalid(read(tmp_path, of_ten))
    assert bad.message.endswith("decide for one in the file."), "--scale is that of the stars there"
