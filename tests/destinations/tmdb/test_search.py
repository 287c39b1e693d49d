"""Asking TMDB for titles, and reading whatever comes back without ever taking a wrong id from it."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.decisions import Done, Retry, Stop
from importer.destinations.titles import Candidate, Found, Unsearchable
from importer.destinations.tmdb.search import TmdbSearch
from importer.errors import AuthorizationError, ConnectionLostError, Loss
from importer.http import Request, Response
from importer.model import MediaKind
from importer.secret import Secret
from tests.builders import build_answer

MOVIE, SHOW, EPISODE = MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE
SEARCH = TmdbSearch("https://api.example.org", Secret("the-token"))
BOTH = (MOVIE, SHOW)
FILM = {"id": 949, "title": "Heat", "original_title": "Heat", "release_date": "1995-12-15"}
SERIES = {"id": 1396, "name": "Breaking Bad", "original_name": "BrBa", "first_air_date": "2008-01-20"}
HEAT = Candidate(MOVIE, "Heat", 1995, tmdb_id=949, url="https://www.themoviedb.org/movie/949")
BREAKING_BAD = Candidate(
    SHOW,
    "Breaking Bad",
    2008,
    tmdb_id=1396,
    other_titles=("BrBa",),
    url="https://www.themoviedb.org/tv/1396",
)


def query_of(request: object) -> dict[str, str]:
    assert isinstance(request, Request)
    return {name: values[0] for name, values in parse_qs(urlsplit(request.url).query).items()}


def found(decision: object) -> Found:
    assert isinstance(decision, Done)
    assert isinstance(decision.value, Found)
    return decision.value


def page(*entries: object, pages: object = 1) -> Response:
    return build_answer(200, {"page": 1, "results": list(entries), "total_pages": pages})


def test_films_are_asked_for_by_name_and_year() -> None:
    request = SEARCH.build_exact_search("Heat & Dust", BOTH, 1983)
    assert request is not None
    assert request.url.startswith("https://api.example.org/3/search/movie?")
    assert query_of(request) == {"query": "Heat & Dust", "primary_release_year": "1983"}
    assert request.headers["Authorization"] == "Bearer the-token"
    assert "the-token" not in repr(request) + repr(SEARCH)
    assert SEARCH.build_exact_search("Heat", BOTH, None) is None
    assert SEARCH.build_exact_search("Heat", (EPISODE,), 1983) is None


def test_films_and_shows_are_asked_for_by_name() -> None:
    request = SEARCH.build_search("Heat", range(1994, 1997), BOTH)
    assert isinstance(request, Request)
    assert request.url.startswith("https://api.example.org/3/search/multi?")
    assert query_of(request) == {"query": "Heat"}
    assert isinstance(SEARCH.build_search("Pilot", None, (EPISODE,)), Unsearchable)


def test_an_id_is_asked_for() -> None:
    request = SEARCH.build_lookup("imdb", "tt0113277")
    assert isinstance(request, Request)
    assert request.url == "https://api.example.org/3/find/tt0113277?external_source=imdb_id"
    assert isinstance(SEARCH.build_lookup("tmdb", "949"), Unsearchable)


def test_the_titles_of_a_list_are_read() -> None:
    person = {"id": 1158, "name": "Al Pacino", "media_type": "person"}
    answer = page(FILM | {"media_type": "movie"}, person, SERIES | {"media_type": "tv"})
    assert found(SEARCH.read_search(answer)) == Found((HEAT, BREAKING_BAD))
    assert found(SEARCH.read_exact_search(page(FILM))) == Found((HEAT,))


@pytest.mark.parametrize("pages", [2, None, "1"])
def test_a_list_of_several_pages_is_cut_off(pages: object) -> None:
    assert found(SEARCH.read_exact_search(page(FILM, pages=pages))).is_cut_off


def test_what_an_id_is() -> None:
    body = {"movie_results": [FILM], "tv_results": [], "tv_episode_results": [], "person_results": [{}]}
    decision = SEARCH.read_lookup(build_answer(200, body), "imdb", "tt0113277")
    assert found(decision).titles == (HEAT._replace(imdb_id="tt0113277"),)
    episode = {"tv_episode_results": [{"id": 62085, "name": "Pilot", "show_id": 1396}]}
    decision = SEARCH.read_lookup(build_answer(200, episode), "tvdb", "349232")
    assert found(decision).titles == (Candidate(EPISODE, "Pilot", None, tmdb_id=62085, tvdb_id=349232),)
    for nothing in (build_answer(200, {"movie_results": []}), build_answer(404, {"status_code": 34})):
        assert found(SEARCH.read_lookup(nothing, "imdb", "tt9999999")).titles == ()


@pytest.mark.parametrize(
    "entry",
    [None, {}, FILM | {"id": "949"}, FILM | {"id": 0}, FILM | {"id": True}, FILM | {"title": None}],
)
def test_an_entry_without_a_name_or_an_id_is_dropped(entry: object) -> None:
    assert found(SEARCH.read_exact_search(page(entry, FILM))).titles == (HEAT,)


@pytest.mark.parametrize("date", ["", None, "soon", "19", 1995])
def test_a_date_that_is_none_is_no_year(date: object) -> None:
    (title,) = found(SEARCH.read_exact_search(page(FILM | {"release_date": date}))).titles
    assert title.year in {None, 1995}


@pytest.mark.parametrize(
    ("answer", "decision"),
    [
        (build_answer(401, {"status_code": 7}), Stop),
        (build_answer(403, {}), Stop),
        (build_answer(429, {}), Retry),
        (build_answer(503), Retry),
        (Response(200, {}, b"<html>"), Retry),
        (ConnectionLostError(Loss.REFUSED), Retry),
    ],
)
def test_trouble_is_no_answer(answer: Response | ConnectionLostError, decision: type[object]) -> None:
    assert isinstance(SEARCH.read_search(answer), decision)


def test_a_wrong_token_and_a_refusal_are_told() -> None:
    stopped = SEARCH.read_search(build_answer(401, {}))
    assert isinstance(stopped, Stop)
    assert isinstance(stopped.error, AuthorizationError)
    refused = SEARCH.read_search(build_answer(422, {}))
    assert isinstance(refused, Done)
    assert isinstance(refused.value, Unsearchable)


JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["results", "id", "title", "name", "release_date", "media_type", "movie_results"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(JSON)
def test_whatever_comes_is_read(body: Any) -> None:
    answer = Response(200, {}, json.dumps(body).encode())
    SEARCH.read_search(answer)
    SEARCH.read_exact_search(answer)
    SEARCH.read_lookup(answer, "imdb", "tt0113277")


@pytest.mark.parametrize(
    ("path", "poster"),
    [
        (
            "/1E5baAaEse26fej7uHcjOgEE2t2.jpg",
            "https://image.tmdb.org/t/p/w154/1E5baAaEse26fej7uHcjOgEE2t2.jpg",
        ),
        *((path, "") for path in (None, 7, "", "/../x.jpg", "//evil.example/x.jpg", "/x.svg", "/a.jpg?x=1")),
    ],
)
def test_a_poster_is_one_of_tmdbs_own_pictures(path: object, poster: str) -> None:
    answer = page(FILM | {"poster_path": path, "media_type": "movie"})
    assert found(SEARCH.read_search(answer)).titles[0].poster == poster
