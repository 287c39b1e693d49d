"""Tables are searched, filtered and sorted alike, whatever their size, and rewritten cell by cell."""

import csv
from pathlib import Path

import pytest

from importer.errors import UsageError
from importer.files import neutralise
from importer.web.rows import ROWS_PER_PAGE, Table, Wanted, read_table, rewrite

COLUMNS = ("row", "line", "action", "from", "to", "reason", "message", "kind", "title", "year")


def build_row(number: int, title: str, action: str = "add", to: str = "9", year: str = "1999") -> list[str]:
    return [str(number), str(number + 1), action, "", to, "", "", "movie", title, year]


TABLE = Table(
    COLUMNS,
    [
        build_row(1, "Öffentliche Feinde", year=""),
        build_row(2, "alien", "change", to="10"),
        build_row(3, "评分", to="8"),
        build_row(4, "Alien 3", to="9", year="1992"),
    ],
)


def titles(wanted: Wanted) -> list[str]:
    return [row["title"] for row in TABLE.view(wanted).rows]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ALIEN", ["alien", "Alien 3"]),
        ("alien 1992", ["Alien 3"]),
        ("öffentliche", ["Öffentliche Feinde"]),
        ("评", ["评分"]),
        ("nothing", []),
        ("", ["Öffentliche Feinde", "alien", "评分", "Alien 3"]),
    ],
)
def test_all_words_must_be_in_a_row(search: str, found: list[str]) -> None:
    assert titles(Wanted(search)) == found


def test_filters_and_sorting_go_together() -> None:
    assert titles(Wanted(filters={"action": "add"}, sort="title")) == [
        "Alien 3",
        "Öffentliche Feinde",
        "评分",
    ]
    assert titles(Wanted(sort="to")) == ["评分", "Öffentliche Feinde", "Alien 3", "alien"]
    assert titles(Wanted(sort="-to"))[0] == "alien"
    assert titles(Wanted(sort="year"))[-1] == "Öffentliche Feinde"
    assert titles(Wanted(sort="no such column")) == titles(Wanted())


def test_a_page_beyond_the_last_is_the_last() -> None:
    table = Table(COLUMNS, [build_row(number, f"Film {number}") for number in range(1, ROWS_PER_PAGE + 2)])
    view = table.view(Wanted(page=99))
    assert (view.page, view.pages, len(view.rows), view.first) == (2, 2, 1, ROWS_PER_PAGE + 1)


def test_a_row_is_found_on_its_page_where_it_fits() -> None:
    titles = ("Alien", "Heat")
    rows = range(1, 4 * ROWS_PER_PAGE + 1)
    table = Table(COLUMNS, [build_row(row, titles[row % 2]) for row in rows])
    last = 4 * ROWS_PER_PAGE
    assert table.turn_to(last, Wanted()).page == 4
    assert table.turn_to(last, Wanted("alien")) == Wanted("alien", page=2)
    assert table.turn_to(last, Wanted(sort="-line", page=3)).page == 1
    assert table.turn_to(last, Wanted("heat", page=2)) == Wanted("heat", page=2)


def test_counts_and_numbers_are_of_all_pages() -> None:
    assert TABLE.counts("action") == {"add": 3, "change": 1}
    assert TABLE.numbers(Wanted(filters={"action": "add"})) == [1, 3, 4]


def test_only_the_cells_that_change_are_other_ones(tmp_path: Path) -> None:
    path = tmp_path / "plan.csv"
    rows = [build_row(1, neutralise('=HYPERLINK("x")')), build_row(2, 'a "b"\r\nc'), build_row(3, "x")]
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    rewrite(path, path, COLUMNS, {2: {"action": "skipped", "title": "=1+1"}})
    with path.open(encoding="utf-8", newline="") as file:
        header, *found = csv.reader(file)
    assert tuple(header) == COLUMNS
    assert found == [rows[0], [*rows[1][:2], "skipped", *rows[1][3:8], "'=1+1", "1999"], rows[2]]
    shown = read_table(path, COLUMNS).view(Wanted()).rows
    assert shown[0]["title"] == '=HYPERLINK("x")'


def test_another_file_is_no_table(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a,b\n1,2\n", "utf-8")
    with pytest.raises(UsageError):
        read_table(tmp_path / "x.csv", COLUMNS)
    with pytest.raises(UsageError):
        read_table(tmp_path / "missing.csv", COLUMNS)
