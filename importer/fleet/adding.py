"""Adds accounts to a fleet: from a file, from a dump that was split, or from both.

```text
accounts.csv                 each line is an account; its source is read where it lies, or put into the depot
accounts.csv --from DIR      each line is an account; its file is the rows of its user in DIR
             --from DIR      accounts that are there get the rows of the user of their name
```

Everything is checked before the first account is added.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from importer import limits
from importer.errors import UnreadableFileError, UsageError
from importer.fleet.accounts_file import SOURCE, USER, AccountsFile
from importer.fleet.depot import Depot, NewAccount, UnknownAccountError
from importer.fleet.folder_files import check_name
from importer.fleet.sealing import Sealer
from importer.fleet.split_folder import SplitFolder
from importer.readers.cells.errors import quote
from importer.sync.config import SyncJob, is_address
from importer.sync.keys import read_keys
from importer.sync.source import find_newest
from importer.text import count

_MOST_NAMED = 5


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding."""

    accounts: int
    users_left_out: int
    """Users of the split folder whom no account names."""


def knows(depot: Depot, name: str) -> bool:
    """Whether the depot has an account of this name."""
    try:
        depot.get(name)
    except UnknownAccountError:
        return False
    return True


def add_from_file(depot: Depot, sealer: Sealer, file: AccountsFile, split: SplitFolder | None) -> Added:
    """Add the accounts of a file. Raises UsageError for all wrong lines, before anything is added."""
    slices = {} if split is None else {found.user: found for found in split.slices()}
    expected = file.check(slices, None if split is None else split.path)
    used: set[str] = set()

    def build() -> Iterator[NewAccount]:
        for user, account in file.accounts(sealer):
            used.add(user)
            if split is not None:
                source = {SOURCE: f"{user}.csv"}
                yield replace(
                    account, keys={**account.keys, **source}, content=split.content_of(slices[user])
                )
            else:
                yield _with_content(account) if depot.folder is None else account

    added = depot.add(build())
    if added != expected:
        raise UsageError(f"{file.path}: the file changed while it was read. Add it again")
    return Added(added, len(slices.keys() - used))


def add_slices(depot: Depot, split: SplitFolder, defaults: Mapping[str, object]) -> Added:
    """Give each account the rows of the user of its name. Raises UsageError if a user has no account.

    A destination without sign-ins needs no accounts beforehand.
    """
    job, _ = read_keys(SyncJob, {**defaults})
    needs_sign_in = job is None or bool(job.spec.account_fields)
    strangers = []
    for found in split.slices():
        check_name(found.user)
        if needs_sign_in and not knows(depot, found.user):
            strangers.append(found.user)
    if strangers:
        named = ", ".join(map(quote, strangers[:_MOST_NAMED])) + (" ..." if strangers[_MOST_NAMED:] else "")
        have = "have" if strangers[1:] else "has"
        raise UsageError(
            f"{split.path}: {count(len(strangers), 'user')} {have} no account yet: {named}. Write their "
            f"sign-ins into a file with the columns name and {USER}, and name it, too"
        )

    def build() -> Iterator[NewAccount]:
        for found in split.slices():
            keys = depot.get(found.user).keys if knows(depot, found.user) else {}
            content = split.content_of(found)
            yield NewAccount(found.user, {**keys, SOURCE: f"{found.user}.csv"}, content=content)

    return Added(depot.add(build()), 0)


def _with_content(account: NewAccount) -> NewAccount:
    """Put the file of an account beside it: workers elsewhere cannot read it where it lies."""
    source = str(account.keys[SOURCE])
    if is_address(source):
        return account
    path = find_newest(source)
    if path.stat().st_size > limits.DOWNLOAD:
        problem = f"is larger than {limits.DOWNLOAD // limits.MIB} MiB"
        raise UnreadableFileError(str(path), problem, remedy="Split it, or give its address.")
    return replace(account, keys={**account.keys, SOURCE: path.name}, content=path.read_bytes())
