"""The app's secret is nowhere, the tokens are in the token file and nowhere else, whatever Trakt does."""

import base64
import csv
import json
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.hostile.conftest import Command, write_ratings
from tests.hostile.server import Answer, Call, Reply, Server, reply

CLIENT_ID, CLIENT_SECRET, DEVICE_CODE = "cl1ent-of-ada-4711", "app-s3cret-of-ada", "d3vice-code-of-ada"
APP = (CLIENT_ID, CLIENT_SECRET, DEVICE_CODE)
TOKENS = tuple(f"{kind}-token-number-{number}" for kind in ("acc3ss", "r3fresh") for number in range(1, 4))
WORDS = ("run", "ratings.csv", "--to", "trakt", "--rate", "500/s", "--workers", "1", "--yes")


def echo(status: int, *headers: str) -> Answer:
    """Say no, with everything that was sent in the answer's body and in its headers."""

    def answer(call: Call) -> Reply:
        told = (f"X-Request: {call.whole}", f"X-Upgrade-URL: https://trakt.tv/{call.whole}", *headers)
        content = {"error": f"no: {call.whole}", "error_description": call.whole, "request": call.body}
        return reply(status, content, *told, f"Set-Cookie: seen={call.whole}")

    return answer


def page(status: int, *headers: str) -> Answer:
    return lambda call: reply(status, f"<html><pre>{call.whole}</pre></html>", *headers)


def redirect(call: Call) -> Reply:
    return reply(307, "", f"Location: http://127.0.0.1:1/{quote(call.whole)}")


def stored(call: Call) -> Reply:
    count = sum(len(array) for array in call.content.values())
    return reply(201, {"added": {"movies": count}, "not_found": {}, "request": call.whole})


class Trakt:
    """Signs everybody in, and stores whatever is not answered by the script of its path instead."""

    def __init__(self, **script: list[Answer]) -> None:
        self.script = script
        self.issued = 0

    def __call__(self, call: Call) -> Reply:
        path = call.path.partition("?")[0].strip("/").replace("/", "_")
        if call.method == "POST" and (waiting := self.script.get(path)):
            return waiting.pop(0)(call)
        if path == "oauth_device_code":
            return reply(200, {"device_code": DEVICE_CODE, **_CODE})
        if path in {"oauth_device_token", "oauth_token"}:
            return reply(200, self._issue())
        if path == "users_settings":
            return reply(200, {"user": {"username": "ada", "name": "Ada"}, "request": call.whole})
        if call.method == "GET":
            return reply(200, [])
        return stored(call) if path == "sync_ratings" else reply(200, {"request": call.whole})

    def _issue(self) -> dict[str, object]:
        self.issued += 1
        pair = {f"{kind}_token": f"{word}-token-number-{self.issued}" for kind, word in _KINDS}
        return {**pair, "created_at": 2_000_000_000, "expires_in": 604_800}


_KINDS = (("access", "acc3ss"), ("refresh", "r3fresh"))
_CODE = {
    "user_code": "5055CC52",
    "verification_url": "http://127.0.0.1/activate",
    "expires_in": 600,
    "interval": 0.01,
}


@pytest.fixture
def ada(command: Command) -> Command:
    command.settings = {
        "IMPORTER_TRAKT_CLIENT_ID": CLIENT_ID,
        "IMPORTER_TRAKT_CLIENT_SECRET": CLIENT_SECRET,
    }
    return command


def connect(command: Command, server: Server) -> None:
    command.settings |= {"IMPORTER_TRAKT_BASE_URL": server.url, "IMPORTER_TRAKT_AUTH_URL": server.url}


def token_files(command: Command) -> Iterator[Path]:
    yield from (command.folder / "state/tokens").glob("*.json")


def check_nothing_got_out(command: Command) -> None:
    assert command.find(*APP) == []
    assert command.find(*TOKENS, but_in=["state/tokens/"]) == []
    for file in token_files(command):
        assert file.stat().st_mode & 0o777 == 0o600
        assert CLIENT_SECRET not in file.read_text()


