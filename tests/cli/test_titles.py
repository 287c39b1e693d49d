"""`importer titles` makes, shows and deletes the index."""

import json
from pathlib import Path

import pytest

from importer.cli.app import load_command
from importer.cli.options import LogFormat
from importer.cli.titles import TERMS, Action
from importer.destinations.titles import Candidate
from importer.errors import UsageError
from importer.matching.answers import Answers
from importer.matching.model import TitleQuery
from importer.model import MediaKind
from importer.titles.settings import answers_file
from tests.titles.extract import write_files

titles = load_command("titles")


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(folder))
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("")
    return folder


def test_the_terms_are_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write_files(tmp_path / "imdb")
    titles(Action.BUILD, [folder])
    first = capsys.readouterr()
    assert TERMS in first.err
    assert "16 movies and shows by" in first.out
    titles(Action.BUILD, [folder])
    assert TERMS not in capsys.readouterr().err


def test_programs_are_told_how_far_it_is(
    tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    titles(Action.BUILD, [write_files(tmp_path / "imdb")], log_format=LogFormat.JSON)
    told = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [each["message"] for each in told if each["event"] == "note"] == [" ".join(TERMS.split())]
    assert all(each["job"] == "titles" for each in told)
    assert (state / "titles" / "index.sqlite3").exists()


def test_status_tells_of_an_index_and_of_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    titles(Action.STATUS)
    assert "importer titles build DIR" in capsys.readouterr().out
    titles(Action.BUILD, [write_files(tmp_path / "imdb")], quiet=True)
    capsys.readouterr()
    titles(Action.STATUS, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert (told["titles"], told["episodes"]) == ("16", "3")


def test_it_can_be_deleted(tmp_path: Path, state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    titles(Action.BUILD, [write_files(tmp_path / "imdb")], quiet=True)
    assert (state / "titles" / "index.sqlite3").exists()
    titles(Action.FORGET, index=True)
    assert not (state / "titles" / "index.sqlite3").exists()
    capsys.readouterr()
    titles(Action.STATUS)
    told = capsys.readouterr().out
    assert told.startswith("There is no title index. This makes one")
    assert told.index("titles update --download") < told.index("titles build DIR")


def test_nothing_is_downloaded_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.toml").write_text('[titles]\naddress = "https://mirror.example.org/"\n')
    with pytest.raises(UsageError, match=r"--download fetches .* from https://mirror\.example\.org,"):
        titles(Action.UPDATE)
    assert TERMS in capsys.readouterr().err


def test_words_that_do_not_go_together_are_refused() -> None:
    with pytest.raises(UsageError, match="takes no files"):
        titles(Action.STATUS, [Path("x")])
    with pytest.raises(UsageError, match="--download"):
        titles(Action.BUILD, download=True)


def test_answers_are_counted_and_forgotten(capsys: pytest.CaptureFixture[str]) -> None:
    film = Candidate(MediaKind.MOVIE, "Joker", 2019, "tt7286456")
    with Answers(answers_file()) as answers:
        answers.put(TitleQuery(MediaKind.MOVIE, "Joker", 2019), film)
    titles(Action.STATUS)
    assert "1 answer of yours" in capsys.readouterr().out
    titles(Action.FORGET)
    assert "1 answer about titles forgotten" in capsys.readouterr().err
    titles(Action.STATUS)
    assert "of yours" not in capsys.readouterr().out
