"""The samples hold what `samples/README.md` promises; all other rows name titles the sandbox knows."""

import csv
import io
import re
import unicodedata
from calendar import month_abbr
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"

HEADERS = {
    "imdb-2015.csv": (
        "position,const,created,modified,description,Title,Title type,Directors,You rated,IMDb Rating,"
        "Runtime (mins),Year,Genres,Num. Votes,Release Date (month/day/year),URL"
    ),
    "imdb-2017-interim.csv": (
        "Const,Your Rating,Date Added,Title,Title Type,Directors,IMDb Rating,Runtime (mins),Year,Genres,"
        "Num Votes"
    ),
    "imdb-2018.csv": (
        "Const,Your Rating,Date Rated,Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,Num Votes,"
        "Release Date,Directors"
    ),
    "imdb-2024.csv": (
        "Const,Your Rating,Date Rated,Title,Original Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,"
        "Genres,Num Votes,Release Date,Directors"
    ),
    "ratings.csv": "type,imdb_id,tmdb_id,tvdb_id,title,year,season,episode,rating,rated_at",
    "ratings-semicolon.csv": "type,imdb_id,tmdb_id,tvdb_id,title,year,season,episode,rating,rated_at",
}
ENCODINGS = {
    "imdb-2017-interim.csv": "iso-8859-1",
    "imdb-2018.csv": "iso-8859-1",
    "ratings-semicolon.csv": "utf-8-sig",
}
LARGE = ("imdb-2015.csv", "imdb-2018.csv", "imdb-2024.csv", "ratings.csv")
EVERY_LARGE_IMDB = {
    "video game",
    "short",
    "mini-series",
    "episode, by its own id",
    "film without a year, not yet released",
    "comma in the title",
    "quotes in the title",
    "newline in the title",
    "rated twice, the newer rating",
    "rated twice, the older rating",
    "id that no title has",
    "rating of 11",
    "empty rating",
    "bad date",
    "unknown type word",
    "malformed id",
}

TYPE_WORDS = {
    *("Movie", "TV Series", "TV Mini Series", "TV Episode", "TV Movie", "TV Special", "Short", "Video"),
    *("movie", "tvSeries", "tvMiniSeries", "tvEpisode", "tvMovie", "tvSpecial", "short", "video"),
    *("Feature Film", "Documentary", "Mini-Series", "Short Film", "show", "season", "episode"),
    *("Video Game", "videoGame", "video game", "Podcast Series", "podcastSeries", "podcast"),
    *("Music Video", "musicVideo", "music video"),
}


class Row(NamedTuple):
    """A sample's row under names that all formats share; `line` is the physical line it starts at."""

    line: int
    imdb_id: str
    type: str
    title: str
    year: str
    rating: str
    date: str
    other_ids: tuple[str, str] = ("", "")
    season: str = ""
    episode: str = ""

    @property
    def has_only_title(self) -> bool:
        return not self.imdb_id and not any(self.other_ids)


