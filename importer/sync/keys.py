"""The keys of a sync job: made of the options that runs declare (see `option.py`), and of the job's own.

```text
SendOptions.workers: int | None = option("...", minimum=1, maximum=256)     declared once, for the flag, too
[jobs.shelf]   workers = 4          SyncJob.sends.workers is 4
               workers = 400        ("workers", " must be 256 or less.")
               wrokers = 4          ("wrokers", " is unknown; did you mean workers?")
```
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import MISSING, fields, is_dataclass
from datetime import time
from functools import partial
from pathlib import Path
from types import NoneType
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
)
from pydantic_core import ErrorDetails

from importer.errors import OptionError, UsageError
from importer.option import Declaration, key_of
from importer.readers.detect import check_format
from importer.runs.conflicts import OnConflict
from importer.text import did_you_mean

OF_ONE_RUN = frozenset({"limit", "resend_unconfirmed", "recheck", "base_url", "insecure_http"})
"""Options that are said of one run only: a sync job has no key for them."""

_ASKING = frozenset({OnConflict.ASK})
"""Values of flags that no job can have, since nobody is there to be asked."""

_WRONG = {
    "string_type": "must be a text in quotes",
    "list_type": "must be a text in quotes, or a list of such texts",
    "path_type": "must be a text in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "greater_than_equal": "must be {ge} or more",
    "less_than_equal": "must be {le} or less",
    "dict_type": "must be a table",
    "missing": "is missing",
}

_Options = TypeVar("_Options")


class Key(NamedTuple):
    """A key of the settings file: an option that is declared as a field."""

    hint: Any
    default: Any
    """MISSING: it must be given, or its group makes a value of its own."""
    is_needed: bool
    declared: Declaration


# Thousands of accounts are read by the same keys: what is known of a dataclass is kept.
_PREPARED: dict[type[Any], tuple[Mapping[str, Key], type[BaseModel]]] = {}
_OWN: dict[tuple[type[Any], bool], "_Own"] = {}


def list_keys(kind: type[Any]) -> Mapping[str, Key]:
    """List the keys by name: the options of a dataclass, and of the dataclasses that it is made of."""
    return {name: key for _, _, name, key in _walk(kind)}


def read_keys(
    kind: type[_Options], table: Mapping[str, object]
) -> tuple[_Options | None, list[tuple[str, str]]]:
    """Build the options that a table gives. Its problems instead: the key, and what follows its place."""
    if kind not in _PREPARED:
        _PREPARED[kind] = list_keys(kind), _build_model(kind)
    keys, model = _PREPARED[kind]
    # An empty text is a key that waits to be filled in.
    given = {name: value for name, value in table.items() if value != "" or name not in keys}
    try:
        checked = model.model_validate(given)
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False)
        return None, [(str(each["loc"][0]), _describe(each, keys)) for each in details]
    return _fill(kind, {name: getattr(checked, name) for name in checked.model_fields_set}), []


def values_by_key(options: object) -> Iterator[tuple[str, object]]:
    """Yield what options say, under the names of their keys."""
    for holder, field, name, _ in _walk(type(options)):
        found = options
        for part in (*holder, field):
            found = getattr(found, part)
        yield name, found


def _walk(
    kind: type[Any], *holder: str, is_group: bool = False
) -> Iterator[tuple[tuple[str, ...], str, str, Key]]:
    """Yield the path to the group of each key, its field there, its name, and the key itself."""
    hints = get_type_hints(kind)
    for each in fields(kind):
        declared = each.metadata.get("option")
        if is_dataclass(hint := hints[each.name]):
            yield from _walk(hint, *holder, each.name, is_group=True)  # type: ignore[arg-type]
        elif declared is not None and not (is_group and each.name in OF_ONE_RUN):
            is_needed = each.default is MISSING and each.default_factory is MISSING
            yield holder, each.name, key_of(each.name, declared), Key(hint, each.default, is_needed, declared)


class _Own(NamedTuple):
    """What is filled in of one dataclass: its fields by the names of their keys, and the groups in it."""

    fields: Sequence[tuple[str, str]]
    groups: Sequence[tuple[str, type[Any]]]


def _fill(kind: type[_Options], given: Mapping[str, Any], *, is_group: bool = False) -> _Options:
    if (kind, is_group) not in _OWN:  # asking for the hints takes longer than all else
        walked = _walk(kind, is_group=is_group)
        own_fields = [(name, field) for holder, field, name, _ in walked if not holder]
        groups = [(name, hint) for name, hint in get_type_hints(kind).items() if is_dataclass(hint)]
        _OWN[kind, is_group] = _Own(own_fields, groups)  # type: ignore[arg-type]
    found = _OWN[kind, is_group]
    own = {field: given[name] for name, field in found.fields if name in given}
    return kind(**own, **{name: _fill(hint, given, is_group=True) for name, hint in found.groups})


def _build_model(kind: type[Any]) -> type[BaseModel]:
    config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)
    definitions: dict[str, Any] = {
        name: (_annotate(name, key), ... if key.is_needed else None) for name, key in list_keys(kind).items()
    }
    return create_model("Keys", __config__=config, **definitions)


def _annotate(name: str, key: Key) -> Any:
    """Give the type of what stands in the file, with its bounds and its parser."""
    declared = key.declared
    if get_origin(key.hint) is Mapping:
        return dict[str, str]  # a table of the file is what a flag's words are parsed into
    typed = _type_of(key)
    if typed is Path:
        return Path
    parse = declared.parse or (_check_format if name == "format" else None)
    if typed is str:
        typed = Annotated[str, BeforeValidator(_as_text)]
    if get_origin(typed) is list:
        typed = Annotated[typed, BeforeValidator(_as_list)]
    if declared.minimum is not None or declared.maximum is not None:
        typed = Annotated[typed, Field(ge=declared.minimum, le=declared.maximum)]
    return typed if parse is None else Annotated[typed, AfterValidator(partial(_parse, parse))]


def _type_of(key: Key) -> Any:
    """Give the type of a key's value, which may be left out."""
    typed = key.declared.typed or key.hint
    return next((each for each in get_args(typed) if each is not NoneType), typed)


def _as_text(value: object) -> object:
    """Take what people may well write without quotes: `scale = 5`, `date_time = 09:00:00`."""
    if isinstance(value, time):
        return value.isoformat()
    return str(value) if type(value) in {int, float} else value


def _as_list(value: object) -> object:
    """Take one text for a list of it: `to = "trakt"`."""
    return [value] if isinstance(value, str) else value


def _check_format(name: str) -> str:
    check_format(name)
    return name


def _parse(parse: Callable[[Any], object], given: object) -> object:
    try:
        return parse(given)
    except UsageError as error:
        raise ValueError(error.without_option if isinstance(error, OptionError) else str(error)) from error


def _describe(details: ErrorDetails, keys: Mapping[str, Key]) -> str:
    if details["type"] == "extra_forbidden":
        return f" is unknown{did_you_mean(str(details['loc'][0]), keys)}"
    if cause := details.get("ctx", {}).get("error"):
        return f": {cause}" if str(cause).endswith(("?", ".")) else f": {cause}."
    if details["type"] == "enum":
        values = [repr(each.value) for each in _type_of(keys[str(details["loc"][0])]) if each not in _ASKING]
        return f" must be {', '.join(values[:-1])} or {values[-1]}."
    wrong = _WRONG.get(details["type"])
    return f" {wrong.format(**details.get('ctx', {}))}." if wrong else f": {details['msg']}."
