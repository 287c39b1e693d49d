"""Whatever a server answers, the rules that read it say what to do; none raises, and no junk is a success.

Bounded in time and memory, too: what no API would send must not hold up a run for minutes.
"""

import asyncio
import math
import sys
import time as clock
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from importer.client.rate_limit import Limiter
from importer.destinations.dates import Dates
from importer.destinations.decisions import (
    BatchDecision,
    Done,
    PartlyDone,
    RefreshToken,
    Retry,
    Split,
    Stop,
)
from importer.destinations.sign_in import (
    Account,
    DeviceCode,
    Pending,
    RefreshRefused,
    TokenSet,
    parse_tokens,
    read_revoke,
)
from importer.destinations.titles import PageQuery
from importer.destinations.trakt.account import LONGEST_NAME, read_account, read_count
from importer.destinations.trakt.api import TraktV2
from importer.destinations.trakt.sign_in import read_device_code, read_poll, read_refresh
from importer.destinations.trakt_v1.api import TraktV1
from importer.errors import ConnectionLostError
from importer.http import Response, read_retry_after
from importer.model import Batch, MediaKind
from importer.progress import Progress
from importer.text import LONGEST_WORDS
from tests.builders import build_answer, build_job
from tests.decisions import value_or
from tests.hostile.junk import DEEP, HEADERS, answers
from tests.virtual_time import run_in_virtual_time

KEY, SHA1 = "K3y/of+the=app", "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
V1 = TraktV1("http://127.0.0.1:1", "ada", KEY, SHA1)
V2 = TraktV2("http://127.0.0.1:1", "cl1ent", "ada", Dates(datetime(2026, 1, 1, tzinfo=UTC)))
NOW = 1_700_000_000.0


def rows(method: str, kind: MediaKind, count: int) -> Batch:
    return Batch(method, [build_job(row, kind=kind) for row in range(1, count + 1)])


BATCHES = st.sampled_from(
    [
        rows("rate/movie", MediaKind.MOVIE, 1),
        rows("rate/movies", MediaKind.MOVIE, 3),
        rows("rate/shows", MediaKind.SHOW, 2),
    ]
)
BATCHES_V2 = st.sampled_from(
    [
        rows("movies", MediaKind.MOVIE, 1),
        rows("movies", MediaKind.MOVIE, 4),
        rows("episodes", MediaKind.UNKNOWN, 3),
        rows("shows/remove", MediaKind.SHOW, 2),
    ]
)
KINDS = st.sampled_from([MediaKind.MOVIE, MediaKind.SHOW, MediaKind.SEASON, MediaKind.EPISODE])

V1_ANSWERS = answers(
    [
        b'{"status":"success","message":"rated Heat","type":"movie","rating":"8","ratings":{"votes":1}}',
        b'{"status":"success","message":"rated 2 movies","rated":2,"skipped":0}',
        b'{"status":"failure","error":"movie not found"}',
        (
            b'[{"title":"Heat","year":1995,"imdb_id":"tt0113277","tmdb_id":949,"inserted":1409572800,'
            b'"rating":"love","rating_advanced":8}]'
        ),
        (
            b'[{"show":{"title":"Lost","year":2004,"tvdb_id":73739},"episode":{"season":1,"number":2},'
            b'"rating":"love","rating_advanced":8}]'
        ),
    ]
)
V2_ANSWERS = answers(
    [
        b'{"added":{"movies":4,"shows":0,"seasons":0,"episodes":0},"not_found":{"movies":[],"shows":[]}}',
        b'{"added":{"movies":3},"not_found":{"movies":[{"ids":{"imdb":"tt0000002"},"rating":8}]}}',
        b'{"deleted":{"shows":2},"not_found":{"shows":[]}}',
        (
            b'{"added":{"episodes":1},"not_found":{"shows":[{"ids":{"tvdb":1},"seasons":[{"number":1,"episodes":'
            b'[{"number":2,"rating":8}]}]}]}}'
        ),
        (
            b'[{"rated_at":"2014-09-01T09:10:11.000Z","rating":8,"type":"movie","movie":{"title":"Heat",'
            b'"year":1995,"ids":{"trakt":1,"imdb":"tt0113277","tmdb":949}}}]'
        ),
        b'[{"rating":8,"episode":{"season":1,"number":2,"ids":{"tvdb":5}},"show":{"ids":{"tvdb":1}}}]',
    ]
)
SIGN_IN_ANSWERS = answers(
    [
        b'{"access_token":"acc3ss","refresh_token":"r3fresh","expires_in":604800,"created_at":1700000000}',
        (
            b'{"device_code":"d3vice","user_code":"5055CC52","verification_url":"https://trakt.tv/activate",'
            b'"expires_in":600,"interval":5}'
        ),
        b'{"user":{"username":"ada","name":"Ada Lovelace","vip":true}}',
        b'{"error":"invalid_grant"}',
    ]
)


