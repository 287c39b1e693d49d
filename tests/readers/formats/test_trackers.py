"""The readers of trackers and media servers: Ryot, Watcharr, Kodi, Listal, Floppy, TraktRater and others."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

import pytest

from importer.errors import UnknownFormatError
from importer.model import MediaKind
from importer.readers import ReadOptions
from tests.readers.conformance import ReaderConformance, SamplesConformance
from tests.readers.reading import invalid, jobs, read, reasons
from tests.readers.record_conformance import JsonConformance, XmlConformance

EPISODES = (
    "ShowTraktId,ShowTvdbId,ShowImdbId,ShowTmdbId,ShowSlug,ShowTitle,ShowYear,Episode,Season,EpisodeImdbId,"
    "EpisodeTmdbId,EpisodeTraktId,EpisodeTvdbId,EpisodeTitle,RatedAt,Rating"
)


class TestRyot(JsonConformance):
    format_name = "ryot"
    samples = ("ryot.json",)

    def record(self, title: str) -> Mapping[str, object]:
        reviews = [{"rating": "90.00", "review": {"date": "2024-05-01"}}]
        return {"lot": "movie", "source": "tmdb", "identifier": "603", "source_id": title, "reviews": reviews}

    def document(self, records: Sequence[object]) -> object:
        return {"metadata": records, "people": []}


class TestKodi(XmlConformance):
    format_name = "kodi"
    samples = ("kodi.xml",)

    def record(self, title: str) -> str:
        return (
            f"<movie><title>{escape(title)}</title><userrating>9</userrating>"
            '<uniqueid type="imdb">tt0078748</uniqueid></movie>'
        )

    def document(self, records: str) -> str:
        return f"<videodb><version>1</version>{records}</videodb>"


class TestTraktRater(ReaderConformance):
    format_name = "traktrater"
    samples = tuple(f"traktrater-{kind}.csv" for kind in ("movies", "shows", "seasons", "episodes"))
    header = EPISODES

    def row(self, title: str) -> str:
        return f"1,2,tt0903747,3,slug,{title},2008,1,2,tt1054724,62086,73483,349235,Cat's,2019-03-02,8"


class TestWatcharr(SamplesConformance):
    format_name = "watcharr"
    samples = ("watcharr.json",)


class TestListal(SamplesConformance):
    format_name = "listal"
    samples = ("listal.xml",)


class TestFloppy(SamplesConformance):
    format_name = "floppy"
    samples = ("floppy.csv",)


class TestExtractor(SamplesConformance):
    format_name = "tvtime-extractor"
    samples = ("tvtime-extractor.csv",)


def test_swapped_numbers_of_an_episode_are_never_sent(tmp_path: Path) -> None:
    row = (
        "1388,81189,tt0903747,1396,breaking-bad,Breaking Bad,2008,5,14,tt2301451,62161,73558,,Ozymandias,,10"
    )
    (job,) = jobs(read(tmp_path, f"{EPISODES}\n{row}\n".encode()))
    assert (job.kind, job.season, job.episode) == (MediaKind.EPISODE, None, None)
    assert (job.imdb_id, job.trakt_id, job.title) == ("tt2301451", 73558, "Breaking Bad: Ozymandias")


def write_show(rating: object, seasons: object) -> bytes:
    content = {"tmdbId": 1396, "title": "Breaking Bad", "type": "tv", "release_date": "2008-01-20T00:00:00Z"}
    return json.dumps([{"rating": rating, "content": content, "watchedSeasons": seasons}]).encode()


def test_a_season_has_its_own_rating_whatever_its_show_has(tmp_path: Path) -> None:
    seasons = [
        {"seasonNumber": 1, "rating": 7},
        {"seasonNumber": 2, "rating": 0},
        {"seasonNumber": 3, "rating": None},
    ]
    rows = read(tmp_path, write_show(9, seasons))
    assert [(job.kind, job.season, job.rating) for job in jobs(rows[:2])] == [
        (MediaKind.SHOW, None, 9),
        (MediaKind.SEASON, 1, 7),
    ]
    assert reasons(rows[2:]) == ["no_rating", "no_rating"]
    assert reasons(read(tmp_path, write_show(0, seasons[:1]))) == ["no_rating", "ok"]


def test_a_scale_that_is_named_is_that_of_seasons_too(tmp_path: Path) -> None:
    content = write_show(4, [{"seasonNumber": 1, "rating": 3}])
    assert [job.rating for job in jobs(read(tmp_path, content, reading=ReadOptions(scale="5")))] == [8, 6]


def test_everybodys_rating_is_never_that_of_a_kodi_title(tmp_path: Path) -> None:
    content = (
        "<videodb><movie><title>A</title><ratings><rating><value>8.7</value></rating></ratings>{}"
        "<rating>8.7</rating><uniqueid type='imdb'>tt0078748</uniqueid></movie></videodb>"
    )
    (row,) = invalid(read(tmp_path, content.format("<userrating>0</userrating>").encode()))
    assert (row.reason, row.status) == ("no_rating", "skipped")
    with pytest.raises(UnknownFormatError, match='are those of kodi, but the file lacks "userrating"'):
        read(tmp_path, content.format("").encode())


def test_an_episode_stands_behind_its_show_and_has_its_ids(tmp_path: Path) -> None:
    episode = (
        "<episodedetails><title>P</title><userrating>{}</userrating><season>1</season>"
        "<episode>{}</episode></episodedetails>"
    )
    content = (
        "<videodb><tvshow><title>A</title><userrating>9</userrating><uniqueid type='tvdb'>5</uniqueid>"
        f"{episode.format(8, 1)}{episode.format(7, 2)}</tvshow></videodb>"
    )
    rows = jobs(read(tmp_path, content.encode()))
    assert [(job.kind, job.tvdb_id, job.season, job.episode, job.rating) for job in rows] == [
        (MediaKind.SHOW, 5, None, None, 9),
        (MediaKind.EPISODE, 5, 1, 1, 8),
        (MediaKind.EPISODE, 5, 1, 2, 7),
    ]
