"""Proxies: those of the environment, as curl and git read them, and never one for this machine."""

import asyncio
from collections.abc import Callable

import pytest

from importer.client.proxies import Proxies
from importer.client.transport import Transport
from importer.destinations.decisions import Stop, interpret_loss
from importer.errors import ConnectionLostError, Loss, SettingsError
from importer.http import Request

NAMES = ("IMPORTER_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def find(url: str) -> str | None:
    return Proxies.from_environment().find(url)


def test_the_importers_own_proxy_goes_before_the_shared_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://shared.example:3128")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    monkeypatch.setenv("IMPORTER_PROXY", "own.example:8080")
    proxies = Proxies.from_environment()
    assert proxies.find("https://api.example/x") == "http://own.example:8080"
    assert proxies.find("http://api.example/x") == "http://own.example:8080"
    assert proxies.find("https://inside.example/x") is None
    assert proxies.find("http://127.0.0.1:1/x") is None


def test_without_variables_there_is_none() -> None:
    assert not Proxies.from_environment()


@pytest.mark.parametrize("case", [str.upper, str.lower])
def test_each_scheme_has_its_own_and_all_proxy_serves_the_rest(
    monkeypatch: pytest.MonkeyPatch, case: Callable[[str], str]
) -> None:
    monkeypatch.setenv(case("HTTPS_PROXY"), "http://me:pw@secure.example:3128")
    monkeypatch.setenv(case("ALL_PROXY"), "all.example:8080")
    assert find("https://api.trakt.tv/sync/ratings") == "http://me:pw@secure.example:3128"
    assert find("http://ratings.example.org/rate") == "http://all.example:8080"


@pytest.mark.parametrize("host", ["127.0.0.1:8001", "localhost:8001", "[::1]:8001", "127.9.9.9"])
def test_this_machine_is_always_asked_directly(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    assert find(f"http://{host}/rate") is None


def test_no_proxy_names_hosts_that_are_asked_directly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "http://proxy.example:3128")
    monkeypatch.setenv("NO_PROXY", "example.org, trakt.tv")
    assert find("https://api.trakt.tv/x") is None
    assert find("https://ratings.example.org/x") is None
    assert find("https://elsewhere.example/x") == "http://proxy.example:3128"


def test_what_cannot_be_used_is_told_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy.example:1080")
    with pytest.raises(SettingsError, match=r"ALL_PROXY.*SOCKS"):
        Transport(1)


@pytest.mark.parametrize("proxy", ["http://a..b:3128", f"{'a' * 64}.example:3128"])
def test_a_proxy_whose_host_is_no_name_is_told_with_its_variable(
    monkeypatch: pytest.MonkeyPatch, proxy: str
) -> None:
    monkeypatch.setenv("IMPORTER_PROXY", proxy)
    with pytest.raises(SettingsError, match=r"IMPORTER_PROXY: write it as http://HOST:PORT"):
        Transport(1)


async def test_a_request_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[bytes] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{port}")
        async with Transport(1) as transport:
            response = await transport.send(Request("GET", "http://ratings.example.org/x", "GET x"))
    assert response.body == b"{}"
    assert seen[0].startswith(b"GET http://ratings.example.org/x HTTP/1.1\r\n")


async def _lose_at_proxy(status: int, url: str, name: str, sign_in: str = "") -> ConnectionLostError:
    """Ask for an address through a proxy that answers so itself, and says so only once."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(name, f"http://{sign_in}127.0.0.1:{port}")
            with pytest.raises(ConnectionLostError) as caught:
                async with Transport(1) as transport:
                    await transport.send(Request("GET", url, "GET x"))
    return caught.value


@pytest.mark.parametrize("url", ["https://ratings.example.org/x", "http://ratings.example.org/x"])
@pytest.mark.parametrize("name", ["IMPORTER_PROXY", "ALL_PROXY", "all_proxy"])
async def test_a_proxy_that_asks_for_a_password_is_asked_once_and_told_with_its_variable(
    name: str, url: str
) -> None:
    lost = await _lose_at_proxy(407, url, name)
    assert f"write {name} as http://NAME:PASSWORD@HOST:PORT" in str(lost)
    assert isinstance(interpret_loss(lost, "Trakt"), Stop)
    lost = await _lose_at_proxy(407, url, name, "me:s3cret@")
    assert f"does not accept the name and the password in {name}" in str(lost)
    assert "s3cret" not in str(lost)


@pytest.mark.parametrize(("status", "loss"), [(403, Loss.PROXY), (429, Loss.REFUSED), (503, Loss.REFUSED)])
async def test_what_a_proxy_answers_itself_names_its_variable(status: int, loss: Loss) -> None:
    lost = await _lose_at_proxy(status, "https://ratings.example.org/x", "HTTPS_PROXY")
    assert lost.loss is loss
    assert f"answers {status}; it is set by HTTPS_PROXY" in str(lost)


def test_a_small_variable_goes_before_a_capital_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://one.example:1")
    monkeypatch.setenv("https_proxy", "http://other.example:1")
    proxies = Proxies.from_environment()
    assert proxies.find("https://trakt.tv/x") == "http://other.example:1"
    assert proxies.name_setting("https://trakt.tv/x") == "https_proxy"


def test_a_proxy_of_the_machines_own_settings_is_called_so() -> None:
    assert (
        Proxies({"https": "http://a:1"}).name_setting("https://trakt.tv/x") == "the settings of this machine"
    )


async def test_a_proxy_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    monkeypatch.setenv("HTTP_PROXY", f"http://me:s3cret@127.0.0.1:{port}")
    with pytest.raises(ConnectionLostError, match=r"proxy cannot be reached.*set by HTTP_PROXY$") as caught:
        async with Transport(1) as transport:
            await transport.send(Request("GET", "http://ratings.example.org/x", "GET x"))
    assert caught.value.loss is Loss.REFUSED
    assert "s3cret" not in str(caught.value)
