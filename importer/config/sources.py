"""The places settings come from: flags, environment and a section of the TOML file, merged and checked.

pydantic-settings merges the sources and checks types. Its errors hold what was put in, so none ever leaves
this module, not even as the cause of ours. What each destination needs is said by its own section.
"""

import os
import re
import stat
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from types import new_class
from typing import Annotated, Any, ClassVar, TypeVar, cast

from pydantic import StringConstraints, ValidationError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from importer.config.folders import config_file
from importer.errors import SettingsError

SECTIONS = ("trakt-v1", "trakt")
"""The sections of the TOML file that name a destination."""

SYNC = "sync"
"""The section of the TOML file that all sync jobs share."""

GROUPS = ("accounts", "jobs")
"""The tables of the TOML file whose sections have names of the user's own: `[accounts.ada]`."""

Text = Annotated[str, StringConstraints(strip_whitespace=True)]


class Section(BaseSettings):
    """Merges and checks what is given for one destination.

    The order of the fields counts: a check sees those above its own.
    """

    model_config = SettingsConfigDict(extra="ignore", hide_input_in_errors=True, validate_default=False)

    section: ClassVar[str]
    """Its name in the TOML file."""
    flags: ClassVar[tuple[str, ...]]
    """The fields that a flag may set; every other flag is ignored, so that no secret comes from one."""
    secrets: ClassVar[tuple[str, ...]]
    """The fields that others must not read in the file."""

    insecure_http: bool = False

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the sources handed over, the strongest first, and not this process's own environment."""
        sources: Sources = init_settings()["sources"]
        environment = EnvSettingsSource(settings_cls)
        # The library matches lower-cased names; ours are upper case and nothing else, on every platform.
        environment.env_vars = {
            name.lower(): text for name, text in sources.environ.items() if name.isupper()
        }
        return (
            InitSettingsSource(settings_cls, sources.flags),
            environment,
            InitSettingsSource(settings_cls, sources.table),
        )


_Fields = TypeVar("_Fields", bound=Section)


@dataclass(frozen=True, slots=True, repr=False)
class Sources:
    """What each source holds for one section, the strongest first, and how to name a place in it."""

    model: type[Section]
    flags: dict[str, Any]
    environ: dict[str, Any]
    table: dict[str, Any]
    file: Path

    def place(self, field: str) -> str:
        """Name the place that the value of `field` is taken from; empty when no source has one."""
        flag, variable, key = self._places(field)
        if field in self.flags:
            return flag
        if variable in self.environ:
            return variable
        return key if field in self.table else ""

    def choices(self, field: str) -> str:
        """Name the places where a value for `field` could be put."""
        flag, variable, key = self._places(field)
        return f"{flag}, {variable} or {key}" if field in self.model.flags else f"{variable} or {key}"

    def is_anywhere(self) -> bool:
        """Whether any source but a flag holds anything for the section."""
        return bool(self.table) or any(
            name.startswith(self.model.model_config["env_prefix"]) for name in self.environ
        )

    def _places(self, field: str) -> tuple[str, str, str]:
        return (
            "--" + field.replace("_", "-"),
            f"{self.model.model_config['env_prefix']}{field.upper()}",
            f"{field} in [{self.model.section}] of {self.file}",
        )


def load_section(
    model: type[_Fields],
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    file: Path | None,
    missing: Callable[[Sources], Iterable[str]],
    account: str = "",
) -> tuple[_Fields, tuple[str, ...]]:
    """Gather one section, with warnings for the user to read; `missing` says what is not given but needed.

    A named `account` has a section and variables of its own, and shares none with others. Blank variables
    and flags that are None or False count as not given. Raises SettingsError.
    """
    if account:
        model = _of_account(model, account)
    tables, path, problems = read_tables(environ, file)
    table = None if tables is None else _find_table(tables, model.section)
    if tables is not None:
        problems += _unknown_words(path, tables, model)
    sources = Sources(
        model,
        {name: value for name, value in _given(flags).items() if name in model.flags},
        _given(environ),
        _given(table or {}),
        path,
    )
    if account and not sources.is_anywhere():
        raise SettingsError([*problems, f"There is no [{model.section}] in {path}, which was asked for."])
    if table is not None:  # what seems missing may well stand in a file that cannot be read
        problems += missing(sources)
    fields, wrong = _merge(model, sources)
    if fields is None or problems:
        raise SettingsError(problems + wrong)
    return fields, tuple(_warnings(sources))


def _given(source: Mapping[str, Any]) -> dict[str, Any]:
    def is_given(value: object) -> bool:
        return bool(value.strip()) if isinstance(value, str) else value is not None and value is not False

    return {name: value for name, value in source.items() if is_given(value)}


