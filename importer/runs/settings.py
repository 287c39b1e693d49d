"""The settings of a destination, gathered as its spec declares them."""

import os
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from importer.config.sources import Loaded, Section, load_settings
from importer.destinations.registry import list_sections
from importer.destinations.spec import DestinationSpec


def load_spec_settings(
    spec: DestinationSpec,
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
    needs: Collection[str] | None = None,
    account: str = "",
) -> Loaded[Any]:
    """Gather the settings of a destination, or with an `account` those of `[accounts.NAME]`.

    Raises SettingsError.
    """
    assert spec.settings is not None
    section = Section(spec.name, spec.settings, list_sections(), account, needs)
    return load_settings(section, flags, environ, file)
