"""What each answer of MDBList means, line by line of the decision table."""

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
    Retry,
    RetryPolicy,
    Split,
    Stop,
)
from importer.destinations.mdblist.answers import (
    NONSENSE,
    NOT_COUNTED,
    OVERLOADED,
)
from importer.destinations.mdblist.api import Mdblist
from importer.destinations.policies import RATE_LIMIT, SERVER_ERROR, SERVER_ERROR_FOR_MANY
from importer.errors import AuthorizationError, ConnectionLostError, Loss, StopRunError
from importer.http import Response
from importer.model import Batch, Outcome, Status
from tests.builders import build_answer, build_batch, build_job

KEY = "k3y"
MDBLIST = Mdblist("http://127.0.0.1:1", KEY, "ada", Dates(datetime(2026, 9, 1, tzinfo=UTC)))

ONE = build_batch(build_job(1), method="movies")
MANY = build_batch(*(build_job(row) for row in (1, 2, 3)), method="movies")
PART = MANY._replace(is_part=True)
REMOVAL = build_batch(build_job(1, rating=0), method="movies/remove")
REMOVALS = build_batch(*(build_job(row, rating=0) for row in (1, 2, 3)), method="movies/remove")
BATCHES = pytest.mark.parametrize("batch", [ONE, MANY, REMOVAL, REMOVALS])
MISSING = Outcome(Status.NOT_FOUND, "not_found", "MDBList does not know this title by the ids of the row")

NO_WORD = object()
READ = "read the account, halve"
HALVE = "halve"
AGAIN = "read the account, once more"


def counts(done: Any, missing: Any = NO_WORD, errors: Any = NO_WORD, word: str = "updated") -> Response:
    body = {word: done}
    body |= {} if missing is NO_WORD else {"not_found": missing}
    body |= {} if errors is NO_WORD else {"errors": errors}
    return build_answer(200, body)


