"""The report for those who help has what they need, and nothing that is the user's."""

import json
import sys
import zipfile
from pathlib import Path

import pytest

from importer.cli.doctor_file import describe_columns
from tests.command import Importer, build_command, write
from tests.readers.golden import all_samples

SECRET = "s3cr3t-v4lu3"
TITLE = "A Film Nobody May Know Of"


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    return build_command(tmp_path, monkeypatch, capsys, {}, secrets=(SECRET,))


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, importer: Importer) -> Path:
    """Settings with secrets and with names of the user's own."""
    path = write(
        tmp_path / "config.toml",
        f'[trakt]\nclient_id = "{SECRET}"\n[jobs.private]\nsource = "private.csv"\nto = "sandbox"\n',
    )
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(path))
    monkeypatch.setenv("IMPORTER_TRAKT_CLIENT_SECRET", SECRET)
    return path


def test_settings_are_named_and_their_values_are_not_shown(config: Path, importer: Importer) -> None:
    code, out, _ = importer("doctor")
    assert code == 0
    assert "  [trakt] client_id\n" in out
    assert "  [jobs.*] source, to\n" in out
    assert "IMPORTER_TRAKT_CLIENT_SECRET" in out
    assert "private" not in out


@pytest.mark.parametrize("is_named", [False, True])
def test_a_settings_file_that_is_not_there_yet_is_no_broken_one(
    is_named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, importer: Importer
) -> None:
    monkeypatch.delenv("IMPORTER_CONFIG_FILE", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "none"))
    if is_named:
        monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(tmp_path / "none" / "config.toml"))
    code, out, _ = importer("doctor")
    assert code == 0
    assert "config.toml is not there yet; `importer init` makes one\n" in out
    assert "no TOML" not in out


def test_a_settings_file_that_is_no_toml_is_told(config: Path, importer: Importer) -> None:
    write(config, "[trakt\n")
    _, out, _ = importer("doctor")
    assert "config.toml is there\n  it cannot be read, or is no TOML\n" in out


def test_versions_and_parts_are_named(importer: Importer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    _, out, _ = importer("doctor")
    assert out.startswith("importer 0.1.0 on Python 3.")
    assert "xlsx not installed" in out
    assert "aiohttp 3." in out


def test_the_last_errors_are_counts(tmp_path: Path, importer: Importer) -> None:
    write(tmp_path / "mine.csv", f"imdb_id,rating,title\ntt0111161,99,{TITLE}\n")
    importer("run", "mine.csv", "--to", "trakt-file", "--out", "results.csv")
    code, out, _ = importer("doctor")
    assert code == 0
    assert "runs: 1\n" in out
    assert " import to trakt-file, ended: 1 invalid\n" in out
    assert TITLE not in out
    assert "mine" not in out


def test_a_file_is_shown_by_its_columns(tmp_path: Path, importer: Importer) -> None:
    write(tmp_path / "mine.csv", f"Film,Seen,Stars\n{TITLE},2020-01-01,5\n")
    _, out, _ = importer("doctor", "mine.csv")
    assert "file: .csv, " in out
    assert "not read: UnknownFormatError" in out
    assert "  table: Film | Seen | Stars\n" in out
    assert TITLE not in out


def test_a_first_line_that_is_a_row_is_shown_by_its_shape() -> None:
    assert describe_columns(["tt0111161", "Heat (1995)", "9"]) == (
        "looks like a row, of the shape aa9999999 | Aaaa (9999) | 9"
    )


def test_an_archive_is_shown_by_its_files_but_not_by_those_of_ones_own(
    tmp_path: Path, importer: Importer
) -> None:
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for name in ("ratings.csv", "lists/private.csv", "lists/other.csv"):
            archive.writestr(name, "a,b\n")
    _, out, _ = importer("doctor", "export.zip")
    assert "  holds ratings.csv\n" in out
    assert "  holds lists/*.csv, 2 files\n" in out
    assert "private" not in out


def test_a_file_that_is_not_there_is_said_to_be_so(importer: Importer) -> None:
    _, out, _ = importer("doctor", "nowhere.csv")
    assert "file: .csv, cannot be read: FileNotFoundError" in out


@pytest.mark.parametrize("sample", all_samples(), ids=lambda path: path.name)
def test_no_sample_shows_a_title_or_breaks_it(sample: Path, importer: Importer) -> None:
    code, out, _ = importer("doctor", str(sample))
    assert code == 0
    assert f"file: {sample.suffix.lower()}, " in out
    for title in ("The Shawshank Redemption", "Toy Story", "Trip to the Moon", "Breaking Bad"):
        assert title not in out


@pytest.mark.parametrize(("exit_code", "is_well"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_check_fails_if_the_last_run_of_a_job_was_stopped(
    tmp_path: Path, importer: Importer, *, exit_code: int, is_well: bool
) -> None:
    health = tmp_path / "state" / "health" / "nightly.json"
    health.parent.mkdir(parents=True, mode=0o700)
    (tmp_path / "state").chmod(0o700)
    values: dict[str, object] = dict.fromkeys(("last_success_at", "next_run_at"))
    values |= {"job": "nightly", "run_id": "r", "ended_at": "2026-01-01T00:00:00+00:00", "seconds": 1.0}
    values |= {"exit_code": exit_code, "consecutive_failures": 1, "counts": {}, "reason": "no answer"}
    health.write_text(json.dumps(values))
    code, out, _ = importer("doctor", "--check")
    assert code == (0 if is_well else 1)
    assert out == ("" if is_well else f"nightly: the last run ended with exit code {exit_code}: no answer\n")


def test_a_check_fails_if_the_settings_are_wrong(config: Path, importer: Importer) -> None:
    write(config, "[jobs.a]\nsorce = 1\n")
    code, out, _ = importer("doctor", "--check")
    assert code == 1
    assert "sorce" in out


def test_a_check_fails_while_the_destination_of_a_job_is_not_set_up(
    config: Path, importer: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMPORTER_TRAKT_CLIENT_ID", raising=False)
    write(config, '[jobs.a]\nsource = "x.csv"\nto = "trakt"\n')
    code, out, _ = importer("doctor", "--check")
    assert code == 1
    assert "client id of your Trakt app is missing" in out
    code, _, err = importer("config", "check")
    assert code == 2
    assert "client id of your Trakt app is missing" in err
    write(config, '[trakt]\nclient_id = "x"\n[jobs.a]\nsource = "x.csv"\nto = "trakt"\n')
    assert importer("doctor", "--check")[0] == importer("config", "check")[0] == 0
