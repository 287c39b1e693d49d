"""`accounts.csv`: the accounts of a fleet, a line for each, read whole or refused whole.

```text
name,source,to,access_token,refresh_token       NewAccount("ada", {"source": "/in/ada.csv", "to": "trakt"},
ada,ada.csv,trakt,A70KEN,R70KEN                            sealed=b"...")
bob,bob.csv,trakt,,                             accounts.csv, line 3, column access_token: bob has none ...
```

Any key of `[jobs.NAME]` may be a column. Which columns have the sign-in depends on the destination. Secrets
are sealed as they are read, and no message repeats a cell of theirs. Where a dump was split, the column
`user` says whose rows an account gets; without it, that is its name.
"""

import os
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import NamedTuple

from importer.config.folders import expand_user
from importer.config.sources import name_variable
from importer.destinations.registry import list_specs
from importer.destinations.spec import DestinationSpec
from importer.errors import OptionError, UnreadableFileError, UsageError
from importer.fleet.depot import NewAccount
from importer.fleet.folder_files import check_name
from importer.fleet.sealing import Sealer
from importer.fleet.settings import OF_ACCOUNTS
from importer.readers.cells.errors import quote
from importer.readers.tables.opening import open_table
from importer.readers.tables.table import AnyTable
from importer.readers.tables.text import read_head
from importer.runs.conflicts import OnConflict
from importer.runs.settings import load_spec_settings
from importer.setting import Check, Declaration
from importer.sync.config import SyncJob, is_address
from importer.sync.keys import list_keys, read_keys
from importer.sync.source import find_newest
from importer.text import did_you_mean

NAME, SOURCE, USER = "name", "source", "user"

_KEYS = frozenset(list_keys(SyncJob)) - (OF_ACCOUNTS - {SOURCE}) - {"map", "accept"}
"""Keys of `[jobs.NAME]` that can be columns: a cell can hold them, and they name nothing of one machine."""
_SIGN_INS = frozenset(column for spec in list_specs() for column in spec.account_fields)
_VERBATIM = frozenset({"password"})
"""Columns in which blanks at both ends are part of the value."""
_MOST_PROBLEMS = 20


