"""The installed command among enemies, and a search for what it may have left behind of its credentials."""

import subprocess
import sys
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.command import inherit

COMMAND = Path(sys.executable).with_name("importer")
HURRY = Path(__file__).parent / "hurry"


@dataclass
class Command:
    """Runs the command in an empty folder, with nothing of whoever runs the tests, and keeps what it said."""

    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    umask: int = -1
    said: list[str] = field(default_factory=list)
    arguments: set[bytes] = field(default_factory=set)
    """The argument lists of every process that was seen while the command ran."""

    @property
    def environment(self) -> dict[str, str]:
        return {
            **inherit(),
            "HOME": str(self.folder / "home"),
            "XDG_CONFIG_HOME": str(self.folder / "home/config"),
            "TMPDIR": str(self.folder / "tmp"),
            "PYTHONPATH": str(HURRY),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "IMPORTER_STATE_DIR": str(self.folder / "state"),
            "IMPORTER_TRACEBACK": "1",
            **self.settings,
        }

    def run(self, *words: str, stdin: str = "", **more: str) -> "subprocess.CompletedProcess[str]":
        """Run it to its end, watching the argument lists of its processes."""
        (self.folder / "tmp").mkdir(exist_ok=True)
        with subprocess.Popen(
            [COMMAND, *words],
            cwd=self.folder,
            env=self.environment | more,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="surrogateescape",
            umask=self.umask,
        ) as process:
            watching = threading.Thread(target=self._watch, args=(process,))
            watching.start()
            out, err = process.communicate(stdin, timeout=60)
            watching.join()
        self.said += [out, err]
        return subprocess.CompletedProcess([*words], process.returncode, out, err)

    def _watch(self, process: "subprocess.Popen[str]") -> None:
        while process.poll() is None:
            self.arguments.update(_arguments_below(process.pid))
            time.sleep(0.02)

    def find(self, *secrets: str, but_in: Sequence[str] = ()) -> list[str]:
        """Every place where one of the secrets turned up; files that begin with `but_in` may hold it."""
        places = {
            f"output {number}": text.encode(errors="surrogateescape") for number, text in enumerate(self.said)
        }
        places |= {f"arguments {line!r}": line for line in self.arguments}
        for path in self.folder.rglob("*"):
            name = str(path.relative_to(self.folder))
            if path.is_file() and not name.startswith(tuple(but_in)):
                places[f"file {name}"] = path.read_bytes()
            places[f"name {name}"] = name.encode()
        return [
            f"{secret} in {place}"
            for place, content in places.items()
            for secret in secrets
            if any(spelling in content.lower() for spelling in _spellings(secret))
        ]


def _spellings(secret: str) -> set[bytes]:
    plain = secret.encode()
    # Of base64 only what does not depend on the neighbours.
    inner = [b64encode(b" " * shift + plain)[4:-4] for shift in range(3)]
    return {each.lower() for each in (plain, quote(secret, safe="").encode(), *inner) if each}


def _arguments_below(pid: int) -> Iterator[bytes]:
    try:
        yield Path(f"/proc/{pid}/cmdline").read_bytes()
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in children.read_text().split():
                yield from _arguments_below(int(child))
    except (OSError, ValueError):
        return  # it has ended meanwhile


@pytest.fixture
def command(tmp_path: Path) -> Command:
    return Command(tmp_path)


def write_ratings(folder: Path, rows: int) -> str:
    """A file with so many movies in the folder; returns its name."""
    lines = [f"tt{row:07},Film {row},2001,{row % 10 + 1},movie" for row in range(1, rows + 1)]
    (folder / "ratings.csv").write_text("\n".join(["imdb_id,title,year,rating,type", *lines, ""]))
    return "ratings.csv"
