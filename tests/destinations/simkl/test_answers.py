"""What each answer of Simkl means, line by line of the decision table."""

from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from importer.destinations.dates import Dates
from importer.destinations.decisions import (
    RATED,
    UNRATED,
    BatchDecision,
    Done,
    Effect,
    PartlyDone,
    RefreshToken,
    Retry,
    Split,
    Stop,
)
from importer.destinations.policies import RATE_LIMIT
from importer.destinations.simkl.answers import CONTRADICTION, NOT_COUNTED
from importer.destinations.simkl.api import Simkl
from importer.destinations.simkl.trouble import LOCKED
from importer.errors import AuthorizationError, ConnectionLostError, Loss, Remedy
from importer.http import Response
from importer.model import Batch, MediaKind, Outcome, RatingJob, Status
from tests.builders import build_answer, build_batch, build_job

SIMKL = Simkl("http://127.0.0.1:1", "client", "ada", Dates(datetime(2026, 9, 1, tzinfo=UTC)))

ONE = build_batch(build_job(1, imdb_id=None, tmdb_id=1), method="movies")
MANY = build_batch(*(build_job(row, imdb_id=None, tmdb_id=row) for row in range(1, 5)), method="movies")
ANIME = build_batch(*(build_job(row) for row in range(1, 5)), method="anime")
REMOVALS = build_batch(*(build_job(row, rating=0) for row in (1, 2)), method="movies/remove")
BATCHES = pytest.mark.parametrize("batch", [ONE, MANY], ids=["one row", "many rows"])
MISSING = (Status.NOT_FOUND, "not_found")
GOOD = (Status.RATED, "")
OTHER_KIND = (Status.RATED, "other_kind")


def echo(*rows: int, **fields: Any) -> list[dict[str, Any]]:
    """What stands in `not_found` for these rows of `MANY`."""
    return [{"ids": {"tmdb": str(row)}, "rating": 8, **fields} for row in rows]


def added(count: int, *not_found: Any, status: int = 201, word: str = "added") -> Response:
    counts = {"movies": 0, "shows": count, "statuses": [{"request": {}, "response": {"status": "completed"}}]}
    return build_answer(status, {word: counts, "not_found": {"movies": [], "shows": list(not_found)}})


def refused(status: int, error: str = "", **headers: str) -> Response:
    return build_answer(status, {"error": error, "code": status, "message": "m"} if error else b"", **headers)


