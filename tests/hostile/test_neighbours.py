"""What leaves for schedulers, chats and monitoring, and names in archives: nothing in it acts by itself."""

import http.client
import os
import socket
import zipfile
from datetime import time
from pathlib import Path

import pytest

from importer.errors import UnreadableFileError, UsageError
from importer.monitoring import metrics
from importer.monitoring.health import write_health
from importer.monitoring.metrics import serve_metrics
from importer.monitoring.notify import build_notification
from importer.readers.tables.archive import Folder, unpack_zip
from importer.sync.service_files import service
from importer.sync.service_files.schedule import build_daily
from importer.sync.service_files.service import build_service
from tests.monitoring.builders import build_end

# Archives


def unpack(path: Path, *names: str) -> list[str]:
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "imdb_id,rating\ntt0111161,8\n")
    return list(unpack_zip(path, path.name, Folder(), 1000).names)


@pytest.mark.parametrize(
    "name", ["C:x.csv", "c:/x.csv", "C:\\x.csv", "..\\x.csv", "\\\\server\\share\\x.csv"]
)
def test_an_entry_with_a_drive_is_not_unpacked(tmp_path: Path, name: str) -> None:
    assert unpack(tmp_path / "x.zip", name, "ratings.csv") == ["ratings.csv"]


@pytest.mark.parametrize(
    ("one", "other"), [("ratings.csv", "Ratings.CSV"), ("é.csv", "e\u0301.csv"), ("a/x.csv", "A/x.csv")]
)
def test_names_that_are_one_file_elsewhere_are_refused(tmp_path: Path, one: str, other: str) -> None:
    with pytest.raises(UnreadableFileError, match="holds two files of the name"):
        unpack(tmp_path / "x.zip", one, other)


# Units of schedulers


def build(monkeypatch: pytest.MonkeyPatch, state: Path) -> service.Service:
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(state))
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(state / "config.toml"))
    return build_service(None, {}, build_daily(time(3, 0)))


@pytest.mark.skipif(os.name != "posix", reason="on Windows a backslash is no odd letter")
@pytest.mark.parametrize("name", ["a\nExecStart=evil", "a\\"])
def test_a_folder_that_would_be_another_line_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    with pytest.raises(UsageError, match="cannot stand in such a file"):
        build(monkeypatch, tmp_path / name)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such file")
def test_the_user_is_that_of_the_system_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pwd  # noqa: PLC0415 - Windows has none

    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "root\nExecStart=evil")
    assert build(monkeypatch, tmp_path).user == pwd.getpwuid(os.geteuid()).pw_name


# Notices


def test_a_title_calls_nobody_and_links_nowhere() -> None:
    reasons = ["line 2: @everyone, <!channel> <b>x</b>, [x](evil), `y`, **z**, ||w||"]
    notification = build_notification(build_end(1, job="@here", stopped="<@U123>", reasons=reasons))
    told = notification.title + notification.text
    assert "@ everyone" in told
    assert "@ here" in told
    assert not any(mark in told for mark in ("@everyone", "@here", "@U123", "<", ">", "[", "`", "*", "||"))


# Metrics


@pytest.fixture
def health(tmp_path: Path) -> Path:
    write_health(tmp_path / "health", build_end())
    return tmp_path / "health"


def ask(port: int, host: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", "/metrics", headers={"Host": host})
    return connection.getresponse().status


def test_a_foreign_host_is_refused(health: Path) -> None:
    with serve_metrics(health, 0) as port:
        allowed = (
            "127.0.0.1",
            f"localhost:{port}",
            "[::1]:9",
            "importer:9100",
            "nas.lan",
            socket.gethostname(),
        )
        assert {host: ask(port, host) for host in allowed} == dict.fromkeys(allowed, 200)
        for host in ("evil.example", "127.0.0.1.evil.example", "local.evil.example:80", "@"):
            assert ask(port, host) == 403


def test_a_request_that_is_never_finished_ends(health: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "REQUEST_SECONDS", 0.05)
    with serve_metrics(health, 0) as port, socket.create_connection(("127.0.0.1", port), 30) as half_open:
        half_open.sendall(b"GET /metr")
        assert half_open.recv(100) == b""
