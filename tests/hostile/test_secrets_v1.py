"""Neither the API key nor the password of an account gets out, whatever its server does with them."""

import csv
import hashlib
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.hostile.conftest import Command, write_ratings
from tests.hostile.server import Answer, Call, Reply, Server, reply

KEY, PASSWORD = "K3y/of+the=app&4711", "pa55-w0rd-of-ada"
SHA1 = hashlib.sha1(PASSWORD.encode()).hexdigest()
SECRETS = (KEY, PASSWORD, SHA1, f"***{SHA1[:10]}", SHA1[10:])


def echo(status: int, *headers: str) -> Answer:
    """Refuse a request with the API's own words, the request among them."""
    return lambda call: reply(status, {"status": "failure", "error": f"cannot serve {call.whole}"}, *headers)


def page(status: int, *headers: str) -> Answer:
    """Refuse it with a web page that shows the request."""
    return lambda call: reply(status, f"<html><pre>{call.whole}</pre></html>", *headers)


def redirect(call: Call) -> Reply:
    return reply(
        302, f"<a href='{call.path}'>", f"Location: http://127.0.0.1:1{call.path}?{quote(call.body)}"
    )


def cookie(call: Call) -> Reply:
    headers = (f"Set-Cookie: {call.path}={call.body}", f"X-Request: {call.whole}", f"Link: <{call.path}>")
    return reply(200, {"status": "success", "message": call.whole}, *headers)


def broken(call: Call) -> Reply:
    return f"HTTP/1.1 {call.path} {call.body}\r\n{call.whole}\r\n\r\n".encode()


def cut_off(call: Call) -> Reply:
    return reply(200, {"status": "success", "message": call.whole})[:-20]


REFUSALS = [echo(400), echo(404), echo(200), page(403), page(418), echo(409)]
TROUBLES = [
    echo(429, "Retry-After: 0.01"),
    page(429, "Retry-After: 0.01"),
    echo(503, "Retry-After: 0.01"),
    page(500),
    echo(502),
    page(504),
    page(200),
    broken,
    cut_off,
    lambda call: None,
    lambda call: reply(200, [call.whole]),
]
# After each trouble a success, or the run would have had enough.
TRANSIENT = [*REFUSALS, *(answer for trouble in TROUBLES for answer in (trouble, cookie))]
"""What a run gets over, one after the other."""


class Api:
    """A v1 server that proves the credentials and holds no ratings; what it says of a rating is scripted."""

    def __init__(self, *script: Answer, then: Answer | None = None) -> None:
        self._script = iter(script)
        self._then = then

    def __call__(self, call: Call) -> Reply:
        if call.path.startswith("/account/test/"):
            return reply(200, {"status": "success", "message": call.whole})
        if call.path.startswith("/user/ratings/"):
            return reply(200, [])
        return next(self._script, self._then or (lambda _: reply(200, {"status": "success"})))(call)


@pytest.fixture
def ada(command: Command) -> Command:
    command.settings = {
        "IMPORTER_TRAKT_V1_API_KEY": KEY,
        "IMPORTER_TRAKT_V1_USERNAME": "ada",
        "IMPORTER_TRAKT_V1_PASSWORD": PASSWORD,
    }
    return command


WORDS = ("run", "ratings.csv", "--to", "trakt-v1", "--workers", "1", "--yes", "--no-verify")
MODES = pytest.mark.parametrize("mode", [(), ("--bulk",)], ids=["single", "bulk"])


def messages(command: Command) -> Iterator[str]:
    with (command.folder / "ratings.results.csv").open(newline="", encoding="utf-8") as file:
        yield from (line["message"] for line in csv.DictReader(file))


@MODES
def test_a_run_past_every_failure_leaves_no_credential(ada: Command, mode: tuple[str, ...]) -> None:
    write_ratings(ada.folder, 30)
    with Server(Api(*([echo(400)] * 5 if mode else []), *TRANSIENT)) as server:
        done = ada.run(*WORDS, *mode, "--base-url", server.url)
        assert SHA1 in server.calls[0].body  # the server was told, and so could tell
    assert done.returncode == 1, done.stderr
    assert len(server.calls) > (15 if mode else len(TRANSIENT))
    assert any("cannot serve POST /rate/movie" in message and "/***" in message for message in messages(ada))
    ada.run("report", "2")
    assert ada.find(*SECRETS) == []


STOPS = {
    "401": echo(401),
    "refused credentials": lambda call: reply(
        200, {"status": "failure", "error": f"failed authentication: {call.whole}"}
    ),
    "redirect": redirect,
    "endless trouble": page(502),
    "endless resets": lambda _: None,
}


@pytest.mark.parametrize("answer", STOPS.values(), ids=STOPS)
def test_a_run_that_is_stopped_leaves_no_credential(ada: Command, answer: Answer) -> None:
    write_ratings(ada.folder, 12)
    with Server(Api(then=answer)) as server:
        done = ada.run(*WORDS, "--quiet", "--base-url", server.url)
    assert done.returncode == 3
    assert done.stderr
    assert ada.find(*SECRETS) == []


@pytest.mark.parametrize("answer", [echo(400), page(404)], ids=["400", "404 with a page"])
def test_a_server_that_refuses_the_very_first_request_gets_nothing_out(ada: Command, answer: Answer) -> None:
    write_ratings(ada.folder, 3)
    with Server(answer) as server:
        done = ada.run(*WORDS, "--json", "--base-url", server.url)
    assert done.returncode == 3
    assert ada.find(*SECRETS) == []


@MODES
def test_an_error_nobody_foresaw_shows_where_it_happened_and_no_credential(
    ada: Command, mode: tuple[str, ...]
) -> None:
    write_ratings(ada.folder, 3)
    with Server(Api()) as server:
        done = ada.run(*WORDS, *mode, "--base-url", server.url, HOSTILE_BREAK="1")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "nobody foresaw this" in done.stderr
    assert ada.find(*SECRETS) == []


def test_settings_that_are_refused_are_not_quoted(ada: Command) -> None:
    write_ratings(ada.folder, 1)
    done = ada.run(
        *WORDS,
        "--base-url",
        f"http://ada:{quote(PASSWORD)}@127.0.0.1:1?key={quote(KEY)}",
        IMPORTER_TRAKT_V1_PASSWORD_SHA1=SHA1[:-1] + "f" * (SHA1[-1] != "f") + "e" * (SHA1[-1] == "f"),
    )
    assert done.returncode == 2
    ada.arguments.clear()  # there it was put by whoever typed it
    assert ada.find(*SECRETS) == []
