"""Servers that lie about themselves, send elsewhere, or never come to an end.

What else can come over the line, and answers beyond the limit: see client/test_transport.py.
"""

import importlib
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from importer.client import transport
from importer.client.transport import Transport
from importer.errors import ConnectionLostError, Loss
from importer.http import Request, Response
from tests.hostile.conftest import Command, write_ratings
from tests.hostile.server import Call, Reply, Server, reply
from tests.hostile.stream import Drip, stream_server

KEY, SHA1 = "k3y-of-the-app", "a94a8fe5ccb19ba61c4c0873d391e987982fbbd3"
MIB = 1024 * 1024


# Time and size


async def send(url: str) -> Response | ConnectionLostError:
    request = Request("POST", f"{url}/rate/movie/{KEY}", "POST rate/movie", b"{}", answer_limit=MIB)
    async with Transport(1) as line:
        try:
            return await line.send(request)
        except ConnectionLostError as loss:
            return loss


def letter_by_letter(text: bytes) -> Iterator[Drip]:
    for byte in text:
        yield Drip(bytes([byte]), 0.02)


def header_lines(number: int) -> Iterator[Drip]:
    for start in range(0, number, 500):
        yield Drip(b"".join(b"X-%d: %s\r\n" % (start + n, b"y" * 60) for n in range(500)))


OK = b"HTTP/1.1 200 OK\r\n"

SLOW = {
    "the head, letter by letter": letter_by_letter(OK + b"X: " + b"y" * 500),
    "the body, letter by letter": iter(
        [Drip(OK + b"Content-Length: 500\r\n\r\n"), *letter_by_letter(b"x" * 500)]
    ),
    "a body in chunks of one letter": iter(
        [Drip(OK + b"Transfer-Encoding: chunked\r\n\r\n"), *(Drip(b"1\r\nx\r\n", 0.02) for _ in range(500))]
    ),
    "one preliminary answer after the other": (
        Drip(b"HTTP/1.1 102 Processing\r\n\r\n", 0.02) for _ in range(500)
    ),
}


