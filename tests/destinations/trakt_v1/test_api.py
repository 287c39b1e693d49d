"""Trakt v1's rules: what is sent, and what each answer means, line by line of the decision table."""

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.destinations.decisions import RATED, UNRATED, BatchDecision, Done, Effect, Retry, Split, Stop
from importer.destinations.titles import AccountRating, AccountRatings, PageQuery
from importer.destinations.trakt_v1.answers import CAPACITY_SECONDS
from importer.destinations.trakt_v1.api import BULK_SIZE, TraktV1
from importer.errors import AuthorizationError, ConnectionLostError, Loss
from importer.http import Response
from importer.model import Batch, MediaKind, Outcome, RatingJob, Status
from tests.builders import build_answer, build_batch, build_job

KEY = "k3y" * 5
HASH = "5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8"
SINGLE = TraktV1("http://127.0.0.1:1", "justin", KEY, HASH)
BULK = replace(SINGLE, bulk=True)

MOVIE = build_job(
    kind=MediaKind.MOVIE,
    title="Indiana Jones and the Raiders of the Lost Ark",
    year=1981,
    imdb_id="tt0082971",
    tmdb_id=85,
)
SHOW = build_job(kind=MediaKind.SHOW, title="The Wire", year=2002, imdb_id="tt0306414", tvdb_id=79126)
EPISODE = SHOW._replace(kind=MediaKind.EPISODE, season=0, episode=3)

ONE = build_batch(MOVIE)
TWO = build_batch(MOVIE, build_job(2), method="rate/movies")


def failure(error: str) -> dict[str, str]:
    return {"status": "failure", "error": error}


def success(**fields: Any) -> dict[str, Any]:
    return {"status": "success", "message": "rated", **fields}


# What is sent


def body_of(destination: TraktV1, job: RatingJob) -> Any:
    batch = Batch(destination.request_kind(job), [job])
    body = orjson.loads(destination.build_request(batch).body or b"")
    assert body.pop("username") == "justin"
    assert body.pop("password") == HASH
    return body


@pytest.mark.parametrize(
    ("job", "method", "body"),
    [
        pytest.param(
            MOVIE,
            "rate/movie",
            {
                "rating": 8,
                "imdb_id": "tt0082971",
                "tmdb_id": 85,
                "title": "Indiana Jones and the Raiders of the Lost Ark",
                "year": 1981,
            },
            id="movie",
        ),
        pytest.param(
            build_job(imdb_id="tt0082971", tvdb_id=7, trakt_id=8),
            "rate/movie",
            {"rating": 8, "imdb_id": "tt0082971"},
            id="movie with nothing but ids: no empty field, no id the method does not know",
        ),
        pytest.param(
            build_job(title="Heat", year=1995, imdb_id="", tmdb_id=0),
            "rate/movie",
            {"rating": 8, "title": "Heat", "year": 1995},
            id="movie by title and year",
        ),
        pytest.param(
            SHOW._replace(tmdb_id=1438),
            "rate/show",
            {"rating": 8, "imdb_id": "tt0306414", "tvdb_id": 79126, "title": "The Wire", "year": 2002},
            id="show: the TVDB id instead of the TMDB id",
        ),
        pytest.param(
            EPISODE,
            "rate/episode",
            {
                "rating": 8,
                "imdb_id": "tt0306414",
                "tvdb_id": 79126,
                "title": "The Wire",
                "year": 2002,
                "season": 0,
                "episode": 3,
            },
            id="episode: the show's ids, and season 0 is a season",
        ),
        pytest.param(
            build_job(imdb_id="tt1", rating=0),
            "rate/movie",
            {"rating": "unrate", "imdb_id": "tt1"},
            id="unrate",
        ),
        pytest.param(
            build_job(imdb_id="tt1", rating="love"),
            "rate/movie",
            {"rating": "love", "imdb_id": "tt1"},
            id="love",
        ),
        pytest.param(
            build_job(imdb_id="tt1", rating="hate"),
            "rate/movie",
            {"rating": "hate", "imdb_id": "tt1"},
            id="hate",
        ),
    ],
)
def test_a_single_rating_is_sent_as_documented(job: RatingJob, method: str, body: dict[str, Any]) -> None:
    assert SINGLE.request_kind(job) == method
    assert body_of(SINGLE, job) == body
    # In bulk, the very same object stands in an array named after the method.
    assert BULK.request_kind(job) == f"{method}s"
    assert body_of(BULK, job) == {f"{method}s".removeprefix("rate/"): [body]}


