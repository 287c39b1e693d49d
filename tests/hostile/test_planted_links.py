"""Links and folders that another user of the machine prepared: nothing is written through or into them."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from importer import files, state_files
from importer.cli.advice import explain
from importer.config.folders import state_dir
from importer.config.keep import add_settings
from importer.destinations.registry import choose
from importer.errors import ImporterError, OptionError, StateFileError
from importer.files import check_place, follow_links
from importer.journal import Journal
from importer.journal.history import list_runs
from importer.matching.match_file import write_match_file
from importer.runs.results_csv import write_results
from importer.runs.settings import load_spec_settings

STRANGER = 54_321


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder like /tmp."""
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o1777)
    return folder


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "profile"
    path.write_text("precious")
    return path


def as_another_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run as somebody who owns nothing here."""
    for module in (files, state_files):
        monkeypatch.setattr(module, "own_id", lambda: STRANGER)


def give_to(user: int, *paths: Path) -> None:
    """Where root runs the tests; else the files belong to the user who does, which is another one, too."""
    if os.geteuid() == 0:
        for path in paths:
            os.chown(path, user, -1, follow_symlinks=False)


def plant(link: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link.symlink_to(target)
    lstat = Path.lstat

    def lstat_of_stranger(path: Path) -> os.stat_result:
        found = lstat(path)
        return os.stat_result([*found[:4], STRANGER, *found[5:10]]) if path == link else found

    monkeypatch.setattr(Path, "lstat", lstat_of_stranger)


WRITERS: list[Callable[[Path], object]] = [
    lambda path: write_results(path, []),
    lambda path: write_match_file(path, []),
    lambda path: add_settings(path, "trakt", {"client_id": "x"}),
    lambda path: check_place(path, "out"),
    follow_links,
]


@pytest.mark.parametrize("write", WRITERS)
def test_a_planted_link_is_not_written_through(
    write: Callable[[Path], object], shared: Path, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = shared / "results.csv"
    plant(link, profile, monkeypatch)
    with pytest.raises((OSError, ImporterError), match="a link that somebody else made"):
        write(link)
    assert profile.read_text() == "precious"


def test_a_planted_folder_is_not_written_through(
    shared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(shared / "out", tmp_path, monkeypatch)
    with pytest.raises(OptionError, match="a link that somebody else made"):
        check_place(shared / "out" / "profile", "out")


def test_links_of_ones_own_and_in_folders_of_ones_own_are_followed(
    shared: Path, profile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shared / "own.csv").symlink_to(profile)
    assert follow_links(shared / "own.csv") == profile
    plant(tmp_path / "given.csv", Path("shared/../shared/new.csv"), monkeypatch)
    assert follow_links(tmp_path / "given.csv") == shared / "new.csv"


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="too many links"):
        follow_links(tmp_path / "a")


# Folders and files of the importer's own


def test_settings_that_everybody_may_write_are_warned_of(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "config.toml"
    file.touch()
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(file))
    for mode, warnings in ((0o644, 0), (0o646, 1)):
        file.chmod(mode)
        loaded = load_spec_settings(choose("trakt"), {}, needs=())
        assert len(loaded.warnings) == warnings
        assert all("every user of this machine can change" in each for each in loaded.warnings)


def test_a_state_folder_of_another_user_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_to(12_345, tmp_path)
    as_another_user(monkeypatch)
    with pytest.raises(StateFileError, match=rf"belongs to .*, not {STRANGER}") as told:
        state_dir({"IMPORTER_STATE_DIR": str(tmp_path)})
    assert told.value.exit_code == 2
    assert "IMPORTER_STATE_DIR" in str(told.value)


def test_a_state_folder_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(StateFileError, match="everybody may write it") as told:
        state_dir({"IMPORTER_STATE_DIR": str(tmp_path)})
    assert f"chmod o-w '{tmp_path}'" in explain(told.value)


@pytest.mark.parametrize("name", ["account.sqlite3", "account.holder.json", "account.lock", "."])
def test_a_journal_that_everybody_may_write_is_refused(tmp_path: Path, name: str) -> None:
    with Journal(tmp_path, "account"):
        pass
    (tmp_path / name).touch()
    (tmp_path / name).chmod(0o777)
    with pytest.raises(StateFileError, match=r"cannot use the journal \(everybody may write it\)"):
        Journal(tmp_path, "account").__enter__()


def test_a_journal_that_everybody_may_write_is_not_read(tmp_path: Path) -> None:
    with Journal(tmp_path, "account") as journal:
        journal.path.chmod(0o666)
        with pytest.raises(StateFileError, match="everybody may write it"):
            list_runs(tmp_path)


def test_a_planted_holder_is_not_written_through(
    tmp_path: Path, profile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "state"
    folder.mkdir()
    (folder / "account.holder.json").symlink_to(profile)
    give_to(STRANGER, tmp_path, folder, profile)
    give_to(12_345, folder / "account.holder.json")
    as_another_user(monkeypatch)
    with pytest.raises(StateFileError, match="it belongs to"):
        Journal(folder, "account").__enter__()
    assert profile.read_text() == "precious"
