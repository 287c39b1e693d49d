"""POST /sync/ratings and /sync/ratings/remove: what they accept, find, store and answer."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from importer.sandbox.catalogue import Kind
from tests.sandbox.trakt.api import (
    ALIEN,
    BLADE_RUNNER,
    NONE_FOUND,
    PILOT,
    THE_WIRE,
    UNKNOWN,
    TraktApi,
    counts,
)
from tests.sandbox.trakt.conftest import OpenTrakt

PAST = "2014-09-01T09:10:11.000Z"


def stored(trakt: TraktApi) -> int:
    return trakt.store.count_all_ratings("demo")


async def test_all_kinds_are_rated_in_one_call(trakt: TraktApi) -> None:
    season = {"ids": {"trakt": (await trakt.get("/search/imdb/tt0306414")).body[0]["show"]["ids"]["trakt"]}}
    reply = await trakt.rate(
        movies=[{**ALIEN, "rating": 9, "rated_at": PAST}],
        shows=[{**THE_WIRE, "rating": 10}, {**season, "seasons": [{"number": 4, "rating": 8}]}],
        episodes=[{**PILOT, "rating": 7}],
    )
    assert (reply.status, reply.body) == (201, {"added": counts(1, 1, 1, 1), "not_found": NONE_FOUND})
    assert sorted(await trakt.held()) == [
        ("episode", "Breaking Bad 1x1", 7),
        ("movie", "Alien", 9),
        ("season", "The Wire 4", 8),
        ("show", "The Wire", 10),
    ]


ID_FORMS: list[tuple[str, dict[str, Any]]] = [
    ("movies", {"imdb": "tt0078748"}),
    ("movies", {"tmdb": 348}),
    ("movies", {"slug": "alien-1979"}),
    ("movies", {"imdb": "tt0000111", "tmdb": 348}),
    ("movies", {"imdb": None, "trakt": 0, "slug": "", "tmdb": 348}),
    ("shows", {"imdb": "tt0306414"}),
    ("shows", {"tmdb": 1438}),
    ("shows", {"tvdb": 79126}),
    ("shows", {"slug": "the-wire-2002"}),
    ("episodes", {"imdb": "tt0959621"}),
    ("episodes", {"tmdb": 62085}),
    ("episodes", {"tvdb": 349232}),
]


@pytest.mark.parametrize(("bucket", "ids"), ID_FORMS)
async def test_a_title_is_found_by_each_id_of_its_kind(
    trakt: TraktApi, bucket: str, ids: dict[str, Any]
) -> None:
    reply = await trakt.rate(**{bucket: [{"ids": ids, "rating": 5}]})
    assert reply.body["added"] == {**counts(), bucket: 1}
    assert len(await trakt.held(f"/{bucket}")) == 1


@pytest.mark.parametrize("bucket", ["movies", "shows", "seasons", "episodes"])
async def test_every_listed_title_takes_the_trakt_id_that_it_is_listed_with(
    trakt: TraktApi, bucket: str
) -> None:
    await trakt.rate(
        movies=[{**ALIEN, "rating": 5}],
        shows=[{**THE_WIRE, "rating": 5, "seasons": [{"number": 0, "rating": 5}]}],
        episodes=[{**PILOT, "rating": 5}],
    )
    (item,) = (await trakt.get(f"/sync/ratings/{bucket}")).body
    trakt_id = item[bucket[:-1]]["ids"]["trakt"]
    reply = await trakt.rate(**{bucket: [{"ids": {"trakt": trakt_id}, "rating": 6}]})
    assert reply.body == {"added": {**counts(), bucket: 1}, "not_found": NONE_FOUND}
    ((_, _, rating),) = await trakt.held(f"/{bucket}")
    assert rating == 6


NOT_FOUND: list[tuple[str, dict[str, Any]]] = [
    ("movies", UNKNOWN),
    ("movies", {}),
    ("movies", {"ids": None}),
    ("movies", {"ids": []}),
    ("movies", {"title": "Alien", "year": 1979}),
    ("movies", {"ids": {"imdb": 78748}}),
    ("movies", {"ids": {"tmdb": "348"}}),
    ("movies", {"ids": {"tmdb": True}}),
    ("movies", {"ids": {"trakt": 2**60}}),
    ("movies", {"ids": {"imdb": "https://www.imdb.com/titl"}}),
    ("movies", THE_WIRE),
    ("movies", {"ids": {"imdb": "tt0306414"}}),
    ("movies", PILOT),
    ("shows", ALIEN),
    ("shows", PILOT),
    ("episodes", ALIEN),
    ("episodes", THE_WIRE),
    ("episodes", {"ids": {"trakt": 12}}),
    ("seasons", {"ids": {"trakt": 12}}),
    ("seasons", {"ids": {"imdb": "tt0306414"}}),
]


@pytest.mark.parametrize(("bucket", "item"), NOT_FOUND)
async def test_what_no_id_of_its_kind_names_is_echoed_as_it_came(
    trakt: TraktApi, bucket: str, item: dict[str, Any]
) -> None:
    sent = {**item, "rating": 7, "rated_at": PAST, "note": "mine"}
    reply = await trakt.rate(**{bucket: [sent]})
    assert (reply.status, reply.body["added"]) == (201, counts())
    assert reply.body["not_found"] == {**NONE_FOUND, bucket: [sent]}
    assert stored(trakt) == 0


async def test_the_echo_can_come_without_ids(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(not_found_ids=False)
    reply = await trakt.rate(movies=[{**UNKNOWN, "rating": 7}, {**ALIEN, "rating": 6}])
    assert reply.body == {"added": counts(1), "not_found": {**NONE_FOUND, "movies": [{"rating": 7}]}}
    assert (await trakt.remove(shows=[UNKNOWN])).body["not_found"]["shows"] == [{}]


async def test_a_show_object_rates_the_show_its_seasons_and_its_episodes(trakt: TraktApi) -> None:
    season = {"number": 2, "rating": 8, "episodes": [{"number": 1, "rating": 7, "rated_at": PAST}]}
    reply = await trakt.rate(shows=[{**THE_WIRE, "rating": 9, "seasons": [season]}])
    assert reply.body == {"added": counts(0, 1, 1, 1), "not_found": NONE_FOUND}
    assert sorted(await trakt.held()) == [
        ("episode", "The Wire 2x1", 7),
        ("season", "The Wire 2", 8),
        ("show", "The Wire", 9),
    ]
    assert trakt.store.requests("sync/ratings")[0].rows == 3


async def test_a_show_object_with_seasons_alone_leaves_the_show_unrated(trakt: TraktApi) -> None:
    await trakt.rate(
        shows=[{**THE_WIRE, "seasons": [{"number": 1, "episodes": [{"number": 3, "rating": 7}]}]}]
    )
    assert await trakt.held() == [("episode", "The Wire 1x3", 7)]


async def test_of_a_known_show_only_the_unknown_parts_are_echoed(trakt: TraktApi) -> None:
    first = {"number": 1, "episodes": [{"number": 1, "rating": 5}, {"number": 999, "rating": 6}]}
    sent = {**THE_WIRE, "rating": 9, "seasons": [first, {"number": 99, "rating": 4}]}
    reply = await trakt.rate(shows=[sent])
    assert reply.body["added"] == counts(shows=1, episodes=1)
    missing = [
        {"number": 1, "episodes": [{"number": 999, "rating": 6}]},
        {"number": 99, "rating": 4},
    ]
    assert reply.body["not_found"]["shows"] == [{**THE_WIRE, "seasons": missing}]


async def test_of_an_unknown_show_the_whole_object_is_echoed(trakt: TraktApi) -> None:
    sent = {**UNKNOWN, "seasons": [{"number": 1, "episodes": [{"number": 1, "rating": 5}]}]}
    assert (await trakt.rate(shows=[sent])).body["not_found"]["shows"] == [sent]


BAD_RATINGS: list[Any] = [0, 11, -1, 8.0, 8.5, "8", True, None, [8], "love"]
BAD_DATES: list[Any] = ["soon", 7, "2014-13-01", "", [], "0001-01-01T00:00:00+14:00"]
BAD_ITEMS: list[dict[str, Any]] = [
    *({"movies": [{**ALIEN, "rating": rating}]} for rating in BAD_RATINGS),
    *({"movies": [{**ALIEN, "rating": 5, "rated_at": moment}]} for moment in BAD_DATES),
    {"movies": [ALIEN]},
    {"movies": {}},
    {"movies": ["tt0078748"]},
    {"shows": [{**THE_WIRE, "seasons": []}]},
    {"shows": [{**THE_WIRE, "seasons": {}}]},
    {"shows": [{**THE_WIRE, "seasons": [{"number": 1}]}]},
    {"shows": [{**THE_WIRE, "seasons": [{"rating": 5}]}]},
    {"shows": [{**THE_WIRE, "seasons": [{"number": "1", "rating": 5}]}]},
    {"shows": [{**THE_WIRE, "seasons": [{"number": 1, "episodes": [{"rating": 5}]}]}]},
    {"shows": [{**THE_WIRE, "seasons": [{"number": 1, "episodes": [{"number": 1}]}]}]},
]


@pytest.mark.parametrize("body", BAD_ITEMS)
async def test_one_item_that_cannot_be_refuses_the_whole_request(
    trakt: TraktApi, body: dict[str, Any]
) -> None:
    good = {"episodes": [{**PILOT, "rating": 5}]}
    assert (await trakt.rate(**good, **body)).status == 422
    assert stored(trakt) == 0


@pytest.mark.parametrize("data", [b"{", b"\xff", b"[]", b"7", b"[" * 100_000])
@pytest.mark.parametrize("path", ["/sync/ratings", "/sync/ratings/remove"])
async def test_a_body_that_is_no_json_object_is_400(trakt: TraktApi, path: str, data: bytes) -> None:
    assert (await trakt.send("POST", path, data)).status == 400


@pytest.mark.parametrize("body", [{}, {"movies": []}, {"movies": None}, {"people": [1]}])
async def test_nothing_to_rate_is_no_error(trakt: TraktApi, body: dict[str, Any]) -> None:
    reply = await trakt.post("/sync/ratings", body)
    assert (reply.status, reply.body) == (201, {"added": counts(), "not_found": NONE_FOUND})


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        (PAST, PAST),
        ("2014-09-01T09:10:11Z", PAST),
        ("2014-09-01T11:10:11+02:00", PAST),
        ("2014-09-01T09:10:11", PAST),
        ("2014-09-01T09:10:11.987Z", PAST),
        ("2014-09-01", "2014-09-01T00:00:00.000Z"),
        ("1969-07-20T20:17:40Z", "1969-07-20T20:17:40.000Z"),
        ("2999-01-01T00:00:00Z", "2999-01-01T00:00:00.000Z"),
    ],
)
async def test_the_date_of_a_rating_is_kept_in_utc_and_whole_seconds(
    trakt: TraktApi, sent: str, read: str
) -> None:
    await trakt.rate(movies=[{**ALIEN, "rating": 9, "rated_at": sent}])
    assert [it["rated_at"] for it in (await trakt.get("/sync/ratings")).body] == [read]


async def test_an_equal_rating_without_a_date_moves_the_date_to_now(trakt: TraktApi) -> None:
    await trakt.rate(movies=[{**ALIEN, "rating": 9, "rated_at": PAST}])
    reply = await trakt.rate(movies=[{**ALIEN, "rating": 9}])
    assert reply.body["added"] == counts(1)
    (item,) = (await trakt.get("/sync/ratings")).body
    assert datetime.fromisoformat(item["rated_at"]) == datetime.fromtimestamp(trakt.clock.now, UTC)


async def test_of_two_ratings_for_one_title_the_later_wins_and_both_count(trakt: TraktApi) -> None:
    reply = await trakt.rate(movies=[{**ALIEN, "rating": 3}, {"ids": {"tmdb": 348}, "rating": 8}])
    assert reply.body["added"] == counts(2)
    assert await trakt.held() == [("movie", "Alien", 8)]


async def test_removing_counts_what_was_there_and_echoes_only_what_is_unknown(trakt: TraktApi) -> None:
    await trakt.rate(movies=[{**ALIEN, "rating": 3}], episodes=[{**PILOT, "rating": 3}])
    reply = await trakt.remove(movies=[ALIEN, BLADE_RUNNER, UNKNOWN], episodes=[PILOT])
    assert reply.status == 200
    assert reply.body == {
        "deleted": counts(movies=1, episodes=1),
        "not_found": {**NONE_FOUND, "movies": [UNKNOWN]},
    }
    assert await trakt.held() == []


async def test_removing_a_shows_parts_leaves_the_show(trakt: TraktApi) -> None:
    parts = [{"number": 1, "episodes": [{"number": 1, "rating": 5}]}, {"number": 2, "rating": 5}]
    await trakt.rate(shows=[{**THE_WIRE, "rating": 5, "seasons": parts}])
    gone = [{"number": 1, "episodes": [{"number": 1}]}, {"number": 2}]
    reply = await trakt.remove(shows=[{**THE_WIRE, "seasons": gone}])
    assert reply.body == {"deleted": counts(seasons=1, episodes=1), "not_found": NONE_FOUND}
    assert await trakt.held() == [("show", "The Wire", 5)]


async def test_a_request_beyond_the_account_limit_is_420_and_stores_nothing(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(rating_cap=2)
    assert (await trakt.rate(movies=[{**ALIEN, "rating": 5}])).status == 201
    reply = await trakt.rate(movies=[{**BLADE_RUNNER, "rating": 5}], shows=[{**THE_WIRE, "rating": 5}])
    assert reply.status == 420
    assert isinstance(reply.body, str)
    assert reply.headers["X-Upgrade-URL"].startswith("https://")
    assert (reply.headers["X-VIP-User"], reply.headers["X-Account-Limit"]) == ("false", "2")
    assert await trakt.held() == [("movie", "Alien", 5)]
    # What fits, what only changes and what goes away is still welcome.
    assert (await trakt.rate(movies=[{**ALIEN, "rating": 6}, {**BLADE_RUNNER, "rating": 5}])).status == 201
    assert (await trakt.rate(movies=[{**ALIEN, "rating": 7}])).status == 201
    assert (await trakt.remove(movies=[ALIEN])).status == 200


@pytest.mark.parametrize(("vip", "limit"), [(False, "10000"), (True, "20000")])
async def test_the_account_limit_is_trakts_unless_told_otherwise(
    open_trakt: OpenTrakt, vip: bool, limit: str
) -> None:
    trakt = await open_trakt(vip=vip, any_title=True)
    movies = [{"ids": {"tmdb": number}, "rating": 5} for number in range(1, int(limit) + 1)]
    for start in range(0, len(movies), 5000):
        assert (await trakt.rate(movies=movies[start : start + 5000])).status == 201
    reply = await trakt.rate(movies=[{"ids": {"tmdb": 99_999}, "rating": 5}])
    assert (reply.status, reply.headers["X-Account-Limit"]) == (420, limit)
    assert reply.headers["X-VIP-User"] == str(vip).lower()


async def test_each_rating_takes_its_time(open_trakt: OpenTrakt) -> None:
    trakt = await open_trakt(item_latency_ms=10)
    began = datetime.now(UTC)
    await trakt.rate(movies=[{**ALIEN, "rating": 5}] * 5)
    assert (datetime.now(UTC) - began).total_seconds() >= 0.05


async def test_a_client_that_does_not_wait_for_a_slow_answer_has_rated_all_the_same(
    open_trakt: OpenTrakt,
) -> None:
    trakt = await open_trakt(item_latency_ms=5000)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await trakt.rate(movies=[{**ALIEN, "rating": 5}])
    assert await trakt.held() == [("movie", "Alien", 5)]


async def test_both_apis_share_the_ratings_of_the_user(trakt: TraktApi) -> None:
    await trakt.api.post("rate/movie", {"imdb_id": "tt0078748", "rating": 4})
    await trakt.api.post("rate/episode", {"imdb_id": "tt0903747", "season": 1, "episode": 1, "rating": 6})
    assert sorted(await trakt.held()) == [("episode", "Breaking Bad 1x1", 6), ("movie", "Alien", 4)]
    await trakt.rate(movies=[{**ALIEN, "rating": 9, "rated_at": PAST}], episodes=[{**PILOT, "rating": 2}])
    (movie,) = await trakt.api.ratings("movies")
    assert (movie["rating_advanced"], movie["inserted"]) == (9, 1409562611)
    (episode,) = await trakt.api.ratings("episodes")
    assert episode["rating_advanced"] == 2
    assert len(trakt.store.ratings("demo", Kind.EPISODE)) == 1


ANY_TITLE: list[tuple[str, dict[str, Any], int]] = [
    ("movies", {"imdb": "tt12345678"}, 1),
    ("movies", {"tmdb": 1396}, 1),
    ("shows", {"trakt": 42}, 1),
    ("seasons", {"trakt": 42}, 1),
    ("episodes", {"imdb": "tt12345678"}, 1),
    ("movies", {"slug": "made-up-2030"}, 0),
    ("movies", {"imdb": "tt0903747"}, 0),
    ("shows", {"imdb": "tt0959621"}, 0),
]


@pytest.mark.parametrize(("bucket", "ids", "added"), ANY_TITLE)
async def test_with_any_title_every_well_formed_id_is_known_and_reads_back(
    open_trakt: OpenTrakt, bucket: str, ids: dict[str, Any], added: int
) -> None:
    trakt = await open_trakt(any_title=True)
    reply = await trakt.rate(**{bucket: [{"ids": ids, "rating": 5}]})
    assert reply.body["added"][bucket] == added
    items = (await trakt.get(f"/sync/ratings/{bucket}")).body
    assert len(items) == added
    for item in items:
        assert item[bucket[:-1]]["ids"].items() >= ids.items()
