"""The password of the page that `importer web --listen` serves: `[web]` of the TOML file.

The variable is IMPORTER_WEB_PASSWORD.
"""

import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from importer.config.sources import Loaded, Section, load_settings
from importer.config.tables import WEB
from importer.secret import Secret
from importer.setting import Declared, secret

_SHORTEST = 10


def _check_password(text: str, _above: Mapping[str, Any]) -> Iterator[str]:
    if len(text) < _SHORTEST:
        yield f"{{place}} must have at least {_SHORTEST} characters."


@dataclass(frozen=True, slots=True)
class WebSettings(Declared):
    """What the page needs to know where others can reach it."""

    password: Secret = secret(check=_check_password)


def load_web(
    sections: Collection[str], environ: Mapping[str, str] = os.environ, file: Path | None = None
) -> Loaded[WebSettings]:
    """Load the settings; `sections` are the destinations' sections of the file. Raises SettingsError."""
    return load_settings(Section(WEB, WebSettings, sections), {}, environ, file)
