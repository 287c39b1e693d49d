"""What each answer of today's API means, line by line of the decision table."""

from datetime import UTC, datetime
from typing import Any

import pytest

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
from importer.destinations.trakt.api import TraktV2
from importer.errors import AccountLimitError, AuthorizationError, ConnectionLostError, Loss, Remedy
from importer.http import Response
from importer.model import Batch, MediaKind, Outcome, RatingJob, Status
from tests.builders import build_answer, build_batch, build_job

TRAKT = TraktV2("http://127.0.0.1:1", "client", "justin", Dates(datetime(2026, 9, 1, tzinfo=UTC)))

ONE = build_batch(build_job(1), method="movies")
MANY = build_batch(*(build_job(row) for row in range(1, 5)), method="movies")
PART = Batch("movies", MANY.jobs, is_part=True)
REMOVALS = build_batch(*(build_job(row, rating=0) for row in (1, 2)), method="movies/remove")
BATCHES = pytest.mark.parametrize("batch", [ONE, MANY], ids=["one row", "many rows"])


def echo(*rows: int, **fields: Any) -> list[dict[str, Any]]:
    """What stands in `not_found` for these rows of `MANY`."""
    return [{"ids": {"imdb": f"tt{row:07}"}, "rating": 8, **fields} for row in rows]


def added(count: int, *not_found: Any, status: int = 201, word: str = "added") -> Response:
    return build_answer(status, {word: {"movies": count}, "not_found": {"movies": list(not_found)}})


