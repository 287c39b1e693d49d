"""What `importer inspect` says of the rows it was given."""

from typing import Any

from importer.cli.advice import advise_inspection
from importer.model import RESULT_COLUMNS, Status
from importer.report.inspection import Inspection, build_inspection


def line(row: int, status: Status = Status.NOT_SENT, **cells: Any) -> tuple[Any, ...]:
    usual = {"row": row, "line": row + 1, "status": status, "kind": "movie", "rating": 8, "imdb_id": "tt1"}
    return tuple((usual | cells).get(column) for column in RESULT_COLUMNS)


def inspect(*lines: tuple[Any, ...]) -> Inspection:
    found = Inspection("ratings.csv", "imdb", ["since 2024", "encoding UTF-8"], "trakt")
    found.add_all(lines)
    return found


def test_everything_about_a_file_is_counted() -> None:
    found = inspect(
        line(1, rated_at="2020-02-01", message="8.5 of 10 is rated 9"),
        line(2, rating=10, kind="show", rated_at="2019-05-01T10:00:00Z", tmdb_id=5),
        line(3, imdb_id=None),
        line(4, Status.DUPLICATE, reason="duplicate", message="row 2 counts"),
        line(5, Status.INVALID, reason="bad_rating", message='line 6, column "R": "11" is none', rating="11"),
    )
    assert found.as_json() == {
        "file": "ratings.csv",
        "format": "imdb",
        "notes": ["since 2024", "encoding UTF-8"],
        "not_read": [],
        "rows": 5,
        "lines": [2, 6],
        "kinds": {"movie": 3, "show": 1},
        "ids": {"imdb": 3, "tmdb": 1, "none": 1},
        "ratings": {"10": 1, "8": 3},
        "dates": ["2019-05-01", "2020-02-01"],
        "undated": 2,
        "unread_dates": {"count": 0, "examples": []},
        "years": {"2019": 1, "2020": 1},
        "destination": "trakt",
        "would_be_sent": 3,
        "noted": {"count": 1, "examples": [{"line": 2, "title": "", "message": "8.5 of 10 is rated 9"}]},
        "odd": [
            {
                "status": "duplicate",
                "reason": "duplicate",
                "count": 1,
                "examples": [{"line": 5, "title": "", "message": "row 2 counts"}],
            },
            {
                "status": "invalid",
                "reason": "bad_rating",
                "count": 1,
                "examples": [{"line": 6, "title": "", "message": 'line 6, column "R": "11" is none'}],
            },
        ],
    }
    text = "\n".join([build_inspection(found), *advise_inspection(found)])
    for part in (
        "imdb: since 2024",
        "lines 2 to 6",
        "2019-05-01 to 2020-02-01; 2 without",
        "To trakt: 3 rows would be sent.",
        "1 of them with a note\n    line 2: 8.5 of 10 is rated 9",
        '1 row invalid, bad rating\n    line 6: column "R": "11" is none',
        "1 row without any id",
    ):
        assert part in text


def test_dates_that_cannot_be_read_are_named_whatever_becomes_of_their_rows() -> None:
    lost = 'the date, "{}", is none and left out'
    found = inspect(
        line(1, rated_at="2020-02-01", message="8.5 of 10 is rated 9"),
        line(2, title="Heat", message=lost.format("30.02.2021")),
        line(
            3, Status.UNSUPPORTED, reason="needs_id", message=f"{lost.format('2021-13-09')}; it needs an id"
        ),
    )
    text = build_inspection(found)
    assert "2020-02-01; 2 without" in text
    shown = text[text.index("2 dates cannot be read and are left out:") :].splitlines()
    assert [each.strip() for each in shown[1:3]] == ['line 3, Heat: "30.02.2021"', 'line 4: "2021-13-09"']
    told = found.as_json()["unread_dates"]
    assert told == {
        "count": 2,
        "examples": [
            {"line": 3, "title": "Heat", "message": '"30.02.2021"'},
            {"line": 4, "title": "", "message": '"2021-13-09"'},
        ],
    }


def test_a_row_that_only_the_destination_refuses_was_understood() -> None:
    found = inspect(line(1, Status.UNSUPPORTED, reason="needs_id", imdb_id=None))
    assert (found.kinds, found.ids) == ({"movie": 1}, {"none": 1})


def test_a_kind_that_the_file_does_not_tell_is_explained() -> None:
    found = inspect(line(1), line(2, kind="unknown"))
    assert "kinds    1 movie, 1 of unknown kind (an id may tell it)\n" in build_inspection(found)


def test_words_stand_below_the_numbers() -> None:
    found = inspect(line(1, rating="love"), line(2, rating=2), line(3, rating=10))
    assert list(found.as_json()["ratings"]) == ["10", "2", "love"]  # type: ignore[call-overload]


def test_a_day_that_many_share_is_told() -> None:
    lines = [line(row, rated_at="2020-01-01" if row % 2 else f"2020-02-{row:02}") for row in range(1, 29)]
    assert inspect(*lines).crowded_day == ("2020-01-01", 14)
    assert inspect(*lines[:10]).crowded_day is None, "so few are no crowd"


def test_only_the_first_rows_are_examples() -> None:
    rows = [line(row, Status.INVALID, reason="no_id", message="none") for row in range(1, 9)]
    text = build_inspection(inspect(*rows))
    assert "8 rows invalid, no id: none\n    line 2\n" in text, "what all share is said once"
    assert "    line 6\n    and 3 more" in text


def test_an_empty_file_has_nothing_to_tell() -> None:
    text = build_inspection(inspect())
    assert "To trakt: 0 rows would be sent." in text
    assert "  rows     0\n" in text


def test_one_row_is_no_range() -> None:
    text = build_inspection(inspect(line(1, rated_at="2021-04-03")))
    assert "  rows     1, line 2\n" in text
    assert "  dates    2021-04-03\n" in text


def test_what_would_move_the_cursor_is_not_printed() -> None:
    found = inspect(line(1, Status.INVALID, title="\x1b[2J", reason="no_id", message="\x1b]0;x\x07"))
    assert "\x1b" not in build_inspection(found)
