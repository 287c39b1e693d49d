"""`accounts.csv` is read whole or refused whole; secrets are sealed, and no message has one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.errors import SettingsError, UsageError
from importer.fleet.accounts_file import AccountsFile
from importer.fleet.adding import Added, add_from_file, add_slices, knows
from importer.fleet.depot import Claim, State
from importer.fleet.folder_depot import FolderDepot
from importer.fleet.opening import open_sealer_of
from importer.fleet.split_folder import SplitFolder
from importer.fleet.splitting import split_dump

APP = {"IMPORTER_TRAKT_CLIENT_ID": "c", "IMPORTER_TRAKT_CLIENT_SECRET": "s"}


@pytest.fixture
def depot(tmp_path: Path) -> Iterator[FolderDepot]:
    with FolderDepot(tmp_path / "fleet") as depot:
        yield depot


@pytest.fixture(autouse=True)
def _app(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in APP.items():
        monkeypatch.setenv(name, value)


def add(depot: FolderDepot, tmp_path: Path, text: str, defaults: dict[str, object] | None = None) -> Added:
    path = tmp_path / "accounts.csv"
    path.write_text(text, "utf-8")
    for name in ("ada.csv", "bob.csv"):
        (tmp_path / name).write_text("imdb_id,rating\ntt0111161,9\n")
    file = AccountsFile(path, defaults or {}, has_sign_in=lambda name: knows(depot, name))
    return add_from_file(depot, open_sealer_of(depot), file, None)


def claim(depot: FolderDepot, name: str) -> Claim:
    found = depot.claim(name, 30)
    assert isinstance(found, Claim)
    return found


def test_accounts_are_added_with_their_sign_ins_sealed(depot: FolderDepot, tmp_path: Path) -> None:
    text = "name,source,to,every,access_token,refresh_token\n"
    added = add(depot, tmp_path, f"{text}ada,ada.csv,trakt,6h,A70KEN,R70KEN\nbob,bob.csv,,,B70KEN,\n")

    assert added == Added(2, 0)
    assert [(each.name, each.state) for each in depot.accounts()] == [("ada", State.DUE), ("bob", State.DUE)]
    ada, bob = claim(depot, "ada"), claim(depot, "bob")
    assert ada.keys == {"source": str(tmp_path / "ada.csv"), "to": "trakt", "every": "6h"}
    sealer = open_sealer_of(depot)
    assert sealer.open("ada", ada.sealed) == {"access_token": "A70KEN", "refresh_token": "R70KEN"}
    assert sealer.open("bob", bob.sealed) == {"access_token": "B70KEN"}
    kept = b"".join(path.read_bytes() for path in depot.folder.rglob("*") if path.is_file())
    assert b"70KEN" not in kept


def test_a_password_keeps_its_blanks(
    depot: FolderDepot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPORTER_TRAKT_V1_BASE_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("IMPORTER_TRAKT_V1_API_KEY", "app")
    add(depot, tmp_path, "name;source;username;password\nada;ada.csv;Ada; s c \n", {"to": "trakt-v1"})
    secrets = open_sealer_of(depot).open("ada", claim(depot, "ada").sealed)
    assert secrets == {"username": "Ada", "password": " s c "}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (",ada.csv,trakt,A70KEN,", "line 2, column name: the account has no name. Give it one."),
        ("../x,ada.csv,trakt,A70KEN,", "line 2, column name: '../x' is no name for an account"),
        ("ada,,trakt,A70KEN,", "line 2, column source: the cell is empty. Say where the ratings are."),
        ("ada,none.csv,trakt,A70KEN,", "none.csv: there is no such file."),
        ("ada,ada.csv,trakd,A70KEN,", "line 2, column to: 'trakd' is no destination here; did you mean"),
        ("ada,ada.csv,trakt:bob,A70KEN,", "line 2, column to: 'trakt:bob': here the account is an option"),
        ("ada,ada.csv,trakt-file,,", "line 2, column to: trakt-file is a file; the accounts of a fleet are"),
        (
            "ada,ada.csv,trakt,,",
            "column access_token: the account has no sign-in: it takes access_token, refre",
        ),
        ("ada,ada.csv,trakt,,R70KEN", "column access_token: the sign-in is not whole: it takes access_token"),
        (
            "ada,ada.csv,mdblist,A70KEN,",
            "column access_token: mdblist takes no such sign-in: it takes api_key",
        ),
        ("ada,ada.csv,trakt,A70 KEN,", "column access_token: the cell must be one word without blanks"),
        ('ada,ada.csv,trakt,A70KEN,"R70KEN', "line 2: a quote in the row that starts here is not closed"),
        ("ada,ada.csv,trakt,A70KEN,,,more", "line 2: the row has 7 cells, the header 5"),
        (
            "ada,ada.csv,trakt,A70KEN,\nAda,ada.csv,trakt,A70KEN,",
            'line 3, column name: "Ada" is in line 2, too',
        ),
    ],
)
def test_a_wrong_line_is_told_with_its_place_and_adds_nothing(
    depot: FolderDepot, tmp_path: Path, line: str, said: str
) -> None:
    good = "cyd,ada.csv,trakt,C70KEN,"
    with pytest.raises(UsageError) as caught:
        add(depot, tmp_path, f"name,source,to,access_token,refresh_token\n{line}\n{good}\n")

    assert said in str(caught.value)
    assert str(tmp_path / "accounts.csv") in str(caught.value)
    assert "70" not in str(caught.value).replace(str(tmp_path), "")
    assert list(depot.accounts()) == []


def test_all_wrong_lines_are_told_at_once(depot: FolderDepot, tmp_path: Path) -> None:
    header = "name,source,to,every,access_token,on_conflict,guard"
    lines = [header, "ada,ada.csv,,soon,A,newst,many", "bob,,trakd,,B,,", "cyd,ada.csv,,,C,ask,"]
    with pytest.raises(UsageError) as caught:
        add(depot, tmp_path, "\n".join(lines))
    assert "line 2, column every: 'soon' is no length of time" in str(caught.value)
    assert 'line 2, column on_conflict: "newst" must be \'' in str(caught.value)
    assert 'line 2, column guard: "many" must be a whole number.' in str(caught.value)
    assert "line 3, column source: the cell is empty" in str(caught.value)
    assert "did you mean trakt?\n" in str(caught.value)
    assert 'line 4, column on_conflict: "ask": nobody can be asked; choose another' in str(caught.value)
    assert str(caught.value).endswith("No account was added.")


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("name,to", "there is no column source"),
        ("source,to", "there is no column name"),
        ("name,source,acces_token", 'the column "acces_token" is unknown; did you mean access_token?'),
        ("name,source,write_to", 'the column "write_to" is unknown'),
    ],
)
def test_a_wrong_column_is_told(depot: FolderDepot, tmp_path: Path, header: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        add(depot, tmp_path, f"{header}\nada,ada.csv,x\n")


def test_what_the_app_lacks_is_told_before_anything_is_added(
    depot: FolderDepot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("IMPORTER_TRAKT_CLIENT_ID")
    with pytest.raises(SettingsError, match="IMPORTER_TRAKT_CLIENT_ID"):
        add(depot, tmp_path, "name,source,access_token\nada,ada.csv,A70KEN\n")
    assert list(depot.accounts()) == []


def test_an_account_that_is_known_keeps_its_sign_in(depot: FolderDepot, tmp_path: Path) -> None:
    add(depot, tmp_path, "name,source,access_token\nada,ada.csv,A70KEN\n")
    add(depot, tmp_path, "name,source,every\nada,bob.csv,6h\n")

    found = claim(depot, "ada")
    assert found.keys["source"] == str(tmp_path / "bob.csv")
    assert open_sealer_of(depot).open("ada", found.sealed) == {"access_token": "A70KEN"}


class TestOfASplit:
    @pytest.fixture
    def split(self, tmp_path: Path) -> SplitFolder:
        dump = tmp_path / "dump.csv"
        dump.write_text("user,imdb_id,rating\n7,tt1,9\n8,tt2,8\n7,tt3,7\n")
        split_dump(dump, "user", tmp_path / "split")
        return SplitFolder(tmp_path / "split")

    def test_each_account_gets_the_rows_of_its_user(
        self, depot: FolderDepot, tmp_path: Path, split: SplitFolder
    ) -> None:
        path = tmp_path / "accounts.csv"
        path.write_text("name,user,access_token\nada,7,A70KEN\n")
        file = AccountsFile(path, {}, has_users=True)

        assert add_from_file(depot, open_sealer_of(depot), file, split) == Added(1, 1)
        found = claim(depot, "ada")
        assert found.content == b"user,imdb_id,rating\n7,tt1,9\n7,tt3,7\n"
        assert found.keys == {"source": "7.csv"}

    def test_a_user_without_rows_is_told(
        self, depot: FolderDepot, tmp_path: Path, split: SplitFolder
    ) -> None:
        path = tmp_path / "accounts.csv"
        path.write_text("name,user,access_token\nada,9,A70KEN\n")
        with pytest.raises(UsageError, match='line 2, column user: "9" has no row in'):
            add_from_file(depot, open_sealer_of(depot), AccountsFile(path, {}, has_users=True), split)

    def test_a_user_without_rows_is_told_beside_what_else_is_wrong(
        self, depot: FolderDepot, tmp_path: Path, split: SplitFolder
    ) -> None:
        path = tmp_path / "accounts.csv"
        lines = ["name,user,every,access_token", "ada,9,,A70KEN", "bob,7,soon,B70KEN", "8,,,", "f,,,F70KEN"]
        path.write_text("\n".join(lines))
        with pytest.raises(UsageError) as caught:
            add_from_file(depot, open_sealer_of(depot), AccountsFile(path, {}, has_users=True), split)
        told = [line.removeprefix(f"{path}, ").partition(":")[0] for line in str(caught.value).splitlines()]
        assert told[:-1] == [
            "line 2, column user",
            "line 3, column every",
            "line 4, column access_token",
            "line 5, column name",
        ]

    def test_without_a_file_users_need_accounts(self, depot: FolderDepot, split: SplitFolder) -> None:
        with pytest.raises(UsageError, match="2 users have no account yet: "):
            add_slices(depot, split, {})
        assert list(depot.accounts()) == []

    def test_a_destination_without_sign_ins_needs_no_file(
        self, depot: FolderDepot, split: SplitFolder
    ) -> None:
        assert add_slices(depot, split, {"to": "sandbox"}) == Added(2, 0)
        assert claim(depot, "8").content == b"user,imdb_id,rating\n8,tt2,8\n"