def read(batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
    return TRAKT.interpret_response(batch, answer)


def settle(
    batch: Batch, answer: Response | ConnectionLostError
) -> tuple[list[Outcome | None], list[list[int]], list[Batch]]:
    """The fates, the rows of each half, and what is tried later."""
    decision = read(batch, answer)
    if isinstance(decision, Done):
        return list(decision.value), [], []
    assert isinstance(decision, PartlyDone)
    assert all(half.is_part for half in decision.halves)
    return (
        list(decision.outcomes),
        [[job.row for job in half.jobs] for half in decision.halves],
        [*decision.later],
    )


def stop_of(decision: BatchDecision) -> Stop:
    assert isinstance(decision, Stop)
    return decision


def retry_of(batch: Batch, answer: Response | ConnectionLostError) -> Retry:
    decision = read(batch, answer)
    assert isinstance(decision, Retry)
    return decision


def words(outcome: Outcome | None) -> tuple[Status, str] | None:
    return outcome and (outcome.status, outcome.reason)


# Success, and rows that are not found

MISSING = (Status.NOT_FOUND, "not_found")


@pytest.mark.parametrize("status", [200, 201, 204])
def test_2xx_rates_every_row_that_is_not_missing(status: int) -> None:
    assert settle(MANY, added(4, status=status)) == ([RATED] * 4, [], [])


def test_removals_are_unrated_even_where_nothing_was_there_to_remove() -> None:
    assert settle(REMOVALS, added(0, word="deleted", status=200)) == ([UNRATED] * 2, [], [])


def test_a_row_in_not_found_fails_and_its_neighbours_are_rated() -> None:
    outcomes, halves, later = settle(MANY, added(3, *echo(2)))
    assert [words(outcome) for outcome in outcomes] == [
        (Status.RATED, ""),
        MISSING,
        *[(Status.RATED, "")] * 2,
    ]
    assert (halves, later) == ([], [])


def test_nothing_found_at_all() -> None:
    outcomes, halves, _ = settle(MANY, added(0, *echo(1, 2, 3, 4)))
    assert [words(outcome) for outcome in outcomes] == [MISSING] * 4
    assert halves == []


def test_an_echo_that_may_mean_any_row_splits_the_batch() -> None:
    decision = read(MANY, added(3, {"rating": 8}))
    assert isinstance(decision, Split)
    assert decision.effect is Effect.UNKNOWN


def test_an_echo_that_may_mean_some_rows_asks_for_these_in_halves() -> None:
    jobs = [build_job(row, rating=rating) for row, rating in ((1, 8), (2, 7), (3, 8), (4, 8))]
    batch = build_batch(*jobs, method="movies")
    outcomes, halves, _ = settle(batch, added(3, {"rating": 8}))
    assert outcomes == [None, RATED, None, None]
    assert halves == [[1], [3, 4]]


def test_an_echo_without_ids_of_the_only_row_means_that_row() -> None:
    outcomes, _, _ = settle(ONE, added(0, {"rating": 8}))
    assert [words(outcome) for outcome in outcomes] == [MISSING]


@pytest.mark.parametrize(
    ("jobs", "not_found", "asked_again"),
    [
        pytest.param(range(1, 5), echo(1, 2, 3), [[4]], id="one row neither counted nor named"),
        pytest.param(range(1, 5), echo(1), [[2], [3, 4]], id="three rows neither counted nor named"),
    ],
)
def test_what_is_neither_counted_nor_named_is_asked_for_again(
    jobs: range, not_found: list[Any], asked_again: list[list[int]]
) -> None:
    outcomes, halves, _ = settle(MANY, added(0, *not_found))
    assert [words(outcome) for outcome in outcomes] == [MISSING] * len(not_found) + [None] * (
        4 - len(not_found)
    )
    assert halves == asked_again


def test_a_batch_neither_counted_nor_named_splits_and_a_single_row_is_unconfirmed() -> None:
    assert isinstance(read(MANY, added(0)), Split)
    outcomes, _, _ = settle(ONE, added(0))
    assert [words(outcome) for outcome in outcomes] == [(Status.UNCONFIRMED, "not_counted")]


@pytest.mark.parametrize(
    ("word", "counts", "rated"),
    [
        pytest.param("added", {"movies": 4}, True, id="all counted"),
        pytest.param("added", {"movies": 3}, False, id="one not counted"),
        pytest.param("deleted", {"movies": 3}, False, id="one removal not counted"),
        pytest.param("added", {"movies": "4"}, False, id="counted in words"),
    ],
)
def test_without_not_found_only_a_full_count_is_proof(word: str, counts: Any, rated: bool) -> None:
    decision = read(MANY, build_answer(201, {word: counts}))
    assert isinstance(decision, Done if rated else Split)


def test_updates_and_existing_ratings_and_lists_of_other_kinds_do_no_harm() -> None:
    content = {
        "added": {"movies": 4, "shows": 0, "seasons": 0, "episodes": 0},
        "updated": {"movies": 0},
        "existing": {"movies": 0},
        "not_found": {"movies": [], "shows": [], "seasons": [], "episodes": [], "people": []},
    }
    assert settle(MANY, build_answer(201, content))[0] == [RATED] * 4


# Titles that may be of another kind


def contested(row: int, kind: MediaKind, second: MediaKind | None, **fields: Any) -> RatingJob:
    return build_job(row, kind=kind, second_kind=second, **fields)


@pytest.mark.parametrize(
    ("job", "method", "then"),
    [
        (contested(1, MediaKind.MOVIE, MediaKind.SHOW), "movies", "shows"),
        (contested(1, MediaKind.SHOW, MediaKind.MOVIE), "shows", "movies"),
        (contested(1, MediaKind.EPISODE, MediaKind.SHOW), "episodes", "shows"),
        (contested(1, MediaKind.MOVIE, MediaKind.SHOW, rating=0), "movies/remove", "shows/remove"),
        (contested(1, MediaKind.UNKNOWN, None), "movies", "shows"),
        (contested(1, MediaKind.UNKNOWN, None), "shows", "episodes"),
    ],
)
def test_a_contested_title_that_is_missing_is_tried_in_its_other_kind_later(
    job: RatingJob, method: str, then: str
) -> None:
    outcomes, halves, later = settle(Batch(method, [job]), added(0, *echo(1)))
    assert (outcomes, halves, later) == ([None], [], [Batch(then, [job])])


@pytest.mark.parametrize(
    ("job", "method"),
    [
        pytest.param(contested(1, MediaKind.MOVIE, MediaKind.SHOW), "shows", id="missing there, too"),
        pytest.param(contested(1, MediaKind.MOVIE, MediaKind.SHOW, rating=0), "shows/remove", id="removal"),
        pytest.param(contested(1, MediaKind.UNKNOWN, None), "episodes", id="the last of three kinds"),
        pytest.param(
            contested(1, MediaKind.EPISODE, MediaKind.SHOW, imdb_id="tt1", season=1, episode=2),
            "numbered",
            id="numbered: its ids are the show's, which would be rated instead",
        ),
        pytest.param(
            contested(1, MediaKind.SHOW, MediaKind.MOVIE, tmdb_id=5), "shows", id="an id of one kind only"
        ),
    ],
)
def test_a_title_without_a_kind_left_to_try_is_not_found(job: RatingJob, method: str) -> None:
    outcomes, halves, later = settle(Batch(method, [job]), added(0, *echo(1)))
    assert [words(outcome) for outcome in outcomes] == [MISSING]
    assert (halves, later) == ([], [])


def test_contested_titles_of_one_batch_are_tried_together_and_found_titles_say_where() -> None:
    jobs = [contested(row, MediaKind.MOVIE, MediaKind.SHOW) for row in (1, 2, 3)]
    _, _, later = settle(Batch("movies", jobs), added(1, *echo(1, 3)))
    assert later == [Batch("shows", [jobs[0], jobs[2]])]
    outcomes, _, _ = settle(later[0], added(2))
    assert [words(outcome) for outcome in outcomes] == [(Status.RATED, "other_kind")] * 2


# No proper answer


@BATCHES
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(build_answer(201, b""), id="empty"),
        pytest.param(build_answer(204, b""), id="204, which says nothing of the rows"),
        pytest.param(build_answer(200, b"<html>", content_type="text/html"), id="HTML for JSON"),
        pytest.param(build_answer(201, b'{"added":{"movies":4},"not_f'), id="cut off"),
        pytest.param(build_answer(201, []), id="an array"),
        pytest.param(build_answer(201, b"null"), id="null"),
        pytest.param(build_answer(201, {}), id="an empty object"),
        pytest.param(build_answer(201, {"not_found": {"movies": []}}), id="no counts"),
        pytest.param(build_answer(201, {"added": 4}), id="counts that are none"),
        pytest.param(build_answer(201, {"added": {"movies": 4}, "not_found": []}), id="not_found an array"),
        pytest.param(build_answer(201, {"added": {"movies": 4}, "not_found": None}), id="not_found null"),
    ],
)
def test_2xx_that_is_not_the_apis_is_asked_again_twice_then_stops_with_its_rows_unconfirmed(
    batch: Batch, answer: Response
) -> None:
    decision = retry_of(batch, answer)
    assert (decision.seconds, decision.policy.attempts, decision.effect) == (5, 3, Effect.UNKNOWN)
    assert stop_of(decision.give_up(batch)).effect is Effect.UNKNOWN


