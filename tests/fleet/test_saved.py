"""What is saved of an account comes back as it was, and nothing else is ever unpacked."""

import io
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from importer.errors import StopRunError
from importer.fleet.saved import journal_in, pack, unpack
from importer.journal import Journal


def test_a_folder_comes_back_as_it_was(tmp_path: Path) -> None:
    there, back = tmp_path / "there", tmp_path / "back"
    with Journal(there / "journals", "trakt-ada") as journal, journal.loading():
        journal.begin("f", "ratings.csv", "trakt")
    (there / "sync").mkdir()
    (there / "sync" / "ada.json").write_text("{}")
    (there / "sync" / "ada.lock").touch()
    with closing(sqlite3.connect(there / "sandbox.sqlite3")) as sandbox:
        sandbox.execute("CREATE TABLE t (x)")
    (there / "other").write_text("not ours")
    unpack(pack(there), back)
    files = {str(path.relative_to(back)) for path in back.rglob("*") if path.is_file()}
    assert files == {"journals/trakt-ada.sqlite3", "sync/ada.json", "sandbox.sqlite3"}
    with Journal(back / "journals", "trakt-ada") as journal:
        assert journal.find_unfinished("f") is not None
    found = journal_in(pack(there))
    assert found is not None
    assert found[0] == "trakt-ada.sqlite3"


def test_an_account_without_a_journal_has_none() -> None:
    assert journal_in(pack(Path("/nowhere"))) is None


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../up", "sync/../../up", "sync/", "other/x", "sync/a/b", "sync/.."]
)
def test_a_name_that_leads_elsewhere_is_refused(name: str, tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(name, "x")
    with pytest.raises(StopRunError, match="not ours"):
        unpack(packed.getvalue(), tmp_path / "deep" / "er")
    assert not (tmp_path / "deep").exists()


def test_what_is_no_archive_is_told(tmp_path: Path) -> None:
    with pytest.raises(StopRunError, match="cannot be read"):
        unpack(b"PK nothing", tmp_path)
