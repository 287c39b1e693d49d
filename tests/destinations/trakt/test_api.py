"""Today's Trakt API: what is sent, what is refused unsent, the probe, and what the account holds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.dates import Dates
from importer.destinations.decisions import Done, RefreshToken, Retry, Stop
from importer.destinations.titles import AccountRating, PageQuery, is_stored
from importer.destinations.trakt.api import BATCH_SIZE, TraktV2
from importer.destinations.trakt.spec import TRAKT
from importer.errors import AuthorizationError, ConnectionLostError, Loss
from importer.http import Request, Response
from importer.model import Batch, MediaKind, Rating, RatingJob, Status
from tests.builders import build_answer, build_batch, build_job

CLIENT_ID = "cl1ent" * 5
NOON = "T12:00:00.000Z"
PLAIN = TraktV2(
    "http://127.0.0.1:1", CLIENT_ID, "justin", Dates(datetime(2026, 9, 1, 8, 30, 15, 250_999, UTC))
)
MAPPED = replace(PLAIN, love=10, hate=1)

IDS: dict[str, Any] = {"imdb_id": "tt0903747", "tmdb_id": 1396, "tvdb_id": 81189, "trakt_id": 1388}
EVERY_ID = {"trakt": 1388, "imdb": "tt0903747", "tmdb": 1396, "tvdb": 81189}
SHOW = build_job(kind=MediaKind.SHOW, **IDS)
EPISODE = SHOW._replace(kind=MediaKind.EPISODE, season=5, episode=14)


def request_for(*jobs: RatingJob, destination: TraktV2 = MAPPED, method: str | None = None) -> Request:
    return destination.build_request(Batch(method or destination.request_kind(jobs[0]), list(jobs)))


def body_of(*jobs: RatingJob, method: str | None = None) -> Any:
    return orjson.loads(request_for(*jobs, method=method).body or b"")


# What is sent


@pytest.mark.parametrize(
    ("job", "body"),
    [
        pytest.param(
            build_job(imdb_id="tt0113277"),
            {"movies": [{"ids": {"imdb": "tt0113277"}, "rating": 8}]},
            id="movie by one id: no empty field, no date that is not known",
        ),
        pytest.param(
            build_job(title="Heat", year=1995, **IDS),
            {"movies": [{"ids": {"trakt": 1388, "imdb": "tt0903747", "tmdb": 1396}, "rating": 8}]},
            id="movie: no TVDB id, neither title nor year",
        ),
        pytest.param(
            build_job(imdb_id="", tmdb_id=949, tvdb_id=0),
            {"movies": [{"ids": {"tmdb": 949}, "rating": 8}]},
            id="empty ids are left out",
        ),
        pytest.param(
            build_job(imdb_id="tt1", rated_at="2014-09-01"),
            {"movies": [{"ids": {"imdb": "tt1"}, "rating": 8, "rated_at": f"2014-09-01{NOON}"}]},
            id="a day is its noon in UTC",
        ),
        pytest.param(SHOW, {"shows": [{"ids": EVERY_ID, "rating": 8}]}, id="show"),
        pytest.param(
            SHOW._replace(kind=MediaKind.SEASON),
            {"seasons": [{"ids": {"trakt": 1388, "tmdb": 1396, "tvdb": 81189}, "rating": 8}]},
            id="season by its own ids: it has no IMDb id",
        ),
        pytest.param(
            build_job(kind=MediaKind.EPISODE, imdb_id="tt0959621"),
            {"episodes": [{"ids": {"imdb": "tt0959621"}, "rating": 8}]},
            id="episode by its own IMDb id",
        ),
        pytest.param(
            EPISODE._replace(rated_at="2014-09-01T09:10:11Z"),
            {
                "shows": [
                    {
                        "ids": EVERY_ID,
                        "seasons": [
                            {
                                "number": 5,
                                "episodes": [
                                    {"number": 14, "rating": 8, "rated_at": "2014-09-01T09:10:11.000Z"}
                                ],
                            }
                        ],
                    }
                ]
            },
            id="numbered episode: within its show, the rating on the episode only",
        ),
        pytest.param(
            EPISODE._replace(kind=MediaKind.SEASON, season=0, episode=None),
            {"shows": [{"ids": EVERY_ID, "seasons": [{"number": 0, "rating": 8}]}]},
            id="numbered season: season 0 is a season",
        ),
        pytest.param(
            build_job(imdb_id="tt1", rating="love"),
            {"movies": [{"ids": {"imdb": "tt1"}, "rating": 10}]},
            id="love is the number that the user says",
        ),
        pytest.param(
            build_job(imdb_id="tt1", rating="hate"),
            {"movies": [{"ids": {"imdb": "tt1"}, "rating": 1}]},
            id="hate is the number that the user says",
        ),
        pytest.param(
            build_job(kind=MediaKind.UNKNOWN, **IDS),
            {"movies": [{"ids": {"imdb": "tt0903747"}, "rating": 8}]},
            id="of an unknown kind: only the id that means one title in all kinds",
        ),
    ],
)
def test_a_rating_is_sent_as_documented(job: RatingJob, body: Any) -> None:
    request = request_for(job)
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:1/sync/ratings")
    assert orjson.loads(request.body or b"") == body


@pytest.mark.parametrize(
    ("job", "body"),
    [
        pytest.param(
            build_job(imdb_id="tt1", rating=0, rated_at="2014-09-01"),
            {"movies": [{"ids": {"imdb": "tt1"}}]},
            id="movie",
        ),
        pytest.param(SHOW._replace(rating=0), {"shows": [{"ids": EVERY_ID}]}, id="show"),
        pytest.param(
            EPISODE._replace(rating=0),
            {"shows": [{"ids": EVERY_ID, "seasons": [{"number": 5, "episodes": [{"number": 14}]}]}]},
            id="numbered episode",
        ),
        pytest.param(
            EPISODE._replace(kind=MediaKind.SEASON, episode=None, rating=0),
            {"shows": [{"ids": EVERY_ID, "seasons": [{"number": 5}]}]},
            id="numbered season",
        ),
    ],
)
def test_a_removal_has_a_path_of_its_own_and_neither_rating_nor_date(job: RatingJob, body: Any) -> None:
    request = request_for(job)
    assert (request.method, request.url) == ("POST", "http://127.0.0.1:1/sync/ratings/remove")
    assert orjson.loads(request.body or b"") == body


@pytest.mark.parametrize("rating", range(1, 11))
def test_every_rating_goes_out_as_the_very_number(rating: int) -> None:
    assert body_of(build_job(rating=rating))["movies"][0]["rating"] == rating


def test_each_kind_and_way_to_name_it_has_requests_of_its_own() -> None:
    jobs = [
        *(SHOW._replace(kind=kind) for kind in MediaKind if kind is not MediaKind.UNKNOWN),
        EPISODE,
        *(SHOW._replace(kind=kind, rating=0) for kind in (MediaKind.MOVIE, MediaKind.EPISODE)),
        EPISODE._replace(rating=0),
    ]
    assert [PLAIN.request_kind(job) for job in jobs] == [
        *("movies", "shows", "seasons", "episodes", "numbered"),
        *("movies/remove", "episodes/remove", "numbered/remove"),
    ]
    # A season and an episode known by number share the array of shows.
    assert PLAIN.request_kind(EPISODE._replace(kind=MediaKind.SEASON, episode=None)) == "numbered"


def test_all_jobs_of_a_batch_go_out_in_order_in_one_array() -> None:
    body = body_of(build_job(1), build_job(2), build_job(3))
    assert list(body) == ["movies"]
    assert [item["ids"]["imdb"] for item in body["movies"]] == ["tt0000001", "tt0000002", "tt0000003"]


def test_two_episodes_of_one_show_stay_two_items() -> None:
    first, second = body_of(EPISODE, EPISODE._replace(episode=15))["shows"]
    assert first["seasons"] == [{"number": 5, "episodes": [{"number": 14, "rating": 8}]}]
    assert second["seasons"] == [{"number": 5, "episodes": [{"number": 15, "rating": 8}]}]


@pytest.mark.parametrize(
    ("kind", "second_kind", "method", "array"),
    [
        (MediaKind.MOVIE, MediaKind.SHOW, "shows", "shows"),
        (MediaKind.SHOW, MediaKind.MOVIE, "movies/remove", "movies"),
        (MediaKind.EPISODE, MediaKind.SHOW, "shows", "shows"),
        (MediaKind.UNKNOWN, None, "episodes", "episodes"),
    ],
)
def test_in_another_kind_a_title_goes_by_its_imdb_id_only(
    kind: MediaKind, second_kind: MediaKind | None, method: str, array: str
) -> None:
    # The other ids number movies and shows each on their own: there, they would rate another title.
    job = build_job(kind=kind, second_kind=second_kind, **IDS)
    assert body_of(job, method=method)[array][0]["ids"] == {"imdb": "tt0903747"}


def test_the_size_of_a_batch() -> None:
    assert PLAIN.batch_size == BATCH_SIZE == 100
    assert PLAIN.repeats_safely
    assert TRAKT.tells_kinds


REQUESTS = [
    pytest.param(request_for(build_job()), "POST", "/sync/ratings", "POST sync/ratings", id="rate"),
    pytest.param(
        request_for(build_job(rating=0)),
        "POST",
        "/sync/ratings/remove",
        "POST sync/ratings/remove",
        id="remove",
    ),
    pytest.param(PLAIN.build_credentials_check(), "GET", "/users/settings", "GET users/settings", id="probe"),
    pytest.param(
        PLAIN.build_read_back(PageQuery(MediaKind.EPISODE)),
        "GET",
        "/sync/ratings/episodes?page=1&limit=250",
        "GET sync/ratings/episodes",
        id="read back",
    ),
    pytest.param(
        PLAIN.build_read_back(PageQuery(MediaKind.MOVIE, 3)),
        "GET",
        "/sync/ratings/movies?page=3&limit=250",
        "GET sync/ratings/movies",
        id="a further page",
    ),
    pytest.param(
        PLAIN.build_read_back(PageQuery(MediaKind.SHOW, 2, is_elsewhere=True)),
        "GET",
        "/users/me/ratings/shows?page=2&limit=250",
        "GET users/me/ratings/shows",
        id="the other list",
    ),
]


@pytest.mark.parametrize(("request_", "verb", "path", "label"), REQUESTS)
def test_every_request_has_the_required_headers_and_asks_for_the_token(
    request_: Request, verb: str, path: str, label: str
) -> None:
    assert (request_.method, request_.url, request_.label) == (verb, f"http://127.0.0.1:1{path}", label)
    assert request_.headers == {
        "Content-Type": "application/json",
        "trakt-api-version": "2",
        "trakt-api-key": CLIENT_ID,
    }
    assert request_.needs_token
    assert repr(request_) == f"<Request {label}>"


def test_repr_does_not_show_the_client_id() -> None:
    assert CLIENT_ID not in repr(PLAIN)


# What is refused without being sent


@pytest.mark.parametrize(
    ("job", "status", "reason"),
    [
        pytest.param(build_job(title="Heat", year=1995), "unsupported", "needs_id", id="title and year only"),
        pytest.param(build_job(tvdb_id=1), "unsupported", "needs_id", id="movie by a TVDB id"),
        pytest.param(
            build_job(kind=MediaKind.SEASON, imdb_id="tt1"),
            "unsupported",
            "needs_id",
            id="season by an IMDb id",
        ),
        pytest.param(
            build_job(kind=MediaKind.EPISODE, title="Lost", year=2004, season=1, episode=2),
            "unsupported",
            "needs_id",
            id="numbered episode without an id of its show",
        ),
        pytest.param(
            build_job(imdb_id="", tmdb_id=0, trakt_id=0), "unsupported", "needs_id", id="ids that are none"
        ),
        pytest.param(build_job(rating="love"), "unsupported", "love_or_hate", id="love"),
        pytest.param(build_job(rating="hate"), "unsupported", "love_or_hate", id="hate"),
        pytest.param(
            build_job(kind=MediaKind.UNKNOWN, tmdb_id=1),
            "invalid",
            "unknown_type",
            id="of an unknown kind, without an IMDb id",
        ),
    ],
)
def test_refuses(job: RatingJob, status: Status, reason: str) -> None:
    outcome = PLAIN.check(job)
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (status, reason)
    assert outcome.message


@pytest.mark.parametrize(
    "job",
    [
        build_job(title="Heat", year=1995),
        build_job(title="Heat"),
        build_job(kind=MediaKind.EPISODE, title="Lost", year=2004, season=1, episode=2),
        build_job(kind=MediaKind.UNKNOWN, title="Heat"),
        build_job(kind=MediaKind.UNKNOWN, tmdb_id=1),
    ],
    ids=str,
)
def test_names_the_command_that_finds_what_the_row_lacks(job: RatingJob) -> None:
    outcome = PLAIN.check(job)
    assert outcome is not None
    assert "`importer match FILE`" in outcome.message


def test_a_movie_by_an_id_that_trakt_does_not_take_goes_to_resolve() -> None:
    outcome = PLAIN.check(build_job(title="Heat", tvdb_id=1))
    assert outcome is not None
    assert outcome.reason == "needs_id"
    assert "`importer match FILE`" in outcome.message


@pytest.mark.parametrize(
    "job",
    [
        *(build_job(**{name: value}) for name, value in IDS.items() if name != "tvdb_id"),
        *(build_job(kind=MediaKind.SHOW, **{name: value}) for name, value in IDS.items()),
        build_job(kind=MediaKind.SEASON, tvdb_id=1),
        build_job(kind=MediaKind.SEASON, imdb_id="tt1", season=1),
        build_job(kind=MediaKind.EPISODE, imdb_id="tt1"),
        build_job(kind=MediaKind.EPISODE, tvdb_id=1, season=0, episode=1),
        build_job(kind=MediaKind.UNKNOWN),
        build_job(rating=0),
    ],
)
def test_takes(job: RatingJob) -> None:
    assert PLAIN.check(job) is None


def test_takes_love_and_hate_each_when_it_has_a_number() -> None:
    loving = replace(PLAIN, love=10)
    assert loving.check(build_job(rating="love")) is None
    assert loving.check(build_job(rating="hate")) is not None
    assert MAPPED.check(build_job(rating="hate")) is None


# The probe


@pytest.mark.parametrize(
    "user", [{"username": "justin"}, {"username": "justin", "vip": True, "name": "Justin"}]
)
def test_whoever_the_settings_name_may_begin(user: dict[str, Any]) -> None:
    assert PLAIN.interpret_credentials_check(build_answer(200, {"user": user})) == Done(None)


def test_401_on_the_probe_renews_the_token() -> None:
    assert PLAIN.interpret_credentials_check(build_answer(401)) == RefreshToken()


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(build_answer(403), "client id is wrong", id="403 of the API"),
        pytest.param(
            build_answer(403, b"<html>", content_type="text/html"), "Cloudflare", id="403 as a web page"
        ),
        pytest.param(build_answer(404, b"<html>"), "BASE_URL", id="no such API"),
        pytest.param(build_answer(301), "BASE_URL", id="redirect"),
        pytest.param(build_answer(423), "locked", id="locked"),
        pytest.param(ConnectionLostError(Loss.CERTIFICATE), "identity", id="certificate"),
    ],
)
def test_a_refused_probe_stops_the_run(answer: Response | ConnectionLostError, told: str) -> None:
    decision = PLAIN.interpret_credentials_check(answer)
    assert isinstance(decision, Stop)
    assert told in str(decision.error)


@pytest.mark.parametrize(
    "answer",
    [
        *(build_answer(500), build_answer(503), build_answer(200, b"<html>"), build_answer(200, [])),
        *(build_answer(200, {}), build_answer(200, {"user": {}}), ConnectionLostError(Loss.TIMEOUT)),
    ],
)
def test_a_probe_without_a_proper_answer_is_tried_again_then_stops_the_run(
    answer: Response | ConnectionLostError,
) -> None:
    decision = PLAIN.interpret_credentials_check(answer)
    assert isinstance(decision, Retry)
    assert isinstance(decision.stop(), Stop)


# What the account holds


def rated(kind: str, rating: object = 8, **fields: Any) -> dict[str, Any]:
    return {"rated_at": "2014-09-01T09:10:11.000Z", "rating": rating, "type": kind, **fields}


def holds(kind: MediaKind, *entries: Any) -> Any:
    found = PLAIN.read_ratings(PageQuery(kind), build_answer(200, list(entries)))
    assert isinstance(found, Done)
    return found.value.ratings


def ratings_in(found: Mapping[str, AccountRating]) -> dict[str, Rating]:
    return {key: held.rating for key, held in found.items()}


@pytest.mark.parametrize("rating", [8, 8.0, "8", "8.0"])
def test_a_rating_may_be_written_in_several_ways(rating: object) -> None:
    found = holds(MediaKind.MOVIE, rated("movie", rating, movie={"ids": {"imdb": "tt0113277"}}))
    assert ratings_in(found) == {"movie:imdb:tt0113277": 8}


@pytest.mark.parametrize("entry", [None, {}, *(rated("movie", rating) for rating in (0, 11, None, "", 8.5))])
def test_an_entry_without_a_readable_rating_is_counted_as_not_understood(entry: Any) -> None:
    good = rated("movie", movie={"ids": {"imdb": "tt0113277"}})
    found = PLAIN.read_ratings(PageQuery(MediaKind.MOVIE), build_answer(200, [entry, good]))
    assert isinstance(found, Done)
    assert (found.value.entries, found.value.unread) == (2, 1)


def test_a_held_title_is_known_by_each_of_its_ids_and_by_its_name() -> None:
    ids = {"trakt": 343, "slug": "heat-1995", "imdb": "tt0113277", "tmdb": 949}
    found = holds(MediaKind.MOVIE, rated("movie", movie={"title": "Heat", "year": 1995, "ids": ids}))
    assert ratings_in(found) == dict.fromkeys(
        ["movie:imdb:tt0113277", "movie:tmdb:949", "movie:trakt:343", "movie:heat:1995"], 8
    )


def test_a_held_episode_is_known_by_its_own_id_and_by_its_show_and_number() -> None:
    entry = rated(
        "episode",
        episode={"season": 5, "number": 14, "title": "Ozymandias", "ids": {"imdb": "tt2301451"}},
        show={"title": "Breaking Bad", "year": 2008, "ids": {"imdb": "tt0903747", "tvdb": 81189}},
    )
    found = holds(MediaKind.EPISODE, entry)
    own = build_job(kind=MediaKind.EPISODE, imdb_id="tt2301451")
    assert is_stored(own, found)
    assert is_stored(EPISODE._replace(imdb_id=None, trakt_id=None), found)
    assert not is_stored(EPISODE._replace(episode=13), found)


def test_a_held_season_is_known_by_its_show_and_number() -> None:
    found = holds(MediaKind.SEASON, rated("season", season={"number": 2, "ids": {}}, show={"ids": EVERY_ID}))
    assert is_stored(EPISODE._replace(kind=MediaKind.SEASON, season=2, episode=None), found)
    assert not is_stored(EPISODE._replace(kind=MediaKind.SEASON, season=1, episode=None), found)


@pytest.mark.parametrize(
    "entry",
    [
        *(None, [], 3, {}, {"rating": 8}, rated("movie", movie=None), rated("movie", movie={"ids": None})),
        *(
            rated("movie", rating, movie={"ids": {"imdb": "tt1"}})
            for rating in (0, 11, "08", None, True, 8.5)
        ),
        rated("movie", movie={"ids": {"imdb": None, "tmdb": 0, "trakt": {"nested": 1}, "slug": "x"}}),
    ],
)
def test_an_entry_that_says_nothing_usable_is_passed_over(entry: Any) -> None:
    good = rated("movie", movie={"ids": {"imdb": "tt0113277"}})
    assert ratings_in(holds(MediaKind.MOVIE, entry, good)) == {"movie:imdb:tt0113277": 8}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (build_answer(401), RefreshToken),
        (build_answer(403), Stop),
        (build_answer(429), Retry),
        (build_answer(500), Retry),
        (build_answer(200, b"<html>"), Retry),
        (build_answer(200, {"error": "x"}), Retry),
        (ConnectionLostError(Loss.DROPPED), Retry),
    ],
)
def test_no_list_of_ratings_is_no_empty_account(answer: Response | ConnectionLostError, kind: type) -> None:
    decision = PLAIN.read_ratings(PageQuery(MediaKind.MOVIE), answer)
    assert isinstance(decision, kind)
    if isinstance(decision, Stop):
        assert isinstance(decision.error, AuthorizationError)


@pytest.mark.parametrize(
    ("headers", "page", "entries", "expected"),
    [
        # A page may hold less than was asked for, so the count goes before (issue #924 of trakt-api).
        ({"x_pagination_page_count": "3"}, 1, 0, True),
        ({"x_pagination_page_count": "3"}, 2, 107, True),
        ({"x_pagination_page_count": "3"}, 3, 249, False),
        # The count may lag behind: then only an empty page is the end.
        ({"x_pagination_page_count": "3"}, 3, 250, True),
        ({"x_pagination_page_count": "3", "x_pagination_limit": "100"}, 3, 100, True),
        ({"x_pagination_page_count": "3", "x_pagination_limit": "100"}, 3, 99, False),
        ({"x_pagination_page_count": "3"}, 4, 107, True),
        ({"x_pagination_page_count": "3"}, 4, 0, False),
        ({"x_pagination_page_count": "0"}, 1, 0, False),
        ({"x_pagination_page_count": "1"}, 1, 629, False),
        *(
            (headers, 1, entries, expected)
            for headers in (
                {},
                {"x_pagination_page_count": "many"},
                {"x_pagination_page_count": "-1"},
                {"x_pagination_page_count": "²"},
            )
            for entries, expected in ((0, False), (1, True), (250, True), (629, False))
        ),
    ],
)
def test_the_page_count_is_a_floor(headers: dict[str, str], page: int, entries: int, expected: bool) -> None:
    query = PageQuery(MediaKind.MOVIE, page)
    decision = PLAIN.read_ratings(query, build_answer(200, [None] * entries, **headers))
    assert isinstance(decision, Done)
    assert decision.value.entries == entries
    assert decision.value.next_page == (query._replace(page=page + 1) if expected else None)


@pytest.mark.parametrize("status", [404, 405])
def test_where_one_list_is_not_served_the_other_is_read(status: int) -> None:
    first = PageQuery(MediaKind.SHOW)
    decision = PLAIN.read_ratings(first, build_answer(status))
    assert isinstance(decision, Done)
    elsewhere = decision.value.next_page
    assert elsewhere == first._replace(is_elsewhere=True)
    assert isinstance(PLAIN.read_ratings(elsewhere, build_answer(status)), Stop)
    assert isinstance(PLAIN.read_ratings(first._replace(page=2), build_answer(status)), Stop)


def test_every_title_of_a_page_is_told_apart_by_one_id() -> None:
    ids = {"trakt": 343, "imdb": "tt0113277"}
    entries = [
        rated("movie", movie={"title": "Heat", "year": 1995, "ids": ids}),
        rated("movie", movie={"title": "Heat", "year": 1995, "ids": {"imdb": "tt0000001"}}),
        rated("movie", movie={"title": "Heat", "year": 1995, "ids": {}}),
    ]
    decision = PLAIN.read_ratings(PageQuery(MediaKind.MOVIE), build_answer(200, entries))
    assert isinstance(decision, Done)
    assert decision.value.titles == {"movie:trakt:343", "movie:imdb:tt0000001"}


@given(st.binary(max_size=60) | st.sampled_from([b"[[1]]", b'[{"rating":8,"movie":3}]', b"null", b"{}"]))
def test_no_body_of_the_holdings_ever_raises(body: bytes) -> None:
    for kind in ("movies", "shows", "seasons", "episodes"):
        PLAIN.read_ratings(PageQuery(MediaKind(kind.removesuffix("s"))), build_answer(200, body))
    PLAIN.interpret_response(build_batch(method="movies"), build_answer(201, body))
