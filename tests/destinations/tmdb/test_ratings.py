"""The account's lists: 20 a page, 500 pages from each end."""

from typing import Any

import pytest

from importer.destinations.decisions import Done, Retry, Stop
from importer.destinations.titles import PageQuery, RatingsPage
from importer.destinations.tmdb.api import Tmdb
from importer.destinations.tmdb.request import TmdbAccess
from importer.http import Response
from importer.model import MediaKind
from tests.builders import build_answer

MOVIE, SHOW, SEASON, EPISODE, _ = MediaKind
TMDB = Tmdb(TmdbAccess("https://api.example.org", "T0KEN", "", "SE55ION"), "ada")
HEAT: dict[str, Any] = {"id": 949, "title": "Heat", "release_date": "1995-12-15", "rating": 8.5}


ENTRIES = [HEAT | {"id": number} for number in range(1, 21)]


def read(query: PageQuery, content: object) -> RatingsPage:
    decision = TMDB.read_ratings(query, build_answer(200, content))
    assert isinstance(decision, Done)
    page: RatingsPage = decision.value
    return page


def listed(entries: list[Any], total: int, pages: int = 1) -> dict[str, Any]:
    return {"page": 1, "results": entries, "total_pages": pages, "total_results": total}


class TestAddresses:
    @pytest.mark.parametrize(("kind", "path"), [(MOVIE, "movies"), (SHOW, "tv"), (EPISODE, "tv/episodes")])
    def test_first_whose_account_it_is_then_its_lists(self, kind: MediaKind, path: str) -> None:
        first = TMDB.build_read_back(PageQuery(kind))
        assert first.url == "https://api.example.org/3/account?session_id=SE55ION"
        following = read(PageQuery(kind), {"id": 548, "username": "ada"}).next_page
        assert following is not None
        url = TMDB.build_read_back(following).url
        assert url.startswith(f"https://api.example.org/3/account/548/rated/{path}?page=1&")
        assert "sort_by=created_at.asc" in url

    def test_all_kinds_share_the_first_answer(self) -> None:
        assert read(PageQuery(MOVIE), {"id": 548}).is_shared

    def test_there_is_no_list_of_seasons(self) -> None:
        assert read(PageQuery(SEASON), {"id": 548}).next_page is None

    @pytest.mark.parametrize("content", [{}, {"id": 0}, {"id": "548"}, {"id": True}, [], {"id": 10**15}])
    def test_without_the_number_nothing_is_read(self, content: object) -> None:
        assert isinstance(TMDB.read_ratings(PageQuery(MOVIE), build_answer(200, content)), Retry)