# Refusals


@pytest.mark.parametrize("status", [400, 413, 422, 418])
def test_a_refusal_splits_many_rows_and_rejects_one(status: int) -> None:
    answer = build_answer(status, b"no")
    decision = read(MANY, answer)
    assert isinstance(decision, Split)
    assert (decision.effect, decision.too_much) == (Effect.NONE, status == 413)
    outcomes, _, _ = settle(ONE, answer)
    assert [words(outcome) for outcome in outcomes] == [(Status.REJECTED, f"http_{status}")]


@BATCHES
def test_401_renews_the_token(batch: Batch) -> None:
    assert read(batch, build_answer(401, b"")) == RefreshToken()


@BATCHES
@pytest.mark.parametrize(
    ("answer", "told"),
    [
        pytest.param(build_answer(403, b""), "client id is wrong", id="empty"),
        pytest.param(build_answer(403, {"error": "invalid api key"}), "client id is wrong", id="JSON"),
        pytest.param(
            build_answer(403, b"blocked", content_type="text/html; charset=UTF-8"), "Cloudflare", id="HTML"
        ),
        pytest.param(build_answer(403, b"\n <!DOCTYPE html>"), "Cloudflare", id="HTML that does not say so"),
    ],
)
def test_403_stops_the_run_and_tells_the_app_from_a_block_page(
    batch: Batch, answer: Response, told: str
) -> None:
    decision = stop_of(read(batch, answer))
    assert isinstance(decision.error, AuthorizationError)
    assert told in str(decision.error)
    assert decision.error.remedy is Remedy.UPLOAD_FILE
    assert decision.effect is Effect.NONE