def test_ids_are_sent_before_title_and_year() -> None:
    assert list(body_of(SINGLE, EPISODE)) == [
        "rating",
        "imdb_id",
        "tvdb_id",
        "title",
        "year",
        "season",
        "episode",
    ]


def test_bulk_sends_all_jobs_of_the_batch_in_order() -> None:
    body = orjson.loads(BULK.build_request(TWO).body or b"")
    assert [item["imdb_id"] for item in body["movies"]] == ["tt0082971", "tt0000002"]


def test_one_row_per_request_or_fifty() -> None:
    assert (SINGLE.batch_size, BULK.batch_size) == (1, BULK_SIZE) == (1, 50)


def test_only_bulk_repeats_safely() -> None:
    assert not SINGLE.repeats_safely  # it may post to a feed twice
    assert BULK.repeats_safely


@pytest.mark.parametrize(
    ("request_", "url", "label"),
    [
        (SINGLE.build_request(ONE), f"/rate/movie/{KEY}", "POST rate/movie"),
        (BULK.build_request(TWO), f"/rate/movies/{KEY}", "POST rate/movies"),
        (SINGLE.build_credentials_check(), f"/account/test/{KEY}", "POST account/test"),
        (
            SINGLE.build_read_back(PageQuery(MediaKind.EPISODE)),
            f"/user/ratings/episodes.json/{KEY}/justin",
            "POST user/ratings/episodes.json",
        ),
    ],
)
def test_url_ends_in_the_key_and_the_label_holds_no_secret(request_: Any, url: str, label: str) -> None:
    assert request_.method == "POST"
    assert request_.url == f"http://127.0.0.1:1{url}"
    assert not request_.headers
    assert request_.label == label
    assert orjson.loads(request_.body)["password"] == HASH
    assert repr(request_) == f"<Request {label}>"


def test_a_name_that_is_no_url_text_stays_one_part_of_the_path() -> None:
    destination = replace(SINGLE, username="a/b?c#d e", api_key="k/?")
    url = destination.build_read_back(PageQuery(MediaKind.MOVIE)).url
    assert url == "http://127.0.0.1:1/user/ratings/movies.json/k%2F%3F/a%2Fb%3Fc%23d%20e"


def test_repr_shows_neither_key_nor_hash() -> None:
    assert KEY not in repr(SINGLE)
    assert HASH not in repr(SINGLE)


# What is refused without being sent


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        pytest.param(build_job(kind=MediaKind.SEASON, season=1), "season", id="season"),
        pytest.param(
            build_job(kind=MediaKind.EPISODE), "needs_show_and_number", id="episode by its own IMDb id"
        ),
        pytest.param(
            build_job(kind=MediaKind.EPISODE, season=1), "needs_show_and_number", id="episode without number"
        ),
        pytest.param(build_job(title="Heat"), "no_usable_id", id="title without year"),
        pytest.param(build_job(trakt_id=1), "no_usable_id", id="Trakt id only"),
        pytest.param(build_job(tvdb_id=1), "no_usable_id", id="movie with a TVDB id only"),
        pytest.param(
            build_job(kind=MediaKind.SHOW, tmdb_id=1), "no_usable_id", id="show with a TMDB id only"
        ),
        pytest.param(build_job(title=None), "no_usable_id", id="nothing at all"),
    ],
)
def test_refuses(job: RatingJob, reason: str) -> None:
    outcome = SINGLE.check(job)
    assert outcome is not None
    assert (outcome.status, outcome.reason) == (Status.UNSUPPORTED, reason)
    assert outcome.message
    assert BULK.check(job) == outcome


