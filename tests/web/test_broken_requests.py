"""What no browser sends: it is answered in a sentence, and the terminal of the page gets one line at most."""

import asyncio
import errno
from pathlib import Path
from types import SimpleNamespace
from unittest.mock import Mock

import pytest

from importer.secret import Secret
from importer.web.access import Access
from importer.web.guard import SIGN_IN
from tests.web.page import Page, open_page


async def _send_raw(page: Page, head: str, body: bytes = b"", *, cookie: bool = False) -> bytes:
    """Send what no browser does, and read the answer to its end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", page.access.port)
    named = "; ".join(f"{name}={value}" for name, value in page.cookies.items()) if cookie else "none=1"
    lines = f"{head}\r\nHost: 127.0.0.1:{page.access.port}\r\nCookie: {named}\r\nConnection: close\r\n"
    writer.write(lines.encode("latin-1") + f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
    answer = await reader.read()
    writer.close()
    return answer


PART = b'Content-Disposition: form-data; name="token"'
FORM = "Content-Type: application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    "head",
    [
        f"POST /runs HTTP/1.1\r\n{FORM}\r\nContent-Encoding: gzip",
        f"POST /imports HTTP/1.1\r\n{FORM}\r\nContent-Encoding: deflate",
        "GET / HTTP/1.1\r\nContent-Encoding: gzip",
        "GET / HTTP/1.1\r\nX-\x01: 1",
        "GET / HTTP/9.9",
        "G\x1b[31mT / HTTP/1.1",
        f"GET / HTTP/1.1\r\nX: {'x' * 20_000}",
        f"GET /{'x' * 20_000} HTTP/1.1",
        "GET http://[ HTTP/1.1",
    ],
)
async def test_what_a_stranger_sends_that_is_no_http_shows_nothing_on_the_terminal(
    stranger: Page, caplog: pytest.LogCaptureFixture, head: str
) -> None:
    answer = await _send_raw(stranger, head, b"token=x")
    assert answer.split()[1] in {b"400", b"401"}
    assert b"Traceback" not in answer
    assert caplog.text == ""


async def test_a_fault_of_the_server_itself_is_a_line_without_a_traceback(
    stranger: Page, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("/home/ada/secret")

    monkeypatch.setattr("importer.web.guard.HEADERS", SimpleNamespace(items=fail))
    assert (await stranger.get("/")).status == 500
    assert [record.getMessage() for record in caplog.records] == ["RuntimeError in the page's server"]
    assert "secret" not in caplog.text


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (f"{FORM}; charset=bogus", b"token=%C3%BC"),
        (f"{FORM}; charset=hex", b"token=x"),
        (FORM, b"token=\xff"),
        ("Content-Type: multipart/form-data", b"x"),
        ("Content-Type: multipart/form-data; boundary=b", b"no boundary"),
        ("Content-Type: multipart/form-data; boundary=b", b"--b\r\n\r\nx\r\n--b--\r\n"),
        (
            "Content-Type: multipart/form-data; boundary=b",
            b"\r\n".join([b"--b", PART, b"Content-Transfer-Encoding: bogus", b"", b"x", b"--b--", b""]),
        ),
        (f"{FORM}\r\nContent-Encoding: gzip", b"token=x"),
    ],
)
@pytest.mark.parametrize("path", ["/runs/x/undo", "/imports", SIGN_IN])
async def test_a_form_that_cannot_be_read_is_a_bad_request(
    places: Path, caplog: pytest.LogCaptureFixture, path: str, head: str, body: bytes
) -> None:
    is_open = path == SIGN_IN
    async with open_page(
        places / "web", Access(0, password=Secret("open sesame")) if is_open else None
    ) as page:
        if not is_open:
            await page.enter()
        answer = await _send_raw(page, f"POST {path} HTTP/1.1\r\n{head}", body, cookie=True)
    assert answer.split()[1] in {b"400", b"403"}
    assert caplog.text == ""


@pytest.mark.parametrize("token", ["\xff", "\xc3", "\xed\xa0\x80"])
async def test_a_token_that_is_no_text_is_none(page: Page, token: str) -> None:
    head = f"POST /runs/x/undo HTTP/1.1\r\n{FORM}\r\nX-Token: {token}"
    assert (await _send_raw(page, head, b"x=y", cookie=True)).split()[1] == b"403"
    assert (await page.get("/?key=%ff%ed%a0%80")).status == 303
    assert (await page.get("/")).status == 200


async def test_no_line_of_the_log_can_be_forged(
    page: Page, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for error in (RuntimeError(), OSError(errno.EACCES, "denied")):
        monkeypatch.setattr("importer.web.guard._let_in", Mock(side_effect=error))
        await page.get("/runs%1b%5b31mRED%0aFAKE")
    lines = [record.getMessage() for record in caplog.records]
    assert lines == ["RuntimeError for /runsRED FAKE", "denied for /runsRED FAKE"]
