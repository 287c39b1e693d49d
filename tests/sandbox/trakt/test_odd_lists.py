"""Switches for lists that deviate from their headers, lag behind, or name other ids than those sent."""

from typing import Any

import pytest

from tests.sandbox.trakt.api import ALIEN, NONE_FOUND, PILOT, UNKNOWN, TraktApi
from tests.sandbox.trakt.conftest import OpenTrakt

RATED_AT = "2020-01-01T00:00:00.000Z"


async def open_with_movies(open_trakt: OpenTrakt, count: int, *faults: str, **options: Any) -> TraktApi:
    """A client whose account has so many movies, with the TMDB ids 10000, 10001 ..."""
    trakt = await open_trakt(any_title=True, faults=faults, **options)
    movies = [{"ids": {"tmdb": 10_000 + n}, "rating": n % 10 + 1, "rated_at": RATED_AT} for n in range(count)]
    assert (await trakt.rate(movies=movies)).status == 201
    return trakt


async def read_page(trakt: TraktApi, page: int, limit: int = 250) -> tuple[list[int], dict[str, int]]:
    """The TMDB ids of a page, and its pagination headers by the last part of their names."""
    reply = await trakt.get(f"/sync/ratings/movies?page={page}&limit={limit}")
    assert reply.status == 200
    marked = {name: int(it) for name, it in reply.headers.items() if name.startswith("X-Pagination-")}
    ids = [it["movie"]["ids"]["tmdb"] for it in reply.body]
    return ids, {name.removeprefix("X-Pagination-"): it for name, it in marked.items()}


async def test_the_count_can_lag_behind_what_is_held(open_trakt: OpenTrakt) -> None:
    trakt = await open_with_movies(open_trakt, 629, counted_ratings=500)
    pages = [await read_page(trakt, page) for page in (1, 2, 3, 4)]
    assert [len(ids) for ids, _ in pages] == [250, 250, 129, 0]
    assert {(told["Page-Count"], told["Item-Count"]) for _, told in pages} == {(2, 500)}


async def test_pages_can_come_without_headers(open_trakt: OpenTrakt) -> None:
    trakt = await open_with_movies(open_trakt, 300, page_headers=False)
    assert [(len(ids), told) for ids, told in [await read_page(trakt, 1), await read_page(trakt, 2)]] == [
        (250, {}),
        (50, {}),
    ]


@pytest.mark.parametrize("page_headers", [True, False])
async def test_pages_can_be_clamped_to_a_hundred(open_trakt: OpenTrakt, page_headers: bool) -> None:
    trakt = await open_with_movies(open_trakt, 250, page_limit=100, page_headers=page_headers)
    pages = [await read_page(trakt, page) for page in (1, 2, 3)]
    assert [len(ids) for ids, _ in pages] == [100, 100, 50]
    assert pages[0][1].get("Limit") == (100 if page_headers else None)
    assert len({it for ids, _ in pages for it in ids}) == 250


@pytest.mark.parametrize(
    ("held", "sizes", "page_count"),
    [(629, [250, 107, 250, 22], 4), (357, [250, 107, 0], 2), (500, [250, 107, 143], 3), (200, [200, 0], 1)],
)
async def test_a_page_in_the_middle_can_be_short_and_nothing_is_lost(
    open_trakt: OpenTrakt, held: int, sizes: list[int], page_count: int
) -> None:
    trakt = await open_with_movies(open_trakt, held, short_page=2)
    pages = [await read_page(trakt, page) for page in range(1, len(sizes) + 1)]
    assert [len(ids) for ids, _ in pages] == sizes
    assert len({it for ids, _ in pages for it in ids}) == held
    assert {(told["Page-Count"], told["Item-Count"]) for _, told in pages} == {(page_count, held)}


async def test_the_same_page_can_come_again(open_trakt: OpenTrakt) -> None:
    trakt = await open_with_movies(open_trakt, 30, "read:same-page@2")
    (first, _), (again, told), (second, _) = [await read_page(trakt, page, 10) for page in (1, 2, 2)]
    assert first == again != second
    assert told == {"Page": 2, "Limit": 10, "Page-Count": 3, "Item-Count": 30}


async def test_two_pages_can_share_titles(open_trakt: OpenTrakt) -> None:
    trakt = await open_with_movies(open_trakt, 30, "read:overlap@2")
    (first, _), (second, _) = [await read_page(trakt, page, 10) for page in (1, 2)]
    assert first[5:] == second[:5]


async def test_an_empty_list_can_stand_beside_a_count_of_hundreds(open_trakt: OpenTrakt) -> None:
    trakt = await open_with_movies(open_trakt, 300, "read:empty-list")
    assert await read_page(trakt, 1) == ([], {"Page": 1, "Limit": 250, "Page-Count": 2, "Item-Count": 300})
    assert len((await read_page(trakt, 1))[0]) == 250