@pytest.mark.parametrize(
    "job",
    [
        build_job(imdb_id="tt1"),
        build_job(tmdb_id=1),
        build_job(title="Heat", year=1995),
        build_job(kind=MediaKind.SHOW, tvdb_id=1),
        build_job(kind=MediaKind.SHOW, imdb_id="tt1"),
        build_job(kind=MediaKind.EPISODE, tvdb_id=1, season=0, episode=1),
    ],
)
def test_takes(job: RatingJob) -> None:
    assert SINGLE.check(job) is None


# What an answer means: the decision table


def read(batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
    return (BULK if len(batch.jobs) > 1 else SINGLE).interpret_response(batch, answer)


def lost(loss: Loss) -> ConnectionLostError:
    return ConnectionLostError(loss, "ClientError")


SETTLED = [
    pytest.param(ONE, build_answer(200, success(rating=8)), [RATED], id="success"),
    pytest.param(
        TWO, build_answer(200, success(rated=2, skipped=0)), [RATED, RATED], id="bulk, none skipped"
    ),
    pytest.param(
        TWO, build_answer(200, success(rated="2", skipped="0")), [RATED, RATED], id="bulk, counts as text"
    ),
    pytest.param(
        build_batch(build_job(rating=0), build_job(2)),
        build_answer(200, success()),
        [UNRATED, RATED],
        id="bulk with a removal, count absent",
    ),
]


@pytest.mark.parametrize(("batch", "answer", "outcomes"), SETTLED)
def test_success_settles_every_row(batch: Batch, answer: Response, outcomes: list[Outcome]) -> None:
    decision = read(batch, answer)
    assert isinstance(decision, Done)
    assert list(decision.value) == outcomes


@pytest.mark.parametrize(
    ("answer", "status", "reason", "told"),
    [
        pytest.param(
            build_answer(200, success(rated=0, skipped=1)),
            Status.NOT_FOUND,
            "not_found",
            "skipped",
            id="200, the one row skipped",
        ),
        pytest.param(
            build_answer(200, failure("movie not found")),
            Status.NOT_FOUND,
            "not_found",
            "movie not found",
            id="200, failure: not found",
        ),
        pytest.param(
            build_answer(404, failure("no such movie")),
            Status.NOT_FOUND,
            "not_found",
            "no such movie",
            id="404, failure",
        ),
        pytest.param(
            build_answer(200, failure("rating must be 1 to 10")),
            Status.REJECTED,
            "refused",
            "1 to 10",
            id="200, failure: another error",
        ),
        pytest.param(
            build_answer(400, failure("rating must be 1 to 10")),
            Status.REJECTED,
            "refused",
            "1 to 10",
            id="400, failure",
        ),
        pytest.param(
            build_answer(200, {"status": "failure"}),
            Status.REJECTED,
            "refused",
            "failure",
            id="200, failure without a word",
        ),
        pytest.param(build_answer(404, b"<html>"), Status.REJECTED, "http_404", "404", id="404, HTML"),
        pytest.param(build_answer(413, b""), Status.REJECTED, "http_413", "413", id="413, empty"),
        pytest.param(build_answer(418, b"[]"), Status.REJECTED, "http_418", "418", id="418, an array"),
    ],
)
def test_a_refusal_fails_one_row_and_splits_many(
    answer: Response, status: Status, reason: str, told: str
) -> None:
    decision = read(ONE, answer)
    assert isinstance(decision, Done)
    (outcome,) = decision.value
    assert (outcome.status, outcome.reason) == (status, reason)
    assert told in outcome.message
    assert isinstance(read(TWO, answer), Split)


def test_only_a_skipped_batch_may_have_rated_some_of_its_rows() -> None:
    skipped = read(TWO, build_answer(200, success(rated=1, skipped=1)))
    refused = read(TWO, build_answer(400, failure("bad")))
    assert isinstance(skipped, Split)
    assert skipped.effect is Effect.UNKNOWN
    assert isinstance(refused, Split)
    assert refused.effect is Effect.NONE


@pytest.mark.parametrize("batch", [ONE, TWO], ids=["one row", "bulk"])
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(build_answer(401, failure("invalid API key")), id="bad key"),
        pytest.param(build_answer(401, failure("invalid development API key")), id="bad development key"),
        pytest.param(
            build_answer(401, failure("invalid development API permission (scrobble)")), id="no permission"
        ),
        pytest.param(build_answer(401, failure("failed authentication")), id="wrong name or password"),
        pytest.param(build_answer(401, b"<html>"), id="401 in HTML"),
        pytest.param(build_answer(401, b""), id="401, empty"),
        pytest.param(build_answer(200, failure("failed authentication")), id="authentication, but 200"),
        pytest.param(build_answer(500, failure("invalid API key")), id="key, but 500"),
    ],
)
def test_refused_credentials_stop_the_run(batch: Batch, answer: Response) -> None:
    decision = read(batch, answer)
    assert isinstance(decision, Stop)
    assert isinstance(decision.error, AuthorizationError)
    assert decision.effect is Effect.NONE


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_stops_the_run(status: int) -> None:
    decision = read(ONE, build_answer(status, b"", location="http://elsewhere"))
    assert isinstance(decision, Stop)
    assert "base URL" in str(decision.error)


