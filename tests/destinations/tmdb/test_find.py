"""How rows get TMDB's own ids from the answers of `/find`."""

from typing import Any

import pytest

from importer.destinations.decisions import Done, Retry, Stop
from importer.destinations.titles import Found
from importer.destinations.tmdb.find import TmdbFinder
from importer.destinations.tmdb.request import TmdbAccess
from importer.http import Response
from importer.model import MediaKind, Outcome, RatingJob, Status
from tests.builders import build_answer, build_job

MOVIE, SHOW, SEASON, EPISODE, UNKNOWN = MediaKind
FINDER = TmdbFinder(TmdbAccess("https://api.example.org", "T0KEN"))
HEAT, BAD, OZYMANDIAS = "tt0113277", "tt0903747", "tt2301451"
A_MOVIE = {"movie_results": [{"id": 949, "title": "Heat", "release_date": "1995-12-15"}]}
A_SHOW = {"tv_results": [{"id": 1396, "name": "Breaking Bad"}]}
AN_EPISODE = {
    "tv_episode_results": [
        {"id": 62161, "name": "Ozymandias", "show_id": 1396, "season_number": 5, "episode_number": 14}
    ]
}
NOTHING: dict[str, Any] = {"movie_results": [], "tv_results": [], "tv_episode_results": []}


def find(content: object, status: int = 200) -> Found:
    decision = FINDER.read_find(build_answer(status, content))
    assert isinstance(decision, Done)
    found: Found = decision.value
    return found


def fill(content: dict[str, Any], **fields: Any) -> RatingJob:
    filled = FINDER.take_found(build_job(**fields), find(NOTHING | content))
    assert isinstance(filled, RatingJob)
    return filled


def refuse(content: dict[str, Any], **fields: Any) -> str:
    outcome = FINDER.take_found(build_job(**fields), find(NOTHING | content))
    assert isinstance(outcome, Outcome)
    assert outcome.status is Status.NOT_FOUND
    return outcome.reason


class TestQuestions:
    @pytest.mark.parametrize(
        ("fields", "question"),
        [
            ({"imdb_id": HEAT}, f"imdb_id:{HEAT}"),
            ({"imdb_id": HEAT, "tvdb_id": 5}, f"imdb_id:{HEAT}"),
            ({"imdb_id": HEAT, "tmdb_id": 949}, None),
            ({"imdb_id": HEAT, "tmdb_id": 949, "kind": UNKNOWN}, f"imdb_id:{HEAT}"),
            ({"tvdb_id": 81189, "kind": SHOW}, "tvdb_id:81189"),
            ({"tvdb_id": 81189, "kind": MOVIE}, None),
            ({"tvdb_id": 81189, "kind": UNKNOWN}, None),
            ({"imdb_id": OZYMANDIAS, "kind": EPISODE, "tmdb_id": 62161}, f"imdb_id:{OZYMANDIAS}"),
            ({"imdb_id": BAD, "kind": EPISODE, "season": 5, "episode": 14}, f"imdb_id:{BAD}"),
            ({"tmdb_id": 1396, "kind": EPISODE, "season": 5, "episode": 14}, None),
            ({"imdb_id": BAD, "kind": SEASON, "season": 5}, None),
            ({"title": "Heat", "year": 1995}, None),
        ],
    )
    def test_what_is_asked_for_a_row(self, fields: dict[str, Any], question: str | None) -> None:
        assert FINDER.question_of(build_job(**fields)) == question

    def test_the_request(self) -> None:
        request = FINDER.build_find(f"imdb_id:{HEAT}")
        assert request.url == f"https://api.example.org/3/find/{HEAT}?external_source=imdb_id"
        assert request.method == "GET"
        assert "T0KEN" not in request.label