def read(batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
    return SIMKL.interpret_response(batch, answer)


def words(outcomes: Any) -> list[tuple[Status, str] | None]:
    return [outcome and (outcome.status, outcome.reason) for outcome in outcomes]


def done(batch: Batch, answer: Response) -> list[Outcome]:
    decision = read(batch, answer)
    assert isinstance(decision, Done)
    return list(decision.value)


def partly(batch: Batch, answer: Response) -> tuple[list[Outcome | None], list[list[int]], list[Batch]]:
    decision = read(batch, answer)
    assert isinstance(decision, PartlyDone)
    halves = [[job.row for job in half.jobs] for half in decision.halves]
    return list(decision.outcomes), halves, list(decision.later)


def stop_of(decision: BatchDecision) -> Stop:
    assert isinstance(decision, Stop)
    return decision


def retry_of(decision: BatchDecision) -> Retry:
    assert isinstance(decision, Retry)
    return decision


# Success, and rows that are not found


@pytest.mark.parametrize("status", [200, 201])
def test_2xx_rates_every_row_that_is_counted_and_not_missing(status: int) -> None:
    assert words(done(MANY, added(4, status=status))) == [GOOD] * 4
    assert done(ONE, added(1, status=status)) == [RATED]


def test_removals_count_what_is_known_although_it_was_not_rated() -> None:
    assert done(REMOVALS, added(2, word="deleted")) == [UNRATED] * 2


@pytest.mark.parametrize("nothing", [[], {}, None])
def test_an_empty_object_may_be_written_in_other_ways(nothing: object) -> None:
    body = {"added": {"movies": 1, "shows": 0}, "not_found": nothing}
    assert done(ONE, build_answer(201, body)) == [RATED]


def test_a_row_in_not_found_fails_and_its_neighbours_are_rated() -> None:
    assert words(done(MANY, added(3, *echo(2)))) == [GOOD, MISSING, GOOD, GOOD]


def test_rows_that_are_counted_and_named_are_sent_in_parts_and_then_looked_up() -> None:
    outcomes, parts, later = partly(MANY, added(4, *echo(2, 3)))
    assert words(outcomes) == [GOOD, None, None, GOOD]
    assert (parts, later) == ([[2], [3]], [])
    assert isinstance(read(MANY, added(4, *echo(1, 2, 3, 4))), Split)
    assert retry_of(read(ONE, added(1, *echo(1)))).policy == CONTRADICTION


def test_nothing_found_at_all() -> None:
    assert words(done(MANY, added(0, *echo(1, 2, 3, 4)))) == [MISSING] * 4


def test_what_is_not_found_is_tried_in_the_section_after_if_an_id_is_certain_there() -> None:
    jobs = [build_job(1), build_job(2, imdb_id=None, tmdb_id=7)]
    batch = build_batch(*jobs, method="movies")
    missing = [{"ids": {"imdb": "tt0000001"}}, {"ids": {"tmdb": "7"}}]
    outcomes, halves, later = partly(batch, added(0, *missing))
    assert words(outcomes) == [None, MISSING]
    assert (halves, later) == ([], [Batch("anime", [jobs[0]])])


def test_an_unknown_kind_is_tried_in_all_sections() -> None:
    job = build_job(1, kind=MediaKind.UNKNOWN)
    kinds = ["movies", "shows", "anime"]
    assert SIMKL.request_kind(job) == kinds[0]
    for kind, following in pairwise(kinds):
        _, _, later = partly(build_batch(job, method=kind), added(0, {}))
        assert later == [Batch(following, [job])]
    assert words(done(build_batch(job, method="anime"), added(0, {}))) == [MISSING]


def test_anime_is_told_to_stand_there() -> None:
    assert words(done(ANIME, added(4))) == [OTHER_KIND] * 4


def test_a_section_that_counts_and_names_nothing_is_taken_for_not_known_if_it_is_a_further_one() -> None:
    assert words(done(ANIME, added(0))) == [MISSING] * 4
    assert retry_of(read(ANIME, added(3))).policy == NOT_COUNTED
    # A part was sent before, and what it stored then may not be counted again.
    assert retry_of(read(ANIME.halves()[0], added(0))).policy == NOT_COUNTED


def test_a_removal_may_be_answered_by_nothing_and_is_looked_for() -> None:
    silence = build_answer(200, b"")
    outcomes, halves, later = partly(REMOVALS, silence)
    assert (outcomes, halves, later) == ([None, None], [], [Batch("anime/remove", [*REMOVALS.jobs])])
    assert retry_of(read(later[0], silence)).policy == NOT_COUNTED
    assert retry_of(read(MANY, silence)).policy != NOT_COUNTED


def test_an_echo_that_may_mean_any_row_splits_the_batch() -> None:
    decision = read(MANY, added(3, {"rating": 8}))
    assert isinstance(decision, Split)
    assert decision.effect is Effect.UNKNOWN


def test_an_echo_that_may_mean_some_rows_asks_for_these_in_halves() -> None:
    jobs = [job._replace(rating=7 if job.row == 2 else 8) for job in MANY.jobs]
    outcomes, halves, _ = partly(build_batch(*jobs, method="movies"), added(3, {"rating": 8}))
    assert words(outcomes) == [None, GOOD, None, None]
    assert halves == [[1], [3, 4]]


def test_an_echo_without_ids_of_the_only_row_means_that_row() -> None:
    assert words(done(ONE, added(0, {"rating": 8}))) == [MISSING]


@BATCHES
def test_rows_that_are_not_counted_are_looked_for_before_they_are_sent_again(batch: Batch) -> None:
    retry = retry_of(read(batch, added(0)))
    assert (retry.policy, retry.effect) == (NOT_COUNTED, Effect.UNKNOWN)
    assert retry.policy.reads_back_first


def test_a_row_that_is_never_counted_is_unconfirmed_and_many_are_split() -> None:
    assert isinstance(retry_of(read(MANY, added(3))).give_up(MANY), Split)
    given_up = retry_of(read(ONE, added(0))).give_up(ONE)
    assert isinstance(given_up, Done)
    assert words(given_up.value) == [(Status.UNCONFIRMED, "not_counted")]


def test_beside_rows_that_are_missing_those_that_are_not_counted_are_sent_again_together() -> None:
    outcomes, halves, _ = partly(MANY, added(2, *echo(1)))
    assert words(outcomes) == [MISSING, None, None, None]
    assert halves == [[2, 3, 4]]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"<html>",
        {"not_found": {}},
        {"deleted": {"movies": 4}, "not_found": {}},
        {"added": 4, "not_found": {}},
        {"added": {"movies": 4}, "not_found": [{"ids": {}}]},
        {"added": {"movies": 4}, "not_found": "x"},
    ],
)
def test_any_other_2xx_is_nonsense_and_no_success(body: object) -> None:
    retry = retry_of(read(MANY, build_answer(201, body)))
    assert retry.effect is Effect.UNKNOWN
    assert isinstance(retry.give_up(MANY), Stop)


