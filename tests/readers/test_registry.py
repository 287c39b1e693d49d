"""The formats and their columns: none is forgotten, and errors are told in the order that is declared."""

from pathlib import Path

import pytest

from importer.readers import formats
from importer.readers.format_reader import TableReader
from importer.readers.registry import READERS
from tests.readers.reading import invalid, read


def test_every_file_of_formats_that_holds_a_format_is_registered() -> None:
    folder = Path(formats.__path__[0])
    declared = {path.stem for path in folder.glob("*.py") if "FormatNote(" in path.read_text("utf-8")}
    assert {reader.__module__.rpartition(".")[2] for reader in READERS} == declared
    assert READERS[-1].about.name == "csv"


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.__name__)
def test_what_a_format_says_of_its_columns_is_of_its_columns(reader: type[TableReader]) -> None:
    names = {name.lower() for column in reader.columns.values() for name in column.names}
    assert any(column.required for column in reader.columns.values())
    if reader.reported_first != TableReader.reported_first and not {"user", "profile"} & set(
        reader.reported_first
    ):
        assert set(reader.reported_first) <= reader.columns.keys()
    assert not {name.lower() for name in reader.unread_columns} & names


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("Const,Your Rating,Title Type,Year\nno,11,no,no\n", "unknown_type"),
        ("Const,Your Rating,Title Type,Year\nno,11,Movie,no\n", "bad_id"),
        ("imdb_id,rating,type,year\nno,11,no,no\n", "bad_id"),
        ("imdb_id,rating,type,year\ntt0111161,11,no,no\n", "unknown_type"),
        ("year,rating,imdb_id\nno,11,tt0111161\n", "bad_rating"),
        ("media_id,source,media_type,score\n1,tmdb,no,\n", "no_rating"),
        ("rated_at,type,trakt_rating,rating,imdb_id\nno,movie,8,,no\n", "no_rating"),
    ],
)
def test_of_several_bad_cells_the_first_in_the_order_of_the_format_is_told(
    content: str, reason: str, tmp_path: Path
) -> None:
    (row,) = invalid(read(tmp_path, content.encode()))
    assert row.reason == reason
