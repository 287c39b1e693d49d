"""The six v1 rating methods: what they accept, which title they find, and what they answer."""

from typing import Any

import pytest

from tests.sandbox.api import ALIEN, BLADE_RUNNER, THE_WIRE, Api
from tests.sandbox.conftest import OpenSandbox

ONE_BY_ONE = {"facebook": False, "twitter": False, "tumblr": False}


async def test_a_movie_is_rated_and_the_answer_has_every_documented_field(api: Api) -> None:
    reply = await api.post("rate/movie", {**ALIEN, "rating": 9})
    assert (reply.status, reply.body) == (
        200,
        {
            "status": "success",
            "message": "rated Alien (1979)",
            "type": "movie",
            "rating": 9,
            "ratings": {"percentage": 100, "votes": 1, "loved": 1, "hated": 0},
            **ONE_BY_ONE,
        },
    )


async def test_a_show_is_rated(api: Api) -> None:
    reply = await api.post("rate/show", {**THE_WIRE, "rating": "hate"})
    assert (reply.status, reply.body["type"], reply.body["rating"]) == (200, "show", "hate")
    assert reply.body["ratings"] == {"percentage": 0, "votes": 1, "loved": 0, "hated": 1}


async def test_an_episode_is_rated_by_the_ids_of_its_show(api: Api) -> None:
    body = {"imdb_id": "tt0903747", "season": 1, "episode": 1, "rating": 8}
    reply = await api.post("rate/episode", body)
    assert (reply.status, reply.body["type"]) == (200, "episode")
    assert reply.body["message"] == "rated Breaking Bad 1x01"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [(n, n) for n in range(1, 11)] + [(str(n), n) for n in range(1, 11)] + [("love", 10), ("hate", 1)],
)
async def test_every_documented_rating_is_taken_as_number_and_as_text(
    api: Api, sent: Any, stored: int
) -> None:
    reply = await api.post("rate/movie", {**ALIEN, "rating": sent})
    assert (reply.status, reply.body["rating"]) == (200, sent)
    (item,) = await api.ratings("movies")
    assert item["rating_advanced"] == stored
    assert item["rating"] == ("love" if stored >= 6 else "hate")


@pytest.mark.parametrize("removal", ["unrate", 0, "0"])
async def test_unrate_and_zero_remove_the_rating(api: Api, removal: Any) -> None:
    await api.post("rate/movie", {**ALIEN, "rating": 9})
    reply = await api.post("rate/movie", {**ALIEN, "rating": removal})
    assert (reply.status, reply.body["message"]) == (200, "unrated Alien (1979)")
    assert reply.body["ratings"]["votes"] == 0
    assert await api.ratings("movies") == []


BAD_RATINGS: list[Any] = [
    11,
    -1,
    "11",
    "Love",
    "",
    " 8",
    8.0,
    8.5,
    True,
    False,
    None,
    [8],
    {"rating": 8},
    10**30,
]


@pytest.mark.parametrize("rating", BAD_RATINGS)
async def test_any_other_rating_is_a_failure(api: Api, rating: Any) -> None:
    reply = await api.post("rate/movie", {**ALIEN, "rating": rating})
    assert (reply.status, reply.body) == (400, {"status": "failure", "error": "invalid rating"})
    assert await api.ratings("movies") == []


async def test_a_second_rating_replaces_the_first(api: Api) -> None:
    for rating in (3, 7):
        await api.post("rate/movie", {**ALIEN, "rating": rating})
    assert [it["rating_advanced"] for it in await api.ratings("movies")] == [7]


MOVIE_ORDER = [
    ({"imdb_id": "tt0078748", "tmdb_id": 78, "title": "No Ids at All", "year": 1999}, "Alien"),
    ({"imdb_id": "tt0000001", "tmdb_id": 78, "title": "Alien", "year": 1979}, "Blade Runner"),
    ({"tmdb_id": "78"}, "Blade Runner"),
    ({"tmdb_id": 0, "imdb_id": "", "title": "Alien", "year": "1979"}, "Alien"),
    ({"imdb_id": "78748", "title": "Blade Runner", "year": 1982}, "Blade Runner"),
    ({"title": "No Ids at All", "year": 1999}, "No Ids at All"),
    ({"title": "千と千尋の神隠し", "year": 2001}, "千と千尋の神隠し"),
]


