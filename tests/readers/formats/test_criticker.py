"""The readers of Criticker's exports, whose scores nobody but their owner can read."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

import pytest

from importer.errors import ScaleNeededError
from importer.model import MediaKind, SourceRow
from importer.readers import ReadOptions, open_reader
from tests.readers.conformance import ReaderConformance
from tests.readers.reading import invalid, jobs, read, reasons
from tests.readers.record_conformance import XmlConformance

HEADER = "Score, Film Name, Year, Date Rated, Mini Review, URL, IMDB ID"


class TestCriticker(ReaderConformance):
    format_name = "criticker"
    samples = ("criticker.csv",)
    header = HEADER
    reading = ReadOptions(scale="0-100")

    def row(self, title: str) -> str:
        return f"80, {title}, 2002, 2014-06-21, , , tt0275847"


class TestCritickerXml(XmlConformance):
    format_name = "criticker-xml"
    samples = ("criticker.xml",)

    def record(self, title: str) -> str:
        name = f"<filmname>{escape(title, quote=False)} (1979)</filmname>"
        return f"<film>{name}<imdbid>tt0079944</imdbid><rating>98</rating><tier>10</tier></film>"

    def document(self, records: str) -> str:
        return f"<recentratings><pageno>1</pageno>{records}</recentratings>"


def read_rows(folder: Path, *rows: str, scale: str = "0-100", header: str = HEADER) -> list[SourceRow]:
    return read(folder, "\n".join((header, *rows)).encode(), reading=ReadOptions(scale=scale))


def scores(*values: object) -> list[str]:
    return [f'{value}, T, 2002, "Jun 21 2014, 22:06", , , tt0275847' for value in values]


def test_the_blank_behind_each_comma_is_no_part_of_a_cell(tmp_path: Path) -> None:
    row = '80, Lilo &amp; Stitch, 2002, "Jun 21 2014, 22:06", "A ""fine"", one", /film/x/, tt0275847'
    (job,) = jobs(read_rows(tmp_path, row))
    assert (job.title, job.year, job.imdb_id, job.rating) == ("Lilo & Stitch", 2002, "tt0275847", 8)
    assert (job.rated_at, job.kind, job.note) == ("2014-06-21T22:06:00Z", MediaKind.MOVIE, None)


def test_the_index_column_that_a_program_put_first_does_not_matter(tmp_path: Path) -> None:
    header = f",{HEADER.replace(', ', ',')}"
    (job,) = jobs(read_rows(tmp_path, "0,80,T,2002,,,,tt0275847", header=header))
    assert (job.title, job.rating) == ("T", 8)


def test_zero_is_a_score_and_halves_go_up(tmp_path: Path) -> None:
    rows = jobs(read_rows(tmp_path, *scores(0, 4, 5, 15, 25, 35, 84, 85, 100)))
    assert [job.rating for job in rows] == [1, 1, 1, 2, 3, 4, 8, 9, 10]
    assert rows[0].note == "0 of 100 is rated 1"


@pytest.mark.parametrize(
    ("values", "suggested"),
    [((0, 7, 10), "0-10"), ((10, 11), "0-100"), ((98, 100), "0-100"), ((), "0-100"), (("", "x"), "0-100")],
)
def test_the_scale_is_asked_for_and_what_it_looks_like_is_said(
    tmp_path: Path, values: Sequence[object], suggested: str
) -> None:
    path = tmp_path / "criticker.csv"
    path.write_text("\n".join((HEADER, *scores(*values))))
    with pytest.raises(ScaleNeededError, match=f"for example {suggested}") as raised:
        open_reader(path)
    assert raised.value.suggested == suggested
    reader = open_reader(path, ReadOptions(scale=suggested))
    assert any(suggested.replace("-", " to ") in note for note in reader.notes)


def test_scores_that_may_be_stars_suggest_no_scale(tmp_path: Path) -> None:
    """Whoever is not asked takes what is suggested, and of ten a 5 would be half of what it is of stars."""
    path = tmp_path / "criticker.csv"
    path.write_text("\n".join((HEADER, *scores(5, 4, 0, 3))))
    with pytest.raises(ScaleNeededError, match="for example 0-5") as raised:
        open_reader(path)
    assert raised.value.suggested is None


def test_a_file_that_ends_badly_still_suggests_what_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "criticker.csv"
    path.write_text("\n".join((HEADER, *scores(70), '80, "T', *scores(5))))
    with pytest.raises(ScaleNeededError) as raised:
        open_reader(path)
    assert raised.value.suggested == "0-100"


def test_the_address_tells_the_kind_and_nothing_else_does(tmp_path: Path) -> None:
    start, end = "80, T, 2002, , , ", ", tt0275847"
    addresses = ("https://www.criticker.com/film/x/", "https://www.criticker.com/tv/x/", "", "about:blank")
    rows = read_rows(tmp_path, *(start + address + end for address in addresses))
    unknown = MediaKind.UNKNOWN
    assert [job.kind for job in jobs(rows)] == [MediaKind.MOVIE, MediaKind.SHOW, unknown, unknown]


def test_bad_scores_are_told(tmp_path: Path) -> None:
    rows = read_rows(tmp_path, *scores(101, -1, "", "good"))
    assert reasons(rows) == ["off_scale", "off_scale", "no_rating", "off_scale"]
    assert 'column "Score"' in invalid(rows)[0].message


def film(**values: object) -> str:
    return "<film>" + "".join(f"<{name}>{value}</{name}>" for name, value in values.items()) + "</film>"


def read_xml(folder: Path, *films: str, scale: str | None = None) -> list[SourceRow]:
    text = f"<recentratings><pageno>1</pageno>{''.join(films)}</recentratings>"
    return read(folder, text.encode(), reading=ReadOptions(scale=scale))


LILO = film(
    filmname="Lilo &amp;amp; Stitch (2002)",
    filmlink="https://www.criticker.com/film/Lilo-Stitch/",
    imdbid="tt0275847",
    rating=45,
    reviewdate="Jun 21 2014, 22:06",
    tier=3,
)


def test_the_tier_is_the_rating_and_with_a_scale_the_score_is(tmp_path: Path) -> None:
    (job,) = jobs(read_xml(tmp_path, LILO))
    assert (job.title, job.year, job.rating, job.note) == ("Lilo & Stitch", 2002, 3, None)
    (job,) = jobs(read_xml(tmp_path, LILO, scale="0-100"))
    assert (job.rating, job.note) == (5, "45 of 100 is rated 5")


def test_a_film_without_a_tier_says_what_to_do(tmp_path: Path) -> None:
    bare = film(filmname="T (1999)", imdbid="tt0120737", rating=70)
    rows = read_xml(tmp_path, LILO, bare)
    assert reasons(rows) == ["ok", "no_rating"]
    assert "--scale" in invalid(rows[1:])[0].message
    assert [job.rating for job in jobs(read_xml(tmp_path, LILO, bare, scale="0-100"))] == [5, 7]


def test_whether_the_tier_is_meant_is_asked_where_somebody_can_answer(tmp_path: Path) -> None:
    path = tmp_path / "criticker.xml"
    path.write_text(f"<recentratings>{LILO}{LILO}</recentratings>")
    reader = open_reader(path)
    assert reader.scale_doubt == "the tier, 1 to 10, is the rating; --scale takes the score instead"
    assert reader.scale_doubt in reader.notes
    assert open_reader(path, ReadOptions(scale="0-100")).scale_doubt is None
