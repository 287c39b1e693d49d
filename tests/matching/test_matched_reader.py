"""A wrapped reader: rows without ids get those that were chosen, and no others."""

from collections.abc import Iterator, Sequence

import pytest

from importer.destinations.titles import Candidate, EpisodeOf
from importer.matching.matched_reader import MatchedReader, collect_queries, key_of, query_of
from importer.matching.model import ChosenMatch, Occurrence, TitleQuery
from importer.model import MediaKind, RatingJob, SourceRow
from tests.builders import build_invalid, build_job

MOVIE, SHOW, EPISODE, UNKNOWN = MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE, MediaKind.UNKNOWN
HEAT = TitleQuery(MOVIE, "Heat", 1995)
FOUND = Candidate(MOVIE, "Heat", 1995, "tt0113277", 949, None, 352)


class ListReader:
    """Rows that are there already."""

    format_name = "list"
    notes: Sequence[str] = ("a list",)

    def __init__(self, *rows: SourceRow) -> None:
        self._rows = rows

    def chunks(self) -> Iterator[list[SourceRow]]:
        for row in self._rows:
            yield [row]


def resolve(job: RatingJob, query: TitleQuery, candidate: Candidate, score: float | None = 0.97) -> RatingJob:
    reader = MatchedReader(ListReader(job), {key_of(query): ChosenMatch(candidate, score, 12)}, "resolve.csv")
    ((resolved,),) = reader.chunks()
    assert isinstance(resolved, RatingJob)
    return resolved


@pytest.mark.parametrize(
    ("job", "query"),
    [
        (build_job(title="Heat", year=1995), HEAT),
        (build_job(title="Heat"), TitleQuery(MOVIE, "Heat", None)),
        (build_job(kind=UNKNOWN, title="Heat"), TitleQuery(UNKNOWN, "Heat", None)),
        (
            build_job(kind=EPISODE, title="Lost", year=2004, season=1, episode=2),
            TitleQuery(SHOW, "Lost", 2004),
        ),
        (build_job(kind=MediaKind.SEASON, title="Lost", season=0), TitleQuery(SHOW, "Lost", None)),
        (build_job(kind=EPISODE, title="Pilot"), TitleQuery(EPISODE, "Pilot", None)),
        (build_job(title="Heat", imdb_id="", tmdb_id=0), TitleQuery(MOVIE, "Heat", None)),
        (
            build_job(kind=UNKNOWN, title="Das Ding", imdb_id="tt0084787", tmdb_id=1091),
            TitleQuery(UNKNOWN, "Das Ding", None, "imdb:tt0084787"),
        ),
        (build_job(kind=UNKNOWN, tmdb_id=1091), TitleQuery(UNKNOWN, None, None, "tmdb:1091")),
        (build_job(title="Heat", imdb_id="tt0113277"), None),
        (build_job(title="Heat", year=1995, tvdb_id=5), HEAT),  # no destination takes a movie by that
        (build_job(tvdb_id=5), TitleQuery(MOVIE, None, None, "tvdb:5")),
        (build_job(title="Heat", tvdb_id=5, tmdb_id=949), None),
        (build_job(kind=SHOW, title="The Wire", tvdb_id=79126), None),
        (build_job(kind=EPISODE, title="The Wire", tvdb_id=79126, season=1, episode=2), None),
        (build_job(title=" "), None),
        (build_job(title=None), None),
    ],
    ids=str,
)
def test_what_has_to_be_looked_up_for_a_row(job: RatingJob, query: TitleQuery | None) -> None:
    assert query_of(job) == query


def test_each_query_is_collected_once_in_the_order_of_the_file() -> None:
    rows: list[SourceRow] = [
        build_job(1, title="Heat", year=1995),
        build_invalid(2),
        build_job(3, title="Alien", year=1979),
        build_job(4, imdb_id="tt0113277"),
        build_job(5, title="Heat", year=1995),
        build_job(6, kind=UNKNOWN, title="Das Ding", imdb_id="tt0084787"),
        build_job(7, kind=UNKNOWN, title="The Thing", imdb_id="tt0084787"),
    ]
    told: list[int] = []
    assert collect_queries(ListReader(*rows), told.append) == {
        HEAT: Occurrence(2, 2),
        TitleQuery(MOVIE, "Alien", 1979): Occurrence(1, 4),
        TitleQuery(UNKNOWN, "Das Ding", None, "imdb:tt0084787"): Occurrence(2, 7),
    }
    assert sum(told) == len(rows)


def test_a_chosen_row_gets_the_ids_and_says_by_what() -> None:
    resolved = resolve(build_job(title="Heat", year=1995), HEAT, FOUND)
    assert resolved[7:11] == ("tt0113277", 949, None, 352)
    assert resolved.note == "resolved as Heat (1995), score 0.97, by resolve.csv line 12"
    assert (resolved.title, resolved.year, resolved.kind) == ("Heat", 1995, MOVIE)


def test_an_id_that_is_of_no_use_makes_way_for_those_that_were_chosen() -> None:
    resolved = resolve(build_job(title="Heat", year=1995, tvdb_id=5), HEAT, FOUND)
    assert resolved[7:11] == ("tt0113277", 949, None, 352)


def test_what_the_reader_noted_stays() -> None:
    resolved = resolve(build_job(title="Heat", year=1995, note="7.5 rounded to 8"), HEAT, FOUND)
    assert resolved.note is not None
    assert resolved.note.startswith("7.5 rounded to 8; resolved as")