@pytest.mark.parametrize(("ids", "title"), MOVIE_ORDER)
async def test_a_movie_is_found_by_imdb_then_tmdb_then_title_and_year(
    api: Api, ids: dict[str, Any], title: str
) -> None:
    assert (await api.post("rate/movie", {**ids, "rating": 5})).status == 200
    assert [it["title"] for it in await api.ratings("movies")] == [title]


SHOW_ORDER = [
    ({"tvdb_id": 79126, "imdb_id": "tt0903747"}, "The Wire"),
    ({"tvdb_id": 1, "imdb_id": "tt0903747", "title": "The Wire", "year": 2002}, "Breaking Bad"),
    ({"title": "The Wire", "year": 2002}, "The Wire"),
]


@pytest.mark.parametrize(("ids", "title"), SHOW_ORDER)
async def test_a_show_is_found_by_tvdb_then_imdb_then_title_and_year(
    api: Api, ids: dict[str, Any], title: str
) -> None:
    assert (await api.post("rate/show", {**ids, "rating": 5})).status == 200
    assert [it["title"] for it in await api.ratings("shows")] == [title]


NOT_FOUND = [
    ("movie", {}),
    ("movie", {"imdb_id": "tt0000001"}),
    ("movie", {"imdb_id": "tt0903747"}),
    ("movie", {"title": "alien", "year": 1979}),
    ("movie", {"title": "Alien"}),
    ("movie", {"title": "Alien", "year": 1980}),
    ("movie", {"title": "\ud800", "year": 1980}),
    ("show", {"tmdb_id": 1438}),
    ("show", {"imdb_id": "tt0078748"}),
    ("episode", {"imdb_id": "tt0959621"}),
    ("episode", {"imdb_id": "tt0959621", "season": 1, "episode": 1}),
    ("episode", {"imdb_id": "tt0903747", "season": 1}),
    ("episode", {"imdb_id": "tt0903747", "season": 51, "episode": 1}),
    ("episode", {"imdb_id": "tt0903747", "season": 1, "episode": 201}),
    ("episode", {"imdb_id": "tt0903747", "season": 1, "episode": 0}),
]


@pytest.mark.parametrize(("kind", "ids"), NOT_FOUND)
async def test_an_unknown_title_is_404_with_a_json_failure(api: Api, kind: str, ids: dict[str, Any]) -> None:
    reply = await api.post(f"rate/{kind}", {**ids, "rating": 5})
    assert (reply.status, reply.body) == (404, {"status": "failure", "error": f"{kind} not found"})


@pytest.mark.parametrize(
    ("imdb_id", "season", "episode"),
    [("tt0903747", 0, 1), ("tt0903747", "50", "200"), ("tt9999999", 2020, 250)],
)
async def test_a_known_show_has_every_episode_within_bounds_and_those_of_the_catalogue(
    api: Api, imdb_id: str, season: Any, episode: Any
) -> None:
    body = {"imdb_id": imdb_id, "season": season, "episode": episode, "rating": 5}
    assert (await api.post("rate/episode", body)).status == 200
    (item,) = await api.ratings("episodes")
    assert (item["episode"]["season"], item["episode"]["number"]) == (int(season), int(episode))


ANY_TITLE = [
    ("movie", {"imdb_id": "tt12345678"}, 200),
    ("movie", {"tmdb_id": 4242}, 200),
    ("movie", {"title": "Made Up", "year": 2030}, 200),
    ("show", {"tvdb_id": 4242, "title": "Made Up"}, 200),
    ("episode", {"imdb_id": "tt12345678", "season": 2024, "episode": 366}, 200),
    ("movie", {"imdb_id": "12345678"}, 404),
    ("movie", {"title": "Made Up"}, 404),
    ("movie", {"imdb_id": "tt0903747"}, 404),
    ("episode", {"imdb_id": "tt0959621", "season": 1, "episode": 1}, 404),
    ("episode", {"imdb_id": "tt12345678", "season": 10_000, "episode": 1}, 404),
]


