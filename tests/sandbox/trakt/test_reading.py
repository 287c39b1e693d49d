"""Reading ratings back, last activities, searches and settings."""

import asyncio
from typing import Any

import pytest

from importer.sandbox.catalogue import Catalogue, Kind
from tests.sandbox.trakt.api import ALIEN, BLADE_RUNNER, PILOT, THE_WIRE, UNKNOWN, TraktApi
from tests.sandbox.trakt.conftest import OpenTrakt

ACTIVITY_GROUPS = {"movies", "shows", "seasons", "episodes"}


async def rate_one_of_each(trakt: TraktApi) -> None:
    await trakt.rate(
        movies=[{**ALIEN, "rating": 9, "rated_at": "2020-01-04T00:00:00Z"}],
        shows=[
            {**THE_WIRE, "rating": 10, "rated_at": "2020-01-03T00:00:00Z"},
            {**THE_WIRE, "seasons": [{"number": 4, "rating": 8, "rated_at": "2020-01-02T00:00:00Z"}]},
        ],
        episodes=[{**PILOT, "rating": 9, "rated_at": "2020-01-01T00:00:00Z"}],
    )


def without_trakt(shaped: dict[str, Any]) -> dict[str, Any]:
    assert shaped["ids"].pop("trakt") > 0
    return shaped


async def test_every_kind_reads_back_in_its_documented_form_newest_first(trakt: TraktApi) -> None:
    await rate_one_of_each(trakt)
    movie, show, season, episode = (await trakt.get("/sync/ratings")).body
    wire = {"slug": "the-wire-2002", "imdb": "tt0306414", "tmdb": 1438, "tvdb": 79126}
    assert without_trakt(movie["movie"]) == {
        "title": "Alien",
        "year": 1979,
        "ids": {"slug": "alien-1979", "imdb": "tt0078748", "tmdb": 348},
    }
    assert (movie["type"], movie["rating"], movie["rated_at"]) == ("movie", 9, "2020-01-04T00:00:00.000Z")
    assert without_trakt(show["show"]) == {"title": "The Wire", "year": 2002, "ids": wire}
    assert without_trakt(season["season"]) == {"number": 4, "ids": {"tmdb": None, "tvdb": None}}
    assert without_trakt(season["show"]) == show["show"]
    assert without_trakt(episode["episode"]) == {
        "season": 1,
        "number": 1,
        "title": "Pilot",
        "ids": {"imdb": "tt0959621", "tmdb": 62085, "tvdb": 349232},
    }
    assert episode["show"]["title"] == "Breaking Bad"


@pytest.mark.parametrize(
    ("end", "kinds"),
    [
        ("", ["movie", "show", "season", "episode"]),
        ("/all", ["movie", "show", "season", "episode"]),
        ("/movies", ["movie"]),
        ("/shows", ["show"]),
        ("/seasons", ["season"]),
        ("/episodes", ["episode"]),
        ("/all/9", ["movie", "episode"]),
        ("/all/8,10", ["show", "season"]),
        ("/movies/1", []),
    ],
)
async def test_reading_back_can_be_narrowed_to_a_type_and_ratings(
    trakt: TraktApi, end: str, kinds: list[str]
) -> None:
    await rate_one_of_each(trakt)
    assert [kind for kind, _, _ in await trakt.held(end)] == kinds


@pytest.mark.parametrize(
    ("end", "status"),
    [("/movie", 404), ("/people", 404), ("/all/0", 400), ("/all/11", 400), ("/all/9,", 400), ("/all/x", 400)],
)
async def test_what_cannot_be_chosen_is_an_error(trakt: TraktApi, end: str, status: int) -> None:
    assert (await trakt.get(f"/sync/ratings{end}")).status == status


async def rate_many(trakt: TraktApi, number: int) -> None:
    movies = [{"ids": {"tmdb": 10_000 + n}, "rating": n % 10 + 1} for n in range(number)]
    assert (await trakt.rate(movies=movies)).status == 201