_WRONG_TYPES = {"string_type": "{place} must be a text in quotes."} | dict.fromkeys(
    ("bool_type", "bool_parsing"), "{place} must be true or false."
)


def _merge(model: type[_Fields], sources: Sources) -> tuple[_Fields | None, list[str]]:
    try:
        return model(sources=sources), []  # type: ignore[call-arg]
    except ValidationError as error:
        problems = []
        for details in error.errors(include_input=False, include_url=False):
            cause = details.get("ctx", {}).get("error")
            template = (
                str(cause) if cause else _WRONG_TYPES.get(details["type"], "{place}: " + details["msg"])
            )
            problems += _name_places(template, str(details["loc"][0]), sources).splitlines()
        return None, problems


def _name_places(template: str, own: str, sources: Sources) -> str:
    """Fill in `{place}`, where the field itself was read, and `{field}` for another field's place."""
    places = {name: sources.place(name) for name in sources.model.model_fields}
    places["place"] = sources.place(own)
    return re.sub(r"\{(\w+)\}", lambda found: places.get(found[1], found[0]), template)


def read_tables(
    environ: Mapping[str, str], file: Path | None = None
) -> tuple[dict[str, Any] | None, Path, list[str]]:
    """Read the TOML file, and say where it is and what is wrong with it; no file at all is an empty one.

    A daemon hands a copy to its children, in `IMPORTER_CONFIG_SNAPSHOT`: the file itself may be half edited.
    """
    path = file or config_file(environ)
    snapshot = None if file else environ.get("IMPORTER_CONFIG_SNAPSHOT")
    is_named = file is not None or bool(environ.get("IMPORTER_CONFIG_FILE"))
    try:
        return tomllib.loads(Path(snapshot or path).read_text(encoding="utf-8-sig")), path, []
    except FileNotFoundError:
        problem = f"The settings file {path} does not exist, although it was asked for by name."
        return (None, path, [problem]) if is_named else ({}, path, [])
    except OSError as error:
        problem = f"The settings file {path} cannot be read ({error.strerror})."
    except UnicodeDecodeError:
        problem = f"The settings file {path} is not UTF-8 text."
    except tomllib.TOMLDecodeError as error:
        problem = f"The settings file {path} is not valid TOML: {error}."
    return None, path, [problem]


def _find_table(tables: dict[str, Any], section: str) -> dict[str, Any]:
    found: Any = tables
    for name in section.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _of_account(model: type[_Fields], account: str) -> type[_Fields]:
    """Make the section of one named account: the same fields, from other places."""
    own: dict[str, Any] = {
        "__module__": __name__,
        "__doc__": model.__doc__,
        "model_config": SettingsConfigDict(env_prefix=f"IMPORTER_ACCOUNTS_{as_variable(account)}_"),
        "section": f"accounts.{account}",
        "__annotations__": {"section": ClassVar[str]},
    }
    return cast("type[_Fields]", new_class(model.__name__, (model,), {}, lambda names: names.update(own)))


def as_variable(name: str) -> str:
    """Spell a name from the file as it stands in the names of variables."""
    return name.upper().replace("-", "_")


def _unknown_words(file: Path, tables: dict[str, Any], model: type[Section]) -> Iterator[str]:
    yield from unknown_sections(file, tables)
    for key in _find_table(tables, model.section):
        if key not in model.model_fields:
            suggestion = did_you_mean(key, model.model_fields)
            yield f"{key} in [{model.section}] of {file} is unknown{suggestion}"


def unknown_sections(file: Path, tables: dict[str, Any]) -> Iterator[str]:
    """Name what stands at the top of the file and is nothing that is read from it."""
    known = (*SECTIONS, SYNC, *GROUPS)
    for name, table in tables.items():
        if name not in known:
            section = f"[{name}]" if isinstance(table, dict) else name
            yield f"{section} in {file} is unknown{did_you_mean(name, known)}"
        elif not isinstance(table, dict):
            yield f"{name} in {file} must be a section: [{name}] on a line of its own."


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Name the known word that is meant, or all of them: the end of a sentence."""
    close = get_close_matches(word, known, n=1)
    return f"; did you mean {close[0]}?" if close else f"; it can be {' or '.join(known)}."


def _warnings(sources: Sources) -> Iterator[str]:
    if os.name != "posix" or not any(key in sources.table for key in sources.model.secrets):
        return
    file = sources.file
    if file.exists() and file.stat().st_mode & stat.S_IROTH:
        yield f"{file} holds secrets and every user of this machine can read it: chmod 600 '{file}'"