async def test_a_change_can_be_listed_late(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(late_listings=2)
    await trakt.rate(movies=[{**ALIEN, "rating": 5}], episodes=[{**PILOT, "rating": 6}])
    assert [await trakt.held("/movies") for _ in range(3)] == [[], [], [("movie", "Alien", 5)]]
    await trakt.rate(movies=[{**ALIEN, "rating": 9}])
    assert [it[2] for _ in range(3) for it in await trakt.held("/movies")] == [5, 5, 9]
    await trakt.remove(movies=[ALIEN])
    assert [len(await trakt.held("/movies")) for _ in range(3)] == [1, 1, 0]
    # The listings of movies have not counted for the episode.
    assert [len(await trakt.held()) for _ in range(3)] == [0, 0, 1]


async def test_a_change_can_be_late_by_seconds(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(late_seconds=25)
    await trakt.rate(movies=[{**ALIEN, "rating": 5}])
    assert await trakt.held() == []
    trakt.clock.now += 24
    assert await trakt.held() == []
    trakt.clock.now += 1
    assert await trakt.held() == [("movie", "Alien", 5)]


async def test_the_pages_of_one_late_listing_agree(open_trakt: OpenTrakt) -> None:
    trakt = await open_with_movies(open_trakt, 25, late_listings=1)
    hidden = [await read_page(trakt, page, 10) for page in (1, 2, 3)]
    shown = [await read_page(trakt, page, 10) for page in (1, 2, 3)]
    assert [(len(ids), told["Item-Count"]) for ids, told in hidden] == [(0, 0)] * 3
    assert [(len(ids), told["Item-Count"]) for ids, told in shown] == [(10, 25), (10, 25), (5, 25)]


async def test_a_merged_title_is_listed_under_its_other_id(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(merged_titles=("tt9999998=tt0078748",))
    sent = {"ids": {"imdb": "tt9999998"}, "rating": 7, "rated_at": RATED_AT}
    assert (await trakt.rate(movies=[sent])).body["not_found"] == NONE_FOUND
    (item,) = (await trakt.get("/sync/ratings")).body
    assert (item["movie"]["ids"]["imdb"], item["rating"], item["rated_at"]) == ("tt0078748", 7, RATED_AT)
    assert (item["movie"]["title"], item["movie"]["year"]) == ("Alien", 1979)


async def test_ids_and_years_can_be_null(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(faults=("read:null-ids", "read:null-years", "search:null-years@1"))
    await trakt.rate(episodes=[{**PILOT, "rating": 7}])
    no_ids, no_years, true = [(await trakt.get("/sync/ratings")).body[0] for _ in range(3)]
    assert [name for name, it in no_ids["episode"]["ids"].items() if it] == ["trakt"]
    assert [name for name, it in no_ids["show"]["ids"].items() if it] == ["trakt"]
    assert [it["show"]["year"] for it in (no_ids, no_years, true)] == [2008, None, 2008]
    hits = [(await trakt.get("/search/movie?query=alien")).body[0]["movie"]["year"] for _ in range(2)]
    assert hits == [None, 1979]


async def test_the_exact_title_can_be_missing_in_the_broad_search(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(search_lacks_exact=True)
    assert (await trakt.get("/search/movie?query=Alien")).body == []
    assert [it["movie"]["title"] for it in (await trakt.get("/search/movie/exact?query=alien")).body] == [
        "Alien"
    ]
    assert len((await trakt.get("/search/movie?query=ali")).body) == 1


async def test_a_look_up_can_find_nothing_for_a_while(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(faults=("search:empty-list@1-2",))
    paths = ("/search/imdb/tt0959621?type=episode", "/search/episode?query=pilot", "/search/imdb/tt0959621")
    assert [len((await trakt.get(path)).body) for path in paths] == [0, 0, 1]


async def test_ratings_can_be_listed_for_the_user_alone(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(sync_listing=False)
    assert (await trakt.rate(movies=[{**ALIEN, "rating": 7}])).status == 201
    assert (await trakt.get("/sync/ratings/movies?page=1&limit=10")).status == 404
    reply = await trakt.get("/users/me/ratings/movies?page=1&limit=10")
    assert [it["rating"] for it in reply.body] == [7]
    assert (await trakt.get("/users/me/ratings/movies/1,2")).body == []


async def test_an_echo_can_be_empty(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(faults=("notfound-empty",))
    reply = await trakt.rate(movies=[{**UNKNOWN, "rating": 5}, {**ALIEN, "rating": 5}])
    assert reply.body["not_found"] == {**NONE_FOUND, "movies": [{}]}
    assert await trakt.held() == [("movie", "Alien", 5)]


async def test_the_settings_can_name_the_cap_and_a_request_beyond_it_is_refused_whole(
    open_trakt: OpenTrakt,
) -> None:
    trakt = await open_with_movies(open_trakt, 100, rating_cap=150, tells_rating_cap=True)
    limits = (await trakt.get("/users/settings")).body["limits"]
    assert limits["ratings"] == {"item_count": 150}
    more = [{"ids": {"tmdb": 20_000 + n}, "rating": 5} for n in range(51)]
    reply = await trakt.rate(movies=more)
    assert (reply.status, reply.headers["X-Account-Limit"], reply.headers["X-VIP-User"]) == (
        420,
        "150",
        "false",
    )
    assert len(await trakt.held()) == 100
    assert (await trakt.rate(movies=more[:50])).status == 201
