"""The locks name what pyproject.toml asks for, by hash, and no place to load it from. Needs no network."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
EXTRAS = PYPROJECT["project"]["optional-dependencies"]
OWN = "rating-importer"

# By lock: the extras that it holds, and the locks that it lies on top of.
LOCKS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "requirements.lock": (["all"], []),
    "locks/fleet.lock": (["fleet"], ["requirements.lock"]),
    "locks/dev.lock": (["dev"], ["requirements.lock", "locks/fleet.lock"]),
    "locks/release.lock": (["docs", "release"], ["requirements.lock", "locks/fleet.lock", "locks/dev.lock"]),
}


class Pin(NamedTuple):
    requirement: Requirement
    hashes: int
    is_asked_for: bool
    """Whether pyproject.toml itself asks for it, not only a library."""


def read_lock(name: str) -> list[Pin]:
    blocks = re.split(r"^(?=[A-Za-z0-9])", (ROOT / name).read_text("utf-8"), flags=re.MULTILINE)[1:]
    return [
        Pin(
            Requirement(block.partition("\\")[0]),
            len(re.findall(r"--hash=sha256:[0-9a-f]{64}", block)),
            f"{OWN} (pyproject.toml)" in block,
        )
        for block in blocks
    ]


def list_direct(extras: Sequence[str]) -> list[Requirement]:
    """All that the package asks for itself, with these extras."""
    found: list[Requirement] = [Requirement(text) for text in PYPROJECT["project"]["dependencies"]]
    waiting = list(extras)
    while waiting:
        for requirement in map(Requirement, EXTRAS[waiting.pop()]):
            if requirement.name == OWN:
                waiting += requirement.extras
            else:
                found.append(requirement)
    return found


def pins_of(name: str) -> list[Pin]:
    """The pins of a lock and of those below it."""
    return [pin for lock in (*LOCKS[name][1], name) for pin in read_lock(lock)]


@pytest.mark.parametrize("name", LOCKS)
def test_a_lock_is_in_step_with_the_project(name: str) -> None:
    pins = pins_of(name)
    asked = list_direct([extra for lock in (*LOCKS[name][1], name) for extra in LOCKS[lock][0]])
    for requirement in asked:
        found = [pin for pin in pins if pin.requirement.name == canonicalize_name(requirement.name)]
        assert found, f"{requirement} is not in {name}: make lock"
        for pin in found:
            (version,) = (each.version for each in pin.requirement.specifier)
            assert version in requirement.specifier, f"{requirement} and {pin.requirement}: make lock"
    names = {canonicalize_name(requirement.name) for requirement in asked}
    assert {pin.requirement.name for pin in pins if pin.is_asked_for} <= names, "make lock"


@pytest.mark.parametrize("name", [*LOCKS, "locks/build.lock"])
def test_a_lock_holds_hashes_and_no_addresses(name: str) -> None:
    assert all(pin.hashes for pin in read_lock(name))
    text = (ROOT / name).read_text("utf-8")
    assert "://" not in text
    assert "--index" not in text
    assert "--find-links" not in text


def test_no_two_locks_disagree() -> None:
    pinned: dict[tuple[str, str], set[str]] = {}
    for name in [*LOCKS, "locks/build.lock"]:
        for pin in read_lock(name):
            # Where a library has two pins, each is for other versions of Python.
            key = (
                pin.requirement.name,
                str(pin.requirement.marker or "") if name == "locks/release.lock" else "",
            )
            pinned.setdefault(key, set()).add(str(pin.requirement.specifier))
    assert {key: versions for key, versions in pinned.items() if len(versions) > 1} == {}


def test_the_tools_that_build_are_locked() -> None:
    (wanted,) = map(Requirement, PYPROJECT["build-system"]["requires"])
    assert wanted.name in {pin.requirement.name for pin in read_lock("locks/build.lock")}
    assert str(wanted) in EXTRAS["dev"], "the tests build with it, too"
