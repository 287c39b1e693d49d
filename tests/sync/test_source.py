"""Where a sync job's file comes from: the newest of several, and downloads that are not repeated."""

import gzip
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from importer.errors import (
    ConnectionLostError,
    Loss,
    StopRunError,
    UnknownFormatError,
    UnreachableError,
    UnreadableFileError,
)
from importer.http import Request, Response
from importer.matching.match_file import MATCH_COLUMNS
from importer.model import RESULT_COLUMNS
from importer.plans.model import PLAN_COLUMNS
from importer.sync import source
from importer.sync.config import SyncJob
from importer.sync.source import (
    MOST_REDIRECTS,
    AddressGuard,
    Fetched,
    Version,
    download,
    fetch,
    find_newest,
    withhold_content,
)
from tests.virtual_time import run_in_virtual_time

ADDRESS = "https://example.org/export.csv?key=s3cret"
CONTENT = b"imdb_id,rating\ntt0111161,9\n"
MIDNIGHT, A_SECOND_LATER = (f"Mon, 23 Nov 2026 00:00:0{second} GMT" for second in range(2))


def answer(status: int, body: bytes = b"", **headers: str) -> Response:
    return Response(status, {name.replace("_", "-"): value for name, value in headers.items()}, body)


class Server:
    """Answers one after the other, and remembers what was asked."""

    def __init__(self, *answers: Response | ConnectionLostError) -> None:
        self._answers = list(answers)
        self.requests: list[Request] = []

    async def send(self, request: Request) -> Response:
        self.requests.append(request)
        found = self._answers.pop(0)
        if isinstance(found, ConnectionLostError):
            raise found
        return found


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return tmp_path / "sync" / "a.download"


def get(
    copy: Path, *answers: Response | ConnectionLostError, known: Version | None = None, **job: Any
) -> Fetched:
    server = Server(*answers)
    try:
        return run_in_virtual_time(download(server, SyncJob(source=ADDRESS, **job), copy, known or Version()))
    finally:
        get.requests = server.requests  # type: ignore[attr-defined]


def asked() -> list[Request]:
    requests: list[Request] = get.requests  # type: ignore[attr-defined]
    return requests


class TestFiles:
    def test_the_newest_of_several_wins(self, tmp_path: Path) -> None:
        for name, moment in (("z.csv", 100), ("a.csv", 300), ("m.csv", 200), ("b.txt", 900)):
            (tmp_path / name).write_text(name)
            os.utime(tmp_path / name, (moment, moment))
        (tmp_path / "newest.csv").mkdir()
        assert find_newest(str(tmp_path / "*.csv")).name == "a.csv"
        assert find_newest(str(tmp_path / "**" / "?.txt")).name == "b.txt"

    def test_a_name_with_brackets_is_a_name(self, tmp_path: Path) -> None:
        (tmp_path / "ratings [1].csv").write_text("x")
        assert find_newest(str(tmp_path / "ratings [1].csv")).name == "ratings [1].csv"

    def test_none_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(UnreadableFileError, match="there is no such file"):
            find_newest(str(tmp_path / "*.csv"))

    @pytest.mark.parametrize("columns", [RESULT_COLUMNS, PLAN_COLUMNS, MATCH_COLUMNS])
    def test_a_pattern_passes_over_what_the_importer_wrote(
        self, tmp_path: Path, columns: tuple[str, ...]
    ) -> None:
        """`ratings.results.csv` is newer than the export, and fits `ratings*.csv` as well."""
        written = tmp_path / "ratings.results.csv"
        written.write_text(f"\ufeff{','.join(columns)}\r\n1,2\r\n", "utf-8")
        pattern = str(tmp_path / "ratings*.csv")
        with pytest.raises(UnreadableFileError, match="only results, plans and match files of the importer"):
            find_newest(pattern)
        (tmp_path / "ratings.csv").write_text("imdb_id,rating\n")
        os.utime(tmp_path / "ratings.csv", (100, 100))
        assert find_newest(pattern).name == "ratings.csv"
        assert find_newest(str(written)) == written  # by its name: its reader says what to do with it

    def test_its_hash_is_its_version(self, tmp_path: Path) -> None:
        file = tmp_path / "a.csv"
        file.write_bytes(CONTENT)
        first = fetch(SyncJob(source=str(file)), tmp_path / "copy", Version())
        file.write_bytes(CONTENT + b"tt0068646,8\n")
        second = fetch(SyncJob(source=str(file)), tmp_path / "copy", first.version)
        assert first.version != second.version
        assert (first.path, first.name) == (file, str(file))


