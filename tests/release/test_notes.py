"""What a release says and lists."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from importer.cli import app
from release.notes import NotReleasedError, build_notes, read_version
from release.sbom import VENDORED, add_vendored

ROOT = Path(__file__).parents[2]
CHANGELOG = (
    "# Changes\n\n## 0.2.0 (2026-12-01)\n\n- **New:** this.\n\n## 0.1.0 (2026-01-01)\n\n- **Old:** that.\n"
)


def test_the_notes_are_the_section_of_the_version() -> None:
    assert build_notes(CHANGELOG, "0.2.0") == "- **New:** this.\n"
    assert build_notes(CHANGELOG, "0.1.0") == "- **Old:** that.\n"


@pytest.mark.parametrize(
    ("changelog", "said"),
    [
        ("# Changes\n\n## 0.2.0 (unreleased)\n\n- x\n", "write the day"),
        (CHANGELOG, "no section ## 0.3.0"),
    ],
)
def test_what_is_not_released_has_no_notes(changelog: str, said: str) -> None:
    version = "0.3.0" if said.endswith("0.3.0") else "0.2.0"
    with pytest.raises(NotReleasedError, match=said):
        build_notes(changelog, version)


def test_the_changelog_has_a_section_of_this_version() -> None:
    assert f"\n## {read_version()} (" in (ROOT / "CHANGELOG.md").read_text("utf-8")


def test_the_bill_of_materials_has_the_vendored_libraries() -> None:
    bom: dict[str, Any] = {"components": [{"name": "aiohttp"}]}
    add_vendored(bom, json.loads(VENDORED.read_bytes()))
    names = [component["name"] for component in bom["components"]]
    assert names[0] == "aiohttp"
    assert "htmx.org" in names
    assert all(component["licenses"] for component in bom["components"][1:])


@pytest.mark.parametrize(
    "form", sorted((ROOT / ".github/ISSUE_TEMPLATE").glob("[!c]*.yml")), ids=lambda p: p.stem
)
def test_an_issue_form_asks_for_the_report(form: Path) -> None:
    fields = yaml.safe_load(form.read_text("utf-8"))
    assert {"name", "description", "body"} <= fields.keys()
    asked = {field["id"]: field for field in fields["body"] if "id" in field}
    assert "importer doctor" in asked["doctor"]["attributes"]["label"]
    assert "doctor" in app.COMMANDS


def test_the_workflow_checks_every_system_and_every_python() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/check.yml").read_text("utf-8"))
    job = workflow["jobs"]["check"]
    assert job["strategy"]["matrix"] == {
        "system": ["ubuntu-latest", "windows-latest", "macos-latest"],
        "python": ["3.11", "3.12", "3.13", "3.14"],
    }
    assert any("make check" in step.get("run", "") for step in job["steps"])
    assert workflow["permissions"] == {"contents": "read"}
