"""`importer export` and `--from`, as they are typed."""

import csv
from pathlib import Path

import pytest

from tests.system.conftest import Importer

SHAWSHANK, GODFATHER = "tt0111161", "tt0068646"
TO = ("--to", "sandbox", "--api", "v2")


def read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def account(importer: Importer, tmp_path: Path) -> None:
    """Two films, rated by an earlier run."""
    lines = ("imdb_id,rating,rated_at", f"{SHAWSHANK},9,2021-01-01", f"{GODFATHER},5,2020-01-01", "")
    (tmp_path / "films.csv").write_text("\n".join(lines), "utf-8")
    assert importer("run", "films.csv", *TO).returncode == 0


@pytest.mark.usefixtures("account")
def test_a_backup_is_written_and_brought_back(importer: Importer, tmp_path: Path) -> None:
    done = importer("export", "sandbox", "backup.csv")
    assert done.returncode == 0, done.stderr
    assert "uploaded" not in done.stdout
    assert {(row["imdb_id"], row["rating"]) for row in read(tmp_path / "backup.csv")} == {
        (SHAWSHANK, "9"),
        (GODFATHER, "5"),
    }
    assert not (tmp_path / "sandbox.results.csv").exists()
    before = (tmp_path / "backup.csv").read_bytes()
    again = importer("export", "sandbox", "backup.csv")
    assert again.returncode == 2
    assert "backup.csv exists, and may be the only copy of what it holds." in again.stderr
    assert "add --overwrite" in again.stderr
    assert (tmp_path / "backup.csv").read_bytes() == before
    assert importer("export", "sandbox", "backup.csv", "--overwrite").returncode == 0
    assert importer("undo", importer("runs").stdout.splitlines()[1].split()[0]).returncode == 0
    assert importer("run", "backup.csv", *TO).returncode == 0
    assert [row["status"] for row in read(tmp_path / "backup.results.csv")] == ["rated"] * 2


@pytest.mark.usefixtures("account")
def test_an_account_is_read_in_place_of_a_file(importer: Importer, tmp_path: Path) -> None:
    done = importer("run", "--from", "sandbox", "--to", "letterboxd-file", "--write-to", "up.csv")
    assert done.returncode == 0, done.stderr
    assert {row["imdbID"] for row in read(tmp_path / "up.csv")} == {SHAWSHANK, GODFATHER}
    assert [row["status"] for row in read(tmp_path / "sandbox.results.csv")] == ["rated"] * 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--from", "sandbox", *TO), "there is only one on this machine"),
        (("run", "films.csv", "--from", "sandbox"), "only one"),
        (("plan", *TO), "or an account with --from"),
        (("run", "--from", "letterboxd-file"), "is no destination here"),
        (("run", "--from", "sandbox", "--to", "trakt-file", "--format", "imdb"), "do not go with --from"),
        (("run", "films.csv", "--from-account", "ada", *TO), "name its destination with --from"),
        (("export", "imdb-file", "x.csv"), "is no destination here"),
        (("export", "sandbox", "x.txt"), "ends in .csv"),
        (("export", "sandbox", "nowhere/x.csv"), "there is no folder nowhere"),
        (("export", "sandbox", "x.csv", "--as", "sandbox"), "there are trakt-file"),
        (("export", "trakt", "x.csv"), "client_id"),
        (("export", "sandbox", "-"), "Name a file and read that: importer export"),
    ],
)
def test_what_does_not_fit_is_refused(
    importer: Importer, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    (tmp_path / "films.csv").write_text(f"imdb_id,rating\n{SHAWSHANK},9\n", "utf-8")
    refused = importer(*words)
    assert refused.returncode == 2, refused.stdout
    assert said in refused.stderr
    assert not (tmp_path / "x.csv").exists()
