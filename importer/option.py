"""How options are declared: once, as the fields of a frozen dataclass.

    @dataclass(frozen=True, slots=True)
    class SendOptions:
        workers: int | None = option("Requests in flight at once.", minimum=1, maximum=256)
        rate: Rate | None = option("At most N requests per PERIOD.", metavar="N/PERIOD", parse=parse_rate)

`cli/groups.py` makes `--workers` and `--rate` of these lines, `sync/keys.py` the keys `workers` and `rate` of
a sync job; a test holds their rows in docs/settings.md against them. A field without `option` is no option.
A class variable `heading` is the headline of the group in `--help`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Declaration:
    """What is known of an option besides its type and its default."""

    help: str
    flag: str
    """Empty: the field's name, spelled as a flag."""
    metavar: str | None
    minimum: int | None
    maximum: int | None
    typed: Any
    """The type of what is typed, if that is another one than the field's."""
    parse: Callable[[Any], Any] | None
    """From what is typed to the value. Raises UsageError."""
    values: Callable[[], Iterable[str]] | None
    """What a shell may complete."""
    shown: Any
    """The default as people type it, if that differs from the field's."""


def option(  # noqa: PLR0913 - all by name, each optional
    help_: str,
    *,
    default: Any = None,
    factory: Callable[[], Any] | None = None,
    flag: str = "",
    metavar: str | None = None,
    minimum: int | None = None,
    maximum: int | None = None,
    typed: Any = None,
    parse: Callable[[Any], Any] | None = None,
    values: Callable[[], Iterable[str]] | None = None,
    shown: Any = None,
) -> Any:
    """Declare a field that is an option."""
    declaration = Declaration(help_, flag, metavar, minimum, maximum, typed, parse, values, shown)
    metadata: Mapping[str, Declaration] = {"option": declaration}
    if factory is not None:
        return field(default_factory=factory, metadata=metadata)
    return field(default=default, metadata=metadata)


def declarations_of(group: type[Any]) -> Iterator[tuple[str, Any, Declaration]]:
    """Yield name, default and declaration of the options of a dataclass."""
    for each in fields(group):
        if (declaration := each.metadata.get("option")) is not None:
            yield each.name, each.default, declaration


def flag_of(name: str, declaration: Declaration) -> str:
    """Spell the option as it is typed: `--batch-size`."""
    return declaration.flag or f"--{name.replace('_', '-')}"


def key_of(name: str, declaration: Declaration) -> str:
    """Spell the option as a key of the settings file: `batch_size`."""
    return flag_of(name, declaration).removeprefix("--").replace("-", "_")
