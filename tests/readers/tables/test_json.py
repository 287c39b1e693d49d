"""JSON as a table: what its records are, whatever a program or a person wrote around them."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from importer import limits
from importer.errors import UnknownFormatError, UnreadableFileError
from importer.model import InvalidRow, MediaKind
from importer.readers import ReadOptions, open_reader
from tests.readers.formats.test_csv import SAMPLES_OF_CSV
from tests.readers.reading import invalid, jobs, places, read, read_until_error, reasons
from tests.readers.record_conformance import JsonConformance

ALIEN = {"imdb_id": "tt0078748", "title": "Alien", "rating": 9}
HEAT = {"imdb_id": "tt0113277", "title": "Heat", "rating": 8}


class TestCsvAsJson(JsonConformance):
    format_name = "csv"
    samples = SAMPLES_OF_CSV

    def record(self, title: str) -> Mapping[str, object]:
        return {"imdb_id": "tt0111161", "title": title, "rating": 9, "rated_at": "2024-05-01"}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ALIEN, HEAT]),
        json.dumps({"by": "me", "count": 2, "ratings": [ALIEN, HEAT], "tags": ["a", "b"]}),
        json.dumps({"data": {"user": {"name": "me", "ratings": [ALIEN, HEAT]}}}),
        json.dumps({"movies": [ALIEN], "shows": [], "episodes": [HEAT]}),
        f"{json.dumps(ALIEN)}\n{json.dumps(HEAT)}\n",
        f"{json.dumps(ALIEN)},\r\n\r\n  {json.dumps(HEAT)}",
        json.dumps(ALIEN, indent=1) + json.dumps(HEAT, indent=1),
        json.dumps(ALIEN, indent=1) + ",\n" + json.dumps(HEAT, indent=1),
        f"[{json.dumps(ALIEN)},\n{json.dumps(HEAT)},\n]",
    ],
)
def test_records_are_found_wherever_they_stand(tmp_path: Path, text: str) -> None:
    assert [(job.title, job.rating) for job in jobs(read(tmp_path, text.encode()))] == [
        ("Alien", 9),
        ("Heat", 8),
    ]


def test_an_object_without_lists_of_records_is_one(tmp_path: Path) -> None:
    text = json.dumps({**ALIEN, "genres": ["Horror", "Science Fiction"]}, indent=2)
    (job,) = jobs(read(tmp_path, text.encode()))
    assert (job.title, job.line) == ("Alien", 1)


def test_values_within_values_go_by_their_path(tmp_path: Path) -> None:
    record = {"score": 8, "movie": {"name": "Alien", "ids": {"imdb": "tt0078748", "plex": {"guid": "x"}}}}
    mapping = {"score": "rating", "movie.ids.imdb": "imdb_id", "Movie.Name": "title"}
    (job,) = jobs(read(tmp_path, json.dumps([record]).encode(), mapping=mapping))
    assert (job.imdb_id, job.title, job.rating) == ("tt0078748", "Alien", 8)


def test_the_list_of_a_record_is_a_column(tmp_path: Path) -> None:
    text = json.dumps({"movie": [ALIEN], "show": [HEAT]})
    rows = jobs(read(tmp_path, text.encode(), mapping={"@list": "type"}))
    assert [job.kind for job in rows] == [MediaKind.MOVIE, MediaKind.SHOW]


def test_a_broken_line_among_lines_is_one_row(tmp_path: Path) -> None:
    lines = [
        json.dumps(ALIEN),
        '{"imdb_id": "tt00',
        json.dumps(HEAT),
        "[]",
        "nonsense",
        json.dumps(HEAT)[:-9],
    ]
    rows = read(tmp_path, "\n".join(lines).encode())
    assert reasons(rows) == ["ok", "no_object", "ok", "no_object", "no_object", "no_object"]
    assert places(rows) == [(number, number) for number in range(1, 7)]
    assert invalid(rows[1:2])[0].message.startswith("line 2: the entry is no JSON object. ")


def test_lists_within_lines_are_part_of_the_line(tmp_path: Path) -> None:
    lines = [json.dumps({**record, "cast": [{"rating": 1}]}) for record in (ALIEN, HEAT)]
    assert [job.rating for job in jobs(read(tmp_path, "\n".join(lines).encode()))] == [9, 8]


def test_two_values_for_one_name_are_told_where_they_matter(tmp_path: Path) -> None:
    rows = [
        '{"imdb_id": "tt0078748", "rating": 9, "rating": 9}',
        '{"imdb_id": "tt0078748", "rating": 9, "rating": 8}',
        '{"imdb_id": "tt0078748", "rating": 9, "junk": 1, "junk": 2}',
    ]
    found = read(tmp_path, f"[{','.join(rows)}]".encode())
    assert reasons(found) == ["ok", "two_values", "ok"]
    assert isinstance(found[1], InvalidRow)
    assert '"rating"' in found[1].message


@pytest.mark.parametrize(
    ("rating", "expected"),
    [
        ("8", "ok"),
        ('"8"', "ok"),
        ("8.0", "ok"),
        ("8.5", "bad_rating"),
        ("8e0", "bad_rating"),
        ("-8", "bad_rating"),
        ("NaN", "bad_rating"),
        ("Infinity", "bad_rating"),
        ("9" * 900, "bad_rating"),
        ("9" * 5000, "too_long"),
        ("1e999", "bad_rating"),
        ("true", "bad_rating"),
        ("null", "no_rating"),
        ('""', "no_rating"),
        ("[]", "no_rating"),
        ("[8]", "bad_rating"),
        ("{}", "no_rating"),
        ('{"value": 8}', "bad_rating"),
    ],
)
def test_a_rating_is_what_stands_there(tmp_path: Path, rating: str, expected: str) -> None:
    other = json.dumps(HEAT)
    rows = read(tmp_path, f'[{other}, {{"imdb_id": "tt0078748", "rating": {rating}}}]'.encode())
    assert reasons(rows) == ["ok", expected]


def test_ids_keep_their_zeros_and_large_numbers_their_digits(tmp_path: Path) -> None:
    record = '{"imdb_id": "tt00110912", "tmdb_id": 680.0, "trakt_id": 123456789012345, "rating": 8}'
    (job,) = jobs(read(tmp_path, f"[{record}]".encode()))
    assert (job.imdb_id, job.tmdb_id, job.trakt_id) == ("tt00110912", 680, 123456789012345)


def test_half_a_character_is_replaced(tmp_path: Path) -> None:
    text = r'[{"imdb_id": "tt0078748", "rating": 9, "title": "\ud83d\ude00 \ud83d Alién\u0000"}]'
    (job,) = jobs(read(tmp_path, text.encode()))
    assert job.title == "😀 � Alién�"


@pytest.mark.parametrize("text", ["[]", "{}", "[ ]\n", '{"movies": [], "shows": []}', "[1, 2]", '{"a": [1]}'])
def test_no_record_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError, match="there is no record in it"):
        read(tmp_path, text.encode())


@pytest.mark.parametrize(
    "text", ["{", "[", "[{", '{"a', '{"a": ', "[{]", "{5: 1}", "[" * 100_000, '{"a":' * 9_999]
)
def test_no_json_is_said(tmp_path: Path, text: str) -> None:
    with pytest.raises(UnreadableFileError, match=r"no JSON|too deep"):
        read(tmp_path, text.encode())


def test_the_line_of_a_mistake_is_told(tmp_path: Path) -> None:
    text = json.dumps([ALIEN, HEAT, ALIEN], indent=2).replace('"title": "Heat",', '"title": "Heat"')
    rows, error = read_until_error(tmp_path, text.encode())
    assert reasons(rows) == ["ok"]
    assert error is not None
    assert error.line == 10, "the line below the one without its comma"


def test_utf16_without_a_mark_is_an_error(tmp_path: Path) -> None:
    for encoding in ("utf-16-le", "utf-16-be"):
        with pytest.raises(UnreadableFileError, match="NUL bytes"):
            read(tmp_path, json.dumps([ALIEN]).encode(encoding))


def test_windows_1252_is_read(tmp_path: Path) -> None:
    text = json.dumps([{**ALIEN, "title": "Amélie"}], ensure_ascii=False)
    assert jobs(read(tmp_path, text.encode("cp1252")))[0].title == "Amélie"


def test_a_value_without_end_is_not_held_in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LONGEST_RECORD", 10_000)
    path = tmp_path / "long.json"
    path.write_text(json.dumps([ALIEN]).removesuffix("]") + ', {"title": "' + "x" * 2_000_000)
    rows, error = read_until_error(tmp_path, path.read_bytes(), block_size=1_000)
    assert reasons(rows) == ["ok"]
    assert error is not None
    assert "longer than 10,000 characters" in str(error)


def test_too_many_different_values_are_no_ratings(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError, match="2,000 different values"):
        read(tmp_path, json.dumps({f"film {number}": 8 for number in range(5_000)}).encode())


def test_columns_that_stand_in_the_last_record_only_are_found(tmp_path: Path) -> None:
    rows = read(tmp_path, json.dumps([{"rating": 5}] * 3_000 + [ALIEN]).encode(), block_size=256)
    assert reasons(rows) == ["no_id"] * 3_000 + ["ok"]


def test_names_that_differ_in_case_only_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match="two columns"):
        read(tmp_path, json.dumps([{**ALIEN, "Rating": 3}]).encode())


def test_a_scale_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "stars.json"
    path.write_text(json.dumps([{**ALIEN, "rating": 4.5}, {**HEAT, "rating": 6}]))
    (rows,) = open_reader(path, ReadOptions(scale="5")).chunks()
    assert reasons(rows) == ["ok", "off_scale"]
    assert jobs(rows[:1])[0].rating == 9


def test_ids_with_their_ratings_are_rows_however_many_there_are(tmp_path: Path) -> None:
    rows = jobs(read(tmp_path, json.dumps({f"tt{number:07}": 8 for number in range(5_000)}).encode()))
    assert len(rows) == 5_000
    assert {(job.kind, job.rating) for job in rows} == {(MediaKind.UNKNOWN, 8)}
    values = {"tt0078748": {"rating": 9, "type": "movie"}, "tt0113277": None, "tt0111161": {"rating": 11}}
    found = read(tmp_path, json.dumps({"ratings": values}).encode())
    assert reasons(found) == ["ok", "no_object", "bad_rating"]
    assert jobs(found[:1])[0].kind is MediaKind.MOVIE


@pytest.mark.parametrize("name", ["kind", "Kind", "mediaType", "media_type", "type"])
def test_an_entry_by_its_id_keeps_its_kind_beside_one_without(tmp_path: Path, name: str) -> None:
    content = json.dumps({"tt0903747": {"rating": 9, name: "show"}, "tt0113277": 8})
    kinds = [job.kind for job in jobs(read(tmp_path, content.encode()))]
    assert kinds == [MediaKind.SHOW, MediaKind.UNKNOWN]


@pytest.mark.parametrize("name", ["rating", "Rating", "userRating", "my_rating", "My Rating"])
@pytest.mark.parametrize("value", [{"value": 8}, [8]])
def test_a_rating_that_is_no_value_is_told_whatever_its_case(
    tmp_path: Path, name: str, value: object
) -> None:
    title = {"imdb_id": "tt0078748"}
    content = json.dumps([title | {name: value}, title | {name: 8}])
    assert reasons(read(tmp_path, content.encode())) == ["bad_rating", "ok"]


def test_what_is_rated_within_a_record_is_a_row_with_what_that_holds(tmp_path: Path) -> None:
    entries = [{"score": 9}, {"score": 8}, 5]
    content = json.dumps(
        [{"imdb_id": "tt0078748", "entries": entries}, {"imdb_id": "tt0113277", "entries": []}]
    )
    rows = read(tmp_path, content.encode(), mapping={"entries.score": "rating"})
    assert reasons(rows) == ["ok", "ok", "no_object", "no_rating"]
    assert [job.imdb_id for job in jobs(rows[:2])] == ["tt0078748"] * 2


def test_somebody_elses_ratings_within_a_rated_record_are_none_of_its_own(tmp_path: Path) -> None:
    content = json.dumps([ALIEN | {"critics": [{"rating": 3}], "seasons": [{"number": 1}]}])
    assert [job.rating for job in jobs(read(tmp_path, content.encode()))] == [ALIEN["rating"]]


def test_ids_of_media_servers_are_read(tmp_path: Path) -> None:
    guids = [{"id": "imdb://tt0078748"}, {"id": "tmdb://348"}, {"id": "plex://movie/1"}, {"id": 1, "a": 2}]
    content = json.dumps({"Metadata": [{"title": "Alien", "type": "movie", "userRating": 9, "Guid": guids}]})
    (job,) = jobs(read(tmp_path, content.encode()))
    assert (job.imdb_id, job.tmdb_id, job.rating) == ("tt0078748", 348, 9)