@pytest.mark.parametrize("counts", [{"movies": True}, {"movies": "4"}, {"movies": 3.9}, {}, []])
def test_only_whole_numbers_count(counts: object) -> None:
    assert retry_of(read(MANY, build_answer(201, {"added": counts, "not_found": {}}))).policy == NOT_COUNTED


# Refusals


@pytest.mark.parametrize("status", [400, 413, 418, 422])
def test_a_refusal_narrows_down_to_the_row(status: int) -> None:
    split = read(MANY, refused(status))
    assert isinstance(split, Split)
    assert split.too_much is (status == 413)
    assert words(done(ONE, refused(status))) == [(Status.REJECTED, f"http_{status}")]


@BATCHES
@pytest.mark.parametrize("error", ["", "user_token_required", "invalid_token", "user_token_failed"])
def test_401_renews_the_token(batch: Batch, error: str) -> None:
    assert isinstance(read(batch, refused(401, error)), RefreshToken)


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (refused(401, "invalid_client"), "IMPORTER_SIMKL_CLIENT_ID"),
        (refused(400, "unauthorized_client"), "before auth V2"),
        (refused(403, "insufficient_scope"), "may read at Simkl but not rate"),
        (refused(403, "other"), "refuses the request"),
        (build_answer(403, b"<html>", content_type="text/html"), "A web page came"),
        (refused(412, "client_id_failed"), "blocked for some time"),
        (refused(412), "its client id is wrong"),
    ],
)
def test_refusals_of_app_and_sign_in_stop_the_run(answer: Response, says: str) -> None:
    stop = stop_of(read(MANY, answer))
    assert isinstance(stop.error, AuthorizationError)
    assert stop.effect is Effect.NONE
    assert says in str(stop.error)


def test_a_sign_in_that_may_only_read_is_to_be_made_again() -> None:
    assert stop_of(read(MANY, refused(403, "insufficient_scope"))).error.remedy is Remedy.SIGN_IN


@pytest.mark.parametrize("status", [301, 302, 404, 405, 410])
def test_what_is_no_simkl_stops_the_run(status: int) -> None:
    assert "IMPORTER_SIMKL_BASE_URL" in str(stop_of(read(MANY, refused(status))).error)


# Limits


