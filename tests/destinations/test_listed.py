"""What the pages of an account list: each rating once, under its kind; what nobody understands is counted."""

from datetime import UTC, datetime
from typing import Any

import orjson

from importer.destinations.base import Destination
from importer.destinations.dates import Dates
from importer.destinations.decisions import Done
from importer.destinations.mdblist.api import Mdblist
from importer.destinations.simkl.api import Simkl
from importer.destinations.titles import PageQuery, RatingsPage
from importer.destinations.trakt_v1.api import TraktV1
from importer.http import Response
from importer.model import MediaKind

DATES = Dates(datetime(2026, 9, 1, tzinfo=UTC))
MOVIE, SHOW, SEASON, EPISODE = MediaKind.MOVIE, MediaKind.SHOW, MediaKind.SEASON, MediaKind.EPISODE


def read(api: Destination, query: PageQuery, content: Any) -> RatingsPage:
    decision = api.read_ratings(query, Response(200, {}, orjson.dumps(content)))
    assert isinstance(decision, Done)
    page: RatingsPage = decision.value
    return page


def ratings_of(page: RatingsPage) -> list[object]:
    return [each.rating for each in page.listed]


def test_simkls_list_of_anime_is_one_of_films_and_of_shows() -> None:
    api = Simkl("http://127.0.0.1:1", "client", "demo", DATES)
    entries = [
        {
            "user_rating": 9,
            "anime_type": "movie",
            "show": {"title": "Spirited Away", "ids": {"imdb": "tt0245429"}},
        },
        {"user_rating": 8, "anime_type": "tv", "show": {"title": "Bebop", "ids": {"imdb": "tt0213338"}}},
        {"user_rating": 7, "anime_type": "ova", "show": {"title": "?", "ids": {"imdb": "tt0000007"}}},
        {"user_rating": 6, "anime_type": "tv", "show": {"title": "Bebop 2", "ids": {"imdb": "tt0213338"}}},
    ]
    found = []
    for kind in (MOVIE, SHOW):
        query: PageQuery | None = PageQuery(kind)
        while query is not None:
            is_anime = "/anime/" in api.build_read_back(query).url
            name = "anime" if is_anime else f"{kind}s"
            activities: dict[str, Any] = {"movies": {}, "tv_shows": {}, "anime": {}, "all": ""}
            is_list = "/sync/ratings/" in api.build_read_back(query).url
            content = {name: entries if is_anime else []} if is_list else activities
            page = read(api, query, content)
            assert page.unread == 0
            found.append((kind, ratings_of(page)))
            query = page.next_page
    assert [each for each in found if each[1]] == [(MOVIE, [9]), (SHOW, [8, 7, 6])]


def test_a_page_of_mdblist_is_listed_kind_by_kind() -> None:
    api = Mdblist("http://127.0.0.1:1", "key", "demo", DATES)
    ids = {"ids": {"imdb": "tt0113277"}}
    content = {
        "movies": [{"rating": 9, "movie": ids}, {"rating": None, "movie": ids}, "?"],
        "shows": [{"rating_precise": 7.5, "show": ids}],
        "seasons": [{"rating": 5, "season": {"number": 1, "show": ids}}],
        "episodes": [{"rating": 4, "episode": {"season": 1, "number": 2, "show": ids}}],
        "pagination": {"has_more": False},
    }
    pages = {kind: read(api, PageQuery(kind), content) for kind in (MOVIE, SHOW, SEASON, EPISODE)}
    assert {kind: ratings_of(page) for kind, page in pages.items()} == {
        MOVIE: [9],
        SHOW: ["7.5"],
        SEASON: [5],
        EPISODE: [4],
    }
    assert {page.unread for page in pages.values()} == {1}


def test_a_list_of_the_original_api_counts_what_it_cannot_read() -> None:
    api = TraktV1("http://127.0.0.1:1", "demo", "key", "sha1")
    heat = {"title": "Heat", "year": 1995, "imdb_id": "tt0113277"}
    content = [{**heat, "rating": "love", "rating_advanced": "9"}, {**heat, "rating": "love"}, {**heat}, "?"]
    page = read(api, PageQuery(MOVIE), content)
    assert ratings_of(page) == [9, "love"]
    assert page.unread == 2