def buried(field: str, around: str = "%s", status: int = 200) -> Response:
    """An answer with a value that is nested deeper than Python may recurse."""
    value = "[" * (DEEP - 10) + "]" * (DEEP - 10)
    return build_answer(status, (around % f'{{"{field}":{value},"rating":"love"}}').encode())


def check(batch: Batch, decision: BatchDecision, succeeds: bool) -> None:
    """What holds for every verdict; only where `succeeds` may a row be called rated."""
    match decision:
        case Done(outcomes):
            assert len(outcomes) == len(batch.jobs)
            assert succeeds or not any(outcome.status.is_success for outcome in outcomes)
            for outcome in outcomes:
                check_words(outcome.message)
        case PartlyDone(outcomes, halves, later):
            assert succeeds
            left = sorted(job.row for part in (*halves, *later) for job in part.jobs)
            assert left == [j.row for j, outcome in zip(batch.jobs, outcomes, strict=True) if outcome is None]
        case Split(reason):
            assert len(batch.jobs) > 1
            check_words(reason)
        case Stop(error):
            check_words(str(error))
        case Retry(reason, policy):
            assert 0 < decision.seconds < math.inf
            assert policy.attempts > 1 or not policy.counts
            check_words(reason)
            check(batch, decision.give_up(batch), succeeds=False)


def check_words(text: str) -> None:
    """Fit for a terminal, and without what the request held."""
    assert text.isprintable()
    assert len(text) < LONGEST_WORDS + 200
    for secret in (KEY, SHA1, "K3y%2Fof%2Bthe%3Dapp"):
        assert secret.lower() not in text.lower()


def parse(answer: Response | ConnectionLostError) -> Any:
    """What the answer says by the book; None if it is none."""
    try:
        return orjson.loads(answer.body) if isinstance(answer, Response) else None
    except orjson.JSONDecodeError:
        return None


class TestTraktV1:
    @given(BATCHES, V1_ANSWERS)
    @example(rows("rate/movie", MediaKind.MOVIE, 1), buried("error", status=400))
    @example(
        rows("rate/movies", MediaKind.MOVIE, 2), build_answer(200, b'{"status":"success","skipped":[1]}')
    )
    def test_an_answer_to_a_rating(self, batch: Batch, answer: Response | ConnectionLostError) -> None:
        content = parse(answer)
        says_so = isinstance(content, dict) and content.get("status") == "success"
        succeeds = isinstance(answer, Response) and answer.status == 200 and says_so
        check(batch, V1.interpret_response(batch, answer), succeeds)

    @given(V1_ANSWERS)
    def test_an_answer_to_the_probe(self, answer: Response | ConnectionLostError) -> None:
        content = parse(answer)
        decision = V1.interpret_credentials_check(answer)
        if isinstance(decision, Done):
            assert content["status"] == "success"
        else:
            check(Batch("account/test", ()), decision, succeeds=True)

    @given(KINDS.filter(lambda kind: kind is not MediaKind.SEASON), V1_ANSWERS)
    @example(MediaKind.MOVIE, buried("imdb_id", "[%s]"))
    @example(MediaKind.MOVIE, buried("title", "[%s]"))
    @example(MediaKind.MOVIE, buried("rating_advanced", "[%s]"))
    @example(MediaKind.EPISODE, buried("season", '[{"rating":"love","show":{"tvdb_id":1},"episode":%s}]'))
    def test_an_answer_to_reading_back(self, kind: MediaKind, answer: Response | ConnectionLostError) -> None:
        found = V1.read_ratings(PageQuery(kind), answer)
        if not isinstance(found, Done):
            check(Batch("user/ratings", ()), found, succeeds=False)
        else:
            assert isinstance(parse(answer), list)
            assert {held.rating for held in found.value.ratings.values()} <= {*range(1, 11), "love", "hate"}