def test_429_waits_as_long_as_it_says_and_a_little_more() -> None:
    retry = retry_of(read(MANY, refused(429, "rate_limit", retry_after="2")))
    assert (retry.policy, retry.effect) == (RATE_LIMIT, Effect.NONE)
    assert retry.wait_seconds == pytest.approx(2.9)
    assert retry.policy.pauses_all_workers
    assert not retry.policy.counts


def test_429_without_a_time_waits_longer_each_time() -> None:
    retry = retry_of(read(MANY, refused(429)))
    assert (retry.seconds, retry.grows) == (30, True)


NOON = "Mon, 30 Nov 2026 17:00:00 GMT"


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (
            refused(429, "user_limit_exceeded", retry_after="43200", date=NOON),
            "account (429); there are new ones at 2026-12-01 05:00 UTC",
        ),
        (refused(429, "app_limit_exceeded", retry_after="60", date=NOON), "app (429); there are new ones at"),
        (refused(429, "user_limit_exceeded", retry_after="5430"), "there are new ones in 1 h 30 min"),
        (refused(429, "USER_LIMIT_EXCEEDED"), "there are new ones after midnight in New York"),
        (refused(429, retry_after="901", date=NOON), "there are new ones at 2026-11-30 17:15 UTC"),
        (refused(429, "user_limit_exceeded", retry_after="9" * 99, date=NOON), "there are new ones in"),
    ],
)
def test_the_end_of_the_days_requests_stops_the_run(answer: Response, says: str) -> None:
    stop = stop_of(read(MANY, answer))
    assert says in str(stop.error)
    assert (stop.error.exit_code, stop.effect) == (3, Effect.NONE)


@BATCHES
@pytest.mark.parametrize(
    ("answer", "effect"),
    [
        (refused(400, "RATE_LIMIT"), Effect.NONE),
        (refused(400, "rate_limit"), Effect.NONE),
        (refused(409), Effect.UNKNOWN),
        (refused(423), Effect.UNKNOWN),
    ],
)
def test_a_lock_is_waited_for_with_the_same_request(batch: Batch, answer: Response, effect: Effect) -> None:
    retry = retry_of(read(batch, answer))
    assert (retry.policy, retry.effect, retry.seconds) == (LOCKED, effect, 20)
    assert isinstance(retry.give_up(batch), Stop)


# Trouble


@pytest.mark.parametrize("status", [502, 503, 504, 522])
def test_an_overloaded_server_gets_time_and_then_half_a_batch_once(status: int) -> None:
    retry = retry_of(read(MANY, refused(status, retry_after="7")))
    assert (retry.seconds, retry.effect) == (7, Effect.UNKNOWN)
    assert isinstance(retry.give_up(MANY), Split)
    assert isinstance(retry.give_up(MANY._replace(is_part=True)), Stop)
    assert isinstance(retry.give_up(ONE), Stop)


@pytest.mark.parametrize("status", [500, 501, 505])
def test_a_server_error_finds_the_row_that_makes_it(status: int) -> None:
    retry = retry_of(read(ONE, refused(status)))
    assert (retry.seconds, retry.grows, retry.policy.attempts) == (1, True, 6)
    given_up = retry.give_up(ONE)
    assert isinstance(given_up, Done)
    assert words(given_up.value) == [(Status.FAILED, "server_error")]
    assert retry_of(read(MANY, refused(status))).policy.attempts == 3


@BATCHES
@pytest.mark.parametrize("loss", list(Loss))
def test_a_lost_connection_is_no_success(batch: Batch, loss: Loss) -> None:
    assert isinstance(read(batch, ConnectionLostError(loss)), Retry | Stop)