def page_of(headers: Any) -> tuple[int, ...]:
    names = ("Page", "Limit", "Page-Count", "Item-Count")
    return tuple(int(headers[f"X-Pagination-{name}"]) for name in names)


async def test_without_paging_everything_comes_and_no_header_speaks_of_pages(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(any_title=True)
    await rate_many(trakt, 300)
    reply = await trakt.get("/sync/ratings")
    assert len(reply.body) == 300
    assert not [name for name in reply.headers if name.startswith("X-Pagination")]


@pytest.mark.parametrize(
    ("query", "items", "headers"),
    [
        ("page=1&limit=250", 250, (1, 250, 2, 300)),
        ("page=2&limit=250", 50, (2, 250, 2, 300)),
        ("page=3&limit=250", 0, (3, 250, 2, 300)),
        ("limit=1000", 250, (1, 250, 2, 300)),
        ("page=2", 100, (2, 100, 3, 300)),
        ("page=0&limit=0", 100, (1, 100, 3, 300)),
        ("page=-1&limit=x", 100, (1, 100, 3, 300)),
    ],
)
async def test_pages_are_clamped_at_250_and_counted_in_headers(
    open_trakt: OpenTrakt, query: str, items: int, headers: tuple[int, ...]
) -> None:
    trakt = await open_trakt(any_title=True)
    await rate_many(trakt, 300)
    reply = await trakt.get(f"/sync/ratings/movies?{query}")
    assert (len(reply.body), page_of(reply.headers)) == (items, headers)


async def test_pages_hold_every_item_once_and_count_only_what_was_chosen(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(any_title=True)
    await rate_many(trakt, 95)
    seen: list[int] = []
    for page in (1, 2, 3, 4, 5):
        reply = await trakt.get(f"/sync/ratings/movies/1,2,3,4,5?page={page}&limit=10")
        assert page_of(reply.headers) == (page, 10, 5, 50)
        seen += [it["movie"]["ids"]["tmdb"] for it in reply.body]
    assert sorted(seen) == [10_000 + n for n in range(95) if n % 10 < 5]


async def test_no_ratings_are_no_pages(trakt: TraktApi) -> None:
    reply = await trakt.get("/sync/ratings?page=1&limit=10")
    assert (reply.body, page_of(reply.headers)) == ([], (1, 10, 0, 0))


async def test_activities_move_exactly_when_ratings_change(trakt: TraktApi) -> None:
    last: dict[str, Any] = (await trakt.get("/sync/last_activities")).body

    async def moved() -> set[str]:
        nonlocal last
        before, last = last, (await trakt.get("/sync/last_activities")).body
        groups = {name for name in ACTIVITY_GROUPS if last[name]["rated_at"] != before[name]["rated_at"]}
        assert (last["all"] != before["all"]) == bool(groups)
        assert last["all"] == max(last[name]["rated_at"] for name in ACTIVITY_GROUPS)
        return groups

    assert last.keys() == {"all", *ACTIVITY_GROUPS}
    assert last["movies"] == {"rated_at": "1970-01-01T00:00:00.000Z"}
    at = "2020-01-01T00:00:00Z"
    await trakt.rate(movies=[{**ALIEN, "rating": 9, "rated_at": at}])
    assert await moved() == {"movies"}
    await trakt.rate(movies=[{**ALIEN, "rating": 9, "rated_at": at}, {**UNKNOWN, "rating": 9}])
    assert await moved() == set()
    await trakt.rate(movies=[{**ALIEN, "rating": 8, "rated_at": at}])
    assert await moved() == {"movies"}
    await trakt.rate(movies=[{**ALIEN, "rating": 8}], shows=[{**THE_WIRE, "rating": 8}])
    assert await moved() == {"movies", "shows"}
    await trakt.remove(movies=[ALIEN, BLADE_RUNNER], episodes=[PILOT])
    assert await moved() == {"movies"}
    await trakt.rate(shows=[{**THE_WIRE, "seasons": [{"number": 1, "rating": 8}]}])
    assert await moved() == {"seasons"}
    await trakt.api.post("rate/episode", {"imdb_id": "tt0903747", "season": 1, "episode": 1, "rating": 8})
    assert await moved() == {"episodes"}


async def test_a_refused_request_moves_no_activity(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(rating_cap=0)
    before = (await trakt.get("/sync/last_activities")).body
    assert (await trakt.rate(movies=[{**ALIEN, "rating": 9}])).status == 420
    assert (await trakt.get("/sync/last_activities")).body == before


BY_ID = [
    ("imdb/tt0078748", [("movie", "Alien")]),
    ("imdb/tt0306414", [("show", "The Wire")]),
    ("imdb/tt0959621", [("episode", "Pilot")]),
    ("imdb/tt0000111", []),
    ("imdb/0078748", []),
    ("tmdb/348", [("movie", "Alien")]),
    ("tmdb/x", []),
    ("tvdb/349232", [("episode", "Pilot")]),
    ("imdb/tt0078748?type=show", []),
    ("imdb/tt0078748?type=show,movie", [("movie", "Alien")]),
]


@pytest.mark.parametrize(("end", "hits"), BY_ID)
async def test_a_look_up_by_id_tells_the_type(trakt: TraktApi, end: str, hits: list[tuple[str, str]]) -> None:
    reply = await trakt.get(f"/search/{end}")
    assert reply.status == 200
    assert [(it["type"], it[it["type"]]["title"]) for it in reply.body] == hits
    assert all(type(it["score"]) is int for it in reply.body)
    assert all(("show" in it) == (it["type"] in {"show", "episode"}) for it in reply.body)


@pytest.mark.parametrize(
    "end", ["slug/alien-1979", "imdb/tt0078748?type=person", "person?query=x", "season?query=x"]
)
async def test_a_type_that_search_does_not_know_is_404(trakt: TraktApi, end: str) -> None:
    assert (await trakt.get(f"/search/{end}")).status == 404


async def test_with_any_title_an_unknown_id_is_of_the_first_type_asked_for(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(any_title=True)
    for types, found in (("movie,show,episode", ["movie"]), ("episode", ["episode"])):
        reply = await trakt.get(f"/search/imdb/tt7777777?type={types}")
        assert [it["type"] for it in reply.body] == found
    for end, known in (("imdb/tt0903747", "show"), ("tmdb/348?type=show,movie", "movie")):
        assert [it["type"] for it in (await trakt.get(f"/search/{end}")).body] == [known]


BY_WORDS = [
    ("movie?query=Alien", ["Alien"]),
    ("movie?query=alien", ["Alien"]),
    ("movie?query=ali", ["Alien"]),
    ("movie?query=runner%20blade", ["Blade Runner"]),
    ("movie?query=runner%20bladder", ["Blade Runner"]),
    ("movie?query=千と千尋の神隠し", ["千と千尋の神隠し"]),
    ("movie?query=%5C(Alien%5C)", ["Alien"]),
    ("movie?query=!Alien%3F", ["Alien"]),
    ("movie?query=wire", []),
    ("show,movie?query=wire", ["The Wire"]),
    ("episode?query=pilot", ["Pilot"]),
    ("movie?query=alien&years=1979", ["Alien"]),
    ("movie?query=alien&years=1970-1980", ["Alien"]),
    ("movie?query=alien&years=1980-1990", []),
    ("movie?query=alien&fields=title", ["Alien"]),
    ("movie?query=alien&fields=tagline,title", ["Alien"]),
    ("movie?query=alien&fields=tagline", []),
]


@pytest.mark.parametrize(("end", "titles"), BY_WORDS)
async def test_a_search_by_words_finds_titles(trakt: TraktApi, end: str, titles: list[str]) -> None:
    reply = await trakt.get(f"/search/{end}")
    assert reply.status == 200
    assert [it[it["type"]]["title"] for it in reply.body] == titles
    assert all(it["score"] > 0 for it in reply.body)
    assert page_of(reply.headers) == (1, 50, bool(titles), len(titles))


async def test_the_better_a_title_fits_the_higher_it_stands(trakt: TraktApi) -> None:
    queries = ("The Wire", "the wire", "The Wi", "Wire", "Wire Tap")
    scores = [(await trakt.get(f"/search/show?query={query}")).body[0]["score"] for query in queries]
    assert scores == sorted(set(scores), reverse=True)
    two = await trakt.get("/search/show,movie?query=breaking%20alien%20bad&limit=1&page=2")
    assert [it["type"] for it in two.body] == ["movie"]


async def test_an_escaped_character_belongs_to_the_title(trakt: TraktApi) -> None:
    exact, blank = await asyncio.gather(
        trakt.get("/search/show?query=The%5C:%20Wire"), trakt.get("/search/show?query=The:%20Wire")
    )
    assert exact.body[0]["score"] < blank.body[0]["score"]


EXACTLY = [
    ("movie", "Alien", ["Alien"]),
    ("movie", "aLIEN", ["Alien"]),
    ("movie,show", "The%20Wire", ["The Wire"]),
    ("show", "Alien", []),
    ("movie", "Alie", []),
    ("movie", "Alien&years=1980-1990", ["Alien"]),
]


@pytest.mark.parametrize(("kinds", "query", "titles"), EXACTLY)
async def test_an_exact_search_finds_the_very_name_only(
    trakt: TraktApi, kinds: str, query: str, titles: list[str]
) -> None:
    reply = await trakt.get(f"/search/{kinds}/exact?query={query}")
    assert reply.status == 200
    assert [it[it["type"]]["title"] for it in reply.body] == titles
    assert page_of(reply.headers) == (1, 50, bool(titles), len(titles))


@pytest.mark.parametrize(
    ("end", "status"),
    [("movie/exact", 400), ("movie/exact?query=%20", 400), ("episode/exact?query=Pilot", 404)],
)
async def test_an_exact_search_that_makes_no_sense_is_refused(trakt: TraktApi, end: str, status: int) -> None:
    assert (await trakt.get(f"/search/{end}")).status == status


async def test_a_loose_search_ignores_the_years_and_ranks_nothing(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(loose_search=True)
    reply = await trakt.get("/search/movie?query=blade%20alien&years=1980-1990&fields=tagline")
    assert {it["movie"]["title"] for it in reply.body} >= {"Alien", "Blade Runner"}
    assert {it["score"] for it in reply.body} == {1}


@pytest.mark.parametrize("query", ["", "query=", "query=%20", "query=!!", "query=alien&years=soon"])
async def test_a_search_for_nothing_is_400(trakt: TraktApi, query: str) -> None:
    assert (await trakt.get(f"/search/movie?{query}")).status == 400


@pytest.mark.parametrize("vip", [False, True])
async def test_settings_tell_who_is_signed_in_and_name_no_limit_of_ratings(
    open_trakt: OpenTrakt, vip: bool
) -> None:
    trakt = await open_trakt(vip=vip, username="someone")
    reply = await trakt.get("/users/settings")
    assert reply.status == 200
    assert (reply.body["user"]["username"], reply.body["user"]["vip"]) == ("someone", vip)
    assert reply.body["limits"].keys() == {"list", "watchlist", "favorites"}
    assert reply.body["permissions"]


def test_trakt_ids_and_slugs_are_unique_within_their_kind_and_stay_as_they_are() -> None:
    catalogue = Catalogue()
    for kind in Kind:
        titles = catalogue.titles(kind)
        assert len({it.trakt_id for it in titles}) == len(titles)
        assert len({it.slug or it.key for it in titles}) == len(titles)
    (alien,) = (it for it in catalogue.titles(Kind.MOVIE) if it.imdb_id == "tt0078748")
    assert (alien.trakt_id, alien.slug) == (8_521_650, "alien-1979")