class TestTraktV2:
    @given(BATCHES_V2, V2_ANSWERS)
    @example(
        rows("movies", MediaKind.MOVIE, 2),
        buried("season", '{"added":{"movies":1},"not_found":{"movies":[%s]}}', 201),
    )
    @example(
        rows("movies", MediaKind.MOVIE, 2),
        buried("number", '{"added":{"movies":1},"not_found":{"shows":[{"seasons":[%s]}]}}', 201),
    )
    @example(
        rows("movies", MediaKind.MOVIE, 1), build_answer(201, b'{"added":{"movies":true},"not_found":{}}')
    )
    def test_an_answer_to_a_batch(self, batch: Batch, answer: Response | ConnectionLostError) -> None:
        content = parse(answer)
        counts = content.get("added", content.get("deleted")) if isinstance(content, dict) else None
        says_so = isinstance(counts, dict)
        if isinstance(counts, dict) and "added" in content:
            says_so = any(type(count) is int for count in counts.values())
        succeeds = isinstance(answer, Response) and 200 <= answer.status < 300 and says_so
        check(batch, V2.interpret_response(batch, answer), succeeds)

    @given(V2_ANSWERS | SIGN_IN_ANSWERS)
    def test_an_answer_to_the_probe(self, answer: Response | ConnectionLostError) -> None:
        decision = V2.interpret_credentials_check(answer)
        if isinstance(decision, Done):
            assert parse(answer)["user"]
        else:
            check(Batch("users/settings", ()), decision, succeeds=True)

    @given(KINDS, V2_ANSWERS, st.integers(1, 10**9))
    @example(MediaKind.MOVIE, buried("year", '[{"rating":8,"movie":%s}]'), 1)
    @example(MediaKind.SEASON, buried("number", '[{"rating":8,"show":{"ids":{"tvdb":1}},"season":%s}]'), 1)
    @example(MediaKind.EPISODE, buried("imdb", '[{"rating":8,"episode":{"ids":%s}}]'), 1)
    def test_an_answer_to_reading_back(
        self, kind: MediaKind, answer: Response | ConnectionLostError, page: int
    ) -> None:
        decision = V2.read_ratings(PageQuery(kind, page), answer)
        if not isinstance(decision, Done):
            check(Batch("sync/ratings", ()), decision, succeeds=False)
            return
        ratings, next_page, *_ = decision.value
        assert isinstance(answer, Response)
        if next_page is not None and next_page.is_elsewhere:
            assert answer.status in {404, 405}
            return
        assert isinstance(parse(answer), list)
        assert {held.rating for held in ratings.values()} <= set(range(1, 11))
        # What stood there may have to be sent again: whatever is kept of it must be good for that.
        for held in ratings.values():
            V2.dates.build(held.rated_at)
        assert page < 10_000

    def test_a_title_that_is_held_counts_once_whatever_its_keys(self) -> None:
        ids = {"trakt": 1, "imdb": "tt0113277", "tmdb": 949}
        body = [{"rating": 8, "movie": {"title": "Heat", "year": 1995, "ids": ids}}]
        found = V2.read_ratings(PageQuery(MediaKind.MOVIE), build_answer(200, body))
        assert isinstance(found, Done)
        ratings = found.value.ratings
        assert len(ratings) == 4
        assert len({id(held) for held in ratings.values()}) == 1

    @pytest.mark.parametrize("rated_at", ["", "yesterday", "2014-09-01", "\x1b[2J", 5, "9" * 99])
    def test_a_date_that_is_none_is_not_kept_for_an_undo(self, rated_at: object) -> None:
        body = [{"rating": 8, "rated_at": rated_at, "movie": {"ids": {"imdb": "tt1"}}}]
        found = V2.read_ratings(PageQuery(MediaKind.MOVIE), build_answer(200, body))
        assert isinstance(found, Done)
        assert [(each.rating, each.rated_at) for each in found.value.ratings.values()] == [(8, None)]

    def test_a_date_without_a_zone_is_in_utc(self) -> None:
        body = [{"rating": 8, "rated_at": "2014-09-01T12:00:00", "movie": {"ids": {"imdb": "tt1"}}}]
        found = V2.read_ratings(PageQuery(MediaKind.MOVIE), build_answer(200, body))
        assert isinstance(found, Done)
        assert found.value.ratings["movie:imdb:tt1"].rated_at == "2014-09-01T12:00:00Z"

    def test_more_pages_than_an_account_may_fill_are_no_answer(self) -> None:
        answer = Response(200, {"X-Pagination-Page-Count": "999999999"}, b"[]")
        assert isinstance(V2.read_ratings(PageQuery(MediaKind.MOVIE), answer), Retry)

    @pytest.mark.parametrize(
        ("header", "shown"),
        [
            ("https://trakt.tv/vip", True),
            ("https://trakt.tv/vip?token=acc3ss", False),
            ("https://trakt.tv/acc3ss", False),
            ("https://trakt.tv.example.org/vip", False),
            ("https://trakt.tv/\x1b]0;x\x07", False),
            ("https://trakt.tv/" + "a" * 5000, False),
        ],
    )
    def test_of_a_full_account_only_a_page_of_trakt_is_shown(self, header: str, shown: bool) -> None:
        headers = {"X-Upgrade-URL": header, "X-Account-Limit": "9" * 5000}
        decision = V2.interpret_response(rows("movies", MediaKind.MOVIE, 1), Response(420, headers, b""))
        assert isinstance(decision, Stop)
        assert (header in str(decision.error)) is shown
        check_words(str(decision.error))


