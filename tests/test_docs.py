"""What the papers say is what the code does."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from importer import errors
from importer.config.tables import FLEET
from importer.destinations.registry import list_descriptions, list_sections
from importer.matching.match_file import MATCH_COLUMNS
from importer.model import Status
from importer.plans.model import Action
from importer.readers import FORMATS
from importer.runs.conflicts import OnConflict

ROOT = Path(__file__).parents[1]


def read_table(file: str, first_heading: str) -> list[list[str]]:
    """The rows of the table whose first column has this heading."""
    lines = (ROOT / file).read_text("utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"| {first_heading} |"))
    return list(_read_rows(lines[start + 2 :]))


def _read_rows(lines: list[str]) -> Iterator[list[str]]:
    for line in lines:
        if not line.startswith("|"):
            return
        yield [re.sub("^`([^`]*)`$", r"\1", cell.strip()) for cell in line.strip("|").split("|")]


def test_the_readme_names_every_status_and_whether_it_is_a_success() -> None:
    table = read_table("README.md", "status")
    assert [(row[0], row[2]) for row in table] == [
        (str(status), "yes" if status.is_success else "no") for status in Status
    ]


def test_the_readme_names_every_exit_code() -> None:
    classes = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    codes = {kind.exit_code for kind in classes if issubclass(kind, errors.ImporterError)}
    assert {int(row[0]) for row in read_table("README.md", "exit code")} == codes | {0}


def test_the_table_of_policies_has_every_word_of_on_conflict() -> None:
    assert [row[0] for row in read_table("docs/planning.md", "policy")] == list(OnConflict)


def test_the_table_of_actions_says_what_each_ends_as() -> None:
    table = [(row[0], row[2]) for row in read_table("docs/planning.md", "action")]
    assert table == [(action, action.status) for action in Action]


def test_the_table_of_formats_is_what_the_command_prints() -> None:
    assert read_table("docs/formats.md", "name") == [list(note) for note in FORMATS]


def test_the_table_of_the_resolve_file_is_what_is_written() -> None:
    assert [row[0] for row in read_table("docs/resolving.md", "column")] == list(MATCH_COLUMNS)


def test_the_table_of_destinations_is_what_the_command_prints() -> None:
    assert read_table("docs/destinations.md", "name") == [list(each.values()) for each in list_descriptions()]


def test_every_variable_in_the_settings_table_is_read_by_the_code() -> None:
    code = "".join(path.read_text("utf-8") for path in (ROOT / "importer").rglob("*.py"))
    sections = [name.upper().replace("-", "_") for name in sorted([*list_sections(), FLEET], reverse=True)]
    for variable in re.findall(r"IMPORTER_[A-Z0-9_]+", (ROOT / "docs/settings.md").read_text("utf-8")):
        name = re.sub(f"IMPORTER_({'|'.join(sections)})_", "", variable).lower()
        assert variable in code or name in code, variable


@pytest.mark.parametrize("file", ["README.md", *sorted(p.name for p in (ROOT / "docs").glob("*.md"))])
def test_no_link_between_the_papers_is_broken(file: str) -> None:
    path = ROOT / file if file == "README.md" else ROOT / "docs" / file
    for link in re.findall(r"\]\(([^)#:]+)\)", path.read_text("utf-8")):
        assert (path.parent / link).exists(), link


def test_the_readme_names_the_commands_that_the_makefile_has() -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"make ([a-z0-9-]+)", (ROOT / "README.md").read_text("utf-8"))) <= targets | {"and"}