@BATCHES
@pytest.mark.parametrize("status", [404, 405, 410, 412, 301, 302, 303, 304, 307, 308])
def test_a_wrong_address_stops_the_run(batch: Batch, status: int) -> None:
    decision = stop_of(read(batch, build_answer(status, b"<html>", location="https://elsewhere")))
    assert "IMPORTER_TRAKT_BASE_URL" in str(decision.error)
    assert decision.effect is Effect.NONE


@pytest.mark.parametrize(
    ("headers", "told", "not_told"),
    [
        pytest.param({}, ["no more ratings", "stays rated"], ["offers more"], id="without headers"),
        pytest.param(
            {"X-Account-Limit": "10000", "X-Upgrade-URL": "https://trakt.tv/vip"},
            ["10000 ratings", "https://trakt.tv/vip offers more"],
            [],
            id="with headers",
        ),
        pytest.param(
            {"X-Account-Limit": "<b>", "X-Upgrade-URL": "javascript:x"},
            ["no more ratings"],
            ["<b>", "javascript"],
            id="with headers that make no sense",
        ),
    ],
)
def test_420_stops_the_run_for_the_account_is_full(
    headers: dict[str, str], told: list[str], not_told: list[str]
) -> None:
    decision = stop_of(read(ONE, Response(420, headers, b"could not be parsed")))
    assert isinstance(decision.error, AccountLimitError)
    assert all(text in str(decision.error) for text in told)
    assert not any(text in str(decision.error) for text in not_told)
    assert decision.effect is Effect.NONE


@pytest.mark.parametrize(
    ("headers", "cap"),
    [({}, None), ({"X-Account-Limit": "10000"}, 10_000), ({"X-Account-Limit": "no limit"}, None)],
)
def test_420_on_many_rows_splits_them_for_some_may_fit(headers: dict[str, str], cap: int | None) -> None:
    decision = read(MANY, Response(420, headers, b""))
    assert isinstance(decision, Split)
    assert (decision.lacks_room, decision.cap) == (True, cap)


@BATCHES
@pytest.mark.parametrize(("status", "told"), [(423, "support"), (426, "VIP")])
def test_an_account_that_may_not_stops_the_run(batch: Batch, status: int, told: str) -> None:
    decision = stop_of(read(batch, build_answer(status)))
    assert isinstance(decision.error, AuthorizationError)
    assert told in str(decision.error)


def test_409_splits_many_rows_and_looks_whether_the_one_is_there() -> None:
    answer = build_answer(409)
    decision = read(MANY, answer)
    assert isinstance(decision, Split)
    assert decision.effect is Effect.UNKNOWN
    retry = retry_of(ONE, answer)
    assert retry.policy.reads_back_first
    last = retry.give_up(ONE)
    assert isinstance(last, Done)
    assert words(last.value[0]) == (Status.REJECTED, "http_409")


# Wait, and try again


@BATCHES
@pytest.mark.parametrize(
    ("headers", "seconds", "grows"),
    [
        pytest.param({"retry_after": "1"}, 1.9, False, id="the value and a margin, for it is rounded"),
        pytest.param({"retry_after": "240"}, 240.9, False, id="a long wait is not cut"),
        pytest.param({"retry_after": "0"}, 0.9, False, id="a wait of nothing"),
        pytest.param({}, 30, True, id="no value: longer and longer"),
        pytest.param({"retry_after": "soon"}, 30, True, id="a value that is none"),
    ],
)
def test_429_makes_everybody_wait_and_is_no_attempt(
    batch: Batch, headers: dict[str, str], seconds: float, grows: bool
) -> None:
    decision = retry_of(batch, build_answer(429, b"rate limit exceeded", **headers))
    assert decision.seconds == pytest.approx(seconds)
    assert decision.grows is grows
    policy = decision.policy
    assert (policy.pauses_all_workers, policy.counts, decision.effect) == (True, False, Effect.NONE)
    assert isinstance(decision.give_up(batch), Stop)


