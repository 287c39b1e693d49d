"""Nothing of a file, nor its name, acts on the terminal of who imports it."""

import os
import re
from pathlib import Path

import pytest

from tests.hostile.conftest import Command

ESCAPE = "\x1b]0;owned\x07\x1b[2J"

RATINGS = (
    f"imdb_id,title,rating,year\ntt0111161,{ESCAPE}Heat,{ESCAPE}9,{ESCAPE}1995\ntt0113277,\u202eHeat,8,1995\n"
)


def acts_on_a_terminal(*texts: str) -> list[str]:
    """Every control character but the line ends, and every character that turns the direction of writing."""
    return re.findall("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", "".join(texts))


def run_id(command: Command) -> str:
    return command.run("runs").stdout.splitlines()[1].split()[0]


def test_neither_a_run_nor_what_is_told_of_it_later(command: Command) -> None:
    (command.folder / "ratings.csv").write_text(RATINGS, encoding="utf-8")
    assert command.run("run", "ratings.csv", "--to", "trakt-file").returncode == 1
    command.run("runs")
    command.run("report", run_id(command))
    assert acts_on_a_terminal(*command.said) == []


def test_nor_the_rows_of_a_run(command: Command) -> None:
    (command.folder / "ratings.csv").write_text(RATINGS, encoding="utf-8")
    command.run("run", "ratings.csv", "--to", "trakt-file")
    shown = command.run("show", run_id(command))
    assert "line 2" in shown.stdout
    assert acts_on_a_terminal(shown.stdout) == []


NAMES = {
    "escape sequences": f"a{ESCAPE}.csv",
    "a line of its own": "a\nimporter: all rows succeeded.csv",
    "another direction": "a\u202evsc.exe",
    "bytes that are no text": os.fsdecode(b"a\xff\xfe\x9b2J.csv"),
    "as long as can be": "x" * 251 + ".csv",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_the_name_of_a_file_that_is_imported(command: Command, name: str) -> None:
    Path(command.folder, name).write_text("imdb_id,rating\ntt0111161,9\n")
    done = command.run("run", name, "--to", "trakt-file")
    assert done.returncode == 0, done.stderr
    told = done.stdout.partition("\n")[0]
    assert told.startswith("Run ")
    assert acts_on_a_terminal(done.stdout, done.stderr) == []
    assert "importer: all rows succeeded" not in done.stdout.splitlines()


@pytest.mark.parametrize("content", [None, b"\0", b"no,columns,known\n"], ids=["missing", "NUL", "unknown"])
def test_the_name_of_a_file_that_cannot_be_read(command: Command, content: bytes | None) -> None:
    name = f"a{ESCAPE}\u202e\nimporter: all rows succeeded\x9b2J.csv"
    if content is not None:
        Path(command.folder, name).write_bytes(content)
    done = command.run("run", name, "--to", "trakt-file")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert acts_on_a_terminal(done.stdout, done.stderr) == []
    assert not [line for line in done.stderr.splitlines() if line.startswith("importer: all rows succeeded")]