def read(batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
    return MDBLIST.interpret_response(batch, answer)


def summarize(decision: BatchDecision) -> object:
    """What the client does with it, in a word."""
    if isinstance(decision, Split):
        assert decision.effect is Effect.UNKNOWN
        return READ if decision.reads_back else HALVE
    if isinstance(decision, Retry):
        assert decision.policy is NOT_COUNTED
        return AGAIN
    assert isinstance(decision, Done)
    return list(decision.value)


ERROR = [{"message": "invalid rating"}]


class TestCounts:
    @pytest.mark.parametrize(
        ("done", "missing", "errors", "expected"),
        [
            ({"movies": 3}, {"movies": 0, "shows": 0}, [], [RATED] * 3),
            ({"movies": 3}, {}, [], [RATED] * 3),
            ({"movies": 3}, {"movies": [], "shows": []}, NO_WORD, [RATED] * 3),
            ({"movies": 3}, 0, [], [RATED] * 3),
            (3, 0, None, [RATED] * 3),
            ({"movies": 1, "shows": 2}, {}, [], [RATED] * 3),  # nested ones may be counted as shows
            ({"movies": 0}, {"movies": 3}, [], [MISSING] * 3),
            ({"movies": 0}, {"movies": [{}, {}, {}]}, [], [MISSING] * 3),
            ({"movies": 3}, NO_WORD, NO_WORD, READ),  # the documented sample
            ({"movies": 3}, None, [], READ),
            ({"movies": 2}, {"movies": 1}, [], READ),
            ({"movies": 2}, {"movies": 0}, [], READ),  # an equal rating may not be counted
            ({"movies": 3}, {"movies": 1}, [], READ),
            ({"movies": 4}, {"movies": 0}, [], READ),
            ({"movies": 3}, {"movies": 0}, ERROR, READ),
            ({"movies": 0}, {"movies": 3}, ERROR, READ),
            ({"movies": 0, "shows": 0}, {}, [], READ),
            ({"movies": 0}, NO_WORD, NO_WORD, READ),
        ],
    )
    def test_of_many_rows(self, done: Any, missing: Any, errors: Any, expected: object) -> None:
        assert summarize(read(MANY, counts(done, missing, errors))) == expected
        assert summarize(read(MANY, counts(done, missing, errors, word="added"))) == expected

    @pytest.mark.parametrize(
        ("done", "missing", "errors", "expected"),
        [
            ({"movies": 1}, {"movies": 0}, [], [RATED]),
            ({"movies": 1}, NO_WORD, NO_WORD, [RATED]),
            ({"movies": 0}, {"movies": 1}, [], [MISSING]),
            ({"movies": 0}, {}, ERROR, [Outcome(Status.REJECTED, "refused", "MDBList says: invalid rating")]),
            ({"movies": 0}, {}, [], AGAIN),
            ({"movies": 0}, NO_WORD, NO_WORD, AGAIN),
            ({"movies": 1}, {"movies": 1}, [], AGAIN),
            ({"movies": 1}, {}, ERROR, AGAIN),
            ({"movies": 2}, {}, [], AGAIN),
        ],
    )
    def test_of_a_single_row(self, done: Any, missing: Any, errors: Any, expected: object) -> None:
        assert summarize(read(ONE, counts(done, missing, errors))) == expected

    @pytest.mark.parametrize("word", ["removed", "deleted"])
    @pytest.mark.parametrize(
        ("done", "missing", "errors", "expected"),
        [
            ({"movies": 3}, {}, [], [UNRATED] * 3),
            ({"movies": 1}, {"movies": 2}, [], [UNRATED] * 3),  # what is not rated is as it should be
            ({"movies": 0}, {"movies": 3}, [], [UNRATED] * 3),
            ({"movies": 3}, NO_WORD, NO_WORD, READ),
            ({"movies": 0}, {}, [], READ),  # ignored
            ({"movies": 1}, {"movies": 2}, ERROR, READ),
        ],
    )
    def test_of_removals(self, word: str, done: Any, missing: Any, errors: Any, expected: object) -> None:
        assert summarize(read(REMOVALS, counts(done, missing, errors, word))) == expected

    def test_of_a_single_removal(self) -> None:
        for done, missing in ((1, NO_WORD), (1, 0), (0, 1)):
            assert summarize(read(REMOVAL, counts(done, missing, word="removed"))) == [UNRATED]
        assert summarize(read(REMOVAL, counts(0, {}, [], "removed"))) == AGAIN

    def test_the_account_is_not_read_again_for_a_part_of_which_nothing_was_counted(self) -> None:
        assert summarize(read(PART, counts({"movies": 0}, {}, ERROR))) == HALVE
        assert summarize(read(PART, counts({"movies": 1}, {}, []))) == READ

    def test_of_an_answer_without_a_body(self) -> None:
        assert summarize(read(MANY, build_answer(204))) == READ
        assert summarize(read(ONE, build_answer(204))) == AGAIN

    @BATCHES
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"<html>",
            {},
            [],
            {"ok": True},
            {"updated": {"movies": True}},
            {"updated": {"movies": -1}},
            {"updated": "3"},
            {"updated": None},
            {"updated": {"movies": 3}, "not_found": "none"},
            {"updated": {"movies": 3}, "not_found": {"movies": "none"}},
        ],
    )
    def test_what_makes_no_sense_is_asked_again(self, batch: Batch, body: object) -> None:
        assert read(batch, build_answer(200, body)) == Retry(
            "an answer that is not MDBList's", NONSENSE, Effect.UNKNOWN
        )

    def test_a_row_that_is_never_counted_is_unconfirmed(self) -> None:
        given_up = Retry("", NOT_COUNTED, Effect.UNKNOWN).give_up(ONE)
        assert isinstance(given_up, Done)
        assert [(each.status, each.reason) for each in given_up.value] == [
            (Status.UNCONFIRMED, "not_counted")
        ]

    def test_a_future_date_is_told(self) -> None:
        batch = build_batch(build_job(1, rated_at="2031-01-01"), method="movies")
        decision = read(batch, counts({"movies": 1}))
        assert isinstance(decision, Done)
        assert decision.value[0].reason == "date_clamped"


