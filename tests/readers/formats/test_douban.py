"""The reader of what the doumark action saves of Douban."""

from collections.abc import Mapping
from datetime import UTC
from pathlib import Path

import pytest

from importer.model import MediaKind, SourceRow, Status
from importer.readers import ReadOptions, open_reader
from tests.readers.conformance import ReaderConformance, SamplesConformance
from tests.readers.reading import invalid, jobs, read, reasons
from tests.readers.record_conformance import JsonConformance

HEADER = "id,title,intro,poster,pubdate,url,rating,genres,star,comment,tags,star_time,card"
ADDRESS = "https://movie.douban.com/subject/1291546/"


class TestDouban(ReaderConformance):
    format_name = "douban"
    samples = ("douban.csv", "douban.json")
    header = HEADER

    def row(self, title: str) -> str:
        return f"1,{title},,,2024-06-08(中国大陆),{ADDRESS},9.6,剧情,5,,,2024-06-24 19:00:00,"


class TestTofu(SamplesConformance):
    format_name = "douban-tofu"
    samples = ("douban-tofu.xlsx",)


class TestDoubanJson(JsonConformance):
    format_name = "douban"
    samples = TestDouban.samples

    def record(self, title: str) -> Mapping[str, object]:
        return {
            "id": 1,
            "title": title,
            "pubdate": "2024-06-08(中国大陆)",
            "url": ADDRESS,
            "rating": 9.6,
            "star": 5,
            "star_time": "2024-06-24 19:00:00",
        }


def read_rows(
    folder: Path, *stars: object, address: str = ADDRESS, reading: ReadOptions | None = None
) -> list[SourceRow]:
    rows = (f'1,霸王别姬,,,,{address},9.6,剧情,{star},"a\nb",,2024-06-24 01:30:00,' for star in stars)
    return read(folder, "\n".join((HEADER, *rows)).encode(), reading=reading)


def test_the_stars_are_doubled_and_the_average_is_never_taken(tmp_path: Path) -> None:
    rows = jobs(read_rows(tmp_path, 1, 2, 3, 4, 5))
    assert [job.rating for job in rows] == [2, 4, 6, 8, 10]
    assert {(job.title, job.year, job.kind) for job in rows} == {("霸王别姬", None, MediaKind.UNKNOWN)}


def test_without_stars_a_title_was_only_seen(tmp_path: Path) -> None:
    rows = read_rows(tmp_path, "", 0, 4.5)
    assert reasons(rows) == ["no_rating", "off_scale", "off_scale"]
    assert [row.status for row in invalid(rows)] == [Status.SKIPPED, *[Status.INVALID] * 2]


def test_times_are_those_of_china_unless_a_zone_is_said(tmp_path: Path) -> None:
    assert jobs(read_rows(tmp_path, 5))[0].rated_at == "2024-06-23T17:30:00Z"
    assert jobs(read_rows(tmp_path, 5, reading=ReadOptions(zone=UTC)))[0].rated_at == "2024-06-24T01:30:00Z"
    assert "times without a zone are of Asia/Shanghai" in open_reader(tmp_path / "input.csv").notes


@pytest.mark.parametrize("host", ["book", "music"])
def test_books_and_music_are_not_taken_for_films(tmp_path: Path, host: str) -> None:
    (row,) = invalid(read_rows(tmp_path, 5, address=f"https://{host}.douban.com/subject/4913064/"))
    assert (row.status, row.reason) == (Status.UNSUPPORTED, "unknown_type")
    assert host in row.message