class TestDownloads:
    def test_it_is_kept_for_its_owner_alone(self, copy: Path) -> None:
        found = get(copy, answer(200, CONTENT, ETag='"1"', Last_Modified=MIDNIGHT, Date=A_SECOND_LATER))
        assert copy.read_bytes() == CONTENT
        assert copy.stat().st_mode & 0o777 == 0o600
        assert copy.parent.stat().st_mode & 0o777 == 0o700
        assert found.version.etag == '"1"'
        assert found.version.last_modified == MIDNIGHT

    def test_no_name_and_no_message_shows_the_key(self, copy: Path) -> None:
        assert get(copy, answer(200, CONTENT)).name == "the download from example.org"
        assert "s3cret" not in repr(asked()[0])
        with pytest.raises(UnreadableFileError) as caught:
            get(copy, answer(403))
        assert "s3cret" not in str(caught.value)

    def test_what_did_not_change_is_not_sent_again(self, copy: Path) -> None:
        first = answer(200, CONTENT, ETag='"1"', Last_Modified=MIDNIGHT, Date=A_SECOND_LATER)
        known = get(copy, first).version
        again = get(copy, answer(304), known=known)
        assert asked()[0].headers["If-None-Match"] == '"1"'
        assert asked()[0].headers["If-Modified-Since"] == MIDNIGHT
        assert again.version == known

    @pytest.mark.parametrize("date", [MIDNIGHT, "", "now"])
    def test_what_was_written_a_moment_ago_may_still_grow_in_the_same_second(
        self, copy: Path, date: str
    ) -> None:
        known = get(copy, answer(200, CONTENT, Last_Modified=MIDNIGHT, Date=date)).version
        get(copy, answer(200, CONTENT), known=known)
        assert "If-Modified-Since" not in asked()[0].headers

    def test_a_proxy_that_lets_nothing_through_is_no_fault_of_the_source(self, copy: Path) -> None:
        with pytest.raises(StopRunError, match="proxy lets nothing through: it asks") as caught:
            get(copy, ConnectionLostError(Loss.PROXY, "it asks for a password"), answer(200, CONTENT))
        assert "source of the job" not in str(caught.value)
        assert len(asked()) == 1

    def test_a_network_that_is_waking_up_is_waited_for(self, copy: Path) -> None:
        get(copy, *[ConnectionLostError(Loss.REFUSED)] * 4, answer(200, CONTENT))
        assert copy.read_bytes() == CONTENT
        with pytest.raises(UnreachableError, match="could not connect"):
            get(copy, *[ConnectionLostError(Loss.REFUSED)] * 9)

    def test_what_changed_takes_its_place(self, copy: Path) -> None:
        known = get(copy, answer(200, CONTENT, ETag='"1"')).version
        assert get(copy, answer(200, b"new", ETag='"2"'), known=known).version != known
        assert copy.read_bytes() == b"new"

    def test_trouble_is_waited_for_and_ends_as_something_that_passes(self, copy: Path) -> None:
        get(
            copy,
            answer(503),
            ConnectionLostError(Loss.TIMEOUT),
            answer(429, Retry_After="1"),
            answer(200, b"x"),
        )
        assert copy.read_bytes() == b"x"
        with pytest.raises(StopRunError, match="HTTP 502"):
            get(copy, *[answer(502)] * 9)
        assert copy.read_bytes() == b"x"

    @pytest.mark.parametrize("loss", [Loss.CERTIFICATE, Loss.TOO_LARGE])
    def test_what_no_waiting_mends_is_told_at_once(self, copy: Path, loss: Loss) -> None:
        with pytest.raises(UnreadableFileError, match=str(loss)):
            get(copy, ConnectionLostError(loss))

    @pytest.mark.parametrize("status", [204, 304, 401, 403, 404, 410])
    def test_no_file_is_no_empty_file(self, copy: Path, status: int) -> None:
        with pytest.raises(UnreadableFileError, match=f"answers {status}"):
            get(copy, answer(status))
        assert not copy.exists()


def outside_at_first(check: Callable[[AddressGuard, str], None]) -> Callable[[AddressGuard, str], None]:
    return lambda guard, ip: check(guard, ip if guard.follows_redirect else "1.1.1.1")


def test_what_an_unexpected_download_holds_is_not_told(tmp_path: Path) -> None:
    error = UnknownFormatError('Columns found: "5ECRET"')
    fetched = Fetched(tmp_path / "nightly.download", "the download from example.org", Version())
    with (
        pytest.raises(UnreadableFileError, match=r"no known format.*nightly\.download") as caught,
        withhold_content(SyncJob(source=ADDRESS), fetched),
    ):
        raise error
    assert "5ECRET" not in str(caught.value)
    with pytest.raises(UnknownFormatError), withhold_content(SyncJob(source="a.csv"), fetched):
        raise error  # a file of one's own


