"""What the command says to input that cannot be imported: the file, the problem, the remedy, exit code 2."""

from pathlib import Path

import pytest

from tests.system.conftest import Importer, running_sandbox

GOOD = "imdb_id,rating\ntt0111161,9\n"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file"),
        (b"", "empty"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "PNG"),
        (b"PK\x03\x04\x14\0\0\0", "zip"),
        (b"name,colour\nHeat,blue\n", "name"),
        (b"imdb_id,Score\ntt0111161,9\n", "rating"),
    ],
    ids=["missing", "empty", "picture", "zip", "unknown header", "no rating column"],
)
def test_a_file_that_is_no_export(
    content: bytes | None, said: str, importer: Importer, tmp_path: Path
) -> None:
    if content is not None:
        (tmp_path / "ratings.csv").write_bytes(content)
    done = importer("run", "ratings.csv", "--to", "sandbox")
    assert done.returncode == 2
    assert "ratings.csv" in done.stderr
    assert said in done.stderr
    assert not (tmp_path / "ratings.results.csv").exists()


def test_a_directory(importer: Importer, tmp_path: Path) -> None:
    done = importer("run", str(tmp_path), "--to", "sandbox")
    assert done.returncode == 2
    assert "directory" in done.stderr.lower()


def test_a_header_without_rows_is_a_run_without_rows(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text("imdb_id,rating\n")
    done = importer("run", "ratings.csv", "--to", "sandbox")
    assert done.returncode == 0
    assert "no rows" in done.stdout
    assert (tmp_path / "ratings.results.csv").read_text().count("\n") == 1


def test_a_last_line_that_was_cut_off_is_an_invalid_row(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text('title,imdb_id,rating\n"Heat",tt0113277,8\n"The Shawsh')
    done = importer("run", "ratings.csv", "--to", "sandbox")
    assert done.returncode == 1
    assert "line 3" in done.stdout


def test_bytes_that_are_no_text_in_any_encoding_we_read(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_bytes(b"imdb_id,rating\n" + bytes(range(256)) * 4)
    assert importer("run", "ratings.csv", "--to", "sandbox").returncode == 2


def test_the_results_are_never_written_over_the_input(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text(GOOD)
    done = importer("run", "ratings.csv", "--to", "sandbox", "--out", "ratings.csv")
    assert done.returncode == 2
    assert (tmp_path / "ratings.csv").read_text() == GOOD


def test_a_full_disk_loses_nothing_but_the_file(
    importer: Importer, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "ratings.csv").write_text(GOOD)
    with running_sandbox(environment) as url:
        done = importer("run", "ratings.csv", "--to", "trakt-v1", "--base-url", url, "--out", "/dev/full")
        assert done.returncode == 3
        assert "journal" in done.stderr
        again = importer("run", "ratings.csv", "--to", "trakt-v1", "--base-url", url)
    assert again.returncode == 0
    assert "tt0111161" in (tmp_path / "ratings.results.csv").read_text()


def test_all_problems_of_the_settings_are_told_at_once(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text(GOOD)
    done = importer(
        "run",
        "ratings.csv",
        "--to",
        "trakt-v1",
        IMPORTER_TRAKT_V1_API_KEY="",
        IMPORTER_TRAKT_V1_USERNAME="",
        IMPORTER_TRAKT_V1_PASSWORD="",
    )
    assert done.returncode == 2
    for word in ("retired", "API_KEY", "USERNAME", "PASSWORD"):
        assert word in done.stderr


def test_plain_http_to_another_host_needs_to_be_asked_for(importer: Importer, tmp_path: Path) -> None:
    (tmp_path / "ratings.csv").write_text(GOOD)
    done = importer("run", "ratings.csv", "--to", "trakt-v1", "--base-url", "http://ratings.example.org")
    assert done.returncode == 2
    assert "--insecure-http" in done.stderr
