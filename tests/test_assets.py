"""The vendored libraries are the published files, with a licence each, and travel with the package."""

import hashlib
import json
import tomllib
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


def test_every_file_that_is_no_code_travels_with_the_package() -> None:
    packed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["package-data"]
    files = [
        path.relative_to(ROOT / "importer")
        for path in (ROOT / "importer").rglob("*")
        if path.is_file() and path.suffix not in {".py", ".pyc"}
    ]
    assert files
    assert [file for file in files if not any(file.match(each) for each in packed["importer"])] == []
