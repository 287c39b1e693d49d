"""Groups of options: for a parameter that is a dataclass, a command has its fields as options.

    @spread
    def undo(*, send: Annotated[SendOptions, Only("workers", "rate")]) -> None: ...

gives `importer undo` the options --workers and --rate, as `SendOptions` declares them (see `option.py`).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from inspect import Parameter, Signature, signature
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import typer

from importer.option import Declaration, flag_of


class Only:
    """The fields of a group that a command offers, if not all; the others keep their defaults.

    `Only("out", out="The new results.")` gives an option the help text of what it means to the command.
    """

    def __init__(self, *names: str, **helps: str) -> None:
        self.names = frozenset(names)
        self.helps = helps


@dataclass(frozen=True, slots=True)
class _Group:
    kind: type[Any]
    only: Only | None

    def offered(self) -> Iterator[tuple[Any, Declaration | None]]:
        for each in fields(self.kind):
            declaration = each.metadata.get("option")
            is_offered = self.only is None or each.name in self.only.names
            if declaration is not None and self.only is not None and each.name in self.only.helps:
                declaration = replace(declaration, help=self.only.helps[each.name])
            if is_offered and (declaration is not None or each.default is not MISSING):
                yield each, declaration

    def parameters(self) -> Iterator[Parameter]:
        """The options, as typer wants them."""
        hints = get_type_hints(self.kind, include_extras=True)
        for each, declaration in self.offered():
            if declaration is not None:
                heading = getattr(self.kind, "heading", None)
                yield _build_parameter(each.name, each.default, hints[each.name], declaration, heading)
            elif get_origin(hints[each.name]) is Annotated:
                yield Parameter(
                    each.name, Parameter.KEYWORD_ONLY, default=each.default, annotation=hints[each.name]
                )

    def build(self, words: dict[str, Any]) -> Any:
        """Take what was typed out of `words`, and put the group together."""
        values = {}
        for each, declaration in self.offered():
            if each.name not in words:
                continue
            value = words.pop(each.name)
            if value is None and each.default is MISSING:
                continue  # not typed: the group makes a value of its own
            if declaration is not None and declaration.parse is not None and value is not None:
                value = declaration.parse(value)
            values[each.name] = value
        return self.kind(**values)


def spread(command: Callable[..., None]) -> Callable[..., None]:
    """Replace each parameter that is a dataclass by one option for each of its fields."""
    groups: dict[str, _Group] = {}
    parameters: list[Parameter] = []
    hints = get_type_hints(command, include_extras=True)
    for parameter in signature(command).parameters.values():
        hint = hints[parameter.name]
        if (group := _find_group(hint)) is not None:
            groups[parameter.name] = group
            parameters += group.parameters()
        else:
            parameters.append(
                Parameter(parameter.name, Parameter.KEYWORD_ONLY, default=parameter.default, annotation=hint)
            )

    def spread_command(**words: Any) -> None:
        for name, group in groups.items():
            words[name] = group.build(words)
        command(**words)

    spread_command.__name__, spread_command.__doc__ = command.__name__, command.__doc__
    spread_command.__annotations__ = {each.name: each.annotation for each in parameters}
    spread_command.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    return spread_command


def _complete(values: Callable[[], Iterable[str]]) -> Callable[[str], list[str]]:
    def complete(incomplete: str) -> list[str]:
        return [value for value in values() if value.startswith(incomplete)]

    return complete


def _find_group(hint: Any) -> _Group | None:
    if isinstance(hint, type) and is_dataclass(hint):
        return _Group(hint, None)
    if get_origin(hint) is Annotated:
        kind, only = get_args(hint)[:2]
        if isinstance(only, Only):
            return _Group(kind, only)
    return None


def _build_parameter(
    name: str, default: Any, hint: Any, declared: Declaration, heading: str | None
) -> Parameter:
    typed = hint if declared.typed is None else declared.typed
    flag = flag_of(name, declared)
    if default is True:
        flag += f"/--no-{flag.removeprefix('--')}"
    described = typer.Option(
        flag,
        help=declared.help,
        metavar=declared.metavar,
        min=declared.minimum,
        max=declared.maximum,
        rich_help_panel=heading,
        autocompletion=None if declared.values is None else _complete(declared.values),
    )
    shown = declared.shown if declared.shown is not None or default is MISSING else default
    return Parameter(name, Parameter.KEYWORD_ONLY, default=shown, annotation=Annotated[typed, described])