class TestRedirects:
    def test_they_are_followed(self, copy: Path) -> None:
        get(copy, answer(302, Location="/other?x=1#y"), answer(200, CONTENT))
        assert asked()[1].url == "https://example.org/other?x=1"

    @pytest.mark.parametrize(
        "target",
        [
            *("http://example.org/", "file:///etc/passwd", "https://a:b@example.org/", "http://["),
            *("https://a..b/", "//a..b/", f"https://{'a' * 64}.org/"),
        ],
    )
    def test_never_to_something_less_safe(self, copy: Path, target: str) -> None:
        with pytest.raises(UnreadableFileError, match="not safe"):
            get(copy, answer(302, Location=target), answer(200, CONTENT))
        assert len(asked()) == 1

    def test_never_from_https_to_http_whatever_the_job_accepts(self, copy: Path) -> None:
        with pytest.raises(UnreadableFileError, match="not safe") as caught:
            get(copy, answer(302, Location="http://other.example/5ecret"), insecure_http=True)
        assert "5ecret" not in str(caught.value)
        assert "other.example" not in str(caught.value)

    @pytest.mark.parametrize(
        "inside",
        [
            *(
                "127.0.0.1",
                "10.1.2.3",
                "172.16.0.1",
                "192.168.1.1",
                "169.254.169.254",
                "100.64.0.1",
                "0.0.0.0",
            ),
            *("::1", "fe80::1%eth0", "fc00::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1"),
        ],
    )
    def test_never_from_outside_to_an_address_inside_this_network(self, inside: str) -> None:
        guard = AddressGuard()
        guard.check("93.184.216.34")
        guard.check(inside)  # one name may have both
        guard.follows_redirect = True
        with pytest.raises(OSError, match="inside"):
            guard.check(inside)
        guard.check("2606:2800:220:1::1")
        assert guard.has_refused

    def test_a_server_inside_this_network_may_redirect_within_it_but_not_back_from_outside(self) -> None:
        guard = AddressGuard()
        guard.check("192.168.1.5")
        guard.follows_redirect = True
        guard.check("10.0.0.7")
        guard.check("1.1.1.1")
        with pytest.raises(OSError, match="inside"):
            guard.check("192.168.1.5")

    def test_the_address_that_is_connected_to_counts(
        self, copy: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A real connection: this machine stands for a server outside, until the redirect."""
        with exporting() as (address, seen), monkeypatch.context() as patch:
            patch.setattr(source.AddressGuard, "check", outside_at_first(AddressGuard.check))
            with pytest.raises(UnreadableFileError, match="not safe") as caught:
                fetch(SyncJob(source=address.replace("export", "elsewhere")), copy, Version())
        assert len(seen) == 1
        assert "localhost" not in str(caught.value)

    def test_the_whole_download_has_one_deadline(self, copy: Path) -> None:
        slow = answer(429, Retry_After="250")
        with pytest.raises(UnreachableError, match="not complete after 15 minutes"):
            get(copy, *[slow, slow, answer(302, Location="/")] * 3)

    def test_not_for_ever(self, copy: Path) -> None:
        with pytest.raises(UnreadableFileError, match="again and again"):
            get(copy, *[answer(307, Location="/")] * 99)
        assert len(asked()) == MOST_REDIRECTS + 1


class _Export(BaseHTTPRequestHandler):
    seen: list[Mapping[str, str]]

    def do_GET(self) -> None:
        self.seen.append(dict(self.headers))
        if "elsewhere" in self.path:
            self.send_response(302)
            self.send_header("Location", f"http://localhost:{self.server.server_port}/export.csv")  # type: ignore[attr-defined]
            self.end_headers()
            return
        if self.headers.get("If-None-Match") == '"v1"':
            self.send_response(304)
            self.end_headers()
            return
        body = gzip.compress(CONTENT)
        self.send_response(200)
        self.send_header("ETag", '"v1"')
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def exporting() -> Iterator[tuple[str, list[Mapping[str, str]]]]:
    """Serve an export on this machine, and give its address and what was asked."""
    seen: list[Mapping[str, str]] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Export", (_Export,), {"seen": seen}))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/export.csv", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_over_a_real_line_and_with_a_copy_that_was_tampered_with(copy: Path) -> None:
    with exporting() as (address, seen):
        job = SyncJob(source=address)
        first = fetch(job, copy, Version())
        assert copy.read_bytes() == CONTENT
        assert fetch(job, copy, first.version) == first
        assert "If-None-Match" in seen[1]
        copy.write_bytes(b"other")
        assert fetch(job, copy, first.version).version.digest == first.version.digest
        assert "If-None-Match" not in seen[2]
        assert copy.read_bytes() == CONTENT
