"""The device flow's waiting: at the server's interval, slower when told, and never beyond the code's life."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest

from importer.client.client import Client
from importer.client.retry import shield_until_done
from importer.client.sign_in import revoke, sign_in
from importer.destinations.decisions import Decision, Done, Retry, RetryPolicy
from importer.destinations.sign_in import DeviceCode, TokenSet
from importer.destinations.trakt.sign_in import TraktApp
from importer.errors import AuthorizationError, ConnectionLostError, Loss, StopRunError
from importer.http import Request, Response
from importer.secret import Secret
from tests.builders import build_answer
from tests.virtual_time import run_in_virtual_time

APP = TraktApp("https://auth.example", "app-1d", Secret("app-s3cret"))
CODE = {
    "device_code": "d3vice",
    "user_code": "5055CC52",
    "verification_url": "https://page.auth.example/activate",
    "expires_in": 600,
    "interval": 5,
}
TOKENS = {"access_token": "acc3ss", "refresh_token": "r3fresh", "created_at": 1000, "expires_in": 604_800}
GRANTED, PENDING = build_answer(200, TOKENS), build_answer(400, b"{not json")


class Script:
    """A host that gives these answers in turn, the last one for ever, and notes when it was asked."""

    def __init__(self, *answers: Response | ConnectionLostError) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[str, float]] = []

    async def send(self, request: Request) -> Response:
        self.asked.append((request.label, asyncio.get_running_loop().time()))
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, ConnectionLostError):
            raise answer
        return answer

    @property
    def pauses(self) -> list[float]:
        """Seconds between one request and the next."""
        times = [when for _, when in self.asked]
        return [round(later - earlier, 3) for earlier, later in pairwise(times)]


def run(script: Script, shown: list[DeviceCode] | None = None) -> TokenSet:
    return run_in_virtual_time(sign_in(script, APP, (shown if shown is not None else []).append))


def test_the_code_is_shown_and_polled_for_at_the_servers_interval() -> None:
    script = Script(build_answer(200, CODE), PENDING, PENDING, PENDING, GRANTED)
    shown: list[DeviceCode] = []
    tokens = run(script, shown)
    assert tokens == TokenSet(Secret("acc3ss"), Secret("r3fresh"), 1000, 604_800)
    assert [(code.user_code, code.verification_url) for code in shown] == [
        ("5055CC52", "https://page.auth.example/activate")
    ]
    assert script.pauses == [5, 5, 5, 5]
    assert [label for label, _ in script.asked] == ["POST oauth/device/code"] + 4 * [
        "POST oauth/device/token"
    ]


def test_429_adds_5_seconds_for_good_and_retry_after_is_never_shortened() -> None:
    script = Script(
        build_answer(200, CODE),
        PENDING,
        build_answer(429),
        PENDING,
        build_answer(429, retry_after="40"),
        PENDING,
        GRANTED,
    )
    run(script)
    assert script.pauses == [5, 5, 10, 10, 40, 15]


def test_outages_while_waiting_are_polled_through() -> None:
    script = Script(
        build_answer(200, CODE), build_answer(502, b"<html>"), ConnectionLostError(Loss.DROPPED), GRANTED
    )
    assert run(script).access_token == Secret("acc3ss")
    assert script.pauses == [5, 5, 5]


@pytest.mark.parametrize("status", [404, 409, 410, 418, 403])
def test_an_end_is_an_end(status: int) -> None:
    script = Script(build_answer(200, CODE), PENDING, build_answer(status))
    with pytest.raises(AuthorizationError):
        run(script)
    assert len(script.asked) == 3


def test_nothing_is_polled_once_the_code_has_expired() -> None:
    script = Script(build_answer(200, CODE | {"expires_in": 31, "interval": 10}), PENDING)
    with pytest.raises(AuthorizationError, match=r"expired.*To start over"):
        run(script)
    assert script.pauses == [10, 10, 10]


def test_the_person_learns_how_long_the_code_holds_and_what_is_wrong() -> None:
    script = Script(build_answer(200, CODE), build_answer(503), PENDING, GRANTED)
    told: list[tuple[float, str]] = []
    run_in_virtual_time(sign_in(script, APP, lambda _: None, lambda left, why: told.append((left, why))))
    assert [(round(left), why) for left, why in told] == [(600, ""), (595, "HTTP 503"), (590, "")]


def test_a_code_is_asked_for_again_when_the_host_stumbles() -> None:
    script = Script(build_answer(503), build_answer(429, retry_after="3"), build_answer(200, CODE), GRANTED)
    run(script)
    assert script.pauses == [2, 3.9, 5]


def test_a_host_that_stays_down_is_given_up_with_a_next_step() -> None:
    script = Script(ConnectionLostError(Loss.REFUSED))
    with pytest.raises(StopRunError, match="same command again"):
        run(script)
    assert script.pauses == [2, 2]


def test_revoking_says_whether_it_was_done() -> None:
    for answer, done in ((build_answer(200, {}), True), (ConnectionLostError(Loss.REFUSED), False)):
        assert run_in_virtual_time(revoke(Script(answer), APP, Secret("acc3ss"))) is done


class TestAsking:
    SLOW = RetryPolicy(attempts=1, first_wait_seconds=10, counts=False, stop_message="enough")
    DOWN = RetryPolicy(attempts=2, first_wait_seconds=2, stop_message="enough")

    def ask(self, *decisions: Decision[str]) -> tuple[str, float]:
        left = list(decisions)

        def read(_: Response | ConnectionLostError) -> Decision[str]:
            return left.pop(0) if len(left) > 1 else left[0]

        async def main() -> tuple[str, float]:
            loop = asyncio.get_running_loop()
            begun = loop.time()
            client = Client.for_questions(Script(build_answer(200)))
            found = await client.request(Request("GET", "http://127.0.0.1:1", "GET"), read)
            return found, round(loop.time() - begun, 3)

        return run_in_virtual_time(main())

    def test_being_told_to_slow_down_is_no_failed_try(self) -> None:
        slow, down = Retry("429", self.SLOW), Retry("503", self.DOWN)
        assert self.ask(slow, down, slow, Done("found")) == ("found", 22)
        with pytest.raises(StopRunError, match="enough"):
            self.ask(slow, down, slow, down, Done("found"))

    @pytest.mark.parametrize(("grows", "waits"), [(True, [30, 60, 120, 240]), (False, 19 * [30])])
    def test_the_total_time_ends_it(self, grows: bool, waits: Sequence[float]) -> None:
        policy = replace(self.SLOW, first_wait_seconds=30, exponential=grows, pauses_all_workers=True)
        slow = Retry("429", policy)
        assert self.ask(*[slow for _ in waits], Done("found")) == ("found", sum(waits))
        with pytest.raises(StopRunError, match="enough"):
            self.ask(*[slow for _ in waits], slow, Done("found"))

    def test_a_wait_that_is_too_long_is_not_begun(self) -> None:
        with pytest.raises(StopRunError, match="enough"):
            self.ask(Retry("429", self.SLOW, wait_seconds=601), Done("found"))

    def test_work_is_seen_through_although_its_caller_is_cancelled(self) -> None:
        done: list[str] = []

        async def work() -> None:
            await asyncio.sleep(10)
            done.append("work")

        async def main() -> None:
            caller = asyncio.create_task(shield_until_done(work()))
            await asyncio.sleep(1)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller

        run_in_virtual_time(main())
        assert done == ["work"]

    def test_work_that_fails_meanwhile_does_not_hide_the_cancellation(self) -> None:
        async def work() -> None:
            await asyncio.sleep(10)
            raise StopRunError("failed")

        async def main() -> None:
            caller = asyncio.create_task(shield_until_done(work()))
            await asyncio.sleep(1)
            caller.cancel()
            with pytest.raises(asyncio.CancelledError):
                await caller

        run_in_virtual_time(main())
