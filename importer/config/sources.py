"""The sources of settings: flags, environment and a section of the TOML file, merged and checked.

For `[trakt]` of the file the variables begin with `IMPORTER_TRAKT_`, for `[accounts.ada]` with
`IMPORTER_ACCOUNTS_ADA_`. The fields are declared by the package that uses them (`setting.py`). All problems
are reported at once, each with the source of the value and never with the value itself.

```text
--base-url http://a              1. a flag
IMPORTER_TRAKT_BASE_URL=http://b  2. a variable
[trakt] base_url = "http://c"     3. the file
setting("https://api.trakt.tv")   4. the default     load_settings(...).settings.base_url is "http://a"
```
"""

import os
import re
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any, Generic, TypeVar

from importer.config.tables import find_table, read_tables, unknown_sections
from importer.errors import SettingsError
from importer.secret import Secret
from importer.setting import Declaration, Declared
from importer.text import did_you_mean

_Settings = TypeVar("_Settings", bound=Declared)


@dataclass(frozen=True, slots=True)
class Loaded(Generic[_Settings]):
    """The settings of one section, and warnings for the user."""

    settings: _Settings
    account: str = ""
    """The name of its `[accounts.NAME]`, if it has one."""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, repr=False)
class Sources:
    """The values that each source has for one section, the strongest source first."""

    section: str
    declared: Mapping[str, "Field[Any]"]
    flags: Mapping[str, Any]
    environ: Mapping[str, Any]
    table: Mapping[str, Any]
    file: Path

    def place(self, field: str) -> str:
        """Name the source of the value of `field`; empty if no source has one."""
        flag, variable, key = self._places(field)
        if field in self.flags:
            return flag
        if variable in self.environ:
            return variable
        return key if field in self.table else ""

    def choices(self, field: str) -> str:
        """Name the sources that could set `field`, such as a variable or a key of the file."""
        flag, variable, key = self._places(field)
        is_flag = _declaration(self.declared[field]).is_flag
        return f"{flag}, {variable} or {key}" if is_flag else f"{variable} or {key}"

    def read(self, field: str) -> Any:
        """Return the strongest source's value of a field that has a `place`."""
        _, variable, _ = self._places(field)
        return self.flags.get(field, self.environ.get(variable, self.table.get(field)))

    def is_anywhere(self) -> bool:
        """Whether any source but a flag has a value for the section."""
        return bool(self.table) or any(name.startswith(_prefix(self.section)) for name in self.environ)

    def fill(self, problem: str, own: str) -> str:
        """Fill in the sources named in a problem that the check of the field `own` found."""
        places = {name: self.place(name) for name in self.declared}
        places |= {"place": self.place(own), "section": self.section}
        return re.sub(r"\{(\w+)\}", lambda found: places.get(found[1], found[0]), problem)

    def _places(self, field: str) -> tuple[str, str, str]:
        return (
            "--" + field.replace("_", "-"),
            name_variable(self.section, field),
            f"{field} in [{self.section}] of {self.file}",
        )


@dataclass(frozen=True, slots=True)
class Section(Generic[_Settings]):
    """A section of the TOML file, and the dataclass that declares its fields.

    A named `account` has a section and variables of its own.
    """

    own_name: str
    declared: type[_Settings]
    others: Collection[str]
    """The other sections that the file may have: the destinations'."""
    account: str = ""
    needs: Collection[str] | None = None
    """The fields that must be given, of those that a run needs; None means all of these.

    Where none is needed, the account's section need not be there either: a first sign-in makes it."""

    @property
    def name(self) -> str:
        """Its name in the file."""
        return f"accounts.{self.account}" if self.account else self.own_name