class TestSignIn:
    @given(SIGN_IN_ANSWERS)
    def test_an_answer_to_the_sign_in(self, answer: Response | ConnectionLostError) -> None:
        content = parse(answer)
        code = value_or(read_device_code(answer, "https://auth.trakt.tv"))
        if isinstance(code, DeviceCode):
            check_words(code.user_code + code.verification_url)
            assert content["device_code"]
        for found in (value_or(read_poll(answer, NOW)), value_or(read_refresh(answer, NOW))):
            if isinstance(found, TokenSet):
                assert content["access_token"]
            elif isinstance(found, Stop | RefreshRefused):
                check_words(str(found.error))
            else:
                assert isinstance(found, Retry | Pending)
        assert isinstance(value_or(read_revoke(answer)), bool)

    @given(SIGN_IN_ANSWERS)
    @example(build_answer(200, {"user": {"username": "a" * 10_000_000}}))
    def test_an_answer_to_who_that_is(self, answer: Response | ConnectionLostError) -> None:
        found = value_or(read_account(answer))
        if isinstance(found, Account):
            check_words(found.username + found.name)
            assert 0 < len(found.username + found.name) <= 2 * LONGEST_NAME
        count = value_or(read_count(answer))
        assert count is None or not isinstance(count, int) or 0 <= count < 10**9
        assert isinstance(count, int | Retry | Stop | RefreshToken | None)

    @given(st.binary(max_size=40) | SIGN_IN_ANSWERS.map(lambda answer: getattr(answer, "body", b"")))
    def test_whatever_stands_in_the_token_file(self, content: bytes) -> None:
        tokens = parse_tokens(content, NOW)
        if tokens is not None:
            assert tokens.access_token.reveal().isascii()
            assert tokens.margin_seconds >= 0


