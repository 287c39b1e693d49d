"""`importer sandbox` for people, and `--any-title`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import Importer, build_command, read_statuses, write

COMMAND = Path(sys.executable).with_name("importer")


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    write(tmp_path / "ratings.csv", "imdb_id,rating\ntt9999999,8\n")
    return build_command(tmp_path, monkeypatch, capsys, {}, secrets=())


def test_it_prints_its_page_its_limit_and_what_to_set_for_both_apis() -> None:
    with subprocess.Popen([COMMAND, "sandbox"], stdout=subprocess.PIPE, encoding="utf-8") as server:
        assert server.stdout is not None
        try:
            lines = [server.stdout.readline() for _ in range(12)]
        finally:
            server.terminate()
    url = lines[0].removeprefix("sandbox ready at ").strip()
    text = "".join(lines)
    assert f"shown at {url}/ ; an account may have 10,000 ratings" in text
    for variable in (
        f"IMPORTER_TRAKT_BASE_URL={url}",
        "IMPORTER_TRAKT_CLIENT_ID=sandbox-client",
        f"IMPORTER_TRAKT_V1_BASE_URL={url}",
        "IMPORTER_TRAKT_V1_PASSWORD=demo",
    ):
        assert variable in text


@pytest.mark.parametrize("api", ["v1", "v2", "simkl", "mdblist", "tmdb"])
def test_any_title_is_known_if_that_is_wanted(api: str, importer: Importer, tmp_path: Path) -> None:
    words = ("run", "ratings.csv", "--to", "sandbox", "--api", api)
    assert importer(*words)[0] == 1
    assert importer(*words, "--any-title")[0] == 0
    assert read_statuses(tmp_path / "ratings.results.csv") == ["rated"]


def test_no_other_destination_knows_any_title(importer: Importer) -> None:
    code, _, err = importer("run", "ratings.csv", "--to", "csv-file", "--any-title")
    assert (code, "--any-title: only a sandbox does so, and not csv-file" in err) == (2, True)