def test_the_kind_is_that_of_the_title_which_was_chosen() -> None:
    job = build_job(title="Heat", year=1995, second_kind=SHOW)
    resolved = resolve(job, HEAT, FOUND._replace(kind=SHOW))
    assert (resolved.kind, resolved.second_kind) == (SHOW, None)


def test_ids_that_somebody_wrote_leave_the_kind_as_it_is() -> None:
    own = Candidate(None, "", None, imdb_id="tt0113277")
    resolved = resolve(build_job(title="Heat", year=1995), HEAT, own, score=None)
    assert (resolved.kind, resolved.imdb_id) == (MOVIE, "tt0113277")
    assert resolved.note == "resolved as the title of these ids, by resolve.csv line 12"


def test_an_episode_gets_the_ids_of_its_show_and_stays_an_episode() -> None:
    job = build_job(kind=EPISODE, title="Lost", year=2004, season=1, episode=2)
    lost = Candidate(SHOW, "Lost", 2004, "tt0411008", trakt_id=73)
    resolved = resolve(job, TitleQuery(SHOW, "Lost", 2004), lost)
    assert (resolved.kind, resolved.season, resolved.episode) == (EPISODE, 1, 2)
    assert resolved.imdb_id == "tt0411008"


def test_an_episode_never_gets_the_ids_of_a_movie() -> None:
    job = build_job(kind=EPISODE, title="Lost", year=2004, season=1, episode=2)
    assert resolve(job, TitleQuery(SHOW, "Lost", 2004), FOUND) == job


def test_a_row_of_an_unknown_kind_gets_one_by_its_id() -> None:
    job = build_job(kind=UNKNOWN, title="Das Ding", imdb_id="tt0084787")
    query = TitleQuery(UNKNOWN, "another name", 1982, "imdb:tt0084787")
    thing = Candidate(MOVIE, "The Thing", 1982, "tt0084787", 1091)
    resolved = resolve(job, query, thing)
    assert (resolved.kind, resolved.imdb_id, resolved.tmdb_id) == (MOVIE, "tt0084787", 1091)


@pytest.mark.parametrize(
    "job",
    [
        build_job(title="Heat", year=1996),
        build_job(title="Heat"),
        build_job(title="heat", year=1995),
        build_job(kind=SHOW, title="Heat", year=1995),
        build_job(title="Heat", year=1995, imdb_id="tt0000001"),
        build_job(kind=UNKNOWN, title="Heat", year=1995),
    ],
    ids=str,
)
def test_what_was_chosen_for_another_row_is_for_no_other(job: RatingJob) -> None:
    found = resolve(job, HEAT, FOUND)
    assert found._replace(note=None) == job
    assert found.note == (None if job.imdb_id else "nothing is chosen for it in resolve.csv")


def test_rows_that_are_none_pass() -> None:
    row = build_invalid()
    reader = MatchedReader(ListReader(row), {HEAT: ChosenMatch(FOUND, 1.0, 2)}, "resolve.csv")
    assert list(reader.chunks()) == [[row]]


def test_tells_at_the_end_what_was_used_and_what_fits_nothing() -> None:
    alien = TitleQuery(MOVIE, "Alien", 1979)
    choices = {HEAT: ChosenMatch(FOUND, 1.0, 2), alien: ChosenMatch(FOUND, 1.0, 7)}
    reader = MatchedReader(ListReader(build_job(title="Heat", year=1995)), choices, "resolve.csv")
    list(reader.chunks())
    assert reader.format_name == "list"
    assert reader.notes == (
        "a list",
        "titles whose ids are from resolve.csv: 1",
        "choices in it that fit no row here: 1, the first in line 7",
    )


# Episodes with only their own id, where a destination wants the show's and numbers

PILOT = Candidate(
    EPISODE, "Lost: 1x02", None, "tt0636290", place=EpisodeOf("Lost", 2004, 1, 2, imdb_id="tt0411008")
)
OWN = TitleQuery(EPISODE, "Lost: Pilot: Part 2", None, "imdb:tt0636290")


def number(job: RatingJob, *, numbers_episodes: bool = True) -> SourceRow:
    choices = {key_of(OWN): ChosenMatch(PILOT, 1.0, source="index")}
    reader = MatchedReader(ListReader(job), choices, "x.match.csv", numbers_episodes=numbers_episodes)
    ((row,),) = reader.chunks()
    return row


def test_an_episode_gets_its_shows_id_and_its_numbers() -> None:
    job = build_job(kind=EPISODE, title="Lost: Pilot: Part 2", imdb_id="tt0636290")
    assert query_of(job) is None
    assert query_of(job, numbers_episodes=True) == OWN
    assert number(job) == job._replace(
        title="Lost",
        year=2004,
        season=1,
        episode=2,
        imdb_id="tt0411008",
        note="tt0636290 is 1x02 of Lost, by index",
    )
    assert number(job, numbers_episodes=False) is job


def test_an_episode_with_its_number_needs_nothing() -> None:
    job = build_job(kind=EPISODE, title="Lost", season=1, episode=2, imdb_id="tt0411008")
    assert query_of(job, numbers_episodes=True) is None


def test_the_notes_count_by_what_found_the_titles() -> None:
    choices = {
        key_of(HEAT): ChosenMatch(FOUND, 1.0, source="index"),
        key_of(TitleQuery(MOVIE, "Alien", 1979)): ChosenMatch(FOUND, 1.0, source="trakt"),
    }
    reader = MatchedReader(ListReader(build_job(title="Heat", year=1995)), choices, "x.match.csv")
    list(reader.chunks())
    assert reader.notes == ("a list", "titles whose ids are from index: 1")
