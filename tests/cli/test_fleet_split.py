"""`importer fleet split` says what became of the rows, and leaves with the right exit code."""

import json
from pathlib import Path

import pytest

from tests.command import Importer, build_command


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    return build_command(tmp_path, monkeypatch, capsys, {}, secrets=())


def test_a_split_tells_what_it_found_and_what_to_type_next(importer: Importer, tmp_path: Path) -> None:
    dump, into = tmp_path / "dump.csv", tmp_path / "split"
    dump.write_text("user,title\nada,Alien\nbob,Heat\nada,Up\n")
    code, out, _ = importer("fleet", "split", str(dump), "--user", "user", "--into", str(into))

    assert code == 0
    assert f"{into}: 3 rows of 2 users\n" in out
    assert f"importer fleet add accounts.csv --from {into}\n" in out


def test_rows_of_nobody_are_no_success(importer: Importer, tmp_path: Path) -> None:
    dump, into = tmp_path / "dump.csv", tmp_path / "split"
    dump.write_text("user,title\nada,Alien\n,Heat\n")
    code, out, _ = importer("fleet", "split", str(dump), "--user", "user", "--into", str(into), "--json")

    told = json.loads(out)
    assert (code, told["rows"], told["users"], told["rows_of_nobody"]) == (1, 1, 1, 1)
    assert (into / "nobody.csv").read_text() == "user,title\n,Heat\n"


def test_what_cannot_be_split_names_what_to_do(importer: Importer, tmp_path: Path) -> None:
    dump = tmp_path / "dump.csv"
    dump.write_text("user,title\nada,Alien\n")
    code, out, err = importer("fleet", "split", str(dump), "--user", "who", "--into", str(tmp_path / "new"))

    assert (code, out) == (2, "")
    assert f'--user who: {dump} has no such column; its columns are "user", "title"' in err
    assert not (tmp_path / "new").exists()


def test_only_the_users_of_a_file_are_taken(importer: Importer, tmp_path: Path) -> None:
    dump, into = tmp_path / "dump.csv", tmp_path / "split"
    dump.write_text("user,title\nada,Alien\nbob,Heat\ncyd,Up\n")
    (tmp_path / "accounts.csv").write_text("name,user\nanna,ada\ncyd,\n")
    words = ["--user", "user", "--into", str(into), "--accounts", "accounts.csv", "--json"]
    code, out, _ = importer("fleet", "split", str(dump), *words)

    told = json.loads(out)
    assert (code, told["users"], told["rows"], told["rows_left_out"]) == (0, 2, 2, 1)


@pytest.mark.parametrize(
    ("words", "said"), [([], "name the accounts"), (["--from", "."], "is not the folder of")]
)
def test_adding_needs_accounts_or_a_split(importer: Importer, words: list[str], said: str) -> None:
    code, _, err = importer("fleet", "add", *words)
    assert code == 2
    assert said in err


def test_the_settings_of_a_fleet_are_checked_with_all_others(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text('[fleet]\nlease = "1s"\n[fleet.defaults]\nto = "trakd"\n')
    code, _, err = importer("config", "check")
    assert code == 2
    assert "lease in [fleet]" in err
    assert "'trakd' is no destination here" in err
