"""`importer report --html` and `inspect --html`: what is written, and what is never replaced."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import Importer, build_command, write
from tests.report.test_page import unpack

KEY = "5ECRETkey"
ROWS = "imdb_id,rating,title,rated_at\n" + "".join(
    f"tt{n:07},{n},Film {n},2024-0{n}-01\n" for n in range(1, 10)
)


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    settings = {"TRAKT_V1_API_KEY": KEY, "TRAKT_CLIENT_SECRET": KEY}
    write(tmp_path / "films.csv", ROWS + "tt0000099,11,Wrong,\n")
    return build_command(tmp_path, monkeypatch, capsys, settings, secrets=(KEY,))


def test_a_run_has_a_page(importer: Importer, tmp_path: Path) -> None:
    importer("run", str(tmp_path / "films.csv"), "--to", "sandbox", "--out", "r.csv")
    code, out, _ = importer("report", "--html", "page.html")
    assert (code, out) == (0, "The page is page.html.\n")
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "of 10 rows succeeded" in page
    assert "films.csv to Sandbox" in page
    assert str(tmp_path) not in page
    assert KEY not in page
    assert unpack(page)["line"] == [*range(2, 12)]
    assert 'id="chart-requests"' in page
    assert importer("report", "--html", "page.html")[0] == 0, "its own page may be replaced"


def test_the_page_of_a_retry_tells_what_it_took_over(importer: Importer, tmp_path: Path) -> None:
    importer("run", str(tmp_path / "films.csv"), "--to", "sandbox", "--out", "r.csv")
    importer("report", "--html", "page.html")
    assert "taken over" not in (tmp_path / "page.html").read_text("utf-8")
    importer("retry", "--all", "r.csv")
    importer("report", "--html", "page.html")
    assert "Settled by an earlier run, and taken over as it was: " in (tmp_path / "page.html").read_text(
        "utf-8"
    )


def test_a_file_has_a_page_without_a_run(importer: Importer, tmp_path: Path) -> None:
    assert importer("inspect", "films.csv", "--html", "page.html", "--to", "csv-file")[0] == 0
    page = (tmp_path / "page.html").read_text("utf-8")
    assert "9 of 10 rows would be sent to csv-file." in page
    assert "Correct these rows in the file" in page
    assert unpack(page)["status"] == ["not_sent"] * 9 + ["invalid"]
    assert importer("runs")[1] == "There are no runs yet.\n"


@pytest.mark.parametrize("command", [("inspect", "films.csv"), ("report", "last")])
def test_a_file_of_the_user_stays(importer: Importer, tmp_path: Path, command: tuple[str, ...]) -> None:
    importer("run", "films.csv", "--to", "csv-file")
    (tmp_path / "mine.html").write_text("mine")
    code, _, err = importer(*command, "--html", "mine.html")
    assert (code, "mine.html" in err) == (2, True)
    assert (tmp_path / "mine.html").read_text() == "mine"
    assert importer(*command, "--html", "mine.html", "--overwrite")[0] == 0
    assert importer(*command, "--html", "nowhere/page.html")[0] == 2
    assert importer(*command, "--html", "-")[0] == 2
    assert not (tmp_path / "-").exists()


def test_templates_are_loaded_for_a_page_only() -> None:
    code = "import importer.cli.past, importer.cli.inspect, sys; sys.exit('jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_open_opens_the_page(importer: Importer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    importer("inspect", "films.csv", "--html", "page.html", "--open")
    assert opened == [(tmp_path / "page.html").as_uri()]
    code, _, err = importer("inspect", "films.csv", "--open")
    assert (code, "--html" in err) == (2, True)
