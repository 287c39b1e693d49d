"""Who is told: from the file or from a variable, and never shown."""

from pathlib import Path

import pytest

from importer.config.sources import Loaded
from importer.config.sync import SyncSettings, load_sync
from importer.errors import SettingsError
from importer.secret import Secret

NO_OTHERS: tuple[str, ...] = ()
MAIL, CHAT = "mailto://me:5ECRETword@example.org", "tgram://5ECRETtoken/12"


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    path.chmod(0o600)
    return path


def test_nobody_is_told_unless_wanted(tmp_path: Path) -> None:
    assert load_sync(NO_OTHERS, {}, write(tmp_path, "")) == Loaded(SyncSettings())


def test_addresses_stand_in_the_section_that_all_jobs_share(tmp_path: Path) -> None:
    file = write(tmp_path, f'[sync]\nnotify = ["{MAIL}", "{CHAT}"]\nnotify_on = "recovery"\n')
    settings = load_sync(NO_OTHERS, {}, file).settings
    assert settings.notify == (Secret(MAIL), Secret(CHAT))
    assert settings.notify_on == "recovery"
    assert "5ECRET" not in repr(settings)


def test_a_variable_wins_and_parts_addresses_with_blanks(tmp_path: Path) -> None:
    file = write(tmp_path, f'[sync]\nnotify = ["{MAIL}"]\n')
    environ = {"IMPORTER_SYNC_NOTIFY": f"{CHAT}\n {MAIL}", "IMPORTER_SYNC_NOTIFY_ON": "always"}
    settings = load_sync(NO_OTHERS, environ, file).settings
    assert (settings.notify, settings.notify_on) == ((Secret(CHAT), Secret(MAIL)), "always")


@pytest.mark.parametrize(("given", "at_once"), [("at_once = 4", 4), ("", 16), ('at_once = "8"', 8)])
def test_so_many_jobs_run_at_once(tmp_path: Path, given: str, at_once: int) -> None:
    file = write(tmp_path, f"[sync]\n{given}\n")
    assert load_sync(NO_OTHERS, {}, file).settings.at_once == at_once
    assert load_sync(NO_OTHERS, {"IMPORTER_SYNC_AT_ONCE": "2"}, file).settings.at_once == 2


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        (f"notify = [7, '{MAIL}']", "notify in [sync] of {file} must be a list of addresses"),
        ("notify = 7", "notify in [sync] of {file} must be a list of addresses"),
        (f"notify = {{ me = '{MAIL}' }}", "notify in [sync] of {file} must be a list of addresses"),
        ("at_once = 0", "at_once in [sync] of {file} must be a whole number from 1 to 256."),
        ("at_once = true", "at_once in [sync] of {file} must be a whole number from 1 to 256."),
        ("at_once = 'many'", "at_once in [sync] of {file} must be a whole number from 1 to 256."),
        ("notify_on = '5ECRETword'", "notify_on in [sync] of {file}"),
        (f"notfiy = ['{MAIL}']", "notfiy in [sync] of {file} is unknown; did you mean notify?"),
    ],
)
def test_what_is_wrong_is_named_without_an_address(tmp_path: Path, line: str, problem: str) -> None:
    file = write(tmp_path, f"[sync]\n{line}\n")
    with pytest.raises(SettingsError) as raised:
        load_sync(NO_OTHERS, {}, file)
    assert problem.format(file=file) in str(raised.value)
    assert "5ECRET" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_file_that_others_can_read_is_a_warning(tmp_path: Path) -> None:
    file = write(tmp_path, f'[sync]\nnotify = ["{MAIL}"]\n')
    file.chmod(0o644)
    (warning,) = load_sync(NO_OTHERS, {}, file).warnings
    assert "chmod 600" in warning
    assert "5ECRET" not in warning