class TestEntries:
    def test_a_movie(self) -> None:
        page = read(PageQuery(MOVIE, cursor="548"), listed([HEAT], 1))
        assert set(page.ratings) == {"movie:tmdb:949", "movie:heat:1995"}
        found = page.ratings["movie:tmdb:949"]
        assert (found.rating, found.rated_at) == ("8.5", None)
        assert found.removal is not None
        assert found.removal.tmdb_id == 949
        assert (page.entries, page.counted, page.unread, page.next_page) == (1, 1, 0, None)

    def test_a_show_and_an_episode_of_it(self) -> None:
        show = {"id": 1396, "name": "Breaking Bad", "first_air_date": "2008-01-20", "rating": 10.0}
        assert read(PageQuery(SHOW, cursor="1"), listed([show], 1)).ratings["show:tmdb:1396"].rating == 10
        episode = {
            "id": 62161,
            "name": "Ozymandias",
            "show_id": 1396,
            "season_number": 5,
            "episode_number": 14,
        }
        page = read(PageQuery(EPISODE, cursor="1"), listed([episode | {"rating": 9}], 1))
        assert set(page.ratings) == {"episode:tmdb:1396/5/14"}
        removal = page.listed[0].removal
        assert removal is not None
        assert (removal.tmdb_id, removal.season, removal.episode) == (1396, 5, 14)

    @pytest.mark.parametrize(
        ("value", "rating"),
        [(8, 8), (8.0, 8), (8.5, "8.5"), (0.5, "0.5"), (10.0, 10), (1, 1)],
    )
    def test_ratings_in_halves(self, value: object, rating: object) -> None:
        assert (
            read(PageQuery(MOVIE, cursor="1"), listed([HEAT | {"rating": value}], 1)).listed[0].rating
            == rating
        )

    @pytest.mark.parametrize(
        "entry",
        [
            *("?", None, {}),
            *(HEAT | {"rating": value} for value in (None, 0, 10.5, 7.3, "8", True, float("1e300"))),
            *(HEAT | {"id": value} for value in (None, 0, -1, "949", True)),
        ],
    )
    def test_what_cannot_be_understood_is_counted(self, entry: object) -> None:
        page = read(PageQuery(MOVIE, cursor="1"), listed([entry], 1))
        assert (page.unread, page.entries, page.ratings) == (1, 1, {})

    @pytest.mark.parametrize("lacking", ["show_id", "season_number", "episode_number"])
    def test_an_episode_without_its_place_is_counted(self, lacking: str) -> None:
        entry = {"show_id": 1396, "season_number": 5, "episode_number": 14, "rating": 9}
        assert read(PageQuery(EPISODE, cursor="1"), listed([entry | {lacking: None}], 1)).unread == 1

    @pytest.mark.parametrize(
        "content", [{}, {"results": []}, {"results": {}, "total_results": 0, "total_pages": 0}]
    )
    def test_what_is_no_list_is_asked_for_again(self, content: object) -> None:
        decision = TMDB.read_ratings(PageQuery(MOVIE, cursor="1"), build_answer(200, content))
        assert isinstance(decision, Retry)

    def test_a_refused_page_stops(self) -> None:
        body = {"success": False, "status_code": 34, "status_message": "The resource could not be found."}
        decision = TMDB.read_ratings(PageQuery(MOVIE, cursor="1"), build_answer(404, body))
        assert isinstance(decision, Stop)
        assert isinstance(TMDB.read_ratings(PageQuery(MOVIE), Response(401, {}, b"")), Stop)


class TestPages:
    def follow(self, query: PageQuery, total: int, pages: int, entries: int = 20) -> PageQuery | None:
        return read(query, listed(ENTRIES[:entries], total, pages)).next_page

    def test_one_after_the_other(self) -> None:
        query = PageQuery(MOVIE, cursor="548")
        second = self.follow(query, 30, 2)
        assert second == PageQuery(MOVIE, 2, cursor="548", seen=20)
        assert self.follow(second, 30, 2, entries=10) is None

    def test_an_empty_page_is_the_end(self) -> None:
        assert self.follow(PageQuery(MOVIE, 2, cursor="548", seen=20), 30, 2, entries=0) is None

    def test_after_500_pages_it_goes_on_from_the_other_end(self) -> None:
        last = PageQuery(MOVIE, 500, cursor="548", seen=9_980)
        assert self.follow(last, 10_000, 500) is None
        other = self.follow(last, 10_030, 502)
        assert other == PageQuery(MOVIE, 1, is_elsewhere=True, cursor="548", seen=10_000)
        assert "sort_by=created_at.desc" in TMDB.build_read_back(other).url
        second = self.follow(other, 10_030, 502)
        assert second == other._replace(page=2, seen=10_020)
        page = read(second, listed(ENTRIES, 10_030, 502))
        assert (page.entries, len(page.listed), page.next_page) == (10, 10, None)  # the others were read

    def test_the_same_if_the_server_counts_only_pages_that_it_has(self) -> None:
        last = PageQuery(MOVIE, 500, cursor="548", seen=9_980)
        other = self.follow(last, 10_030, 500)
        assert other is not None
        assert other.is_elsewhere

    def test_what_neither_end_reaches_is_missing_from_the_count(self) -> None:
        page = read(PageQuery(MOVIE, 500, True, "548", 19_980), listed(ENTRIES, 30_000, 1500))
        assert page.next_page is None
        assert page.counted == 30_000
