"""Who gets nothing: another user of the machine, another web site, another port, a name that points here."""

import asyncio
import errno
import io
import os
import re
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from importer.secret import Secret
from importer.web import peer, uploads
from importer.web.access import LOCAL_NAMES, Access
from importer.web.drafts import Draft
from importer.web.guard import HEADERS, SIGN_IN
from importer.web.patience import Patience
from importer.web.peer import TABLES, find_user
from importer.web.server import build_app
from importer.web.uploads import safe_name
from tests.system.conftest import wait_until
from tests.web.page import Page, open_page


def _routes(method: str) -> list[str]:
    app = build_app(Access(1), Path())
    return sorted(
        {
            re.sub(r"\{[^}]*\}", "0" * 16, route.resource.canonical)
            for route in app.router.routes()
            if route.resource is not None and route.method == method
        }
    )


PAGES = [path for path in _routes("GET") if not path.startswith("/static") and path != SIGN_IN]
FORMS = [path for path in _routes("POST") if path != SIGN_IN]


@pytest.mark.parametrize("path", PAGES)
async def test_another_user_of_the_machine_sees_no_page(stranger: Page, path: str) -> None:
    answer = await stranger.get(path)
    assert answer.status == 401
    assert "importer web" in answer.text


@pytest.mark.parametrize("path", FORMS)
async def test_another_user_of_the_machine_does_nothing(stranger: Page, path: str) -> None:
    assert (await stranger.post(path)).status == 401
    assert (await stranger.post(path, {"token": ""})).status == 401


@pytest.mark.parametrize("path", FORMS)
async def test_no_form_is_taken_without_the_token_of_its_page(page: Page, path: str) -> None:
    assert (await page.post(path, {"token": "guessed"})).status in {403, 415}
    assert (await page.ask("POST", path, data={"x": "y"})).status in {403, 415}


@pytest.mark.parametrize(
    "path", ["/leave", "/jobs/night/run", "/runs/x/undo", "/imports/0123456789abcdef/run"]
)
async def test_no_other_kind_of_form_goes_round_the_token(page: Page, path: str) -> None:
    form = aiohttp.FormData(quote_fields=False)
    form.add_field("yes", "yes", content_type="text/plain")
    assert (await page.ask("POST", path, data=form)).status == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("path", FORMS)
async def test_another_site_or_port_does_nothing_even_with_cookie_and_token(
    page: Page, path: str, site: str
) -> None:
    answer = await page.post(path, Sec_Fetch_Site=site)
    assert answer.status == 403
    assert "Another web site" in answer.text


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:9", "http://localhost"])
async def test_a_foreign_origin_does_nothing_in_a_browser_that_says_no_more(page: Page, origin: str) -> None:
    assert (await page.post("/leave", Origin=origin)).status == 403
    assert (await page.get("/")).status == 200


async def test_the_own_origin_is_let_through(page: Page) -> None:
    own = f"http://127.0.0.1:{page.access.port}"
    assert (await page.post("/leave", Origin=own)).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_site_reads_nothing(page: Page, site: str) -> None:
    assert (await page.get("/", Sec_Fetch_Site=site, Sec_Fetch_Mode="no-cors")).status == 403
    assert (await page.get("/", Sec_Fetch_Site=site, Sec_Fetch_Mode="cors")).status == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "127.0.0.1", "", "[::1"]
)
async def test_a_name_that_was_pointed_here_gets_nothing(page: Page, host: str) -> None:
    answer = await page.get("/", Host=host.format(port=page.access.port))
    assert answer.status in {400, 421}
    assert "Bring your ratings" not in answer.text


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "LOCALHOST:{port}", "[::1]:{port}"])
async def test_the_names_of_this_machine_are_known(page: Page, host: str) -> None:
    assert (await page.get("/", Host=host.format(port=page.access.port))).status == 200


async def test_a_key_works_once_and_the_next_one_is_told(stranger: Page) -> None:
    told: list[str] = []
    stranger.access.on_new_key = told.append
    key = stranger.access.key
    first = await stranger.get(f"/?key={key}")
    assert (first.status, first.place) == (303, "/")
    assert told == [stranger.access.key] != [key]
    stranger.cookies.clear()
    again = await stranger.get(f"/?key={key}")
    assert again.status == 403
    assert not stranger.cookies


async def test_the_browser_that_used_the_key_may_come_back_by_its_history(stranger: Page) -> None:
    key = stranger.access.key
    await stranger.get(f"/?key={key}")
    assert (await stranger.get(f"/?key={key}")).status == 303


async def test_the_cookie_is_of_this_port_and_for_no_script_and_no_other_site(stranger: Page) -> None:
    answer = await stranger.get(f"/?key={stranger.access.key}")
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"importer-{stranger.access.port}=")
    assert {"HttpOnly", "SameSite=Strict"} <= {part.strip() for part in cookie.split(";")}


async def test_who_has_left_is_a_stranger(page: Page) -> None:
    kept = dict(page.cookies)
    await page.post("/leave")
    page.cookies = kept
    assert (await page.get("/")).status == 401