class AccountsFileError(UsageError):
    """Lines of the file are wrong; `problems` has the first of them."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        more = "\nThere are more such lines." if len(problems) > _MOST_PROBLEMS else ""
        super().__init__("\n".join(problems[:_MOST_PROBLEMS]) + more + "\nNo account was added.")


class Line(NamedTuple):
    """A line of the file, with all that is not empty."""

    number: int
    cells: Mapping[str, str]
    """By the name of the column, in lower case."""


@dataclass(frozen=True, slots=True)
class AccountsFile:
    """The file, and what is said of all accounts elsewhere."""

    path: Path
    defaults: Mapping[str, object] = field(default_factory=dict)
    has_users: bool = False
    """Whether the accounts get rows of a dump, in place of a source."""
    has_sign_in: Callable[[str], bool] = lambda _: False
    """Whether an account of this name was added before, so that its sign-in may be left out."""

    def check(self, users: Container[str] = (), folder: Path | None = None) -> int:
        """Read the whole file, whose users must be in a split `folder`. Return how many accounts it has.

        Raises AccountsFileError for its lines, and SettingsError for what a destination needs besides them.
        """
        problems: list[str] = []
        names: dict[str, int] = {}
        examples: dict[str, Line] = {}
        for line in self.lines():
            found = list(self._problems(line))
            if folder is not None:
                found += self._problems_of_user(line, users, folder)
            problems += found
            if not found:
                examples.setdefault(self._spec(line).name, line)
            name = line.cells.get(NAME, "")
            if (first := names.setdefault(name.casefold(), line.number)) != line.number and name:
                problems.append(self._at(line, NAME, f"{quote(name)} is in line {first}, too. Rename one"))
            if len(problems) > _MOST_PROBLEMS:
                break
        if problems:
            raise AccountsFileError(problems)
        if not names:
            raise UnreadableFileError(str(self.path), "has no account", remedy="Write a line for each.")
        for line in examples.values():
            _check_settings(self._spec(line), line)
        return len(names)

    def has_secrets(self) -> bool:
        """Whether a line has a sign-in in clear."""
        return any(_SIGN_INS & line.cells.keys() for line in self.lines())

    def list_renewed(self) -> frozenset[str]:
        """List the accounts that get a new sign-in."""
        return frozenset(line.cells.get(NAME, "") for line in self.lines() if _SIGN_INS & line.cells.keys())

    def users(self) -> Iterator[str]:
        """Yield the users of the accounts. Raises UsageError."""
        for line in self.lines():
            if user := line.cells.get(USER, line.cells.get(NAME)):
                yield user

    def accounts(self, sealer: Sealer) -> Iterator[tuple[str, NewAccount]]:
        """Yield the user of each account, and the account. The file was checked before."""
        for line in self.lines():
            name, spec = line.cells[NAME], self._spec(line)
            keys = self._keys(line)
            if SOURCE in keys:
                keys[SOURCE] = self._source(line)
            secrets = {key: line.cells[key] for key in spec.account_fields if key in line.cells}
            sealed = sealer.seal(name, secrets) if secrets else None
            yield line.cells.get(USER, name), NewAccount(name, keys, sealed)

    def lines(self) -> Iterator[Line]:
        """Yield the lines below the header. Raises UnreadableFileError and UsageError."""
        table = self._open()
        places = range(len(table.header.names))
        for chunk in table.chunks(places):
            for row, (number, cells) in enumerate(zip(chunk.lines, chunk.rows(places), strict=True)):
                if row in chunk.broken:
                    error = chunk.broken[row]
                    raise AccountsFileError([f"{self.path}, line {number}: {error.problem}. {error.remedy}"])
                named = zip(table.header.keys, cells, strict=True)
                found = {
                    key: cell if key in _VERBATIM else cell.strip() for key, cell in named if cell.strip()
                }
                if found:
                    yield Line(number, found)

    def _open(self) -> AnyTable:
        name = str(self.path)
        table = open_table(self.path, name, read_head(self.path, name))
        needed = [NAME, *([] if self.has_users else [SOURCE])]
        problems = [f"{name}: there is no column {each}" for each in needed if each not in table.header.keys]
        known = sorted({NAME, USER, *_KEYS, *_SIGN_INS})
        problems += [
            f"{name}: the column {quote(each)} is unknown{did_you_mean(each, known)}"
            for each in table.header.keys
            if each not in known
        ]
        if problems:
            raise AccountsFileError(problems)
        return table

    def _spec(self, line: Line) -> DestinationSpec:
        keys = {**self.defaults} | {key: line.cells[key] for key in ("to", "api") if key in line.cells}
        job, _ = read_keys(SyncJob, keys)
        return (SyncJob() if job is None else job).spec

    def _source(self, line: Line) -> str:
        """A file counts from the folder of the accounts file."""
        source = line.cells[SOURCE]
        return source if is_address(source) else str(self.path.absolute().parent / expand_user(source))

    def _problems(self, line: Line) -> Iterator[str]:
        name = line.cells.get(NAME, "")
        if not name:
            yield self._at(line, NAME, "the account has no name. Give it one")
        elif problem := _problem_of_name(name):
            yield self._at(line, NAME, problem)
        yield from self._problems_of_source(line)
        keys = self._keys(line)
        job, wrong = read_keys(SyncJob, keys)
        if job is not None and job.rules.on_conflict is OnConflict.ASK:
            yield self._at(line, "on_conflict", '"ask": nobody can be asked; choose another policy')
        for key, said in wrong:
            cell = "" if said.startswith(":") else f"{quote(line.cells[key])} "
            yield self._at(line, key, cell + said.removeprefix(":").strip().rstrip("."))
        if not any(key in {"to", "api"} for key, _ in wrong):
            try:
                spec = self._spec(line)
            except OptionError as error:
                yield self._at(line, "to", error.without_option)
            else:
                yield from self._problems_of_sign_in(line, spec)

    def _problems_of_user(self, line: Line, users: Container[str], folder: Path) -> Iterator[str]:
        column = USER if USER in line.cells else NAME
        user = line.cells.get(column, "")
        if user and user not in users:
            problem = f"{quote(user)} has no row in {folder}. Correct it, or take the line out"
            yield self._at(line, column, problem)

    def _problems_of_source(self, line: Line) -> Iterator[str]:
        if self.has_users:
            return
        if SOURCE not in line.cells:
            yield self._at(line, SOURCE, "the cell is empty. Say where the ratings are")
        elif not is_address(line.cells[SOURCE]):
            try:
                find_newest(self._source(line))
            except UnreadableFileError as error:
                yield self._at(line, SOURCE, f"{error.name}: {error.problem}")

    def _problems_of_sign_in(self, line: Line, spec: DestinationSpec) -> Iterator[str]:
        if spec.is_file:
            yield self._at(line, "to", f"{spec.word} is a file; the accounts of a fleet are at a service")
            return
        own = spec.account_fields
        takes = f"it takes {', '.join(own)}" if own else "it takes none"
        for column in sorted((_SIGN_INS - set(own)) & line.cells.keys()):
            yield self._at(line, column, f"{spec.word} takes no such sign-in: {takes}. Empty the cell")
        given = [column for column in own if column in line.cells]
        if given and not spec.is_signed_in_by(given):
            missing = next(column for column in own if column not in given)
            yield self._at(line, missing, f"the sign-in is not whole: {takes}. Fill it in")
        if not given and own and not self.has_sign_in(line.cells.get(NAME, "")):
            yield self._at(line, own[0], f"the account has no sign-in: {takes}. Fill it in")
        for column in given:
            check = _find_check(spec, column)
            for problem in check(line.cells[column], {}) if check is not None else ():
                yield self._at(line, column, problem.replace("{place}", "the cell").rstrip("."))

    def _keys(self, line: Line) -> dict[str, object]:
        without = {USER, SOURCE} if self.has_users else set()
        return {key: cell for key, cell in line.cells.items() if key in _KEYS and key not in without}

    def _at(self, line: Line, column: str, problem: str) -> str:
        end = "" if problem.endswith("?") else "."
        return f"{self.path}, line {line.number}, column {column}: {problem}{end}"


def _problem_of_name(name: str) -> str:
    try:
        check_name(name)
    except UsageError as error:
        return str(error)
    return ""


def _check_settings(spec: DestinationSpec, line: Line) -> None:
    """Raise SettingsError if the address of the server or the keys of the app are missing."""
    own = {name_variable(spec.name, key): line.cells[key] for key in spec.account_fields if key in line.cells}
    if spec.has_accounts and own:
        load_spec_settings(spec, {}, environ={**os.environ, **own})


def _find_check(spec: DestinationSpec, column: str) -> Check | None:
    assert spec.settings is not None
    [declared] = [each for each in fields(spec.settings) if each.name == column]
    declaration: Declaration = declared.metadata["declaration"]
    return declaration.check