# Whatever comes

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 5) | st.sampled_from(["", "x", "tt0000001", "rate_limit"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [*("added", "deleted", "not_found", "movies", "shows", "ids", "imdb", "error", "rating")]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from([200, 201, 204, 400, 401, 403, 409, 412, 429, 500, 503]), JSON)
def test_a_row_is_rated_only_if_it_is_counted(status: int, content: Any) -> None:
    for batch in (ONE, MANY, ANIME, REMOVALS):
        decision = read(batch, Response(status, {}, orjson.dumps(content)))
        outcomes: list[Outcome | None] = [*decision.value] if isinstance(decision, Done) else []
        if isinstance(decision, PartlyDone):
            outcomes = [*decision.outcomes]
        good = [outcome for outcome in outcomes if outcome is not None and outcome.status.is_success]
        if good:
            counts = content["deleted" if batch is REMOVALS else "added"]
            counted = sum(each for each in counts.values() if type(each) is int)
            assert status in {200, 201, 204}
            assert len(good) <= counted


# Requests


def body_of(*jobs: RatingJob, method: str) -> Any:
    request = SIMKL.build_request(build_batch(*jobs, method=method))
    assert request.body is not None
    assert request.needs_token
    return orjson.loads(request.body)


def test_a_request_names_the_app_and_no_key_is_in_its_label() -> None:
    request = SIMKL.build_request(ONE)
    address, _, query = request.url.partition("?")
    assert address == "http://127.0.0.1:1/sync/ratings"
    assert query.startswith("client_id=client&app-name=rating-importer&app-version=")
    assert repr(request) == "<Request POST sync/ratings>"


def test_all_ids_of_the_row_are_sent_and_its_date_and_no_title() -> None:
    job = build_job(
        imdb_id="tt0113277", tmdb_id=949, tvdb_id=7, title="Heat", year=1995, rated_at="2024-05-01"
    )
    ids = {"imdb": "tt0113277", "tmdb": "949", "tvdb": "7"}
    item = {"ids": ids, "rating": 8, "rated_at": "2024-05-01T12:00:00.000Z"}
    assert body_of(job, method="movies") == {"movies": [item]}


def test_in_another_section_only_the_imdb_id_is_certain() -> None:
    job = build_job(imdb_id="tt0113277", tmdb_id=949)
    assert body_of(job, method="anime") == {"anime": [{"ids": {"imdb": "tt0113277"}, "rating": 8}]}


def test_a_removal_has_no_rating() -> None:
    job = build_job(imdb_id="tt0113277", rating=0, rated_at="2024-05-01")
    assert SIMKL.request_kind(job) == "movies/remove"
    assert body_of(job, method="movies/remove") == {"movies": [{"ids": {"imdb": "tt0113277"}}]}
    request = SIMKL.build_request(build_batch(job, method="movies/remove"))
    assert request.url.partition("?")[0].endswith("/sync/ratings/remove")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"tvdb_id": 1, "kind": MediaKind.SHOW}, None),
        ({"kind": MediaKind.UNKNOWN}, None),
        ({"kind": MediaKind.EPISODE, "second_kind": MediaKind.MOVIE, "imdb_id": "tt1"}, None),
        ({"kind": MediaKind.UNKNOWN, "tmdb_id": 1}, (Status.INVALID, "unknown_type")),
        ({"kind": MediaKind.EPISODE, "imdb_id": "tt1"}, (Status.UNSUPPORTED, "episode")),
        ({"kind": MediaKind.SEASON, "imdb_id": "tt1", "season": 1}, (Status.UNSUPPORTED, "season")),
        (
            {"kind": MediaKind.EPISODE, "imdb_id": "tt1", "season": 1, "episode": 2},
            (Status.UNSUPPORTED, "episode"),
        ),
        ({"rating": "love"}, (Status.UNSUPPORTED, "love_or_hate")),
        ({"title": "Heat", "year": 1995}, (Status.UNSUPPORTED, "needs_id")),
        ({"trakt_id": 1}, (Status.UNSUPPORTED, "needs_id")),
    ],
)
def test_rows_that_simkl_cannot_take(fields: dict[str, Any], expected: tuple[Status, str] | None) -> None:
    outcome = SIMKL.check(build_job(**fields))
    assert (outcome and (outcome.status, outcome.reason)) == expected