def retry_of(batch: Batch, answer: Response | ConnectionLostError) -> Retry:
    decision = read(batch, answer)
    assert isinstance(decision, Retry)
    return decision


def test_a_503_that_is_not_the_apis_own_may_come_after_the_work_was_done() -> None:
    decision = retry_of(ONE, build_answer(503, b"<html>", retry_after="30"))
    assert (decision.seconds, decision.policy.pauses_all_workers) == (30, True)
    assert decision.effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    ("answer", "seconds"),
    [
        pytest.param(build_answer(503, failure("server is over capacity")), 10, id="503"),
        pytest.param(build_answer(503, failure("busy"), retry_after="30"), 30, id="503 with Retry-After"),
        pytest.param(build_answer(429, b""), 10, id="429 without Retry-After"),
        pytest.param(build_answer(429, b"slow down", retry_after="2"), 2, id="429 with Retry-After"),
        pytest.param(build_answer(429, b"", retry_after="soon"), 10, id="429 with junk"),
        pytest.param(build_answer(429, b"", retry_after="0"), 10, id="429 with a wait of nothing"),
    ],
)
def test_a_busy_server_makes_everybody_wait_then_stops_the_run(answer: Response, seconds: float) -> None:
    decision = retry_of(ONE, answer)
    assert decision.seconds == seconds
    assert decision.policy.attempts == 6
    assert decision.policy.pauses_all_workers
    assert not decision.grows
    assert decision.effect is Effect.NONE
    assert isinstance(decision.give_up(ONE), Stop)


