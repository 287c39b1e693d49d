"""A server and an API for it, small enough to see through: each request is answered with one word.

```text
rated          carries the request out and says so
skipped        carries out the first half of a batch and does not say which; a single row is not found
refused        does nothing, says it will not
busy           does nothing, asks everybody to wait
trouble        does nothing, answers with an error of its own
half-done      carries the request out, then answers with an error of its own
lost           loses the connection before the request is carried out
answer-lost    carries the request out, then loses the connection
stop           does nothing, and wants to hear no more
stop-unconfirmed    carries the request out, answers with nonsense
hang           carries the request out and never answers
```
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from importer.client.transport import Transport
from importer.destinations.decisions import (
    RATED,
    BatchDecision,
    Decision,
    Done,
    Effect,
    Retry,
    RetryPolicy,
    Split,
    Stop,
    WhenExhausted,
    narrow,
)
from importer.destinations.titles import AccountRating, PageQuery, RatingsPage
from importer.errors import ConnectionLostError, Loss, StopRunError
from importer.http import Request, Response
from importer.model import Batch, Outcome, RatingJob, Status

CARRIED_OUT = {"rated", "half-done", "answer-lost", "stop-unconfirmed", "hang"}
STATUS = {"rated": 200, "skipped": 200, "refused": 400, "busy": 429, "trouble": 500, "half-done": 500}

READ_BACK = "read back"

LOST = RetryPolicy(
    attempts=4,
    first_wait_seconds=1,
    exponential=True,
    when_exhausted=WhenExhausted.SPLIT,
    outcome=Outcome(Status.UNCONFIRMED),
)
BUSY = RetryPolicy(attempts=4, first_wait_seconds=10, pauses_all_workers=True)
TROUBLE = RetryPolicy(
    attempts=3,
    first_wait_seconds=2,
    when_exhausted=WhenExhausted.SPLIT,
    outcome=Outcome(Status.FAILED),
)


class Sent(NamedTuple):
    """One request as the server saw it. `rows` is empty when the account was read back."""

    at: float
    label: str
    rows: list[int]


def script(*words: str) -> Callable[[list[int]], str]:
    """Answer with these words in turn, then with `rated` for ever."""
    left = iter(words)
    return lambda rows: next(left, "rated")


class FakeServer(Transport):
    """Stands where the network would be; knows what it carried out, whatever it answered."""

    def __init__(
        self, *words: str, answer: Callable[[list[int]], str] | None = None, seconds: float = 0.1
    ) -> None:
        super().__init__(1)
        self._answer = answer or script(*words)
        self._seconds = seconds
        self.sent: list[Sent] = []
        self.rated: Counter[int] = Counter()
        self.in_flight = 0
        self.most_in_flight = 0

    @property
    def ratings_sent(self) -> list[list[int]]:
        """The rows of every request that was no read-back, in order."""
        return [sent.rows for sent in self.sent if sent.label != READ_BACK]

    async def send(self, request: Request) -> Response:
        rows: list[int] = json.loads(request.body or b"[]")
        self.sent.append(Sent(asyncio.get_running_loop().time(), request.label, rows))
        word = self._answer(rows)
        # Carried out on arrival: whoever gives up waiting for the answer cannot undo it.
        self.rated.update(
            rows if word in CARRIED_OUT else rows[: len(rows) // 2] if word == "skipped" else []
        )
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(1e6 if word == "hang" else self._seconds)
        finally:
            self.in_flight -= 1
        if word in {"lost", "answer-lost"}:
            raise ConnectionLostError(Loss.DROPPED)
        body = json.dumps({"word": word, "rated": sorted(self.rated)})
        return Response(STATUS.get(word, 400), {}, body.encode())


@dataclass
class FakeApi:
    """Pure rules for the words above; every job is a movie known by the IMDb id of its row."""

    batch_size: int = 1
    repeats_safely: bool = False
    reads_back: bool = False
    name: str = "fake"
    account: str = "fake"

    def check(self, job: RatingJob) -> Outcome | None:
        return None

    def request_kind(self, job: RatingJob) -> str:
        return "rate"

    def build_request(self, batch: Batch) -> Request:
        rows = [job.row for job in batch.jobs]
        return Request("POST", "http://127.0.0.1:1", batch.request_kind, json.dumps(rows).encode())

    def interpret_response(self, batch: Batch, answer: Response | ConnectionLostError) -> BatchDecision:
        if isinstance(answer, ConnectionLostError):
            return Retry("lost", LOST, Effect.UNKNOWN)
        match _word(answer):
            case "rated":
                return Done([RATED] * len(batch.jobs))
            case "skipped" if len(batch.jobs) > 1:
                return Split("skipped", Effect.UNKNOWN, reads_back=self.reads_back)
            case "skipped":
                return Done([Outcome(Status.NOT_FOUND)])
            case "refused":
                return narrow(batch, Outcome(Status.REJECTED))
            case "busy":
                return Retry("busy", BUSY)
            case "trouble" | "half-done":
                return Retry("trouble", TROUBLE, Effect.UNKNOWN)
            case word:
                return Stop(StopRunError(word), Effect.UNKNOWN if word == "stop-unconfirmed" else Effect.NONE)

    def build_credentials_check(self) -> Request:
        raise NotImplementedError

    def interpret_credentials_check(self, answer: Response | ConnectionLostError) -> Decision[None]:
        raise NotImplementedError

    keeps_dates = True

    def as_stored(self, job: RatingJob) -> RatingJob:
        return job

    def build_read_back(self, query: PageQuery) -> Request:
        return Request("POST", "http://127.0.0.1:1", READ_BACK)

    def read_ratings(self, query: PageQuery, answer: Response | ConnectionLostError) -> Decision[RatingsPage]:
        nothing = Batch(READ_BACK, ())
        if isinstance(answer, ConnectionLostError) or _word(answer) not in {"rated", "hang"}:
            decision = self.interpret_response(nothing, answer)
            return decision if isinstance(decision, Retry | Stop) else Stop(StopRunError("no ratings"))
        rated: list[int] = json.loads(answer.body)["rated"]
        return Done(RatingsPage({f"{query.kind}:imdb:tt{row:07}": AccountRating(8) for row in rated}))


def _word(answer: Response) -> str:
    content: dict[str, Any] = json.loads(answer.body)
    return str(content["word"])


def rows_of(jobs: Sequence[RatingJob]) -> list[int]:
    """The rows of jobs."""
    return [job.row for job in jobs]
