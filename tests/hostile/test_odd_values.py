"""Numbers, names and machines that nobody has: a sentence with a remedy, never "unexpected ..."."""

import errno
import os
from pathlib import Path

import pytest

from importer.cli.advice import as_known
from importer.model import RESULT_COLUMNS
from tests.hostile.conftest import Command, write_ratings

MANY = "9" * 5_000
"""More digits than Python makes a number of (4,300)."""

SETTINGS = {
    "a number of 5,000 digits": f"[trakt]\nclient_id = {MANY}\n",
    "lists within lists": "x = " + "[" * 20_000,
    "a home that nobody has": '[jobs.a]\nsource = "~nobody-at-all/x.csv"\nto = "trakt-file"\n'
    'write_to = "~nobody-at-all/y.csv"\n',
}


@pytest.fixture
def plain(command: Command) -> Command:
    command.settings["IMPORTER_TRACEBACK"] = ""
    write_ratings(command.folder, 2)
    return command


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize("words", ["sync", "run ratings.csv --to trakt --dry-run"])
def test_settings(plain: Command, settings: str, words: str) -> None:
    (plain.folder / "config.toml").write_text(settings)
    done = plain.run(*words.split(), IMPORTER_CONFIG_FILE=str(plain.folder / "config.toml"))
    assert done.returncode in {1, 2}
    assert "unexpected" not in done.stderr
    assert done.stderr


@pytest.mark.parametrize("column", RESULT_COLUMNS)
def test_a_number_of_many_digits_in_a_results_file(plain: Command, column: str) -> None:
    line = dict.fromkeys(RESULT_COLUMNS, "") | {"row": "1", "line": "2", "status": "failed"}
    line |= {"kind": "movie", "imdb_id": "tt0111161", "rating": "9", "sent_at": "2024-05-01T00:00:00Z"}
    line[column] = MANY
    text = f"{','.join(line)}\r\n{','.join(line.values())}\r\n"
    (plain.folder / "ratings.results.csv").write_text(text)
    done = plain.run("retry", "ratings.results.csv", "--to", "trakt-file", "--dry-run")
    assert "unexpected" not in done.stderr


NAMES = {
    "no UTF-8": os.fsdecode(b"a\xff.csv"),
    "too long": "x" * 300 + ".csv",
    "a home": "~nobody-at-all/x.csv",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
@pytest.mark.parametrize("option", ["--out", "--write-to", ""])
def test_names_of_files(plain: Command, name: str, option: str) -> None:
    file = ["ratings.csv", option, name] if option else [name]
    done = plain.run("run", *file, "--to", "trakt-file")
    assert "unexpected" not in done.stderr
    assert done.returncode == 0 or done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a device that is full")
def test_a_full_disk_is_make_room(plain: Command) -> None:
    done = plain.run("run", "ratings.csv", "--to", "trakt-file", "--out", "/dev/full", "--overwrite")
    assert done.returncode == 3
    assert "Make room" in done.stderr


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError(), "not enough memory"),
        (OSError(errno.ENOSPC, "No space left on device"), "Make room"),
        (OSError(errno.EDQUOT, "Disk quota exceeded", "x.csv"), "x.csv: Disk quota exceeded. Make room"),
    ],
)
def test_a_machine_that_has_no_more_stops_the_run(error: Exception, told: str) -> None:
    known = as_known(error)
    assert known.exit_code == 3
    assert told in str(known)