@pytest.mark.parametrize(
    "path", ["/", "/no-such-page", "/static/htmx.min.js", "/static/../guard.py", "/imports"]
)
async def test_every_answer_has_the_headers(page: Page, path: str) -> None:
    for answer in (await page.get(path), await page.get(path, Host="evil.example")):
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        assert "Python" not in answer.headers["Server"]


async def test_the_policy_allows_nothing_inline(page: Page) -> None:
    assert "unsafe" not in HEADERS["Content-Security-Policy"]
    text = (await page.get("/")).text
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|<script(?! src=)", text)


@pytest.mark.parametrize("name", ["../guard.py", "..%2fguard.py", "VENDORED.json", "%2e%2e/__init__.py"])
async def test_no_other_file_is_served(page: Page, name: str) -> None:
    assert (await page.get(f"/static/{name}")).status == 404


@pytest.mark.parametrize("draft", ["....", "journals", "0" * 16, "../../etc"])
async def test_no_other_folder_is_opened(page: Page, draft: str) -> None:
    assert (await page.get(f"/imports/{draft}")).status == 404


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ratings.csv", "ratings.csv"),
        ("../../etc/x.csv", "x.csv"),
        (r"C:\Users\ada\x.csv", "x.csv"),
        ("/etc/passwd", "passwd"),
        ("..", "ratings.csv"),
        ("", "ratings.csv"),
        (".bashrc", "bashrc"),
        ("--out=x.csv", "out=x.csv"),
        ("draft.json", "file-draft.json"),
        ("plan.csv", "file-plan.csv"),
        ("a\x00b\n.csv", "ab.csv"),
        ("Bewertungen für Ödön.csv", "Bewertungen für Ödön.csv"),
        ("评分.csv", "评分.csv"),
        ("x" * 300 + ".csv", "x" * 116 + ".csv"),
    ],
)
def test_of_a_name_only_what_is_safe_is_kept(given: str, kept: str) -> None:
    assert safe_name(given) == kept


async def test_an_upload_lies_in_its_folder_and_only_its_owner_can_read_it(page: Page, places: Path) -> None:
    answer = await page.upload("../../../x.csv", b"Const,Your Rating\n")
    assert answer.status == 303
    [folder] = (places / "web").iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "x.csv").stat().st_mode & 0o777 == 0o600
    assert answer.place == f"/imports/{folder.name}"
    Draft(folder).command("inspect").wait()


async def test_an_upload_without_the_token_leaves_nothing(page: Page, places: Path) -> None:
    assert (await page.upload("x.csv", b"a", token="guessed")).status == 403
    assert list((places / "web").iterdir()) == []


async def test_an_upload_that_is_too_large_leaves_nothing(
    page: Page, places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("importer.web.uploads.MOST_BYTES", 1_000_000)
    answer = await page.upload("x.csv", b"a" * 1_000_001)
    assert answer.status == 413
    assert "Paste its path" in answer.text
    assert list((places / "web").iterdir()) == []


async def test_a_form_that_is_too_large_is_refused(page: Page) -> None:
    form = io.BytesIO(b"x=" + b"a" * (2 << 20))
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    assert (await page.ask("POST", "/leave", data=form, headers=kind)).status == 413


async def test_an_error_of_the_program_shows_nothing_of_it(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("/home/ada/secret")

    monkeypatch.setattr("importer.web.file_pages.list_drafts", fail)
    answer = await page.get("/")
    assert answer.status == 500
    assert "secret" not in answer.text


# Elsewhere than on this machine


def _listening(**more: object) -> Access:
    return Access(0, LOCAL_NAMES | {"shelf.example"}, takes_numbers=True, password=Secret("open sesame"))


async def test_elsewhere_the_password_opens_and_no_key_does(places: Path) -> None:
    async with open_page(places / "web", _listening()) as page:
        assert (await page.get("/")).status == 401
        assert (await page.get(f"/?key={page.access.key}")).status == 403
        assert (await page.get(SIGN_IN)).status == 200
        assert (await page.post(SIGN_IN, {"password": "wrong"})).status == 401
        assert not page.cookies
        assert (await page.post(SIGN_IN, {"password": "open sesame"})).status == 303
        assert (await page.get("/")).status == 200


async def test_elsewhere_names_are_those_that_were_allowed(places: Path) -> None:
    async with open_page(places / "web", _listening()) as page:
        await page.post(SIGN_IN, {"password": "open sesame"})
        for host in ("shelf.example", "shelf.example:443", "192.0.2.7:8765", "[2001:db8::1]:8765"):
            assert (await page.get("/", Host=host)).status == 200, host
        assert (await page.get("/", Host="evil.example")).status == 421


def test_many_wrong_passwords_close_the_door_for_a_while() -> None:
    now = [0.0]
    access = Access(1, password=Secret("open sesame"), patience=Patience(lambda: now[0]))
    for _ in range(5):
        assert access.use_password("guess", "192.0.2.7") is None
    with pytest.raises(web.HTTPTooManyRequests) as closed:
        access.use_password("open sesame", "192.0.2.7")
    assert closed.value.headers["Retry-After"] == "3"
    now[0] = 2.1
    assert access.use_password("open sesame", "192.0.2.7")


@pytest.mark.parametrize(
    ("one", "other"), [("192.0.2.7", "192.0.2.8"), ("2001:db8::1", "2001:db8:0:1::1"), ("::1", "127.0.0.1")]
)
def test_wrong_passwords_of_one_address_close_no_door_to_another(one: str, other: str) -> None:
    access = Access(1, password=Secret("open sesame"))
    for _ in range(5):
        access.use_password("guess", one)
    with pytest.raises(web.HTTPTooManyRequests):
        access.use_password("open sesame", one)
    assert access.use_password("open sesame", other)


def test_whoever_has_many_addresses_of_one_network_is_one() -> None:
    access = Access(1, password=Secret("open sesame"))
    for number in range(5):
        access.use_password("guess", f"2001:db8::{number}")
    access.use_password("guess", "::ffff:192.0.2.7")
    with pytest.raises(web.HTTPTooManyRequests):
        access.use_password("open sesame", "2001:db8::99")
    assert access.patience.seconds_left("192.0.2.7") == 0


def test_no_number_of_addresses_fills_the_memory() -> None:
    patience = Patience()
    for number in range(10_050):
        patience.note_wrong(f"10.0.{number >> 8}.{number & 255}")
    assert len(patience._tries) == 10_000


async def test_without_a_password_its_page_is_not_there(page: Page) -> None:
    assert (await page.get(SIGN_IN)).status == 404


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [(errno.ENOSPC, 507, "disk of this machine is full"), (errno.EACCES, 500, "denied")],
)
async def test_what_the_machine_refuses_is_said_without_its_paths(
    page: Page, monkeypatch: pytest.MonkeyPatch, number: int, status: int, said: str
) -> None:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number), "/home/ada/secret")

    monkeypatch.setattr(uploads, "new_draft", fail)
    answer = await page.upload("x.csv", b"title,rating\n")
    assert answer.status == status
    assert said in answer.text
    assert "ada" not in answer.text


