"""`accept`: rows that can never succeed are no failure, and what was told before is counted apart."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import Importer, build_command, read_statuses, write

KNOWN_TITLE, UNKNOWN, OTHER = "tt0000417", "tt9999999", "tt9999998"


@pytest.fixture
def importer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Importer:
    return build_command(tmp_path, monkeypatch, capsys, {}, secrets=())


def write_rows(folder: Path, *rows: str) -> None:
    write(folder / "ratings.csv", "\n".join(["imdb_id,rating", *rows]) + "\n")


def write_job(folder: Path, *lines: str) -> None:
    text = "\n".join(["[jobs.night]", 'source = "ratings.csv"', 'to = "sandbox"', *lines])
    write(folder / "config.toml", text + "\n")


def health(folder: Path) -> Any:
    return json.loads((folder / "state/health/night.json").read_text())


def test_a_run_with_accepted_rows_is_a_success(importer: Importer, tmp_path: Path) -> None:
    write_rows(tmp_path, f"{KNOWN_TITLE},8", f"{UNKNOWN},7")
    assert importer("run", "ratings.csv", "--to", "sandbox")[0] == 1
    code, out, _ = importer("run", "ratings.csv", "--to", "sandbox", "--accept", "unsupported,not_found")
    assert code == 0
    assert "Nothing is left to correct: 1 not found are accepted." in out
    assert "Next:" not in out
    assert read_statuses(tmp_path / "ratings.results.csv") == ["unchanged", "not_found"]


def test_another_miss_is_a_failure_still_and_alone_is_named(importer: Importer, tmp_path: Path) -> None:
    write_rows(tmp_path, f"{KNOWN_TITLE},11", f"{UNKNOWN},7")
    words = ("run", "ratings.csv", "--to", "sandbox", "--accept", "unsupported", "--accept", "not_found")
    code, out, _ = importer(*words)
    assert code == 1
    assert "1 of 2 rows did not succeed; besides, accepted are 1 not found:" in out
    assert "correct the invalid rows" in out
    _, out, _ = importer(*words, "--json")
    summary = json.loads(out)
    assert (summary["all_succeeded"], summary["accepted"]) == (False, ["not_found"])
    assert summary["counts"] == {"invalid": 1, "not_found": 1}


@pytest.mark.parametrize("word", ["failed", "unconfirmed", "not_sent", "rated", "nonsense"])
def test_what_may_change_by_itself_is_not_accepted(word: str, importer: Importer) -> None:
    code, _, err = importer("run", "ratings.csv", "--accept", word)
    assert code == 2
    assert f"--accept {word}: it can be unsupported, invalid, not_found, rejected" in err


def test_a_night_with_nothing_to_fix_is_a_success(importer: Importer, tmp_path: Path) -> None:
    write_job(tmp_path, 'accept = ["unsupported", "not_found"]')
    write_rows(tmp_path, f"{KNOWN_TITLE},8", f"{UNKNOWN},7")
    metrics = tmp_path / "x.prom"
    assert importer("sync", "night", "--quiet", "--metrics", str(metrics))[0] == 0
    assert (health(tmp_path)["exit_code"], health(tmp_path)["consecutive_failures"]) == (0, 0)
    assert health(tmp_path)["reason"] == ""
    assert 'rating_importer_last_run_exit_code{job="night"} 0.0' in metrics.read_text()
    assert 'rating_importer_rows{job="night",status="not_found"} 1.0' in metrics.read_text()
    assert importer("sync", "night", "--quiet")[0] == 0
    assert health(tmp_path)["exit_code"] == 0


def test_what_an_earlier_night_told_is_counted_apart(importer: Importer, tmp_path: Path) -> None:
    write_job(tmp_path)
    write_rows(tmp_path, f"{UNKNOWN},7", f"{KNOWN_TITLE},11")
    code, out, _ = importer("sync", "night")
    assert (code, "2 of 2 rows did not succeed:" in out) == (1, True)
    assert health(tmp_path)["told"] == {}
    write_rows(tmp_path, f"{UNKNOWN},7", f"{KNOWN_TITLE},11", f"{KNOWN_TITLE},8", f"{OTHER},3")
    code, out, _ = importer("sync", "night")
    assert "3 of 4 rows did not succeed (2 of them known from earlier runs):" in out
    assert health(tmp_path)["told"] == {"not_found": 1, "invalid": 1}


def test_a_change_of_the_settings_makes_nothing_new(importer: Importer, tmp_path: Path) -> None:
    write_job(tmp_path)
    write_rows(tmp_path, f"{UNKNOWN},7")
    importer("sync", "night", "--quiet")
    write_job(tmp_path, 'on_conflict = "keep"')
    importer("sync", "night", "--quiet")
    assert health(tmp_path)["told"] == {"not_found": 1}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('accept = ["failed"]', "accept in [jobs.night] of"),
        ("accept = 3", "must be a text in quotes, or a list of such texts."),
    ],
)
def test_a_wrong_setting_is_reported(line: str, said: str, importer: Importer, tmp_path: Path) -> None:
    write_job(tmp_path, line)
    code, _, err = importer("sync")
    assert (code, said in err) == (2, True)