class TestRefusals:
    @BATCHES
    @pytest.mark.parametrize("status", [401, 403])
    def test_a_wrong_key_stops(self, batch: Batch, status: int) -> None:
        decision = read(batch, build_answer(status, {"detail": "Invalid API key!"}))
        assert isinstance(decision, Stop)
        assert isinstance(decision.error, AuthorizationError)
        assert decision.effect is Effect.NONE

    def test_a_web_page_is_no_word_about_the_key(self) -> None:
        decision = read(MANY, build_answer(403, b"<html>", content_type="text/html"))
        assert isinstance(decision, Stop)
        assert not isinstance(decision.error, AuthorizationError)

    @pytest.mark.parametrize("status", [400, 409, 413, 422])
    def test_a_refused_batch_is_halved_until_the_row_is_alone(self, status: int) -> None:
        answer = build_answer(status, {"error": f"Too many for {KEY}"})
        decision = read(MANY, answer)
        assert isinstance(decision, Split)
        assert not decision.reads_back
        told = f"MDBList answers HTTP {status}: Too many for ***"
        assert read(ONE, answer) == Done((Outcome(Status.REJECTED, f"http_{status}", told),))

    def test_a_404_of_the_api_is_about_the_rows_and_any_other_about_the_address(self) -> None:
        assert isinstance(read(MANY, build_answer(404, {"detail": "Not found."})), Split)
        assert isinstance(read(MANY, build_answer(404, b"<html>")), Stop)

    @BATCHES
    @pytest.mark.parametrize("status", [301, 405, 410, 418])
    def test_what_makes_no_sense_stops(self, batch: Batch, status: int) -> None:
        decision = read(batch, build_answer(status))
        assert isinstance(decision, Stop)
        assert "is the base URL right?" in str(decision.error)


class TestWaits:
    @BATCHES
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({"retry_after": "299"}, 299.9),
            ({"retry_after": "600"}, 600.9),
            ({}, None),
            ({"retry_after": "0"}, None),
        ],
    )
    def test_a_window_is_waited_for(
        self, batch: Batch, headers: dict[str, str], seconds: float | None
    ) -> None:
        assert read(batch, build_answer(429, **headers)) == Retry(
            "MDBList asks to slow down (429)", RATE_LIMIT, wait_seconds=seconds
        )

    @pytest.mark.parametrize(
        ("seconds", "told"), [("601", "within the hour"), ("3601", "in about 2 hours"), ("86400", "24 hours")]
    )
    def test_a_day_is_not_waited_for(self, seconds: str, told: str) -> None:
        decision = read(MANY, build_answer(429, retry_after=seconds))
        assert isinstance(decision, Stop)
        assert decision.effect is Effect.NONE
        assert type(decision.error) is StopRunError
        assert told in str(decision.error)

    @pytest.mark.parametrize(
        ("batch", "status", "policy"),
        [
            (ONE, 500, SERVER_ERROR),
            (MANY, 500, SERVER_ERROR_FOR_MANY),
            (ONE, 408, OVERLOADED),
            (MANY, 502, OVERLOADED),
            (MANY, 503, OVERLOADED),
            (MANY, 504, OVERLOADED),
            (MANY, 522, OVERLOADED),
        ],
    )
    def test_trouble_of_the_server_may_have_done_the_work(
        self, batch: Batch, status: int, policy: RetryPolicy
    ) -> None:
        decision = read(batch, build_answer(status))
        assert isinstance(decision, Retry)
        assert (decision.policy, decision.effect) == (policy, Effect.UNKNOWN)

    @pytest.mark.parametrize("loss", list(Loss))
    def test_a_lost_answer_is_treated_as_everywhere(self, loss: Loss) -> None:
        decision = read(MANY, ConnectionLostError(loss))
        assert isinstance(decision, Retry | Stop)
        never_left = {Loss.ADDRESS, Loss.CERTIFICATE, Loss.PROXY, Loss.REFUSED}
        assert decision.effect is (Effect.NONE if loss in never_left else Effect.UNKNOWN)