class TestKinds:
    def test_a_row_gets_its_id_and_its_kind(self) -> None:
        assert fill(A_MOVIE, imdb_id=HEAT).tmdb_id == 949
        found = fill(A_SHOW, imdb_id=BAD, kind=UNKNOWN)
        assert (found.kind, found.tmdb_id, found.imdb_id, found.note) == (SHOW, 1396, BAD, None)

    def test_what_tmdb_has_under_another_kind_is_of_that_kind(self) -> None:
        found = fill(A_SHOW, imdb_id=BAD, kind=MOVIE)
        assert (found.kind, found.tmdb_id, found.note) == (SHOW, 1396, "TMDB has it as a show")
        contested = fill(A_SHOW, imdb_id=BAD, kind=MOVIE, second_kind=SHOW)
        assert (contested.kind, contested.second_kind) == (SHOW, None)

    def test_an_episode_gets_its_place(self) -> None:
        for fields in ({"kind": EPISODE}, {"kind": UNKNOWN}, {"kind": EPISODE, "tmdb_id": 62161}):
            found = fill(AN_EPISODE, imdb_id=OZYMANDIAS, **fields)
            assert (found.kind, found.season, found.episode, found.tmdb_id) == (EPISODE, 5, 14, 1396)
            assert found.imdb_id is None  # with a season, ids are the show's
            assert found.note == f"{OZYMANDIAS} is 5x14 of TMDB's show 1396"
            assert FINDER.question_of(found) is None

    def test_an_episode_by_its_shows_id(self) -> None:
        found = fill(A_SHOW, imdb_id=BAD, kind=EPISODE, season=5, episode=14)
        assert (found.tmdb_id, found.season, found.episode) == (1396, 5, 14)
        assert refuse(A_MOVIE, imdb_id=HEAT, kind=EPISODE, season=5, episode=14) == "not_found"

    def test_two_of_different_kinds_are_a_guess_unless_the_row_says_which(self) -> None:
        both = A_MOVIE | A_SHOW
        assert refuse(both, imdb_id=HEAT, kind=UNKNOWN) == "ambiguous"
        assert refuse(both, imdb_id=HEAT, kind=MOVIE, second_kind=SHOW) == "ambiguous"
        assert refuse(both, imdb_id=HEAT, kind=EPISODE) == "ambiguous"
        assert fill(both, imdb_id=HEAT, kind=MOVIE).tmdb_id == 949

    def test_two_of_one_kind_are_a_guess(self) -> None:
        two = {"movie_results": [{"id": 1, "title": "Heat"}, {"id": 2, "title": "Heat"}]}
        assert refuse(two, imdb_id=HEAT) == "ambiguous"
        shows = {"tv_results": [{"id": 1, "name": "A"}, {"id": 2, "name": "B"}]}
        assert refuse(shows, imdb_id=BAD, kind=EPISODE, season=1, episode=1) == "ambiguous"

    def test_a_tvdb_id_is_of_the_kind_that_the_row_names_only(self) -> None:
        assert fill(A_SHOW, tvdb_id=81189, kind=SHOW).tmdb_id == 1396
        assert fill(A_SHOW | AN_EPISODE, tvdb_id=81189, kind=SHOW).tmdb_id == 1396
        assert refuse(AN_EPISODE, tvdb_id=81189, kind=SHOW) == "ambiguous"

    def test_a_row_that_contradicts_itself_is_not_found(self) -> None:
        assert refuse(A_MOVIE, imdb_id=HEAT, tmdb_id=1, kind=UNKNOWN) == "not_found"
        assert fill(A_MOVIE | A_SHOW, imdb_id=HEAT, tmdb_id=949, kind=UNKNOWN).kind is MOVIE

    @pytest.mark.parametrize("kind", [MOVIE, SHOW, EPISODE, UNKNOWN])
    def test_nothing_is_not_found(self, kind: MediaKind) -> None:
        assert refuse(NOTHING, imdb_id=HEAT, kind=kind) == "not_found"


class TestAnswers:
    def test_an_unknown_resource_is_nothing(self) -> None:
        body = {"success": False, "status_code": 34, "status_message": "The resource could not be found."}
        assert find(body, 404) == Found()

    @pytest.mark.parametrize(
        "entries", ["?", [None], [{}], [{"id": "949"}], [{"id": True}], [{"id": 0}], [{"id": 10**13}]]
    )
    def test_what_cannot_be_understood_is_never_nothing(self, entries: object) -> None:
        content = A_SHOW | {"movie_results": entries}
        found = find(content)
        assert found.is_cut_off == isinstance(entries, list)
        if found.is_cut_off:
            assert refuse(content, imdb_id=HEAT, kind=UNKNOWN) == "ambiguous"

    def test_an_episode_without_its_place_cannot_be_understood(self) -> None:
        entry = {"id": 62161, "name": "Ozymandias", "season_number": 5, "episode_number": 14}
        assert find({"tv_episode_results": [entry]}).is_cut_off

    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (Response(200, {}, b"<html>"), Retry),
            (build_answer(200, {}), Retry),
            (build_answer(200, {"movie_results": "?"}), Retry),
            (Response(503, {}, b""), Retry),
            (Response(429, {}, b""), Retry),
            (Response(404, {}, b"404 page not found"), Stop),
            (Response(401, {}, b""), Stop),
        ],
    )
    def test_trouble_is_never_nothing(self, answer: Response, expected: type) -> None:
        assert isinstance(FINDER.read_find(answer), expected)
