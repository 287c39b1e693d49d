"""What lies on the disk is for its owner alone, however careless the umask; and no link leads a write astray.

What is promised of the results file: a new one has the mode that the user's umask gives; a link that the user
names is followed once, at the beginning (`report/test_results.py`), and what is put in its place meanwhile is
replaced, never written through.
"""

import secrets
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.errors import ResultsNotWrittenError
from importer.files import AtomicFiles
from importer.runs.results_csv import write_results
from tests.hostile.conftest import Command, write_ratings
from tests.hostile.server import Answer, Call, Reply, Server, reply
from tests.hostile.test_secrets_v2 import CLIENT_ID, CLIENT_SECRET, Trakt

V1 = {
    "IMPORTER_TRAKT_V1_API_KEY": "k3y-of-the-app",
    "IMPORTER_TRAKT_V1_USERNAME": "ada",
    "IMPORTER_TRAKT_V1_PASSWORD": "pa55-w0rd",
}
V2 = {"IMPORTER_TRAKT_CLIENT_ID": CLIENT_ID, "IMPORTER_TRAKT_CLIENT_SECRET": CLIENT_SECRET}
WORDS = ("run", "ratings.csv", "--to", "trakt-v1", "--no-verify", "--base-url")


@pytest.fixture
def careless(command: Command) -> Command:
    command.umask = 0
    write_ratings(command.folder, 3)
    return command


def modes(folder: Path) -> dict[str, int]:
    """Path to permissions of everything in and below the folder, itself included."""
    found = {}
    for path in [folder, *folder.rglob("*")]:
        status = path.lstat()
        found[str(path.relative_to(folder.parent))] = stat.S_IMODE(status.st_mode)
    return found


def open_to_others(folder: Path) -> dict[str, str]:
    return {name: oct(mode) for name, mode in modes(folder).items() if mode & 0o077}


class Snapshots:
    """Looks at the state folder while requests are under way, when all files of a run are there."""

    def __init__(self, state: Path, answer: Answer) -> None:
        self._state = state
        self._answer = answer
        self._lock = threading.Lock()
        self.open: dict[str, str] = {}
        self.names: set[str] = set()

    def __call__(self, call: Call) -> Reply:
        with self._lock:
            self.open |= open_to_others(self._state)
            self.names |= modes(self._state).keys()
        return self._answer(call)

    @property
    def endings(self) -> set[str]:
        return {Path(name).suffix for name in self.names}


def accept(call: Call) -> Reply:
    return reply(200, [] if call.path.startswith("/user/") else {"status": "success"})


def test_journal_lock_and_holder_are_private_while_a_run_is_under_way(careless: Command) -> None:
    careless.settings = V1
    look = Snapshots(careless.folder / "state", accept)
    with Server(look) as server:
        done = careless.run(*WORDS, server.url)
    assert done.returncode == 0, done.stderr
    assert {".sqlite3", ".sqlite3-wal", ".sqlite3-shm", ".lock", ".json"} <= look.endings
    assert look.open == {}
    assert open_to_others(careless.folder / "state") == {}


def test_tokens_and_their_lock_are_private_from_the_first_byte_on(careless: Command) -> None:
    careless.settings = V2
    look = Snapshots(careless.folder / "state", Trakt())
    with Server(look) as server:
        careless.settings |= {"IMPORTER_TRAKT_BASE_URL": server.url, "IMPORTER_TRAKT_AUTH_URL": server.url}
        assert careless.run("login", "trakt").returncode == 0
        assert careless.run("run", "ratings.csv", "--to", "trakt", "--no-verify").returncode == 0
    assert {".json", ".lock"} <= look.endings
    assert look.open == {}
    assert open_to_others(careless.folder / "state") == {}


