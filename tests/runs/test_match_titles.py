"""Rows without ids get them before a run reads them: unattended what is certain, else what people say."""

import csv
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any, cast

import pytest

from importer.destinations.registry import choose, list_specs
from importer.destinations.spec import DestinationSpec
from importer.destinations.titles import Candidate
from importer.errors import NoTitleSourceError, OptionError, UnreadableFileError
from importer.matching.model import MatchResult, Occurrence, TitleQuery
from importer.model import MediaKind, RatingJob
from importer.readers import ReadOptions
from importer.runs.open_destination import build_offline
from importer.runs.prompts import TitleAnswer, Unattended
from importer.runs.rules import DestinationOptions, Match
from importer.runs.sources import ExportFile, Opening
from importer.titles.settings import index_file
from tests.builders import build_job
from tests.titles.extract import build

LETTERBOXD = """Date,Name,Year,Letterboxd URI,Rating
2020-01-01,Heat,1995,https://boxd.it/29dW,4.5
2020-01-02,Whiplash,2013,https://boxd.it/7bD2,5
2020-01-03,Jurasic Park,1993,https://boxd.it/h1sx,3
2020-01-04,Zyzzyva,1993,https://boxd.it/h1sy,3
"""
IMDB = """Const,Your Rating,Date Rated,Title,URL,Title Type,IMDb Rating,Runtime (mins),Year,Genres,Num Votes
tt0959621,9,2024-05-01,Breaking Bad: Pilot,u,{},9.0,58,2008,Drama,1
tt7777771,8,2024-05-01,Breaking Bad: Unaired,u,{},9.0,58,2008,Drama,1
tt0113277,8,2024-05-01,Heat,u,Elokuva,8.3,170,1995,Drama,1
"""


class Person(Unattended):
    """Somebody who looks titles up and gives these answers, one for each title."""

    answers_titles = True

    def __init__(self, *answers: int | TitleAnswer, looks_up: bool = True) -> None:
        super().__init__()
        self._answers = list(answers)
        self._looks_up = looks_up
        self.asked: list[str] = []
        self.rows = 0

    def confirm_lookup(self, rows: int) -> bool:
        self.rows = rows
        return self._looks_up

    def choose_title(
        self, query: TitleQuery, occurrence: Occurrence, result: MatchResult
    ) -> Candidate | TitleAnswer:
        self.asked.append(f"{query.title} {occurrence.first_line} {result.message}")
        answer = self._answers.pop(0) if self._answers else TitleAnswer.SKIP
        return result.scored[answer][1] if isinstance(answer, int) else answer


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(tmp_path / "config.toml"))
    monkeypatch.delenv("IMPORTER_TRAKT_CLIENT_ID", raising=False)
    (tmp_path / "config.toml").write_text("")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "films.csv").write_text(LETTERBOXD)
    return tmp_path


@pytest.fixture
def index(folder: Path) -> None:
    (folder / "made").mkdir()
    index_file().parent.mkdir(parents=True)
    build(folder / "made").rename(index_file())


def read(
    prompts: Unattended, match: Match | None = None, *, to: str = "trakt-file", file: str = "films.csv"
) -> list[RatingJob]:
    spec = choose(to)
    opened = build_offline(spec, DestinationOptions())
    opening = Opening(opened, cast("Any", None), prompts, Path("films.results.csv"), offers_lookup=True)
    with ExportFile(file, ReadOptions(), match=match).open(opening) as source:
        rows = list(chain.from_iterable(source.open_reader().chunks()))
    return [row for row in rows if isinstance(row, RatingJob)]


def ids(jobs: Sequence[RatingJob]) -> list[str | None]:
    return [job.imdb_id for job in jobs]


def open_titles() -> list[dict[str, str]]:
    return list(csv.DictReader(Path("films.match.csv").read_text("utf-8-sig").splitlines()))


def choose_in_file(title: str, imdb_id: str) -> None:
    rows = open_titles()
    for row in rows:
        if row["title"] == title and row["imdb_id"] in {"", imdb_id}:
            row.update(chosen="yes", imdb_id=imdb_id)
    with Path("films.match.csv").open("w", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, rows[0].keys(), delimiter=";")
        writer.writeheader()
        writer.writerows(rows)


@pytest.mark.usefixtures("index")
def test_unattended_only_what_is_certain_is_taken() -> None:
    jobs = read(Unattended(), Match.CERTAIN)
    assert ids(jobs) == ["tt0113277", None, None, None]
    assert jobs[0].note == "resolved as Heat (1995), score 1.00, by index"
    assert jobs[1].note == "nothing is chosen for it in films.match.csv"
    assert [row["title"] for row in open_titles()] == ["Whiplash"] * 2 + ["Jurasic Park", "Zyzzyva"]


@pytest.mark.usefixtures("index")
def test_what_is_chosen_in_the_file_counts_in_the_next_run_and_for_other_files(folder: Path) -> None:
    read(Unattended(), Match.CERTAIN)
    choose_in_file("Zyzzyva", "tt0107290")
    assert ids(read(Unattended(), Match.CERTAIN)) == ["tt0113277", None, None, "tt0107290"]
    (folder / "others.csv").write_text(LETTERBOXD)
    jobs = read(Unattended(), Match.CERTAIN, file="others.csv")
    assert ids(jobs) == ["tt0113277", None, None, "tt0107290"]
    assert jobs[3].note == "resolved as the title of these ids, by your answer"


