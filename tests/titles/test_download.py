"""IMDb's files are downloaded only if they changed, and then all of one day."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from importer.errors import UnreachableError
from importer.progress import Phase, Progress
from importer.titles import download
from importer.titles.download import download_files
from importer.titles.imdb_files import DataFile


class Host(ThreadingHTTPServer):
    """Serves every file as its name and version."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.versions = dict.fromkeys(DataFile, "1")
        self.asked: list[tuple[str, str]] = []
        self.status = 200
        self.drops = 0

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Answer(BaseHTTPRequestHandler):
    server: Host

    def do_GET(self) -> None:
        kind = DataFile(self.path.strip("/"))
        known, etag = self.headers.get("If-None-Match", ""), f'"{self.server.versions[kind]}"'
        self.server.asked.append((kind, known))
        body = f"{kind} {etag}".encode()
        self.send_response(304 if known == etag else self.server.status)
        self.send_header("ETag", etag)
        if known != etag:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.server.drops:
            self.server.drops -= 1
            self.wfile.write(body[:3])
            self.close_connection = True
        elif known != etag:
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def host() -> Iterator[Host]:
    with Host() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_all_are_saved_with_their_etags(host: Host, tmp_path: Path) -> None:
    progress = Progress()
    files, etags = download_files(host.address, tmp_path, {}, progress)
    assert files == {kind: tmp_path / kind for kind in DataFile}
    assert files[DataFile.AKAS].read_text() == 'title.akas.tsv.gz "1"'
    assert etags == dict.fromkeys(DataFile, '"1"')
    assert progress.phase is Phase.DOWNLOADING


def test_files_that_have_not_changed_are_not_downloaded(host: Host, tmp_path: Path) -> None:
    assert download_files(host.address, tmp_path, dict.fromkeys(DataFile, '"1"'), Progress()) == ({}, {})
    assert len(host.asked) == 4


def test_if_one_has_changed_all_are_downloaded(host: Host, tmp_path: Path) -> None:
    host.versions[DataFile.AKAS] = "2"
    files, etags = download_files(host.address, tmp_path, dict.fromkeys(DataFile, '"1"'), Progress())
    assert set(files) == set(DataFile)
    assert files[DataFile.BASICS].read_text() == 'title.basics.tsv.gz "1"'
    assert etags[DataFile.AKAS] == '"2"'
    assert len(host.asked) == 4 + 3


def test_a_dropped_connection_begins_the_file_again(host: Host, tmp_path: Path) -> None:
    host.drops = 2
    files, _ = download_files(host.address, tmp_path, {}, Progress())
    assert files[DataFile.BASICS].read_text() == 'title.basics.tsv.gz "1"'


def test_an_outage_is_told(host: Host, tmp_path: Path) -> None:
    host.status = 503
    with pytest.raises(UnreachableError, match=r"answers 503 for title\.basics"):
        download_files(host.address, tmp_path, {}, Progress())
    host.status, host.drops = 200, 3
    with pytest.raises(UnreachableError, match="was not downloaded"):
        download_files(host.address, tmp_path, {}, Progress())


def test_an_endless_file_is_refused(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "LARGEST_FILE_BYTES", -1)
    with pytest.raises(UnreachableError, match="far too large"):
        download_files(host.address, tmp_path, {}, Progress())
