"""Files that hold the rows of several people: whose are taken, and what becomes of the others."""

from collections.abc import Iterator

from importer.errors import UnreadableFileError, UsageError
from importer.model import Status
from importer.readers.cells.cells import CellError, Reason, quote
from importer.readers.tables.table import AnyTable

_MOST_NAMED = 20


def find_owner(table: AnyTable, place: int, as_stored: str | None, flag: str) -> str | None:
    """Say whose rows are taken: those that `flag` asks for, or of the only one there is; None without rows.

    `place` is that of the column that tells whose a row is. Raises UsageError where the owner has to say.
    """
    found: dict[str, None] = {}
    for owner in _read_owners(table, place):
        if owner == as_stored:
            return owner
        if len(found) <= _MOST_NAMED:
            found[owner] = None
        elif as_stored is None:
            break
    if not found:
        return as_stored
    named = ", ".join(quote(owner) for owner in list(found)[:_MOST_NAMED])
    if len(found) > _MOST_NAMED:
        named += " and others"
    if as_stored is not None:
        raise UsageError(f"{flag} {as_stored}: no row of {table.name} is theirs; there are rows of {named}")
    if len(found) > 1:
        raise UsageError(
            f"{table.name}: these are ratings of several people: {named}. Say which are yours with {flag}"
        )
    return next(iter(found))


def parse_owner(cell: str, owner: str | None, flag: str, reason: Reason) -> str:
    """Read whose a row is; the rows of others are skipped, which is no failure."""
    if (found := cell.strip()) == owner:
        return found
    remedy = f"Nothing is sent; {flag} says whose ratings are taken."
    raise CellError(reason, "is somebody else", remedy, status=Status.SKIPPED)


def _read_owners(table: AnyTable, place: int) -> Iterator[str]:
    """Yield everybody who has a row, some more than once."""
    ignored = {"", table.header.names[place]}  # no cell, and a header that stands there again
    try:
        for chunk in table.chunks([place]):
            # A row that ends here may have been cut off, within the name.
            ended = {row for row, length in chunk.short.items() if length <= place + 1}
            cells = chunk.frame[place].drop([*ended.union(chunk.broken)])
            yield from (owner for cell in cells.unique() if (owner := cell.strip()) not in ignored)
    except UnreadableFileError:
        return  # what can be read decides; the reading proper tells of the rest, in its place
