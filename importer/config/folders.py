"""Where things are: the settings file and the folder of everything the importer remembers."""

import os
from collections.abc import Mapping
from pathlib import Path

from platformdirs import user_config_path, user_state_path

from importer.errors import SettingsError

APP = "rating-importer"


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Say where the TOML file is looked for: `IMPORTER_CONFIG_FILE`, or the platform's config folder."""
    named = environ.get("IMPORTER_CONFIG_FILE")
    if named:
        return Path(named).expanduser()
    return user_config_path(APP, appauthor=False) / "config.toml"


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Give the folder of journals and other state, created for its owner only where it does not exist."""
    named = environ.get("IMPORTER_STATE_DIR")
    folder = Path(named).expanduser() if named else user_state_path(APP, appauthor=False)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        problem = f"The state folder {folder} cannot be made ({error.strerror})."
        raise SettingsError([f"{problem} Name another with IMPORTER_STATE_DIR."]) from error
    return folder