def test_the_tables_of_linux_tell_the_user_of_a_connection() -> None:
    lines = [
        "0: 0100007F:223D 00000000:0000 0A 0:0 00:0 0 500 0 1",
        "1: 0100007F:D431 0100007F:223D 01 0:0 00:0 0 1000 0 2",
        "2: 00000000000000000000000001000000:D432 00000000000000000000000001000000:223D 01 0:0 0:0 0 1001 0",
        "3: 0000000000000000FFFF00000100007F:D433 0000000000000000FFFF00000100007F:223D 01 0:0 0:0 0 1002 0",
    ]
    found = [find_user(lines, *each) for each in (("127.0.0.1", 54321), ("::1", 54322), ("127.0.0.1", 54323))]
    assert found == [1000, 1001, 1002]
    assert find_user(lines, "127.0.0.1", 54324) is None


@pytest.mark.skipif(not TABLES[0].exists(), reason="only Linux has these tables")
async def test_a_key_that_another_user_has_seen_is_of_no_use(
    stranger: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = os.getuid()
    lines = await asyncio.to_thread(TABLES[0].read_text, "ascii")
    assert str(ours) in {line.split()[7] for line in lines.splitlines()[1:]}
    monkeypatch.setattr(peer, "find_user", lambda *_: ours + 1)
    key = stranger.access.key
    answer = await stranger.get(f"/?key={key}")
    assert (answer.status, stranger.access.key) == (403, key)
    monkeypatch.undo()
    assert (await stranger.get(f"/?key={key}")).status == 303


@pytest.mark.parametrize("aborts", [False, True])
async def test_an_upload_that_is_aborted_leaves_nothing_and_says_nothing(
    page: Page, places: Path, caplog: pytest.LogCaptureFixture, aborts: bool
) -> None:
    begun = (
        f'--b\r\nContent-Disposition: form-data; name="token"\r\n\r\n{page.token}\r\n'
        '--b\r\nContent-Disposition: form-data; name="file"; filename="x.csv"\r\n\r\n' + "a" * 100_000
    )
    cookies = "; ".join(f"{name}={value}" for name, value in page.cookies.items())
    _, writer = await asyncio.open_connection("127.0.0.1", page.access.port)
    writer.write(
        f"POST /imports HTTP/1.1\r\nHost: 127.0.0.1:{page.access.port}\r\nCookie: {cookies}\r\n"
        f"Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 5000000\r\n\r\n{begun}".encode()
    )
    await writer.drain()
    await asyncio.to_thread(wait_until, lambda: any((places / "web").glob("*/x.csv")))
    if aborts:
        writer.transport.abort()
    else:
        writer.close()
    await asyncio.to_thread(wait_until, lambda: not any((places / "web").iterdir()))
    assert (await page.get("/")).status == 200
    assert caplog.records == []
