"""`importer completion SHELL`: prints what makes a shell complete commands, options and values.

The shell asks the command itself, in the variable below: then `main` answers and nothing else is done.
"""

from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import (  # type: ignore[attr-defined] # it has no __all__
    completion_init,
    get_completion_script,
)

from importer.cli.help import COMPLETE


def prepare() -> None:
    """Have the next start of the command answer the shell that asks."""
    completion_init()


class ShellName(StrEnum):
    """The shells."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"
    POWERSHELL = "powershell"


def completion(shell: Annotated[ShellName, typer.Argument(help="Your shell.")]) -> None:
    """Print what makes a shell complete what you type.

    Put it where your shell reads it: eval "$(importer completion bash)" in ~/.bashrc, or `importer completion
    fish > ~/.config/fish/completions/importer.fish`.
    """
    print(get_completion_script(prog_name="importer", complete_var=COMPLETE, shell=shell).strip())
