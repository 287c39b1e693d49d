"""Files that hold the rows of several people: whose are taken, and what becomes of the others."""

from collections.abc import Iterator
from operator import attrgetter
from typing import ClassVar

from importer.errors import OptionError, UnreadableFileError
from importer.model import RowRemedy, Status
from importer.readers.cells.errors import CellError, Reason, quote
from importer.readers.columns import PerFile
from importer.readers.format_reader import TableReader

_MOST_NAMED = 20


class OwnedRows(TableReader):
    """An open table in which each row is somebody's; one person's are taken, the others' skipped."""

    user_option: ClassVar[str]
    """`user` or `profile`: the option, and the field with the user of a row."""
    reported_first = ("user", "profile", *TableReader.reported_first)
    wanted_user: str | None = None
    """Whose rows are taken; None if there is no row."""

    def prepare(self) -> None:
        """Find out whose rows are taken. Raises UsageError where `--user` or `--profile` has to say."""
        self.wanted_user = self._find_user(getattr(self.given, self.user_option))
        super().prepare()

    def parse_user(self, cell: str) -> str:
        """Read whose a row is; the rows of others are skipped, which is no failure."""
        if (found := cell.strip()) == self.wanted_user:
            return found
        remedy = f"Nothing is sent; {RowRemedy.CHOOSE_USER.format(option=self.user_option)}"
        reason = Reason(f"other_{self.user_option}")
        raise CellError(reason, "is somebody else", remedy, status=Status.SKIPPED)

    def _find_user(self, named: str | None) -> str | None:
        """Find whom the option names, or the only one there is; None without rows."""
        found: dict[str, None] = {}
        for user in self._read_users():
            if user == named:
                return user
            if len(found) <= _MOST_NAMED:
                found[user] = None
            elif named is None:
                break
        if not found:
            return named
        users = ", ".join(quote(user) for user in list(found)[:_MOST_NAMED])
        if len(found) > _MOST_NAMED:
            users += " and others"
        name, option = self.table.name, self.user_option
        if named is not None:
            raise OptionError(option, f"no row of {name} is theirs; there are rows of {users}", named)
        if len(found) > 1:
            raise OptionError(option, f"{name} has ratings of several people: {users}. Say which are yours")
        return next(iter(found))

    def _read_users(self) -> Iterator[str]:
        """Yield everybody who has a row, some more than once."""
        place = self.places[self.user_option]
        ignored = {"", self.table.header.names[place]}  # no cell, and a header that stands there again
        try:
            for chunk in self.table.chunks([place]):
                # A row that ends here may have been cut off, within the name.
                cut = {index for index, cells in chunk.short.items() if cells <= place + 1}
                cut.update(chunk.broken)
                cells = chunk.column(place)
                whole = [cell for index, cell in enumerate(cells) if index not in cut] if cut else cells
                yield from (user for cell in dict.fromkeys(whole) if (user := cell.strip()) not in ignored)
        except UnreadableFileError:
            return  # use what can be read; `chunks` reports the error


USER = PerFile(attrgetter("parse_user"))
"""Parses the column with the user of a row."""