@pytest.mark.parametrize(("kind", "ids", "status"), ANY_TITLE)
async def test_with_any_title_every_well_formed_id_is_known_unless_it_is_of_another_kind(
    open_sandbox: OpenSandbox, kind: str, ids: dict[str, Any], status: int
) -> None:
    api = await open_sandbox(any_title=True)
    assert (await api.post(f"rate/{kind}", {**ids, "rating": 5})).status == status
    assert len(await api.ratings(f"{kind}s")) == (status == 200)


async def test_an_invented_title_reads_back_with_what_was_sent(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(any_title=True)
    await api.post("rate/movie", {"imdb_id": "tt12345678", "tmdb_id": 42, "rating": 5})
    (item,) = await api.ratings("movies")
    assert (item["imdb_id"], item["tmdb_id"], item["title"]) == (
        "tt12345678",
        "42",
        "imdb tt12345678 tmdb 42",
    )


async def test_bulk_counts_what_was_rated_unrated_and_skipped(api: Api) -> None:
    await api.post("rate/movie", {**BLADE_RUNNER, "rating": 2})
    items = [
        {**ALIEN, "rating": 8},
        {**BLADE_RUNNER, "rating": "unrate"},
        {"imdb_id": "tt0000001", "rating": 8},
        {"title": "No Ids at All", "year": 1999, "rating": 11},
        {"title": "No Ids at All", "year": 1999},
        "no object",
        None,
    ]
    reply = await api.post("rate/movies", {"movies": items})
    assert reply.status == 200
    assert reply.body == {
        "status": "success",
        "message": "1 movies rated, 1 unrated, 5 skipped",
        "rated": 1,
        "unrated": 1,
        "skipped": 5,
    }
    assert [(it["title"], it["rating_advanced"]) for it in await api.ratings("movies")] == [("Alien", 8)]


@pytest.mark.parametrize(
    ("kind", "item"), [("show", THE_WIRE), ("episode", {**THE_WIRE, "season": 3, "episode": 11})]
)
async def test_shows_and_episodes_are_rated_in_bulk(api: Api, kind: str, item: dict[str, Any]) -> None:
    reply = await api.post(f"rate/{kind}s", {f"{kind}s": [{**item, "rating": 10}]})
    assert (reply.status, reply.body["rated"], reply.body["skipped"]) == (200, 1, 0)
    assert len(await api.ratings(f"{kind}s")) == 1


@pytest.mark.parametrize("movies", [None, "tt0078748", {}, 7])
async def test_a_bulk_call_without_its_list_is_a_failure(api: Api, movies: Any) -> None:
    reply = await api.post("rate/movies", {"movies": movies})
    assert (reply.status, reply.body["status"]) == (400, "failure")


async def test_an_empty_bulk_call_rates_nothing(api: Api) -> None:
    reply = await api.post("rate/movies", {"movies": []})
    assert (reply.status, reply.body["rated"], reply.body["skipped"]) == (200, 0, 0)


async def test_single_ratings_are_posted_to_the_networks_of_the_account(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(social=("facebook", "tumblr"))
    for kind, ids in (("movie", ALIEN), ("show", THE_WIRE)):
        body = (await api.post(f"rate/{kind}", {**ids, "rating": 8})).body
        assert {name: body[name] for name in ONE_BY_ONE} == {**ONE_BY_ONE, "facebook": True, "tumblr": True}
    assert api.store.posts("demo") == {"facebook": 2, "tumblr": 2}


async def test_bulk_and_removal_post_to_nobody(open_sandbox: OpenSandbox) -> None:
    api = await open_sandbox(social=("facebook", "twitter", "tumblr"))
    await api.post("rate/movies", {"movies": [{**ALIEN, "rating": 8}]})
    reply = await api.post("rate/movie", {**ALIEN, "rating": 0})
    assert not any(reply.body[name] for name in ONE_BY_ONE)
    await api.post("rate/movie", {"imdb_id": "tt0000001", "rating": 8})
    assert api.store.posts("demo") == {}
