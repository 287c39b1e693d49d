"""A command gets the options of its groups, and its group back from what was typed."""

from dataclasses import dataclass
from typing import Annotated

import pytest
import typer
from typer.testing import CliRunner

from importer.cli.groups import spread


@dataclass(frozen=True, slots=True)
class Size:
    width: Annotated[int, typer.Option("--width", min=1)] = 3
    names: Annotated[list[str] | None, typer.Option("--name")] = None


@spread
def draw(*, file: Annotated[str, typer.Argument()], size: Size, dry: bool = False) -> None:
    """Draw FILE."""
    typer.echo(f"{file} {size} {dry}")


@pytest.mark.parametrize(
    ("words", "printed"),
    [
        (["a"], "a Size(width=3, names=None) False"),
        (
            ["--width", "5", "a", "--name", "x", "--name", "y", "--dry"],
            "a Size(width=5, names=['x', 'y']) True",
        ),
    ],
)
def test_the_fields_of_a_group_are_options(words: list[str], printed: str) -> None:
    app = typer.Typer()
    app.command()(draw)
    done = CliRunner().invoke(app, words)
    assert (done.exit_code, done.output.strip()) == (0, printed)
    assert "Draw FILE." in CliRunner().invoke(app, ["--help"]).output
    assert CliRunner().invoke(app, ["a", "--width", "0"]).exit_code == 2
