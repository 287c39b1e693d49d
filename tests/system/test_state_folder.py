"""The state folder on drives that are full or read-only, and after one `sudo`: real ones, so only for root.

Each ends with exit code 3 and a sentence that names the file and the remedy.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

NOBODY = 65534
POWERLESS = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
"""Root without the power over the files of others."""
ROOT = Path(__file__).parents[2]
EXPORT = "Const,Your Rating,Date Rated,Title,URL,Title Type\ntt0111161,9,2024-01-02,A,u,Movie\n"

pytestmark = pytest.mark.skipif(
    not sys.platform.startswith("linux") or os.geteuid() != 0, reason="it mounts drives and changes users"
)


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder that others may enter, with an export and a settings file."""
    folder = tmp_path_factory.mktemp("place")
    for each in (folder, *folder.parents[:3]):
        if str(each).startswith("/tmp/"):
            each.chmod(0o755)
    (folder / "x.csv").write_text(EXPORT)
    (folder / "config.toml").write_text(
        f'[jobs.night]\nsource = "{folder}/x.csv"\nto = "trakt-file"\nwrite_to = "{folder}/out/up.csv"\n'
        f'every = "1d"\n'
    )
    (folder / "out").mkdir()
    (folder / "out").chmod(0o777)
    yield folder
    with suppress(subprocess.CalledProcessError):
        subprocess.run(["umount", str(folder / "state")], check=True, capture_output=True)


def mount(place: Path, options: str) -> Path:
    state = place / "state"
    state.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(state)], capture_output=True, check=False
    )
    if made.returncode:
        pytest.skip("no drive can be mounted here")
    return state


def importer(place: Path, *words: str, powers: bool = True) -> subprocess.CompletedProcess[str]:
    environ = {
        "PATH": os.environ["PATH"],
        "IMPORTER_STATE_DIR": str(place / "state"),
        "IMPORTER_CONFIG_FILE": str(place / "config.toml"),
    }
    return subprocess.run(
        [*([] if powers else POWERLESS), sys.executable, "-m", "importer", *words],
        cwd=place / "out",
        env={**environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


RUN = ("run", "../x.csv", "--to", "trakt-file")


def check(ended: subprocess.CompletedProcess[str], *parts: str) -> None:
    assert ended.returncode == 3, ended
    said = ended.stderr + ended.stdout
    assert all(part in said for part in parts), said
    assert "unexpected" not in said
    assert "Move" not in said


def test_a_full_drive(place: Path) -> None:
    state = mount(place, "size=64k")
    with suppress(OSError):
        (state / "filler").write_bytes(b"x" * 100_000)
    for words in (RUN, ("sync", "night")):
        check(importer(place, *words), str(state), "its drive is full", "Make room")
    (state / "filler").unlink()
    subprocess.run(["mount", "-o", "remount,size=4m", str(state)], check=True)
    assert importer(place, *RUN).returncode == 0


def test_a_read_only_drive(place: Path) -> None:
    state = mount(place, "size=4m")
    assert importer(place, *RUN).returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(state)], check=True)
    for words in (RUN, ("sync", "night"), ("sync", "--daemon")):
        check(importer(place, *words), str(state), "its drive is read-only", "IMPORTER_STATE_DIR")
    listed = importer(place, "runs")
    assert listed.returncode == 0
    assert "1 rated" in listed.stdout or "written" in listed.stdout, listed
    assert "cannot" not in listed.stderr


def give_away(*paths: Path) -> None:
    for path in paths:
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.chown(path, NOBODY, NOBODY)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="it needs setpriv")
def test_the_files_of_another_user(place: Path) -> None:
    state = place / "state"
    journals = state / "journals"
    assert importer(place, *RUN).returncode == 0
    parts = ("it belongs to nobody, not root", f"sudo chown -R root '{state}'")
    give_away(*journals.glob("*.sqlite3"))
    check(importer(place, *RUN, powers=False), ".sqlite3: cannot use the journal", *parts)
    listed = importer(place, "runs", powers=False)
    assert ".sqlite3: cannot read the journal (it belongs to nobody" in listed.stderr
    assert "Move" not in listed.stderr
    give_away(*journals.glob("*.lock"))
    check(importer(place, *RUN, powers=False), ".lock: cannot use the journal", *parts)
    give_away(journals)
    check(importer(place, "runs", powers=False), f"{journals}: cannot read the journals", *parts)
    check(importer(place, "sync", "night", powers=False), str(journals), *parts)
    give_away(state)
    for words in (RUN, ("runs",), ("sync", "night"), ("sync", "--daemon")):
        check(importer(place, *words, powers=False), str(state), *parts)
