"""A daemon's copy of its settings, which a full drive must not keep it from making later."""

from pathlib import Path

import pytest

from importer.errors import Remedy, SettingsError, StateFileError
from importer.sync import run_daemon
from importer.sync.run_daemon import _kept_settings

JOB = '[jobs.{name}]\nsource = "x.csv"\nto = "trakt-file"\nwrite_to = "y.csv"\nevery = "1d"\n'


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    config = tmp_path / "config.toml"
    config.write_text(JOB.format(name="night"))
    monkeypatch.setenv("IMPORTER_CONFIG_FILE", str(config))
    monkeypatch.setenv("IMPORTER_STATE_DIR", str(tmp_path / "state"))
    return config


def read_copy(variables: dict[str, str]) -> str:
    return Path(variables["IMPORTER_CONFIG_SNAPSHOT"]).read_text()


def test_runs_read_the_settings_as_they_were_when_they_made_sense_last(config: Path) -> None:
    with _kept_settings() as settings:
        assert list(settings.load_jobs()) == ["night"]
        config.write_text("[jobs.nig")
        with pytest.raises(SettingsError):
            settings.load_jobs()
        copy = Path(settings.variables()["IMPORTER_CONFIG_SNAPSHOT"])
        assert copy.read_text() == JOB.format(name="night")
    assert not copy.parent.exists()


def refuse(monkeypatch: pytest.MonkeyPatch, remedy: Remedy) -> None:
    def write(path: Path, _: bytes) -> None:
        raise StateFileError(path, "cannot write this file", remedy)

    monkeypatch.setattr(run_daemon, "write_privately", write)


def test_on_a_full_drive_runs_read_the_file_itself_until_there_is_room(
    config: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _kept_settings() as settings:
        with monkeypatch.context() as full:
            refuse(full, Remedy.MAKE_ROOM)
            assert list(settings.load_jobs()) == ["night"]
            assert settings.variables() == {}
        config.write_text("half of it")
        assert read_copy(settings.variables()) == JOB.format(name="night")


@pytest.mark.usefixtures("config")
def test_where_nothing_can_be_kept_for_another_reason_no_daemon_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refuse(monkeypatch, Remedy.NAME_FOLDER)
    with _kept_settings() as settings, pytest.raises(StateFileError):
        settings.load_jobs()
