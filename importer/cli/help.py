"""How `--help` looks: usage, arguments, groups of options, examples, the docs.

```text
Usage: importer run [OPTIONS] [FILE]

  Import FILE and report what became of every row.

Where the ratings go:
  --to DESTINATION   ...

Examples:
  importer run ratings.csv --to trakt
      Send the file's ratings to Trakt.
```

A group's headline is the `heading` of its dataclass, or the `rich_help_panel` of a single option.
"""

import re
from typing import Any

from typer.core import TyperCommand, TyperGroup

from importer.cli.examples import EXAMPLES
from importer.text import DOCS

WIDEST = 120
"""Lines longer than this are hard to read, however wide the terminal is."""

COMPLETE = "_IMPORTER_COMPLETE"
"""The variable in which a shell asks how the words that were typed could go on."""

_OTHER = "Other options"

_PLAIN = (
    (re.compile(r"(\S+)<=x<=(\S+?)\]"), r"\1 to \2]"),
    (re.compile(r"x>=(\S+?)\]"), r"at least \1]"),
    (re.compile(r" <(?:int|float)(?: range)?>"), " N"),
    (re.compile(r" <path>"), " FILE"),
    (re.compile(r" <(?:str|text)>"), " TEXT"),
    (re.compile(r" <([\w|-]+)>"), r" \1"),
)
"""What the library says of a value, and how people say it."""


class HelpfulCommand(TyperCommand):
    """A command whose options are shown in groups."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the pieces of the usage line."""
        return [_name_arguments(piece) for piece in super().collect_usage_pieces(ctx)]

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write all of the help."""
        _write_intro(self, ctx, formatter)
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None:
                groups.setdefault(_heading_of(parameter), []).append(_make_plain(*record))
        others = groups.pop(_OTHER, [])
        for heading, records in (*groups.items(), (_OTHER, others)):
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)
        _write_end(path_of(ctx), formatter)


class HelpfulGroup(TyperGroup):
    """The list of commands, in groups."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write all of the help."""
        _write_intro(self, ctx, formatter)
        groups: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            command: Any = self.get_command(ctx, name)
            if not command.hidden:
                groups.setdefault(command.rich_help_panel, []).append((name, command.help))
        for heading, commands in groups.items():
            with formatter.section(heading):
                formatter.write_dl(commands)
        with formatter.section("Options"):
            formatter.write_dl([each.get_help_record(ctx) for each in self.get_params(ctx)])
        path = path_of(ctx)
        _write_end(path, formatter)
        typed = f"importer {path} COMMAND --help" if path else "importer help COMMAND"
        formatter.write_text(f"`{typed}` shows the options of a command.")


def _name_arguments(piece: str) -> str:
    """Name an argument in the usage as in the list below it: `FILE` for `{file}`; choices stay."""
    if "|" in piece:
        return piece
    return (piece.strip("{}") if piece.startswith("{") else piece).upper()


def path_of(ctx: Any) -> str:
    """Return the words of a command after `importer`: none, `run`, `fleet add`."""
    return f"{path_of(ctx.parent)} {ctx.info_name}".strip() if ctx.parent is not None else ""


def _write_intro(command: Any, ctx: Any, formatter: Any) -> None:
    command.format_usage(ctx, formatter)
    command.format_help_text(ctx, formatter)


def _write_end(name: str, formatter: Any) -> None:
    if examples := EXAMPLES.get(name):
        with formatter.section("Examples"):
            for number, (typed, what) in enumerate(examples):
                formatter.write(f"{'' if number == 0 else chr(10)}  {typed}\n")
                with formatter.indentation(), formatter.indentation():
                    formatter.write_text(what)
    formatter.write_paragraph()
    formatter.write_text(f"Documentation: {DOCS}/")


def _heading_of(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return "Arguments"
    return parameter.rich_help_panel or _OTHER


def _make_plain(name: str, text: str) -> tuple[str, str]:
    for pattern, plain in _PLAIN:
        name, text = pattern.sub(plain, f" {name}")[1:], pattern.sub(plain, text)
    if " " in name and not name.startswith("-"):  # an argument: its type says nothing, its choices do
        word, _, kind = name.partition(" ")
        word = word if "|" in word else word.upper()
        name = word if kind in {"TEXT", "FILE", "N"} or "<" in kind else f"{word} {kind}"
    return name, text