def test_500_is_asked_again_ever_later_then_splits_many_rows_and_fails_one() -> None:
    answer = build_answer(500, b"<html>")
    for batch, tries in ((MANY, 2), (PART, 2), (ONE, 4)):
        decision = retry_of(batch, answer)
        assert (decision.seconds, decision.policy.attempts, decision.grows) == (2, tries, True)
        assert decision.effect is Effect.UNKNOWN
    split = retry_of(MANY, answer).give_up(MANY)
    assert isinstance(split, Split)
    assert (split.effect, split.too_much) == (Effect.UNKNOWN, True)
    failed = retry_of(ONE, answer).give_up(ONE)
    assert isinstance(failed, Done)
    assert words(failed.value[0]) == (Status.FAILED, "server_error")


@pytest.mark.parametrize("status", [502, 503, 504, 520, 521, 522, 523, 524])
def test_overload_waits_30_s_then_splits_a_whole_batch_once_then_stops(status: int) -> None:
    answer = build_answer(status, b"<html>")
    whole = retry_of(MANY, answer)
    assert (whole.seconds, whole.policy.attempts, whole.effect) == (30, 5, Effect.UNKNOWN)
    split = whole.give_up(MANY)
    assert isinstance(split, Split)
    assert (split.effect, split.too_much) == (Effect.UNKNOWN, True)
    for batch in (PART, ONE):
        assert stop_of(retry_of(batch, answer).give_up(batch)).effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    ("retry_after", "seconds"), [("5", 30), ("90", 90), ("Tue, 01 Sep 2026 00:02:00 GMT", 120), ("x", 30)]
)
def test_overload_waits_as_long_as_the_server_asks_if_that_is_longer(
    retry_after: str, seconds: float
) -> None:
    answer = build_answer(503, b"", retry_after=retry_after, date="Tue, 01 Sep 2026 00:00:00 GMT")
    assert retry_of(MANY, answer).seconds == seconds


# No answer


def lost(loss: Loss) -> ConnectionLostError:
    return ConnectionLostError(loss, "ClientError")


@BATCHES
def test_no_connection_is_tried_ever_later_then_stops_the_run(batch: Batch) -> None:
    decision = retry_of(batch, lost(Loss.REFUSED))
    assert (decision.seconds, decision.policy.attempts, decision.grows) == (1, 6, True)
    assert decision.effect is Effect.NONE
    assert stop_of(decision.give_up(batch)).effect is Effect.NONE


@BATCHES
def test_a_bad_certificate_stops_the_run_at_once(batch: Batch) -> None:
    decision = stop_of(read(batch, lost(Loss.CERTIFICATE)))
    assert "identity" in str(decision.error)
    assert decision.effect is Effect.NONE


@BATCHES
def test_an_endless_answer_stops_the_run_and_leaves_its_rows_unconfirmed(batch: Batch) -> None:
    assert stop_of(read(batch, lost(Loss.TOO_LARGE))).effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    ("loss", "tries", "grows", "too_much"),
    [(Loss.TIMEOUT, 2, False, True), (Loss.DROPPED, 6, True, False)],
)
def test_a_lost_answer_is_asked_again_then_splits_many_rows_and_leaves_one_unconfirmed(
    loss: Loss, tries: int, grows: bool, too_much: bool
) -> None:
    for batch in (MANY, ONE):
        decision = retry_of(batch, lost(loss))
        assert (decision.seconds, decision.policy.attempts, decision.grows) == (1, tries, grows)
        assert decision.effect is Effect.UNKNOWN
    split = retry_of(MANY, lost(loss)).give_up(MANY)
    assert isinstance(split, Split)
    assert (split.effect, split.too_much) == (Effect.UNKNOWN, too_much)
    unconfirmed = retry_of(ONE, lost(loss)).give_up(ONE)
    assert isinstance(unconfirmed, Done)
    assert words(unconfirmed.value[0]) == (Status.UNCONFIRMED, "no_answer")
