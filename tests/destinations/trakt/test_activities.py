"""When ratings last changed: what proves it, and what proves nothing."""

from typing import Any

import orjson
import pytest

from importer.destinations.decisions import Done, RefreshToken, Retry, Stop
from importer.destinations.trakt.account import GROUPS, TraktAccount, read_activities
from importer.http import Response

MOMENTS = {name: {"rated_at": f"2026-11-0{day}T00:00:00.000Z"} for day, name in enumerate(GROUPS, 1)}


def answer(status: int, body: Any = None) -> Response:
    return Response(status, {}, orjson.dumps(body))


def test_the_request_asks_for_the_token_and_holds_none() -> None:
    request = TraktAccount("https://api.example.org", "id").build_activities()
    assert request.url == "https://api.example.org/sync/last_activities"
    assert request.needs_token
    assert "Authorization" not in request.headers


def test_all_four_moments_are_kept() -> None:
    found = read_activities(answer(200, {"all": "x", "lists": {"updated_at": "y"}, **MOMENTS}))
    assert found == Done({name: group["rated_at"] for name, group in MOMENTS.items()})


def test_null_is_a_moment_too() -> None:
    found = read_activities(answer(200, MOMENTS | {"seasons": {"rated_at": None}}))
    assert isinstance(found, Done)
    assert found.value["seasons"] == ""


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        "x",
        {},
        {"movies": {"rated_at": "x"}},
        MOMENTS | {"shows": {}},
        MOMENTS | {"movies": 1},
        MOMENTS | {"shows": {"rated_at": 1}},
        MOMENTS | {"shows": {"rated_at": "x" * 99}},
    ],
)
def test_half_an_answer_proves_nothing(body: Any) -> None:
    assert read_activities(answer(200, body)) == Done({})


def test_a_server_without_them_proves_nothing() -> None:
    assert read_activities(answer(404)) == Done({})


def test_trouble_is_trouble() -> None:
    assert isinstance(read_activities(answer(401)), RefreshToken)
    assert isinstance(read_activities(answer(503)), Retry)
    assert isinstance(read_activities(answer(429)), Retry)
    assert isinstance(read_activities(answer(403)), Stop)