@given(HEADERS)
def test_any_header_asks_for_a_finite_wait_or_none(headers: dict[str, str]) -> None:
    seconds = read_retry_after(headers)
    assert seconds is None or 0 <= seconds < math.inf


QUOTA = '{"limit":%s,"period":%s,"remaining":0,"until":%s}'
MOMENT = '"2024-01-01T00:00:00Z"'


@pytest.mark.parametrize(
    "quota",
    [
        pytest.param("[" * DEEP + "]" * DEEP, id="nested deeply"),
        pytest.param(QUOTA % (2**63, 1, MOMENT), id="more than any clock can count"),
        pytest.param(QUOTA % ("1e308", "1e-308", MOMENT), id="more than a number can be"),
        pytest.param(QUOTA % (2**63, "1e-300", MOMENT), id="infinitely many"),
        pytest.param(
            QUOTA % (10, 300, "[" * (DEEP - 9) + "]" * (DEEP - 9)), id="until a moment nested deeply"
        ),
    ],
)
def test_any_quota_lets_requests_go_on(quota: str) -> None:
    async def main() -> None:
        limiter = Limiter(None, Progress())
        limiter.adapt_to("POST", {"X-Ratelimit": quota, "Date": "Mon, 01 Jan 2024 00:00:00 GMT"})
        for _ in range(3):
            await asyncio.wait_for(limiter.acquire(), 1000)

    # With the usual depth: Hypothesis raises it, a run does not.
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    try:
        run_in_virtual_time(main())
    finally:
        sys.setrecursionlimit(usual)


VALID = [
    (V1, "rate/movie", 200, {"status": "success", "message": "rated Heat", "rating": "8"}),
    (V2, "movies", 201, {"added": {"movies": 1}, "not_found": {"movies": []}}),
]


@pytest.mark.parametrize(("api", "method", "status", "content"), VALID, ids=["v1", "v2"])
def test_a_success_cut_off_anywhere_is_none(
    api: TraktV1 | TraktV2, method: str, status: int, content: dict[str, Any]
) -> None:
    batch = rows(method, MediaKind.MOVIE, 1)
    body = orjson.dumps(content)
    assert isinstance(api.interpret_response(batch, build_answer(status, body)), Done)
    for end in range(len(body)):
        assert isinstance(api.interpret_response(batch, build_answer(status, body[:end])), Retry)


MANY = rows("movies", MediaKind.MOVIE, 200)
BOMBS = {
    "a hundred thousand echoes": {"movies": [{"rating": 1, "season": number} for number in range(100_000)]},
    "a name of a hundred thousand ids for each of as many episodes": {
        "shows": [
            {
                "ids": {str(number): number for number in range(100_000)},
                "seasons": [{"number": 1, "episodes": [{"number": number} for number in range(100_000)]}],
            }
        ]
    },
    "all echoes there may be, each naming all ids there may be": {
        "movies": [
            {"ids": {f"s{number}": f"{echo}-{number}" for number in range(20)}, "rated_at": str(echo)}
            for echo in range(2000)
        ]
    },
}


@pytest.mark.timeout(60)
@pytest.mark.parametrize("not_found", BOMBS.values(), ids=BOMBS)
def test_an_answer_made_to_be_slow_to_read_is_not(not_found: object) -> None:
    answer = build_answer(201, {"added": {"movies": 1}, "not_found": not_found})
    begun = clock.process_time()
    decision = V2.interpret_response(MANY, answer)
    assert isinstance(decision, Split | PartlyDone)
    # It took minutes where each echo was held against each row anew.
    assert clock.process_time() - begun < 10


def test_a_renewal_is_asked_for_whatever_else_a_401_says() -> None:
    for body in (b"", b"<html>", b'{"added":{"movies":1}}'):
        batch = rows("movies", MediaKind.MOVIE, 1)
        assert isinstance(V2.interpret_response(batch, build_answer(401, body)), RefreshToken)
