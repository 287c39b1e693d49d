"""The settings of the destinations, as the commands gather them."""

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from importer.config.sources import Loaded
from importer.destinations.spec import DestinationSpec
from importer.destinations.trakt.settings import TraktSettings
from importer.destinations.trakt.spec import TRAKT
from importer.destinations.trakt_v1.settings import TraktV1Settings
from importer.destinations.trakt_v1.spec import TRAKT_V1
from importer.runs.settings import load_spec_settings


def load(
    spec: DestinationSpec,
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    file: Path | None,
    **more: Any,
) -> Loaded[Any]:
    return load_spec_settings(spec, flags, environ=environ, file=file, **more)


def load_trakt(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str],
    file: Path | None = None,
    needs: Collection[str] | None = None,
    account: str = "",
) -> TraktSettings:
    found = load(TRAKT, flags, environ, file, needs=needs, account=account).settings
    assert isinstance(found, TraktSettings)
    return found


def load_trakt_v1(
    flags: Mapping[str, object],
    *,
    environ: Mapping[str, str],
    file: Path | None = None,
    account: str = "",
) -> TraktV1Settings:
    found = load(TRAKT_V1, flags, environ, file, account=account).settings
    assert isinstance(found, TraktV1Settings)
    return found