def statuses(command: Command) -> list[str]:
    with (command.folder / "ratings.results.csv").open(newline="", encoding="utf-8") as file:
        return [line["status"] for line in csv.DictReader(file)]


def test_from_sign_in_to_logout_past_every_failure(ada: Command) -> None:
    write_ratings(ada.folder, 12)
    trakt = Trakt(
        oauth_device_code=[echo(500), page(502)],
        oauth_device_token=[echo(400), page(400), echo(429), page(500), lambda _: None],
        oauth_token=[echo(500)],
        oauth_revoke=[echo(500)],
        sync_ratings=[
            *(echo(401), stored, echo(500), stored, page(502), stored, echo(429, "Retry-After: 0"), stored),
            *(lambda _: None, stored, page(200), stored, echo(409), stored),
            *(echo(422), echo(400), page(413), echo(418)),
        ],
    )
    with Server(trakt) as server:
        connect(ada, server)
        signed_in = ada.run("login", "trakt")
        assert signed_in.returncode == 0, signed_in.stderr
        assert "5055CC52" in signed_in.stdout
        done = ada.run(*WORDS, "--no-verify", "--batch-size", "1")
        assert done.returncode in {0, 1}, done.stderr
        assert trakt.issued == 2  # the token was renewed
        assert any(TOKENS[1] in call.whole for call in server.calls)
        check_nothing_got_out(ada)
        (file,) = token_files(ada)
        assert json.loads(file.read_text())["refresh_token"] == "r3fresh-token-number-2"
        assert ada.run("whoami").returncode == 0
        signed_out = ada.run("logout", "trakt")
    assert "could not be asked to revoke" in signed_out.stdout
    assert statuses(ada).count("rejected") == 4
    assert statuses(ada).count("rated") == 8
    assert ada.find(*APP, *TOKENS) == []  # now not even there


STOPS = {
    "403": [echo(403)],
    "403 with a page": [page(403)],
    "420": [echo(420)] * 8,
    "423": [echo(423)],
    "redirect": [redirect],
    "no JSON": [page(200)] * 4,
    "a renewal that is refused": [echo(401)],
}


@pytest.mark.parametrize("answers", STOPS.values(), ids=STOPS)
def test_a_run_that_is_stopped(ada: Command, answers: list[Answer]) -> None:
    write_ratings(ada.folder, 3)
    refusals = [echo(400)] if answers is STOPS["a renewal that is refused"] else []
    with Server(Trakt(sync_ratings=list(answers), oauth_token=refusals)) as server:
        connect(ada, server)
        pair = {"IMPORTER_TRAKT_ACCESS_TOKEN": TOKENS[0], "IMPORTER_TRAKT_REFRESH_TOKEN": TOKENS[3]}
        done = ada.run(*WORDS, "--quiet", **pair)
    assert done.returncode == 3, done.stderr
    assert done.stderr
    check_nothing_got_out(ada)


def test_an_error_nobody_foresaw(ada: Command) -> None:
    write_ratings(ada.folder, 3)
    with Server(Trakt()) as server:
        connect(ada, server)
        pair = {"IMPORTER_TRAKT_ACCESS_TOKEN": TOKENS[0], "IMPORTER_TRAKT_REFRESH_TOKEN": TOKENS[3]}
        done = ada.run(*WORDS, HOSTILE_BREAK="1", **pair)
    assert "Traceback" in done.stderr
    assert "nobody foresaw this" in done.stderr
    check_nothing_got_out(ada)


def test_what_is_searched_for_would_be_found(ada: Command) -> None:
    """The search itself: it knows a secret in a file, in a name, in an output, in base64 and in a URL."""
    (ada.folder / "one").write_bytes(b"\x00" + base64.b64encode(b"id:" + CLIENT_SECRET.encode()) + b"\x00")
    (ada.folder / CLIENT_ID).mkdir()
    ada.said.append("https://example.org/?" + quote("K3y/of+the=app", safe=""))
    assert len(ada.find(CLIENT_SECRET)) == len(ada.find(CLIENT_ID)) == len(ada.find("K3y/of+the=app")) == 1