@pytest.mark.usefixtures("index")
def test_an_answer_about_another_file_survives_a_match_file_in_which_the_title_is_open(folder: Path) -> None:
    read(Unattended(), Match.CERTAIN)  # its match file lists them as open
    (folder / "others.csv").write_text(LETTERBOXD)
    read(Person(0, 0), file="others.csv")
    assert ids(read(Unattended(), Match.CERTAIN)) == ["tt0113277", "tt2654430", "tt0107290", None]


@pytest.mark.usefixtures("index")
def test_a_choice_that_is_taken_back_in_the_file_is_no_answer_any_more(folder: Path) -> None:
    read(Unattended(), Match.CERTAIN)
    choose_in_file("Zyzzyva", "tt0107290")
    read(Unattended(), Match.CERTAIN)
    text = Path("films.match.csv").read_text("utf-8-sig")
    assert "yes,not_found,,your answer,Zyzzyva" in text
    Path("films.match.csv").write_text(text.replace("yes,not_found", ",not_found"))
    assert ids(read(Unattended(), Match.CERTAIN))[3] == "tt0107290"  # an id beside a title not found
    Path("films.match.csv").write_text(text.replace("yes,not_found", ",ambiguous"))
    assert ids(read(Unattended(), Match.CERTAIN))[3] is None


@pytest.mark.usefixtures("index")
def test_a_match_file_that_makes_no_sense_is_told(folder: Path) -> None:
    (folder / "films.match.csv").write_text("my,own,table\n1,2,3\n")
    with pytest.raises(UnreadableFileError, match="this is no match file"):
        read(Unattended(), Match.CERTAIN)
    assert (folder / "films.match.csv").read_text() == "my,own,table\n1,2,3\n"


@pytest.mark.usefixtures("index")
def test_a_person_is_asked_about_doubtful_titles_one_by_one() -> None:
    person = Person(0, 0)
    assert ids(read(person)) == ["tt0113277", "tt2654430", "tt0107290", None]
    assert person.rows == 4
    assert person.asked == [
        "Whiplash 3 2 titles fit equally well or nearly so",
        "Jurasic Park 4 the name is not quite the same",
        "Zyzzyva 5 nothing of this name was found",
    ]
    assert ids(read(Unattended(), Match.CERTAIN)) == ["tt0113277", "tt2654430", "tt0107290", None]


@pytest.mark.usefixtures("index")
def test_what_was_answered_before_somebody_stopped_is_kept() -> None:
    assert ids(read(Person(0, TitleAnswer.STOP))) == ["tt0113277", "tt2654430", None, None]
    again = Person(TitleAnswer.SKIP)
    assert ids(read(again)) == ["tt0113277", "tt2654430", None, None]
    assert [each.split()[0] for each in again.asked] == ["Jurasic", "Zyzzyva"]


@pytest.mark.usefixtures("index")
def test_nothing_is_looked_up_for_who_does_not_want_it() -> None:
    assert ids(read(Person(looks_up=False))) == [None] * 4
    assert ids(read(Unattended())) == [None] * 4
    assert not Path("films.match.csv").exists()


@pytest.mark.usefixtures("index")
def test_rows_that_the_destination_takes_without_ids_are_not_asked_about() -> None:
    person = Person()
    read(person, to="letterboxd-file")  # a title and a year are enough there
    assert person.rows == 0


@pytest.mark.usefixtures("index")
def test_results_never_replace_the_match_file() -> None:
    opened = build_offline(choose("trakt-file"), DestinationOptions())
    opening = Opening(opened, cast("Any", None), Unattended(), Path("films.match.csv"))
    with (
        pytest.raises(OptionError, match="this is the match file"),
        ExportFile("films.csv", ReadOptions(), match=Match.CERTAIN).open(opening),
    ):
        pass


def test_without_anything_to_ask_a_person_is_not_asked_and_a_job_is_refused() -> None:
    person = Person()
    assert ids(read(person)) == [None] * 4
    assert person.rows == 0
    with pytest.raises(NoTitleSourceError):
        read(Unattended(), Match.CERTAIN)


@pytest.mark.parametrize("word", ["tvEpisode", "Jakso"])
@pytest.mark.usefixtures("index")
def test_episodes_get_their_numbers_and_unknown_words_their_types(folder: Path, word: str) -> None:
    (folder / "imdb.csv").write_text(IMDB.format(word, word))
    assert choose("trakt-v1").numbers_episodes
    jobs = read(Unattended(), Match.CERTAIN, to="trakt-v1", file="imdb.csv")
    assert [(job.kind, job.season, job.episode, job.imdb_id) for job in jobs] == [
        ("episode", 1, 1, "tt0903747"),
        ("episode", None, None, "tt7777771"),
        ("movie", None, None, "tt0113277"),
    ]
    assert jobs[0].note == "tt0959621 is 1x01 of Breaking Bad, by index"
    assert not (folder / "imdb.match.csv").exists()


@pytest.mark.usefixtures("index")
def test_where_episodes_go_by_their_own_ids_they_stay_as_they_are(folder: Path) -> None:
    (folder / "imdb.csv").write_text(IMDB.format("tvEpisode", "tvEpisode"))
    jobs = read(Unattended(), Match.CERTAIN, to="trakt-file", file="imdb.csv")
    assert ids(jobs) == ["tt0959621", "tt7777771", "tt0113277"]
    assert [job.season for job in jobs] == [None] * 3


@pytest.mark.parametrize("spec", list_specs(), ids=lambda spec: str(spec.name))
def test_whoever_wants_numbers_of_episodes_says_so(spec: DestinationSpec) -> None:
    check = build_offline(spec, DestinationOptions()).destination.check
    refused = check(build_job(kind=MediaKind.EPISODE, title="Pilot", imdb_id="tt0959621"))
    assert spec.numbers_episodes is (refused is not None and refused.reason == "needs_show_and_number")