def load_settings(
    wanted: Section[_Settings],
    flags: Mapping[str, object],
    environ: Mapping[str, str],
    file: Path | None,
) -> Loaded[_Settings]:
    """Load the settings of a section.

    Blank variables and flags that are None or False count as not given. Raises SettingsError.
    """
    declared, section = wanted.declared, wanted.name
    known: dict[str, Field[Any]] = {each.name: each for each in fields(declared)}  # type: ignore[arg-type]
    tables, path, problems = read_tables(environ, file)
    table = None if tables is None else find_table(tables, section)
    if tables is not None:
        problems += unknown_sections(path, tables, wanted.others)
        problems += (
            f"{key} in [{section}] of {path} is unknown{did_you_mean(key, known)}"
            for key in find_table(tables, section)
            if key not in known
        )
    may_be_flags = {name for name, each in known.items() if _declaration(each).is_flag}
    sources = Sources(
        section,
        known,
        {name: value for name, value in _given(flags).items() if name in may_be_flags},
        _given(environ),
        _given(table or {}),
        path,
    )
    needs_any = wanted.needs is None or bool(wanted.needs)
    if wanted.account and needs_any and not sources.is_anywhere():
        raise SettingsError([*problems, f"There is no [{section}] in {path}, which was asked for."])
    if table is not None:  # what seems missing may be in a file that cannot be read
        problems += declared.find_missing(sources, wanted.needs)
    values, wrong = _merge(sources)
    if problems or wrong:
        raise SettingsError(problems + wrong)
    return Loaded(declared(**values), wanted.account, tuple(_warnings(sources)))


def _given(source: Mapping[str, Any]) -> dict[str, Any]:
    def is_given(value: object) -> bool:
        return bool(value.strip()) if isinstance(value, str) else value is not None and value is not False

    return {name: value for name, value in source.items() if is_given(value)}


def _declaration(field: "Field[Any]") -> Declaration:
    found: Declaration = field.metadata["declaration"]
    return found


def _merge(sources: Sources) -> tuple[dict[str, Any], list[str]]:
    """Read every field, in order: a check sees the fields declared above its own."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, field in sources.declared.items():
        if not sources.place(name):
            values[name] = field.default
            continue
        value, wrong = _read(field, sources.read(name), values)
        if wrong:
            problems += [sources.fill(problem, name) for problem in wrong]
        else:
            values[name] = value
    return values, problems


_SWITCHES = dict.fromkeys(("true", "1", "yes", "on"), True) | dict.fromkeys(
    ("false", "0", "no", "off"), False
)


def _read(field: "Field[Any]", given: Any, above: Mapping[str, Any]) -> tuple[Any, list[str]]:
    declaration = _declaration(field)
    if field.type is bool:
        switch = _SWITCHES.get(str(given).strip().lower())
        return switch, ["{place} must be true or false."] if switch is None else []
    if field.type in {str, Secret}:
        if not isinstance(given, str):
            return None, ["{place} must be a text in quotes."]
        given = given if declaration.is_verbatim else given.strip()
        if declaration.check is not None and (wrong := list(declaration.check(given, above))):
            return None, wrong
    if declaration.read is not None:
        try:
            given = declaration.read(given)
        except ValueError as error:
            return None, [str(error)]
    return Secret(given) if field.type is Secret else given, []


def name_variable(section: str, field: str) -> str:
    """Name the variable of a field: `client_id` of `[accounts.ada]` is IMPORTER_ACCOUNTS_ADA_CLIENT_ID."""
    return _prefix(section) + field.upper()


def _prefix(section: str) -> str:
    return f"IMPORTER_{as_variable(section)}_"


def as_variable(name: str) -> str:
    """Spell a name from the file as it is spelled in the names of variables."""
    return re.sub("[.-]", "_", name.upper())


def _warnings(sources: Sources) -> Iterator[str]:
    file = sources.file
    if os.name != "posix" or not file.exists():
        return
    mode = file.stat().st_mode
    secrets = [name for name, each in sources.declared.items() if _declaration(each).is_secret]
    if mode & stat.S_IROTH and any(name in sources.table for name in secrets):
        yield f"{file} contains secrets and every user of this machine can read it: chmod 600 '{file}'"
    if mode & stat.S_IWOTH:
        yield f"every user of this machine can change {file}, and so where ratings go: chmod 600 '{file}'"