@pytest.mark.parametrize(
    ("answer", "tries"),
    [
        pytest.param(build_answer(502, b"<html>"), 6, id="502 in HTML"),
        pytest.param(build_answer(504, b""), 6, id="504, empty"),
        pytest.param(build_answer(520, failure("upstream")), 6, id="520, failure"),
        pytest.param(build_answer(200, b"<html>"), 2, id="HTML for JSON"),
        pytest.param(build_answer(200, b""), 2, id="200, empty"),
        pytest.param(build_answer(200, b'{"status":"succ'), 2, id="cut off"),
        pytest.param(build_answer(200, [1]), 2, id="an array"),
        pytest.param(build_answer(200, {}), 2, id="no status"),
        pytest.param(build_answer(201, success()), 2, id="success, but no 200"),
        pytest.param(build_answer(204, b""), 2, id="204"),
    ],
)
def test_no_proper_answer_is_asked_again_then_stops_the_run(answer: Response, tries: int) -> None:
    decision = retry_of(ONE, answer)
    assert (decision.seconds, decision.policy.attempts) == (CAPACITY_SECONDS, tries)
    assert decision.effect is Effect.UNKNOWN
    stop = decision.give_up(ONE)
    assert isinstance(stop, Stop)
    assert stop.effect is Effect.UNKNOWN


def test_500_is_asked_again_once_then_fails_one_row_and_splits_many() -> None:
    decision = retry_of(ONE, build_answer(500, b"<html>"))
    assert (decision.seconds, decision.policy.attempts, decision.effect) == (10, 2, Effect.UNKNOWN)
    failed = decision.give_up(ONE)
    assert isinstance(failed, Done)
    assert failed.value[0][:2] == (Status.FAILED, "server_error")
    assert isinstance(retry_of(TWO, build_answer(500, failure("oops"))).give_up(TWO), Split)


def test_no_connection_is_tried_ever_later_then_stops_the_run() -> None:
    decision = retry_of(ONE, lost(Loss.REFUSED))
    assert (decision.seconds, decision.policy.attempts, decision.grows) == (1, 6, True)
    assert decision.effect is Effect.NONE
    assert isinstance(decision.give_up(ONE), Stop)


def test_a_bad_certificate_stops_the_run_at_once() -> None:
    decision = read(ONE, lost(Loss.CERTIFICATE))
    assert isinstance(decision, Stop)
    assert decision.effect is Effect.NONE


def test_an_endless_answer_stops_the_run_and_leaves_its_rows_unconfirmed() -> None:
    decision = read(ONE, lost(Loss.TOO_LARGE))
    assert isinstance(decision, Stop)
    assert decision.effect is Effect.UNKNOWN


@pytest.mark.parametrize(("loss", "tries", "grows"), [(Loss.TIMEOUT, 2, False), (Loss.DROPPED, 6, True)])
def test_a_lost_answer_is_asked_again_then_leaves_one_row_unconfirmed_and_splits_many(
    loss: Loss, tries: int, grows: bool
) -> None:
    decision = retry_of(ONE, lost(loss))
    assert (decision.seconds, decision.policy.attempts, decision.grows) == (1, tries, grows)
    assert decision.effect is Effect.UNKNOWN
    unconfirmed = decision.give_up(ONE)
    assert isinstance(unconfirmed, Done)
    assert unconfirmed.value[0][:2] == (Status.UNCONFIRMED, "no_answer")
    assert isinstance(retry_of(TWO, lost(loss)).give_up(TWO), Split)


# The probe


def test_right_credentials_let_the_run_begin() -> None:
    decision = SINGLE.interpret_credentials_check(build_answer(200, success(message="all good!")))
    assert decision == Done(None)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(build_answer(401, failure("failed authentication")), "failed authentication", id="401"),
        pytest.param(build_answer(404, b"<html>"), "base URL", id="no such API"),
        pytest.param(build_answer(302, b""), "base URL", id="redirect"),
        pytest.param(build_answer(200, failure("account is locked")), "account is locked", id="failure"),
        pytest.param(build_answer(403, b"<html>"), "403", id="403"),
        pytest.param(lost(Loss.CERTIFICATE), "identity", id="certificate"),
    ],
)
def test_a_refused_probe_stops_the_run(answer: Response | ConnectionLostError, told: str) -> None:
    decision = SINGLE.interpret_credentials_check(answer)
    assert isinstance(decision, Stop)
    assert told in str(decision.error)