def test_what_comes_through_standard_input_is_kept_in_private(careless: Command) -> None:
    careless.settings = V1
    source = (careless.folder / "ratings.csv").read_text()
    look = Snapshots(careless.folder / "tmp", accept)
    (careless.folder / "tmp").mkdir(mode=0o700)
    with Server(look) as server:
        done = careless.run("run", "-", *WORDS[2:], server.url, stdin=source)
    assert done.returncode == 0, done.stderr
    assert any(name.startswith("tmp/ratings-") for name in look.names)
    assert look.open == {}
    assert list((careless.folder / "tmp").iterdir()) == []


def test_a_state_folder_that_others_may_enter_shows_them_no_journal(careless: Command) -> None:
    careless.settings = V1
    state = careless.folder / "state"
    state.mkdir(mode=0o755)
    with Server(accept) as server:
        assert careless.run(*WORDS, server.url).returncode == 0
    assert set(open_to_others(state)) <= {"state"}


def test_the_data_of_the_sandbox_are_private(careless: Command) -> None:
    assert careless.run("run", "ratings.csv", "--to", "sandbox").returncode in {0, 1}
    assert (careless.folder / "state/sandbox.sqlite3").exists()
    assert open_to_others(careless.folder / "state") == {}


def test_a_state_folder_behind_a_link_is_used_where_it_is(careless: Command) -> None:
    careless.settings = V1
    real = careless.folder / "elsewhere"
    real.mkdir(mode=0o700)
    (careless.folder / "state").symlink_to(real)
    with Server(accept) as server:
        done = careless.run(*WORDS, server.url)
    assert done.returncode == 0, done.stderr
    assert (careless.folder / "state").is_symlink()
    assert list((real / "journals").glob("*.sqlite3"))
    assert open_to_others(real) == {}


def test_a_link_to_nowhere_for_a_state_folder_is_told(careless: Command) -> None:
    careless.settings = V1
    (careless.folder / "state").symlink_to(careless.folder / "nowhere")
    done = careless.run(*WORDS, "http://127.0.0.1:1")
    assert done.returncode == 2
    assert "IMPORTER_STATE_DIR" in done.stderr
    assert not (careless.folder / "nowhere").exists()


@pytest.mark.parametrize(("umask", "mode"), [(0o027, 0o640), (0, 0o666)])
def test_a_results_file_follows_the_umask(command: Command, umask: int, mode: int) -> None:
    command.settings, command.umask = V1, umask
    write_ratings(command.folder, 1)
    with Server(accept) as server:
        assert command.run(*WORDS, server.url).returncode == 0
    assert stat.S_IMODE((command.folder / "ratings.results.csv").stat().st_mode) == mode


# Links that somebody plants meanwhile


@pytest.fixture
def precious(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "precious"
    path.write_text("precious")
    yield path
    assert path.read_text() == "precious"


def test_a_link_planted_in_the_place_of_the_results_meanwhile_is_replaced(
    tmp_path: Path, precious: Path
) -> None:
    place = tmp_path / "results.csv"

    def rows() -> Iterator[tuple[object, ...]]:
        place.symlink_to(precious)
        yield (1,) * 21

    write_results(place, rows())
    assert not place.is_symlink()
    assert place.read_text().startswith("row,line,status")


def test_a_link_planted_in_the_place_of_the_draft_is_no_place_to_write(
    tmp_path: Path, precious: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda _: "guessed")
    (tmp_path / ".results.csv.guessed.part").symlink_to(precious)
    with pytest.raises(ResultsNotWrittenError, match="File exists"):
        write_results(tmp_path / "results.csv", [])
    assert not (tmp_path / "results.csv").exists()


def test_the_draft_of_a_file_cannot_be_guessed(tmp_path: Path) -> None:
    names = set()
    for _ in range(20):
        with AtomicFiles() as drafts:
            drafts.open(tmp_path / "results.csv")
            names |= {path.name for path in tmp_path.iterdir()}
    assert len(names) == 20
    assert list(tmp_path.iterdir()) == []