@pytest.mark.parametrize("drips", SLOW.values(), ids=SLOW)
async def test_an_answer_that_drips_in_is_given_up_when_its_time_is_over(
    drips: Iterator[Drip], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each read succeeds, so only the time for the whole answer can end it.
    monkeypatch.setattr(transport, "TOTAL_SECONDS", 0.3)
    async with stream_server(drips) as url:
        begun = time.monotonic()
        found = await send(url)
    assert isinstance(found, ConnectionLostError)
    assert found.loss is Loss.TIMEOUT
    assert time.monotonic() - begun < 5


ENDLESS = {
    "headers": lambda: iter([Drip(OK), *header_lines(200_000)]),
    "one header": lambda: iter([Drip(OK + b"X: "), *(Drip(b"y" * 100_000) for _ in range(200))]),
    "the reason": lambda: iter([Drip(b"HTTP/1.1 200 "), *(Drip(b"y" * 100_000) for _ in range(200))]),
    "a chunk's extension": lambda: iter(
        [Drip(OK + b"Transfer-Encoding: chunked\r\n\r\n2;"), *(Drip(b"y" * 100_000) for _ in range(200))]
    ),
    "trailers": lambda: iter(
        [Drip(OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n"), *header_lines(200_000)]
    ),
}


@pytest.mark.parametrize("build_drips", ENDLESS.values(), ids=ENDLESS)
async def test_what_never_ends_around_the_body_is_refused_within_bounded_memory(
    build_drips: Callable[[], Iterator[Drip]],
) -> None:
    drips = list(build_drips())
    async with stream_server(iter(drips)) as url:
        tracemalloc.start()
        try:
            found = await send(url)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert isinstance(found, ConnectionLostError)
    assert found.loss in {Loss.HEADERS_TOO_LARGE, Loss.NOT_HTTP, Loss.CUT_SHORT, Loss.DROPPED}
    assert peak < 4 * MIB


LIES = {
    "a negative length": b"Content-Length: -5\r\n\r\n{}",
    "two lengths": b"Content-Length: 5\r\nContent-Length: 2\r\n\r\n{}",
    "a length beyond all numbers": b"Content-Length: 99999999999999999999999999\r\n\r\n{}",
    "a length that is none": b"Content-Length: 0x2\r\n\r\n{}",
    "more than comes": b"Content-Length: 3\r\n\r\n{}",
    "far more than comes": b"Content-Length: 999999999999\r\n\r\n{}",
    "less than comes": b"Content-Length: 1\r\n\r\n{}",
    "a length, and chunks": b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    "a chunk beyond all numbers": b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n{}",
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
async def test_a_wrong_length_is_never_a_whole_answer(lie: bytes) -> None:
    async with stream_server(iter([Drip(OK + lie)])) as url:
        found = await send(url)
    assert isinstance(found, ConnectionLostError)
    assert found.loss in {Loss.NOT_HTTP, Loss.CUT_SHORT, Loss.DROPPED}
    assert KEY not in str(found)


# Where to, with the installed command


@pytest.fixture
def ada(command: Command) -> Command:
    command.settings = {
        "IMPORTER_TRAKT_V1_API_KEY": KEY,
        "IMPORTER_TRAKT_V1_USERNAME": "ada",
        "IMPORTER_TRAKT_V1_PASSWORD_SHA1": SHA1,
        "IMPORTER_TRAKT_CLIENT_ID": "cl1ent-of-ada",
        "IMPORTER_TRAKT_CLIENT_SECRET": "app-s3cret-of-ada",
    }
    write_ratings(command.folder, 2)
    return command


def accept(call: Call) -> Reply:
    return reply(200, [] if call.path.startswith("/user/") else {"status": "success"})


WORDS = ("run", "ratings.csv", "--to", "trakt-v1", "--no-verify", "--base-url")


class TestCertificates:
    @pytest.fixture
    def certificates(self) -> Any:
        """Made with `cryptography`, which comes with the keyring on Linux; elsewhere it may be missing."""
        pytest.importorskip("cryptography")
        return importlib.import_module("tests.hostile.certificates")

    def test_a_certificate_that_is_trusted_is_accepted(self, ada: Command, certificates: Any) -> None:
        context, trusted = certificates.make_certificate(ada.folder)
        with Server(accept, context) as server:
            done = ada.run(*WORDS, server.url, SSL_CERT_FILE=str(trusted))
        assert done.returncode == 0, done.stderr
        assert server.calls

    @pytest.mark.parametrize(
        ("is_trusted", "name", "days", "told"),
        [
            pytest.param(False, "HERE", (-1, 1), "self-signed certificate", id="self-signed"),
            pytest.param(True, "HERE", (-3, -1), "certificate has expired", id="expired"),
            pytest.param(True, "HERE", (1, 3), "not yet valid", id="of tomorrow"),
            pytest.param(True, "ELSEWHERE", (-1, 1), "not valid for '127.0.0.1'", id="of another host"),
        ],
    )
    def test_a_wrong_certificate_is_refused_and_explained(
        self,
        ada: Command,
        certificates: Any,
        is_trusted: bool,
        name: str,
        days: tuple[int, int],
        told: str,
    ) -> None:
        context, trusted = certificates.make_certificate(ada.folder, getattr(certificates, name), days=days)
        with Server(accept, context) as server:
            trust = {"SSL_CERT_FILE": str(trusted)} if is_trusted else {}
            done = ada.run(*WORDS, server.url, **trust)
        assert done.returncode == 3
        assert "identity cannot be proved" in done.stdout
        assert told in done.stdout
        assert server.connections == 1  # and not tried again
        assert not server.calls
        assert not ada.find(KEY, SHA1)

    def test_a_redirect_from_https_to_http_is_not_followed(self, ada: Command, certificates: Any) -> None:
        context, trusted = certificates.make_certificate(ada.folder)
        with Server(accept) as plain:

            def downgrade(call: Call) -> Reply:
                return reply(307, "", f"Location: {plain.url}{call.path}")

            with Server(downgrade, context) as server:
                done = ada.run(*WORDS, server.url, SSL_CERT_FILE=str(trusted))
        assert done.returncode == 3
        assert "redirects elsewhere (HTTP 307)" in done.stdout
        assert server.calls
        assert plain.connections == 0


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_of_a_post_is_not_followed_and_explained(ada: Command, status: int) -> None:
    with Server(accept) as elsewhere:

        def redirect(call: Call) -> Reply:
            is_rating = call.path.startswith("/rate/")
            return reply(status, "", f"Location: {elsewhere.url}{call.path}") if is_rating else accept(call)

        with Server(redirect) as server:
            done = ada.run(*WORDS, server.url)
    assert done.returncode == 3
    assert "wrong base URL, not followed" in done.stdout
    assert elsewhere.connections == 0


@pytest.mark.parametrize(
    "words",
    [
        pytest.param((*WORDS, "http://ratings.example.org"), id="v1"),
        pytest.param((*WORDS, "http://127.0.0.1.example.org"), id="a name that looks like this machine"),
        pytest.param((*WORDS[:3], "trakt", "--base-url", "http://ratings.example.org"), id="v2"),
        pytest.param(("login", "trakt", "--auth-url", "http://auth.example.org"), id="sign-in"),
        pytest.param(("logout", "trakt", "--auth-url", "http://auth.example.org"), id="sign-out"),
    ],
)
def test_plain_http_to_another_machine_is_refused_before_anybody_is_asked(
    ada: Command, words: tuple[str, ...], tmp_path: Path
) -> None:
    watch = tmp_path / "watch"
    done = ada.run(*words, HOSTILE_WATCH=str(watch))
    assert done.returncode == 2
    assert "plain http" in done.stderr
    assert "--insecure-http" in done.stderr
    assert not watch.exists()  # no host was looked up, no connection tried


def test_the_watch_sees_a_connection(ada: Command, tmp_path: Path) -> None:
    """Or its silence above would prove nothing."""
    watch = tmp_path / "watch"
    with Server(accept) as server:
        ada.run(
            "login", "trakt", "--auth-url", server.url, "--base-url", server.url, HOSTILE_WATCH=str(watch)
        )
    assert "connect" in watch.read_text()