@pytest.mark.parametrize(
    "answer",
    [
        build_answer(503, b""),
        build_answer(500, b""),
        build_answer(200, b"<html>"),
        lost(Loss.REFUSED),
        lost(Loss.TIMEOUT),
        lost(Loss.DROPPED),
    ],
)
def test_a_probe_without_an_answer_is_asked_again_then_stops_the_run(
    answer: Response | ConnectionLostError,
) -> None:
    decision = SINGLE.interpret_credentials_check(answer)
    assert isinstance(decision, Retry)
    assert isinstance(decision.stop(), Stop)


# Reading back


def holdings_of(kind: MediaKind, entries: object) -> AccountRatings:
    found = SINGLE.read_ratings(PageQuery(kind), build_answer(200, entries))
    assert isinstance(found, Done)
    assert found.value.next_page is None
    return {key: held._replace(identity=None) for key, held in found.value.ratings.items()}


def test_no_ratings_are_empty_holdings() -> None:
    assert holdings_of(MediaKind.MOVIE, []) == {}


@pytest.mark.parametrize("loose", [str, int], ids=["ids as text", "ids as numbers"])
def test_a_movie_is_held_under_each_of_its_ids(loose: type) -> None:
    entry = {
        "title": "Heat",
        "year": loose(1995),
        "imdb_id": "tt0113277",
        "tmdb_id": loose(949),
        "rating": "love",
        "rating_advanced": loose(9),
    }
    nine = AccountRating(9, "love")
    assert holdings_of(MediaKind.MOVIE, [entry]) == {
        "movie:imdb:tt0113277": nine,
        "movie:tmdb:949": nine,
        "movie:heat:1995": nine,
    }


def test_an_episode_is_held_under_its_shows_ids_and_its_number() -> None:
    entry = {
        "rating": "hate",
        "rating_advanced": 2,
        "show": {"title": "The Wire", "year": 2002, "imdb_id": "tt0306414", "tvdb_id": "79126"},
        "episode": {"title": "The Target", "season": "0", "number": 3, "tvdb_id": 1},
    }
    assert set(holdings_of(MediaKind.EPISODE, [entry])) == {
        "episode:imdb:tt0306414/0/3",
        "episode:tvdb:79126/0/3",
        "episode:the wire:2002/0/3",
    }


@pytest.mark.parametrize(
    ("fields", "held"),
    [
        pytest.param({"rating": "love", "rating_advanced": 10}, AccountRating(10, "love"), id="both forms"),
        pytest.param({"rating_advanced": "10"}, AccountRating(10), id="advanced only, as text"),
        pytest.param({"rating": "hate"}, AccountRating("hate", "hate"), id="simple only"),
        pytest.param(
            {"rating": "love", "rating_advanced": 0}, AccountRating("love", "love"), id="simple, advanced 0"
        ),
        pytest.param({"rating": False, "rating_advanced": 0}, None, id="not rated"),
        pytest.param({"rating": [], "rating_advanced": {}}, None, id="junk"),
        pytest.param({}, None, id="neither"),
    ],
)
def test_the_advanced_rating_counts_where_it_is_given(
    fields: dict[str, Any], held: AccountRating | None
) -> None:
    ratings = holdings_of(MediaKind.MOVIE, [{"imdb_id": "tt1", **fields}])
    assert ratings.get("movie:imdb:tt1") == held