def read_catalogue() -> list[dict[str, str]]:
    with (ROOT / "importer/sandbox/catalogue.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


CATALOGUE = read_catalogue()
CATALOGUE_IDS = {entry["imdb_id"] for entry in CATALOGUE}


def decode(name: str) -> str:
    return (SAMPLES / name).read_bytes().decode(ENCODINGS.get(name, "utf-8"))


def read_sample(name: str) -> list[Row]:
    delimiter = ";" if "semicolon" in name else ","
    reader = csv.reader(io.StringIO(decode(name), newline=""), delimiter=delimiter, strict=True)
    header = next(reader)
    assert ",".join(header) == HEADERS[name]
    rows = []
    last_line = reader.line_num
    for cells in reader:
        assert len(cells) == len(header), f"{name}:{last_line + 1}"
        cell = dict(zip([column.lower() for column in header], cells, strict=True))
        rows.append(normalise(last_line + 1, cell))
        last_line = reader.line_num
    return rows


def normalise(line: int, cell: dict[str, str]) -> Row:
    if "tmdb_id" in cell:
        return Row(
            line,
            imdb_id=cell["imdb_id"],
            type=cell["type"],
            title=cell["title"],
            year=cell["year"],
            rating=cell["rating"],
            date=cell["rated_at"],
            other_ids=(cell["tmdb_id"], cell["tvdb_id"]),
            season=cell["season"],
            episode=cell["episode"],
        )
    date = cell.get("date rated") or cell.get("date added") or cell.get("created", "")
    rating = cell["you rated"] if "you rated" in cell else cell["your rating"]
    return Row(line, cell["const"], cell["title type"], cell["title"], cell["year"], rating, date)


def is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        for shape in ("%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S UTC %Y"):
            try:
                datetime.strptime(text, shape)  # noqa: DTZ007 (only whether it is a day)
            except ValueError:
                continue
            return True
        return False
    return True


def is_latin(text: str) -> bool:
    return all(
        unicodedata.name(char).startswith("LATIN")
        for char in text
        if unicodedata.category(char) in ("Ll", "Lu", "Lo")
    )


def is_catalogued_title(row: Row) -> bool:
    return any((entry["title"], entry["year"]) == (row.title, row.year) for entry in CATALOGUE)


def is_catalogued_episode(row: Row) -> bool:
    shows = [
        entry["imdb_id"]
        for entry in CATALOGUE
        if entry["kind"] == "show"
        and (
            (row.imdb_id and row.imdb_id == entry["imdb_id"])
            or (row.other_ids[1] and row.other_ids[1] == entry["tvdb_id"])
            or (row.has_only_title and (row.title, row.year) == (entry["title"], entry["year"]))
        )
    ]
    return any(
        entry["show_imdb_id"] in shows and (entry["season"], entry["episode"]) == (row.season, row.episode)
        for entry in CATALOGUE
    )


def is_unassigned(row: Row) -> bool:
    """The ids that are well formed and chosen because no title has them."""
    return row.imdb_id.startswith("tt9999999")


def same_title(row: Row, rows: list[Row]) -> list[Row]:
    """Every row that rates this row's title as a whole, oldest rating first."""
    if not row.imdb_id or row.season:
        return []
    same = [other for other in rows if other.imdb_id == row.imdb_id and not other.season]
    return sorted(same, key=lambda other: day_of(other.date))


def is_older_of_two(row: Row, rows: list[Row]) -> bool:
    same = same_title(row, rows)
    return len(same) == 2 and row == same[0]


def is_newer_of_two(row: Row, rows: list[Row]) -> bool:
    same = same_title(row, rows)
    return len(same) == 2 and row == same[1]


def day_of(text: str) -> str:
    """A date's day so that days sort, whether or not the calendar has it."""
    asctime = re.fullmatch(r"\w{3} (\w{3}) ([ \d]\d) [\d:]{8} (?:UTC )?(\d{4})", text)
    if asctime is None:
        return text[:10]
    month, day, year = asctime.groups()
    return f"{year}-{list(month_abbr).index(month):02d}-{int(day):02d}"


ODDITIES: dict[str, Callable[[Row, list[Row]], bool]] = {
    "comma in the title": lambda row, _: "," in row.title,
    "semicolon in the title": lambda row, _: ";" in row.title,
    "quotes in the title": lambda row, _: '"' in row.title,
    "newline in the title": lambda row, _: "\n" in row.title,
    "non-Latin title": lambda row, _: not is_latin(row.title),
    "Latin letter or sign beyond ASCII": lambda row, _: not row.title.isascii() and is_latin(row.title),
    "8-digit id": lambda row, _: re.fullmatch(r"tt\d{8}", row.imdb_id) is not None and not is_unassigned(row),
    "film without a year, not yet released": lambda row, _: (
        row.title != "" and not row.year and row.imdb_id in CATALOGUE_IDS
    ),
    "date at epoch zero": lambda row, _: "1970" in row.date,
    "type Documentary": lambda row, _: row.type == "Documentary",
    "mini-series": lambda row, _: row.type in {"TV Mini Series", "tvMiniSeries", "Mini-Series"},
    "short": lambda row, _: row.type in {"Short", "short", "Short Film"},
    "TV film, TV special or video": lambda row, _: (
        row.type in {"TV Movie", "tvMovie", "TV Special", "tvSpecial", "Video", "video"}
    ),
    "imdb id only": lambda row, _: bool(row.imdb_id) and not row.title and row.type in {"movie", "show"},
    "tmdb id only": lambda row, _: not row.imdb_id and row.other_ids[0].isdigit(),
    "tvdb id only": lambda row, _: not row.imdb_id and bool(row.other_ids[1]) and not row.season,
    "title and year only": lambda row, _: row.has_only_title and not row.season and is_catalogued_title(row),
    "episode, by its show and number": lambda row, _: row.type == "episode" and is_catalogued_episode(row),
    "love or hate": lambda row, _: row.rating in {"love", "hate"},
    "unrate": lambda row, _: row.rating == "unrate",
    "rated twice, the newer rating": is_newer_of_two,
    "rated twice, the older rating": is_older_of_two,
    "episode, by its own id": lambda row, _: row.type in {"TV Episode", "tvEpisode"},
    "whole season": lambda row, _: row.type == "season",
    "video game": lambda row, _: row.type in {"Video Game", "videoGame", "video game"},
    "podcast, made up": lambda row, _: row.type in {"Podcast Series", "podcastSeries", "podcast"},
    "music video": lambda row, _: row.type in {"Music Video", "musicVideo", "music video"},
    "id that no title has": lambda row, _: is_unassigned(row) and "odcast" not in row.type,
    "title and year that no title has": lambda row, _: (
        row.has_only_title and row.type == "movie" and row.title != "" and not is_catalogued_title(row)
    ),
    "episode that was never made": lambda row, _: row.type == "episode" and not is_catalogued_episode(row),
    "rating of 11": lambda row, _: row.rating == "11",
    "half a point": lambda row, _: row.rating == "7.5",
    "empty rating": lambda row, _: row.rating == "",
    "bad date": lambda row, _: row.date != "" and not is_date(row.date),
    "unknown type word": lambda row, _: row.type not in TYPE_WORDS,
    "malformed id": lambda row, _: row.imdb_id != "" and re.fullmatch(r"tt\d{7,8}", row.imdb_id) is None,
    "tmdb id that is no number": lambda row, _: not row.other_ids[0].isdigit() and row.other_ids[0] != "",
    "neither id nor title": lambda row, _: row.has_only_title and not row.title,
}
WITHOUT_CATALOGUE_ID = (
    "video game",
    "podcast, made up",
    "music video",
    "id that no title has",
    "title and year that no title has",
    "episode that was never made",
    "malformed id",
    "tmdb id that is no number",
    "neither id nor title",
)


def find_lines(name: str) -> dict[str, list[int]]:
    rows = read_sample(name)
    found = {what: [row.line for row in rows if holds(row, rows)] for what, holds in ODDITIES.items()}
    return {what: lines for what, lines in found.items() if lines}


def read_promises(name: str) -> dict[str, list[int]]:
    text = (SAMPLES / "README.md").read_text(encoding="utf-8")
    section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
    promises = re.findall(r"^\| ([^|]+?) \| ([\d, ]+) \| [^|]+ \|$", section, re.MULTILINE)
    return {what: [int(line) for line in lines.split(", ")] for what, lines in promises}


@pytest.mark.parametrize("name", HEADERS)
def test_oddities_stand_at_the_lines_the_readme_names(name: str) -> None:
    assert read_promises(name) == find_lines(name)


@pytest.mark.parametrize("name", HEADERS)
def test_readme_counts_the_rows(name: str) -> None:
    rows = read_sample(name)
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    assert re.search(rf"^\| {re.escape(name)} \| .+ \| {len(rows)} \|$", readme, re.MULTILINE)
    assert 60 <= len(rows) <= 150 or name not in LARGE


@pytest.mark.parametrize("name", HEADERS)
def test_all_other_rows_are_in_the_catalogue(name: str) -> None:
    oddities = find_lines(name)
    exempt = {line for what in WITHOUT_CATALOGUE_ID for line in oddities.get(what, [])}
    known = {(column, entry[column]) for entry in CATALOGUE for column in ("imdb_id", "tmdb_id", "tvdb_id")}
    for row in read_sample(name):
        if row.line in exempt:
            continue
        ids = {("imdb_id", row.imdb_id), ("tmdb_id", row.other_ids[0]), ("tvdb_id", row.other_ids[1])}
        given = {pair for pair in ids if pair[1]}
        assert given <= known, row
        assert given or is_catalogued_title(row), row


@pytest.mark.parametrize("name", ["imdb-2015.csv", "imdb-2018.csv", "imdb-2024.csv"])
def test_every_large_imdb_sample_holds_the_oddities_its_vintage_can(name: str) -> None:
    missing = EVERY_LARGE_IMDB - find_lines(name).keys()
    assert missing == set()


@pytest.mark.parametrize("name", ["imdb-2018.csv", "imdb-2024.csv"])
def test_later_imdb_samples_hold_podcast_music_video_and_long_ids(name: str) -> None:
    assert {"podcast, made up", "music video", "8-digit id"} <= find_lines(name).keys()


@pytest.mark.parametrize("name", HEADERS)
def test_only_the_marked_title_is_rated_twice(name: str) -> None:
    rows = [row for row in read_sample(name) if row.imdb_id and not row.season]
    twice = [imdb_id for imdb_id, count in Counter(row.imdb_id for row in rows).items() if count > 1]
    assert len(twice) == (1 if name in LARGE else 0)


@pytest.mark.parametrize("name", ["imdb-2015.csv", "imdb-2024.csv", "ratings.csv"])
def test_utf8_samples_have_no_bom_and_lf_ends(name: str) -> None:
    raw = (SAMPLES / name).read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in raw
    assert raw.endswith(b"\n")


@pytest.mark.parametrize("name", ["imdb-2017-interim.csv", "imdb-2018.csv"])
def test_latin1_samples_are_not_utf8_and_read_alike_as_cp1252(name: str) -> None:
    raw = (SAMPLES / name).read_bytes()
    with pytest.raises(UnicodeDecodeError):
        raw.decode("utf-8")
    assert not any(0x80 <= byte <= 0x9F for byte in raw)
    assert b"\r" not in raw


def test_semicolon_sample_is_as_a_european_spreadsheet_saves_it() -> None:
    raw = (SAMPLES / "ratings-semicolon.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\n") == raw.count(b"\r\n")


def test_2015_sample_quotes_every_cell_and_pads_the_day_with_a_space() -> None:
    text = decode("imdb-2015.csv")
    assert all(line[0] == line[-1] == '"' for line in text.replace("or\n(", "or (").splitlines())
    assert re.search(r'"[A-Z][a-z]{2} [A-Z][a-z]{2}  \d 00:00:00 20\d\d"', text)
    assert '"The Wachowski Brothers, The Wachowski Brothers"' in text


def test_2018_sample_quotes_only_where_needed_and_goes_by_id_rotated() -> None:
    rows = read_sample("imdb-2018.csv")
    ids = [row.imdb_id for row in rows]
    start = ids.index(min(ids))
    assert start > 0
    assert ids[start:] + ids[:start] == sorted(ids)
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(
        csv.reader(io.StringIO(decode("imdb-2018.csv"), newline=""))
    )
    assert out.getvalue() == decode("imdb-2018.csv")


def test_2024_sample_goes_newest_first_and_quotes_as_imdb_does() -> None:
    dates = [row.date for row in read_sample("imdb-2024.csv") if is_date(row.date)]
    assert dates == sorted(dates, reverse=True)
    records = decode("imdb-2024.csv").replace("or\n(", "or (").splitlines()[1:]
    quoted = r'"(?:[^"]|"")*"'
    shape = re.compile(
        rf"[a-z0-9]+,\d*,[\d-]*,{quoted},{quoted},https://www\.imdb\.com/title/\w+,[A-Za-z ]+,[\d.]*,\d*,\d*,"
        rf"(?:{quoted})?,\d*,(?:{quoted})?,(?:{quoted})?"
    )
    assert [record for record in records if not shape.fullmatch(record)] == []
    assert any(record.endswith('",') for record in records)


def test_generic_sample_holds_instants_days_and_empty_dates() -> None:
    dates = [row.date for row in read_sample("ratings.csv")]
    assert any(re.fullmatch(r"\d{4}-\d\d-\d\d", date) for date in dates)
    assert any(date.endswith("Z") for date in dates)
    assert any(date.endswith("+02:00") for date in dates)
    assert "" in dates


def test_catalogue_has_one_entry_for_each_id() -> None:
    for column in ("imdb_id", "tmdb_id", "tvdb_id"):
        given = [
            (entry["kind"] if column != "imdb_id" else "", entry[column])
            for entry in CATALOGUE
            if entry[column]
        ]
        assert [key for key, count in Counter(given).items() if count > 1] == []


def test_catalogue_rows_are_complete() -> None:
    shows = {entry["imdb_id"] for entry in CATALOGUE if entry["kind"] == "show"}
    for entry in CATALOGUE:
        assert re.fullmatch(r"tt\d{7,8}", entry["imdb_id"]), entry
        assert re.fullmatch(r"\d{4}", entry["year"]), entry
        assert entry["title"], entry
        assert entry["kind"] in {"movie", "show", "episode"}, entry
        if entry["kind"] == "episode":
            assert entry["show_imdb_id"] in shows, entry
            assert entry["season"].isdigit(), entry
            assert entry["episode"].isdigit(), entry
        else:
            assert not entry["show_imdb_id"], entry
