"""What the user decided, and where: folders, and a destination's settings from flags, environment and TOML.

Flags win over the environment, the environment over the file; secrets never come from flags. All problems
are told at once, each with the place it came from or could be put, and none with the value of a secret.
Choosing the destination and printing problems and warnings is left to the command line.

`sources.py` merges the places, `trakt_v1.py` and `trakt.py` say what each destination needs.
"""

from importer.settings.folders import APP, config_file, state_dir
from importer.settings.secret import Secret
from importer.settings.trakt import TraktSettings, load_trakt
from importer.settings.trakt_v1 import TraktV1Settings, load_trakt_v1

__all__ = [
    "APP",
    "Secret",
    "TraktSettings",
    "TraktV1Settings",
    "config_file",
    "load_trakt",
    "load_trakt_v1",
    "state_dir",
]