def test_entries_that_make_no_sense_are_passed_over() -> None:
    junk: list[object] = [None, 7, [], {"rating": "love"}, {"rating": "love", "show": 1, "episode": {}}]
    assert holdings_of(MediaKind.EPISODE, junk) == {}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        pytest.param(build_answer(200, failure("user not found")), Stop, id="error object for an array"),
        pytest.param(build_answer(404, failure("user not found")), Stop, id="404"),
        pytest.param(build_answer(401, failure("failed authentication")), Stop, id="401"),
        pytest.param(build_answer(200, success()), Retry, id="an object for an array"),
        pytest.param(build_answer(200, b"<html>"), Retry, id="HTML for JSON"),
        pytest.param(build_answer(503, b""), Retry, id="503"),
        pytest.param(lost(Loss.DROPPED), Retry, id="dropped"),
    ],
)
def test_holdings_that_cannot_be_read_are_never_empty_holdings(
    answer: Response | ConnectionLostError, kind: type
) -> None:
    assert isinstance(SINGLE.read_ratings(PageQuery(MediaKind.MOVIE), answer), kind)


# Whatever comes

FIELDS = st.sampled_from(
    (
        *("status", "error", "message", "skipped", "rating", "rating_advanced", "show", "episode"),
        *("season", "number", "title", "year", "imdb_id", "tmdb_id", "tvdb_id"),
    )
)
STATUSES = st.integers(100, 599)
WORDS = st.sampled_from(["success", "failure", "failed authentication", "not found", "0", "", "love", "9"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | WORDS,
    lambda inner: st.lists(inner) | st.dictionaries(FIELDS | st.text(max_size=3), inner),
    max_leaves=20,
)
BODIES = st.binary() | JSON.map(lambda content: orjson.dumps(content, option=orjson.OPT_NON_STR_KEYS))
RETRY_AFTER = st.text() | st.from_regex(r"\d+(\.\d+)?", fullmatch=True)
HEADERS = st.dictionaries(st.sampled_from(["Retry-After", "Date", "Content-Type"]), RETRY_AFTER)
ANSWERS = st.builds(Response, STATUSES, HEADERS, BODIES) | st.sampled_from(Loss).map(lost)
BATCHES = st.integers(1, 5).map(lambda size: build_batch(*map(build_job, range(1, size + 1))))


def check(batch: Batch, answer: Response | ConnectionLostError, decision: BatchDecision) -> None:
    """What holds for every verdict, and for the one that follows when the tries are used up."""
    match decision:
        case Done(outcomes):
            assert len(outcomes) == len(batch.jobs)
            if any(outcome.status.is_success for outcome in outcomes):
                assert isinstance(answer, Response)
                assert answer.status == 200
                assert orjson.loads(answer.body)["status"] == "success"
        case Split():
            assert len(batch.jobs) > 1
        case Stop(error):
            assert KEY not in str(error)
        case Retry(_, policy):
            assert decision.seconds > 0
            assert policy.attempts > 1
            check(batch, answer, decision.give_up(batch))


@given(BATCHES, ANSWERS)
@example(build_batch(), build_answer(429, b"", retry_after="Mon, 01 Jan 99999999999999999999 00:00:00 GMT"))
def test_any_answer_to_a_rating_has_a_verdict(batch: Batch, answer: Response | ConnectionLostError) -> None:
    check(batch, answer, read(batch, answer))


@given(ANSWERS)
def test_any_answer_to_the_probe_has_a_verdict(answer: Response | ConnectionLostError) -> None:
    decision = SINGLE.interpret_credentials_check(answer)
    if isinstance(decision, Done):
        assert isinstance(answer, Response)
        assert orjson.loads(answer.body)["status"] == "success"
    else:
        check(Batch("account/test", ()), answer, decision)


@given(ANSWERS, st.sampled_from([MediaKind.MOVIE, MediaKind.SHOW, MediaKind.EPISODE]))
@example(build_answer(200, [{"rating": []}]), MediaKind.MOVIE)
def test_any_answer_to_reading_back_has_holdings_or_a_verdict(
    answer: Response | ConnectionLostError, kind: MediaKind
) -> None:
    found = SINGLE.read_ratings(PageQuery(kind), answer)
    if isinstance(found, Done):
        ratings = found.value.ratings
        assert all(held.rating and isinstance(key, str) for key, held in ratings.items())
    else:
        check(Batch("user/ratings", ()), answer, found)
