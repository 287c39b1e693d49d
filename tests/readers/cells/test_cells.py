"""What single cells mean."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.model import UNRATE, MediaKind, Status
from importer.readers.cells.dates import is_day_first, parse_date
from importer.readers.cells.errors import CellError, Reason, quote
from importer.readers.cells.ids import are_imdb_ids, parse_imdb_id, parse_number_id
from importer.readers.cells.kinds import IMDB_TYPES, TYPES, parse_kind, parse_second_kind
from importer.readers.cells.numbers import parse_number, parse_year
from importer.readers.cells.ratings import parse_rating, parse_rating_or_word
from importer.readers.cells.texts import parse_text


def reason_of(parse: Callable[[str], object], cell: str) -> Reason:
    with pytest.raises(CellError) as caught:
        parse(cell)
    assert caught.value.remedy.endswith(".")
    return caught.value.reason


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("tt0000001", "tt0000001"),
        (" tt10872600 ", "tt10872600"),
        ("tt1234567890", "tt1234567890"),
        ("https://www.imdb.com/title/tt0111161/", "tt0111161"),
        ("http://m.imdb.com/title/tt0111161?ref_=x", "tt0111161"),
        ("imdb.com/de/title/tt0111161", "tt0111161"),
        ("TT0111161", "tt0111161"),
        (" 'tt0111161", "tt0111161"),
        ('="tt0111161"', "tt0111161"),
        ("'", None),
        ("", None),
        ("  ", None),
    ],
)
def test_imdb_id(cell: str, expected: str | None) -> None:
    assert parse_imdb_id(cell) == expected


@pytest.mark.parametrize(
    "cell",
    ["111161", "tt111161", "tt12345678901", "=tt0111161", "'nm0000151", "tt٠١١١١٦١", "-1", "tt0111161x"],
)
def test_no_imdb_id(cell: str) -> None:
    assert reason_of(parse_imdb_id, cell) is Reason.BAD_ID
    assert not are_imdb_ids(["tt0111161", cell])


def test_a_whole_column_of_imdb_ids() -> None:
    assert are_imdb_ids(["tt0111161", "tt10872600"])
    assert not are_imdb_ids(["tt0111161", "tt0111161\ntt0111161x"])
    assert not are_imdb_ids(["tt0111161", ""])


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("9/10", 9),
        ("4/5", 8),
        ("80 %", 8),
        ("★★★★☆", 8),
        ("1", 1),
        ("10", 10),
        (" 8 ", 8),
        ("8.0", 8),
        ("8,0", 8),
        ("08", 8),
    ],
)
def test_rating(cell: str, expected: int) -> None:
    assert parse_rating(cell) == expected
    assert parse_rating_or_word(cell) == expected


@pytest.mark.parametrize(
    "cell", ["0", "11", "8.5", "-8", "8/11", "eight", "٨", "1e1", "8,5", "10.01", "1,000"]
)
def test_no_rating(cell: str) -> None:
    assert reason_of(parse_rating, cell) is Reason.BAD_RATING


def test_an_empty_rating_is_told_apart() -> None:
    assert reason_of(parse_rating, " ") is Reason.NO_RATING
    assert reason_of(parse_rating_or_word, "") is Reason.NO_RATING


def test_rating_words() -> None:
    words = ["love", " Hate ", "UNRATE", "0"]
    assert [parse_rating_or_word(word) for word in words] == ["love", "hate", UNRATE, UNRATE]
    assert reason_of(parse_rating_or_word, "like") is Reason.BAD_RATING


@pytest.mark.parametrize(
    ("cell", "expected"), [("1994", 1994), ("1994.0", 1994), ("", None), (" 1878", 1878)]
)
def test_year(cell: str, expected: int | None) -> None:
    assert parse_year(cell) == expected


@pytest.mark.parametrize("cell", ["94", "19945", "0", "1994.5", "MCMXCIV"])
def test_no_year(cell: str) -> None:
    assert reason_of(parse_year, cell) is Reason.BAD_YEAR


def test_numbers() -> None:
    assert [parse_number(cell) for cell in ("0", "12", "3.0", "")] == [0, 12, 3, None]
    assert [parse_number_id(cell) for cell in ("603", "603.0", "0", "")] == [603, 603, None, None]
    assert [parse_number_id(cell) for cell in ("'603", '="603"')] == [603, 603]
    assert reason_of(parse_number, "-1") is Reason.BAD_NUMBER
    assert reason_of(parse_number, "1.000") is Reason.BAD_NUMBER
    assert reason_of(parse_number_id, "9" * 16) is Reason.BAD_ID


@pytest.mark.parametrize("cell", ["12.000", "872.585", "872,585", "12.00", "12 000", "1e4", "=12"])
def test_an_id_is_read_exactly_or_not_at_all(cell: str) -> None:
    assert reason_of(parse_number_id, cell) is Reason.BAD_ID


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2024-05-01", "2024-05-01"),
        (" 2024-02-29 ", "2024-02-29"),
        ("2024-05-01T14:06:03Z", "2024-05-01T14:06:03Z"),
        ("2026-08-19T23:59:59.000Z", "2026-08-19T23:59:59Z"),
        ("2024-05-01T00:30:00+02:00", "2024-04-30T22:30:00Z"),
        ("2024-05-01 14:06:03", "2024-05-01T14:06:03Z"),
        ("2024-05-01T14:06", "2024-05-01T14:06:00Z"),
        ("2024-05-01 14:06:03 UTC", "2024-05-01T14:06:03Z"),
        ("Sat Mar  4 00:00:00 2017", "2017-03-04"),
        ("Sun Jan 29 17:20:01 2017", "2017-01-29T17:20:01Z"),
        ("Fri Jul 17 14:06:03 UTC 2015", "2015-07-17T14:06:03Z"),
        ("25/12/2016", "2016-12-25"),
        ("12/25/2016", "2016-12-25"),
        ("7/7/2016", "2016-07-07"),
        ("21-06-2014", "2014-06-21"),
        ("18-12-2023 21:50:41", "2023-12-18T21:50:41Z"),
        ("6/21/2014 9:05", "2014-06-21T09:05:00Z"),
        ("04.03.2017", "2017-03-04"),
        ("", None),
        ("1970-01-01", None),
        ("1969-12-31", None),
        ("Wed Dec 31 00:00:00 1969", None),
        ("Thu Jan  1 00:00:00 1970", None),
        ("01/01/1970", None),
    ],
)
def test_date(cell: str, expected: str | None) -> None:
    assert parse_date(cell, lambda: None) == expected


@pytest.mark.parametrize(
    "cell",
    [
        "0000-00-00",
        "2023-02-29",
        "2024-13-01",
        "20240501",
        "2024-05",
        "2024-W01-1",
        "last summer",
        "31/13/2016",
        "13/13/2016",
        "03/04/2017",
        "03-04-2017 21:50:41",
        "21-06/2014",
        "3/4/17",
        "2024-05-01T25:00:00Z",
        "0001-01-01T00:00:00+02:00",
        "9999-12-31T23:59:59-02:00",
        "Sat Mrz  4 00:00:00 2017",
        "Fri Jul 17 14:06:03 PDT 2015",
        "2024-05-01T14:06:03+99:00",
    ],
)
def test_no_date(cell: str) -> None:
    assert reason_of(lambda text: parse_date(text, lambda: None), cell) is Reason.BAD_DATE


def test_the_order_is_asked_for_only_when_it_matters() -> None:
    def must_not_be_asked() -> bool | None:
        raise AssertionError

    for cell in ("2024-05-01", "25/12/2016", "12/25/2016", "5/5/2016", ""):
        parse_date(cell, must_not_be_asked)
    assert parse_date("03/04/2017", lambda: True) == "2017-04-03"
    assert parse_date("03/04/2017", lambda: False) == "2017-03-04"


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["01/02/2020", "13/02/2020"], True),
        (["01/02/2020", "02/13/2020", "2020-01-01"], False),
        (["01-02-2020 10:00:00", "13-02-2020"], True),
        (["01/02/2020", "03/04/2020"], None),
        (["13/02/2020", "02/13/2020"], None),
        (["13/13/2020"], None),
        (["24-05-01", "05/06/2024"], None),
        (["24-05-01", "5/13/2024"], False),
        (["'21/06/2014", "05/06/2014"], True),
        (['="06/21/2014"', "05/06/2014"], False),
        ([], None),
    ],
)
def test_a_column_shows_its_order(column: list[str], expected: bool | None) -> None:
    assert is_day_first(column) is expected


@given(st.dates())
def test_every_day_is_read_back(day: object) -> None:
    text = str(day)
    expected = None if text in {"1969-12-31", "1970-01-01"} else text
    assert parse_date(text, lambda: None) == expected


MOVIE, SHOW, EPISODE, SEASON = MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE, MediaKind.SEASON


@pytest.mark.parametrize(
    ("cell", "kind", "second_kind"),
    [
        ("Movie", MOVIE, None),
        ("movie", MOVIE, None),
        ("Feature Film", MOVIE, None),
        ("Documentary", MOVIE, None),
        ("TV Movie", MOVIE, None),
        ("tvMovie", MOVIE, None),
        ("Video", MOVIE, None),
        ("Short Film", MOVIE, None),
        ("short", MOVIE, None),
        ("tvShort", MOVIE, SHOW),
        ("TV Special", MOVIE, SHOW),
        ("TV Series", SHOW, None),
        ("tvSeries", SHOW, None),
        ("TV Mini-Series", SHOW, MOVIE),
        ("tvMiniSeries", SHOW, MOVIE),
        ("Mini-Series", SHOW, MOVIE),
        (" TV  Episode ", EPISODE, None),
        ("tv_episode", EPISODE, None),
        ("tvPilot", EPISODE, SHOW),
        ("Film", MOVIE, None),
        ("Fernsehserie", SHOW, None),
        ("Miniserie", SHOW, MOVIE),
        ("Fernsehepisode", EPISODE, None),
        ("Fernsehspecial", MOVIE, SHOW),
        ("Kurzfilm", MOVIE, None),
        ("Serie TV", SHOW, None),
        ("Mini serie TV", SHOW, MOVIE),
        ("Episodio TV", EPISODE, None),
        ("Speciale TV", MOVIE, SHOW),
        ("Corto", MOVIE, None),
    ],
)
def test_title_types(cell: str, kind: MediaKind, second_kind: MediaKind | None) -> None:
    assert parse_kind(cell, IMDB_TYPES) is kind
    assert parse_second_kind(cell, IMDB_TYPES) is second_kind


def test_our_own_words_are_no_words_of_imdb() -> None:
    assert [parse_kind(word, TYPES) for word in ("show", "tv", "Season", "episode")] == [
        *(SHOW, SHOW, SEASON, EPISODE)
    ]
    assert reason_of(lambda cell: parse_kind(cell, IMDB_TYPES), "season") is Reason.UNKNOWN_TYPE


@pytest.mark.parametrize(
    ("cell", "reason"),
    [
        ("Video Game", Reason.VIDEO_GAME),
        ("videoGame", Reason.VIDEO_GAME),
        ("Music Video", Reason.MUSIC_VIDEO),
        ("podcastSeries", Reason.PODCAST),
        ("Podcast-Serie", Reason.PODCAST),
        ("Podcast Episode", Reason.PODCAST),
    ],
)
def test_what_no_destination_knows(cell: str, reason: Reason) -> None:
    with pytest.raises(CellError) as caught:
        parse_kind(cell, IMDB_TYPES)
    assert (caught.value.reason, caught.value.status) == (reason, Status.UNSUPPORTED)
    assert parse_second_kind(cell, IMDB_TYPES) is None


@pytest.mark.parametrize("cell", ["", "Unknown Work", "Hörspiel", "фильм", "1"])
def test_an_unknown_word_is_never_a_movie(cell: str) -> None:
    assert reason_of(lambda text: parse_kind(text, IMDB_TYPES), cell) is Reason.UNKNOWN_TYPE


PARSERS: tuple[Callable[[str], object], ...] = (
    parse_imdb_id,
    parse_number,
    parse_number_id,
    parse_rating_or_word,
    parse_text,
    parse_year,
    lambda cell: parse_date(cell, lambda: None),
    lambda cell: parse_kind(cell, TYPES),
)


@given(st.one_of(st.text(), st.from_regex(r"[0-9/.: T+Z-]{1,25}", fullmatch=True)), st.sampled_from(PARSERS))
def test_any_text_is_a_value_or_a_cell_error(cell: str, parse: Callable[[str], object]) -> None:
    with contextlib.suppress(CellError):
        parse(cell)


def test_a_quoted_value_is_short_and_harmless() -> None:
    assert quote("Amélie 東京") == '"Amélie 東京"'
    assert quote("a\nb\x1b[2J") == '"a\\nb\\x1b[2J"'
    assert len(quote("x" * 5000)) == 82
