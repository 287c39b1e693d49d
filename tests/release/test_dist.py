"""What is published holds everything, and anybody who builds it gets the same bytes."""

import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
STEM = f"rating_importer-{PROJECT['version']}"


def list_files() -> list[str]:
    """Every file of the project, as git knows them: those of this change, too."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode()
    return sorted(name for name in listed.split("\0") if name and (ROOT / name).is_file())


def build(folder: Path, changed_at: int) -> Mapping[str, bytes]:
    """Build from a copy of the project whose files are all of this time, and give what came of it."""
    copy = folder / "project"
    for name in list_files():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, copy / name)
        os.utime(copy / name, (changed_at, changed_at))
    command = [sys.executable, "-m", "hatchling", "build", "-d", str(folder / "dist")]
    subprocess.run(command, cwd=copy, check=True, capture_output=True)
    return {path.name: path.read_bytes() for path in (folder / "dist").iterdir()}


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the wheel and the sdist."""
    folder = tmp_path_factory.mktemp("first")
    build(folder, 1_000_000_000)
    return folder / "dist"


def test_two_builds_are_the_same_to_the_byte(dist: Path, tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in dist.iterdir()}
    assert sorted(first) == [f"{STEM}-py3-none-any.whl", f"{STEM}.tar.gz"]
    assert build(tmp_path, 1_700_000_000) == first


def test_the_wheel_holds_every_file_of_the_package(dist: Path) -> None:
    with zipfile.ZipFile(dist / f"{STEM}-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
    assert {name for name in list_files() if name.startswith("importer/")} <= names
    assert {"importer/py.typed", "importer/journal/schema.sql", "importer/sandbox/catalogue.csv"} <= names
    assert f"{STEM}.dist-info/licenses/LICENSE" in names
    assert f"{STEM}.dist-info/licenses/importer/assets/vendored/echarts.NOTICE.txt" in names
    assert {name.split("/")[0] for name in names} <= {"importer", f"{STEM}.dist-info", f"{STEM}.data"}


def test_the_wheel_has_the_command_under_both_names(dist: Path) -> None:
    with zipfile.ZipFile(dist / f"{STEM}-py3-none-any.whl") as wheel:
        scripts = wheel.read(f"{STEM}.dist-info/entry_points.txt").decode()
        metadata = wheel.read(f"{STEM}.dist-info/METADATA").decode()
    for name in ("importer", "rating-importer"):
        assert f"{name} = importer.__main__:main" in scripts.splitlines()
    assert "License-Expression: MIT" in metadata.splitlines()


def test_the_wheel_has_the_manual_pages_if_they_were_written(tmp_path: Path) -> None:
    page = tmp_path / "project" / "build" / "man" / "importer.1"
    page.parent.mkdir(parents=True)
    page.write_text(".TH IMPORTER 1\n")
    content = build(tmp_path, 1_000_000_000)[f"{STEM}-py3-none-any.whl"]
    with zipfile.ZipFile(io.BytesIO(content)) as wheel:
        assert wheel.read(f"{STEM}.data/data/share/man/man1/importer.1") == b".TH IMPORTER 1\n"


def test_the_sdist_holds_every_file_of_the_project(dist: Path) -> None:
    with tarfile.open(dist / f"{STEM}.tar.gz") as sdist:
        names = {member.name.removeprefix(f"{STEM}/") for member in sdist if member.isfile()}
    assert names == {*list_files(), "PKG-INFO"}


def test_the_version_stands_in_one_place_and_the_rest_agrees() -> None:
    assert version("rating-importer") == PROJECT["version"], "run make setup again"
    newest = re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)
    assert newest is not None
    assert newest[1] == PROJECT["version"]


def test_a_tag_of_this_commit_names_the_version() -> None:
    command = ["git", "tag", "--points-at", "HEAD", "--list", "v*"]
    tags = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.decode().split()
    assert tags in ([], [f"v{PROJECT['version']}"])
