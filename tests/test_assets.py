"""The vendored libraries are the published files, with a licence each, and travel with the package."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from importer.assets import read_asset

ROOT = Path(__file__).parents[1]
VENDORED = ROOT / "importer" / "assets" / "vendored"
LISTED: list[dict[str, Any]] = json.loads((VENDORED / "VENDORED.json").read_bytes())


@pytest.mark.parametrize("entry", LISTED, ids=lambda entry: str(entry["file"]))
def test_a_vendored_file_is_the_published_one(entry: dict[str, Any]) -> None:
    assert hashlib.sha256(read_asset(entry["file"])).hexdigest() == entry["sha256"]
    assert entry["name"]
    assert entry["version"]
    assert entry["licence"] in {"0BSD", "Apache-2.0", "MIT"}
    assert all((VENDORED / text).stat().st_size > 100 for text in entry["licence_texts"])


def test_every_file_is_listed() -> None:
    listed = {name for entry in LISTED for name in (entry["file"], *entry["licence_texts"])}
    assert {path.name for path in VENDORED.iterdir()} == {*listed, "VENDORED.json"}
