"""The readers of AniList, Shikimori, Anime-Planet, Kinorium and Filmow."""

import json
from pathlib import Path

import pytest

from importer.errors import ScaleNeededError, UnknownFormatError
from importer.model import MediaKind
from importer.readers import ReadOptions
from tests.readers.conformance import ReaderConformance, SamplesConformance
from tests.readers.reading import jobs, read, reasons

KINORIUM = "My rating\tDate\tTitle\tOriginal Title\tType\tYear"


class TestAniList(SamplesConformance):
    format_name = "anilist"
    samples = ("anilist.json",)


class TestShikimori(SamplesConformance):
    format_name = "shikimori"
    samples = ("shikimori.json",)


class TestAnimePlanet(SamplesConformance):
    format_name = "anime-planet"
    samples = ("anime-planet.json",)


class TestFilmow(SamplesConformance):
    format_name = "filmow"
    samples = ("filmow.csv",)


class TestKinorium(ReaderConformance):
    format_name = "kinorium"
    samples = ("kinorium.csv",)
    header = KINORIUM.replace("\t", ",")

    def row(self, title: str) -> str:
        return f"9,2023-11-05 20:14:00,Матрица,{title},Фильм,1999"


def write_list(score: object, *, scale: str | None, options_last: bool = False) -> bytes:
    entry = {"score": score, "media": {"format": "TV", "title": {"romaji": "A"}, "averageScore": 90}}
    lists = ("MediaListCollection", {"lists": [{"name": "Completed", "entries": [entry]}]})
    user = ("User", {} if scale is None else {"mediaListOptions": {"scoreFormat": scale}})
    return json.dumps({"data": dict([lists, user] if options_last else [user, lists])}).encode()


def test_no_entry_is_left_out_for_the_case_of_a_name(tmp_path: Path) -> None:
    content = write_list(8, scale="POINT_10").replace(b'"score"', b'"Score"')
    assert reasons(read(tmp_path, content)) == ["ok"]


@pytest.mark.parametrize("options_last", [False, True])
@pytest.mark.parametrize(
    ("scale", "score", "rating"),
    [("POINT_100", 85, 9), ("POINT_10", 8, 8), ("POINT_10_DECIMAL", 7.5, 8), ("POINT_5", 4, 8)],
)
def test_the_scale_of_anilist_stands_in_the_file(
    tmp_path: Path, scale: str, score: float, rating: int, options_last: bool
) -> None:
    content = write_list(score, scale=scale, options_last=options_last)
    assert [job.rating for job in jobs(read(tmp_path, content))] == [rating]
    assert reasons(read(tmp_path, write_list(0, scale=scale))) == ["no_rating"]


@pytest.mark.parametrize("scale", [None, "POINT_3", "POINT_7"])
def test_smileys_and_scores_without_a_scale_are_asked_about(tmp_path: Path, scale: str | None) -> None:
    content = write_list(2, scale=scale)
    with pytest.raises(ScaleNeededError):
        read(tmp_path, content)
    votes = ReadOptions(scale="1=3,2=6,3=9")
    assert [job.rating for job in jobs(read(tmp_path, content, reading=votes))] == [6]


def test_a_manga_list_of_anime_planet_is_refused(tmp_path: Path) -> None:
    entry = {"name": "Berserk", "status": "read", "rating": 5, "eps": 0, "times": 1}
    content = json.dumps({"export": {"type": "manga"}, "entries": [entry]})
    with pytest.raises(UnknownFormatError, match="manga list"):
        read(tmp_path, content.encode())


def test_a_type_of_kinorium_that_nobody_knows_is_no_film(tmp_path: Path) -> None:
    row = "9\t2023-11-05 20:14:00\tМатрица\tThe Matrix\tНечто\t1999"
    assert [job.kind for job in jobs(read(tmp_path, f"{KINORIUM}\n{row}\n".encode()))] == [MediaKind.UNKNOWN]


def test_a_table_with_ids_is_not_kinoriums(tmp_path: Path) -> None:
    row = "9\t2023-11-05\tM\tThe Matrix\tmovie\t1999\ttt0133093"
    content = f"{KINORIUM}\timdb_id\n{row}\n".encode()
    assert [job.imdb_id for job in jobs(read(tmp_path, content))] == ["tt0133093"]
