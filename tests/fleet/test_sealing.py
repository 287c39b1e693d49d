"""Secrets are sealed for one account, and keys can be changed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from importer.errors import SettingsError
from importer.fleet.depot import NewAccount
from importer.fleet.folder_depot import FolderDepot
from importer.fleet.opening import find_key_problem, open_sealer_of
from importer.fleet.sealing import KeyLostError, SealBrokenError, Sealer, new_key, open_sealer

SECRETS = {"access_token": "t0ken", "refresh_token": "r3fresh"}


def test_what_is_sealed_shows_nothing_and_opens() -> None:
    sealer = Sealer(new_key())
    sealed = sealer.seal("ada", SECRETS)
    assert b"t0ken" not in sealed
    assert sealer.open("ada", sealed) == SECRETS
    assert sealer.open("ada", None) == {}


def test_the_secrets_of_one_account_are_not_opened_as_those_of_another() -> None:
    sealer = Sealer(new_key())
    with pytest.raises(SealBrokenError, match="its sign-in cannot be opened with the key in") as caught:
        sealer.open("bob", sealer.seal("ada", SECRETS))
    assert caught.value.name == "bob"


def test_with_another_key_nothing_opens_and_nothing_is_told() -> None:
    sealed = Sealer(new_key()).seal("ada", SECRETS)
    with pytest.raises(SealBrokenError) as caught:
        Sealer(new_key()).open("ada", sealed)
    assert "t0ken" not in str(caught.value)


def test_keys_are_changed_one_by_one() -> None:
    old, new = new_key(), new_key()
    sealed = Sealer(old).seal("ada", SECRETS)
    both = open_sealer(None, {"IMPORTER_FLEET_KEY": f"{new} {old}"})
    assert both.open("ada", sealed) == SECRETS
    assert Sealer(new).open("ada", both.seal("ada", SECRETS)) == SECRETS


def test_a_depot_that_others_can_reach_needs_a_key() -> None:
    with pytest.raises(SettingsError, match="IMPORTER_FLEET_KEY is missing"):
        open_sealer(None, {})
    with pytest.raises(SettingsError, match="IMPORTER_FLEET_KEY is no key") as caught:
        open_sealer(None, {"IMPORTER_FLEET_KEY": "s3cret"})
    assert "s3cret" not in str(caught.value)
    assert str(caught.value).endswith(" `openssl rand -base64 32 | tr +/ -_` makes one.")


def test_the_folder_of_one_machine_has_a_key_of_its_own(tmp_path: Path) -> None:
    sealed = open_sealer(tmp_path / "fleet", {}).seal("ada", SECRETS)
    assert open_sealer(tmp_path / "fleet", {}).open("ada", sealed) == SECRETS
    assert (tmp_path / "fleet" / "fleet.key").stat().st_mode & 0o077 == 0


@pytest.fixture
def depot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FolderDepot]:
    """A depot with two sign-ins, sealed by the key that is beside it."""
    monkeypatch.delenv("IMPORTER_FLEET_KEY", raising=False)
    with FolderDepot(tmp_path / "fleet") as depot:
        sealer = open_sealer_of(depot)
        depot.add([NewAccount(name, {}, sealer.seal(name, SECRETS)) for name in ("ada", "bob")])
        yield depot


def test_a_lost_key_is_told_and_no_other_is_made(depot: FolderDepot, tmp_path: Path) -> None:
    key = tmp_path / "fleet" / "fleet.key"
    assert find_key_problem(depot) == ""
    kept = key.rename(tmp_path / "kept.key")
    for renewed in (None, {"ada"}, {"cyd"}):
        with pytest.raises(KeyLostError, match="is missing, the key that opens the sign-ins") as caught:
            open_sealer_of(depot, renewed)
        assert str(key) in str(caught.value)
        assert not key.exists()
    assert find_key_problem(depot) == str(caught.value)

    kept.rename(key)
    assert open_sealer_of(depot).open("ada", depot.sealed()[0][1]) == SECRETS


def test_with_all_sign_ins_anew_there_is_a_new_key(depot: FolderDepot, tmp_path: Path) -> None:
    (tmp_path / "fleet" / "fleet.key").unlink()
    sealer = open_sealer_of(depot, {"ada", "bob"})
    depot.add([NewAccount(name, {}, sealer.seal(name, SECRETS)) for name in ("ada", "bob")])
    assert open_sealer_of(depot).open("bob", depot.sealed(after="ada")[0][1]) == SECRETS


def test_a_key_that_opens_nothing_is_told_with_its_place(
    depot: FolderDepot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IMPORTER_FLEET_KEY", new_key())
    with pytest.raises(KeyLostError, match="can be opened with the key in IMPORTER_FLEET_KEY"):
        open_sealer_of(depot)
    depot.add([NewAccount("bob", {}, open_sealer_of(depot, {"bob"}).seal("bob", SECRETS))])
    assert find_key_problem(depot) == "", "one of them can be imported"

    monkeypatch.delenv("IMPORTER_FLEET_KEY")
    (tmp_path / "fleet" / "fleet.key").write_text("broken")
    assert find_key_problem(depot).startswith(
        f"{tmp_path / 'fleet' / 'fleet.key'} is no key. Put the right one"
    )
