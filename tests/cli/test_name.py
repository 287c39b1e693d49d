"""`--name`: what people read names an uploaded file as they know it, and never its path."""

import json
from pathlib import Path

import pytest

from tests.command import Importer, build_command

ROWS = "imdb_id,rating,title\ntt0111161,9,A\ntt0068646,11,B\n"


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    return build_command(tmp_path, monkeypatch, capsys, {}, secrets=())


@pytest.fixture
def upload(tmp_path: Path) -> str:
    path = tmp_path / "7f3a" / "upload"
    path.parent.mkdir()
    path.write_text(ROWS)
    return "7f3a/upload"


def test_a_run_names_the_file(importer: Importer, upload: str, tmp_path: Path) -> None:
    code, out, _ = importer("run", upload, "--name", "../My Films.csv", "--to", "csv-file")
    told, _, to_type = out.partition("Next:")
    assert code == 1
    assert "My Films.csv" in told
    assert "7f3a" not in told
    assert "7f3a" in to_type, "what continues it is typed as it was"
    assert (tmp_path / "My-Films.results.csv").is_file()
    assert json.loads(importer("runs", "--json")[1])["runs"][0]["source"] == "My Films.csv"


@pytest.mark.parametrize("command", ["inspect", "plan"])
def test_other_commands_do_too(importer: Importer, upload: str, command: str) -> None:
    _, out, err = importer(command, upload, "--name", "films.csv", "--to", "sandbox", "--json")
    assert "films.csv" in out
    assert "7f3a" not in (out + err).partition("Next:")[0]


def test_errors_name_it(importer: Importer, upload: str, tmp_path: Path) -> None:
    (tmp_path / upload).write_text("a,b\n1,2\n")
    for command in ("inspect", "plan", "run", "match"):
        to = () if command == "match" else ("--to", "sandbox")
        code, _, err = importer(command, upload, "--name", "films.csv", *to)
        assert (code, "films.csv" in err, "7f3a" in err) == (2, True, False), command


@pytest.mark.parametrize("name", ["..", "/", " "])
def test_a_name_has_letters(importer: Importer, upload: str, name: str) -> None:
    code, _, err = importer("inspect", upload, "--name", name)
    assert (code, "it has no letters" in err) == (2, True)


def test_only_a_file_has_a_name(importer: Importer) -> None:
    assert importer("plan", "--from", "trakt", "--name", "x.csv")[0] == 2
    assert importer("run", "--plan", "x.plan.csv", "--name", "x.csv")[0] == 2
