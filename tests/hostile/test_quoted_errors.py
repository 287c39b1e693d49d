"""What the server says of a row is told to the user, without the credentials that it may quote."""

import json
from urllib.parse import quote

import pytest

from importer.destinations.decisions import Done, Stop
from importer.destinations.trakt_v1.api import TraktV1
from importer.model import Status
from importer.text import LONGEST_WORDS
from tests.builders import build_answer, build_batch

KEY, SHA1 = "K3y/of+the=app", "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
API = TraktV1("http://127.0.0.1:1", "ada", KEY, SHA1)
REQUEST = API.build_request(build_batch())
BODY = (REQUEST.body or b"").decode()


def tell(error: object, api: TraktV1 = API, **more: object) -> str:
    """What becomes of a row that the server refuses with this error."""
    decision = api.interpret_response(
        build_batch(), build_answer(400, {"status": "failure", "error": error, **more})
    )
    assert isinstance(decision, Done)
    return decision.value[0].message


@pytest.mark.parametrize(
    ("echo", "kept"),
    [
        pytest.param(f"cannot POST {REQUEST.url}", "cannot POST http://127.0.0.1:1/rate/movie/***", id="URL"),
        pytest.param(f"bad request: {BODY}", '"password":"***"', id="body"),
        pytest.param(f"bad request: {json.dumps(BODY)}", "***", id="body within a text"),
        pytest.param(f"no such key: {KEY}", "no such key: ***", id="key"),
        pytest.param(f"no such key: {quote(KEY)}", "no such key: ***", id="key, quoted another way"),
        pytest.param("K&#51;y&#x2F;of\\u002bthe%3Dapp", "says: ***", id="key, spelt in all ways"),
        pytest.param(f"hash {SHA1.upper()} is wrong", "hash *** is wrong", id="in capitals"),
        pytest.param(f"{SHA1}{SHA1}{KEY}", "*********", id="many in a row"),
        pytest.param("x" * (LONGEST_WORDS - 20) + SHA1, "xxx***", id="where the text is cut off"),
    ],
)
def test_no_credential_comes_back_out_of_an_error(echo: str, kept: str) -> None:
    message = tell(echo)
    assert kept in message
    for secret in (KEY, quote(KEY, safe=""), SHA1):
        assert secret.lower() not in message.lower()
        assert secret[:20].lower() not in message.lower()


def test_the_message_of_the_answer_is_quoted_just_as_carefully() -> None:
    assert tell(None, message=f"{KEY}?") == "the server says: ***?"


@pytest.mark.parametrize("error", [{}, [KEY], {"key": KEY}, 5, True, [[[]]]])
def test_an_error_that_is_no_text_is_not_shown(error: object) -> None:
    assert tell(error) == "the server says: failure"


def test_a_key_within_another_secret_leaves_nothing_of_it() -> None:
    api = TraktV1("http://127.0.0.1:1", "ada", SHA1[:8], SHA1)
    assert tell(f"{SHA1} {SHA1[:8]}", api) == "the server says: *** ***"


def test_without_secrets_there_is_nothing_to_mask() -> None:
    assert tell("rating?", TraktV1("http://127.0.0.1:1", "ada", "", "")) == "the server says: rating?"


def test_refused_credentials_are_not_quoted() -> None:
    content = {"status": "failure", "error": f"failed authentication for {BODY}"}
    decision = API.interpret_credentials_check(build_answer(401, content))
    assert isinstance(decision, Stop)
    assert "failed authentication for" in str(decision.error)
    assert SHA1 not in str(decision.error)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        ("\x1b]0;title\x07\x1b[2Jgone", "]0;title [2Jgone"),
        ("two\r\nlines\tand\x00more", "two lines and more"),
        ("turned \u202e round \u2066", "turned round"),
        ("x" * 10_000_000, "x" * LONGEST_WORDS),
    ],
)
def test_nothing_of_it_moves_a_cursor_or_fills_the_screen(error: str, shown: str) -> None:
    assert tell(error) == f"the server says: {shown}"


def test_a_title_that_is_not_found_stays_so() -> None:
    decision = API.interpret_response(
        build_batch(), build_answer(404, {"status": "failure", "error": f"{KEY} movie not found"})
    )
    assert isinstance(decision, Done)
    assert decision.value[0].status is Status.NOT_FOUND
    assert "*** movie not found" in decision.value[0].message
