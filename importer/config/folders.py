"""The paths of the settings file and of the state folder, which has journals, tokens and caches."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from platformdirs import user_config_path, user_state_path

from importer.errors import SettingsError, StateFileError
from importer.state_files import check_ours, translate_trouble

APP = "rating-importer"

_OWN_STATE_DIR: ContextVar[Path | None] = ContextVar("own_state_dir", default=None)
"""The state folder of this thread's run, if it has one of its own."""


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the TOML file: `IMPORTER_CONFIG_FILE`, or one in the platform's config folder."""
    named = environ.get("IMPORTER_CONFIG_FILE")
    if named:
        return expand_user(named)
    try:
        return user_config_path(APP, appauthor=False) / "config.toml"
    except RuntimeError:  # there is no home, and so no file
        return Path("~", ".config", APP, "config.toml")


def find_state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the path of the state folder: this run's own, `IMPORTER_STATE_DIR`, or the platform's.

    Raises SettingsError if the user has no home folder.
    """
    if (own := _OWN_STATE_DIR.get()) is not None:
        return own
    named = environ.get("IMPORTER_STATE_DIR")
    try:
        folder = expand_user(named) if named else user_state_path(APP, appauthor=False)
    except RuntimeError:
        folder = Path("~")
    if folder.parts[:1] == ("~",):  # there is no home; older versions of platformdirs say it so
        raise SettingsError(
            ["This user has no home: name a folder for the journals with IMPORTER_STATE_DIR."]
        )
    return folder


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the state folder; if it does not exist, create it, private to its owner.

    Raises SettingsError and StateFileError.
    """
    folder = find_state_dir(environ)
    try:
        with translate_trouble(folder, "make the folder of what the importer keeps"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_ours(folder, "use the folder of what the importer keeps")
    except StateFileError as error:
        error.exit_code = SettingsError.exit_code  # nothing has begun
        raise
    return folder


def shared_state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the state folder that all runs of this machine share, also those that have one of their own."""
    before = _OWN_STATE_DIR.set(None)
    try:
        return state_dir(environ)
    finally:
        _OWN_STATE_DIR.reset(before)


@contextmanager
def own_state_dir(folder: Path) -> Iterator[None]:
    """Make this the state folder of all that the block does in this thread; other threads keep theirs."""
    before = _OWN_STATE_DIR.set(folder)
    try:
        yield
    finally:
        _OWN_STATE_DIR.reset(before)


def expand_user(named: str) -> Path:
    """Put a home in the place of ~; a name whose home nobody knows, such as ~nobody, stays as it is."""
    try:
        return Path(named).expanduser()
    except RuntimeError:
        return Path(named)
