"""The reader of Netflix' Ratings.csv."""

from datetime import timedelta, timezone
from pathlib import Path

import pytest

from importer.errors import ScaleNeededError, UnknownFormatError, UsageError
from importer.model import MediaKind, SourceRow, Status
from importer.readers import ReadOptions
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, reasons

HEADER = (
    "Profile Name,Title Name,Rating Type,Star Value,Thumbs Value,Device Model,Event Utc Ts,Region View Date"
)
THUMBS = "1=3,2=7,3=10"


class TestNetflix(ReaderConformance):
    format_name = "netflix"
    samples = ("netflix.csv",)
    header = HEADER
    reading = ReadOptions(profile="Anna")

    def row(self, title: str) -> str:
        return f"Anna,{title},star,4,,TV,2014-02-03 04:05:06,"


def read_rows(folder: Path, *rows: str, header: str = HEADER, **said: str) -> list[SourceRow]:
    return read(folder, "\n".join((header, *rows)).encode(), reading=ReadOptions(**said))  # type: ignore[arg-type]


def row(word: str, stars: object = "", thumbs: object = "", profile: str = "Anna") -> str:
    return f"{profile},T,{word},{stars},{thumbs},TV,2021-05-07 23:55:37,"


def test_stars_are_doubled_and_need_no_scale(tmp_path: Path) -> None:
    rows = jobs(read_rows(tmp_path, *(row("star", stars) for stars in range(1, 6))))
    assert [job.rating for job in rows] == [2, 4, 6, 8, 10]
    assert {(job.kind, job.year, job.imdb_id) for job in rows} == {(MediaKind.UNKNOWN, None, None)}


def test_thumbs_are_never_guessed(tmp_path: Path) -> None:
    with pytest.raises(ScaleNeededError, match=f"for example {THUMBS}") as raised:
        read_rows(tmp_path, row("star", 4), row("thumb", "", 2))
    assert raised.value.suggested is None
    with pytest.raises(UsageError, match="netflix has votes; say what each is"):
        read_rows(tmp_path, row("thumb", "", 2), scale="3")


def test_thumbs_are_what_their_owner_says(tmp_path: Path) -> None:
    rows = jobs(read_rows(tmp_path, *(row("thumb", "", thumbs) for thumbs in (1, 2, 3)), scale=THUMBS))
    assert [job.rating for job in rows] == [3, 7, 10]
    assert rows[0].note == "1 is rated 3, as the scale says"


def test_the_word_of_the_row_says_which_value_counts(tmp_path: Path) -> None:
    rows = read_rows(
        tmp_path,
        row("star", 5, 2),
        row("thumb", 5, 2),
        row("Stars", 4, 0),
        row("Thumbs", 0, 2),
        row("", 4),
        row("", "", 2),
        row("", 4, 2),
        row("thumb", 4),
        scale=THUMBS,
    )
    assert reasons(rows) == ["ok"] * 6 + ["bad_rating", "no_rating"]
    assert [job.rating for job in jobs(rows[:6])] == [10, 7, 8, 7, 8, 7]


def test_thumbs_beside_stars_that_count_need_no_scale(tmp_path: Path) -> None:
    assert [job.rating for job in jobs(read_rows(tmp_path, row("star", 5, 2)))] == [10]


def test_a_file_without_the_column_of_words_is_read(tmp_path: Path) -> None:
    header = "Title Name,Profile Name,Star Value,Thumbs Value"
    rows = read_rows(tmp_path, "A,Anna,4,", "B,Anna,,2", "C,Anna,,0", header=header, scale=THUMBS)
    assert reasons(rows) == ["ok", "ok", "no_rating"]
    assert [job.rating for job in jobs(rows[:2])] == [8, 7]


def test_a_rating_taken_back_is_skipped_and_a_bad_one_is_told(tmp_path: Path) -> None:
    rows = read_rows(
        tmp_path, row("thumb", "", 0), row("star", 0), row("star", 6), row("thumb", "", 4), scale=THUMBS
    )
    assert reasons(rows) == ["no_rating", "no_rating", "off_scale", "off_scale"]
    statuses = [found.status for found in invalid(rows)]
    assert statuses == [Status.SKIPPED, Status.SKIPPED, Status.INVALID, Status.INVALID]
    assert 'column "Star Value": "6"' in invalid(rows)[2].message
    assert f"--scale {THUMBS},4=7" in invalid(rows)[3].message


def test_several_profiles_ask_for_one_and_the_others_are_skipped(tmp_path: Path) -> None:
    rows = (row("star", 4), row("star", 1, profile="Ben"), row("thumb", "", 1, profile="Ben"))
    with pytest.raises(UsageError, match=r'^profile: .*"Anna", "Ben"'):
        read_rows(tmp_path, *rows)
    found = read_rows(tmp_path, *rows, profile="Anna")  # Ben's thumbs ask for no scale
    assert reasons(found) == ["ok", "other_profile", "other_profile"]
    assert {skipped.status for skipped in invalid(found[1:])} == {Status.SKIPPED}
    with pytest.raises(UsageError, match="profile Cleo: no row"):
        read_rows(tmp_path, *rows, profile="Cleo")


def test_times_are_utc_whatever_zone_is_said(tmp_path: Path) -> None:
    zone = timezone(timedelta(hours=9))
    rows = read(tmp_path, f"{HEADER}\n{row('star', 4)}".encode(), reading=ReadOptions(zone=zone))
    assert jobs(rows)[0].rated_at == "2021-05-07T23:55:37Z"


def test_the_viewing_history_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UnknownFormatError, match=r"viewing history.*Ratings\.csv"):
        read(tmp_path, b"Title,Date\nDEATH NOTE,6/19/25\n")
