"""Secrets are sealed for one account, and keys can be changed."""

from pathlib import Path

import pytest

from importer.errors import SettingsError
from importer.fleet.sealing import SealBrokenError, Sealer, new_key, open_sealer

SECRETS = {"access_token": "t0ken", "refresh_token": "r3fresh"}


def test_what_is_sealed_shows_nothing_and_opens() -> None:
    sealer = Sealer(new_key())
    sealed = sealer.seal("ada", SECRETS)
    assert b"t0ken" not in sealed
    assert sealer.open("ada", sealed) == SECRETS
    assert sealer.open("ada", None) == {}


def test_the_secrets_of_one_account_are_not_opened_as_those_of_another() -> None:
    sealer = Sealer(new_key())
    with pytest.raises(SealBrokenError, match="bob"):
        sealer.open("bob", sealer.seal("ada", SECRETS))


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


def test_the_folder_of_one_machine_has_a_key_of_its_own(tmp_path: Path) -> None:
    sealed = open_sealer(tmp_path / "fleet", {}).seal("ada", SECRETS)
    assert open_sealer(tmp_path / "fleet", {}).open("ada", sealed) == SECRETS
    assert (tmp_path / "fleet" / "fleet.key").stat().st_mode & 0o077 == 0
