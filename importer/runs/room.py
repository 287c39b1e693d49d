"""Whether what a run sends fits into the account.

```text
limit 10,000, has 9,950 ratings; the run removes 10 and rates 100 new titles: 60 fit, 40 do not
```
"""

from collections.abc import Iterator
from dataclasses import dataclass

from importer.client.sign_in import AccountInfo
from importer.journal import JournalRun
from importer.model import RatingJob
from importer.runs.snapshot import Snapshot
from importer.text import clean, count


@dataclass(frozen=True, slots=True)
class Room:
    """How many ratings the account has now and would have after the run, without its limit."""

    rating_count: int
    count_afterwards: int
    cap: int | None = None
    """The account's limit, if there is one."""
    is_cap_stated: bool = False
    """Whether the service stated this limit; if not, `cap` is the usual one."""
    left_out: int = 0
    """Rows that rate a new title for which there is no room: the last of them in the file."""
    first_left_out: RatingJob | None = None
    is_compared: bool = True
    """Whether the account was read. If not, every row may rate a new title: then `left_out` is the most."""

    def as_json(self) -> dict[str, object]:
        """Return it as values for JSON."""
        return {
            "rating_count": self.rating_count,
            "rating_count_afterwards": self.count_afterwards,
            "limit": self.cap,
            "limit_stated": self.is_cap_stated,
            "left_out": self.left_out,
            "first_line_left_out": None if self.first_left_out is None else self.first_left_out.line,
            "compared": self.is_compared,
        }


def find_room(run: JournalRun, account_info: AccountInfo | None, snapshot: Snapshot | None) -> Room | None:
    """Count; None if the account's number of ratings is not known.

    Which rows do not fit is an estimate: rows are sent until the service says that the account is full.
    Without a `snapshot` the account was not read.
    """
    rating_count = None if account_info is None else count_ratings(account_info, snapshot)
    if account_info is None or rating_count is None:
        return None
    additions, cap = run.count_additions(), account_info.cap
    afterwards = rating_count + additions - (snapshot.removals if snapshot else 0)
    left_out = 0 if cap is None else min(additions, max(0, afterwards - cap))
    first = run.nth_addition(additions - left_out) if left_out else None
    is_compared = snapshot is not None
    return Room(rating_count, afterwards, cap, account_info.is_cap_stated, left_out, first, is_compared)


def count_ratings(account_info: AccountInfo, snapshot: Snapshot | None) -> int | None:
    """Count the account's ratings, whose own count may lag behind; None if it is not known."""
    if account_info.rating_count is None or snapshot is None:
        return account_info.rating_count
    return max(account_info.rating_count, snapshot.rated_titles)


def describe_room(room: Room) -> Iterator[str]:
    """Say how full the account is and will be, and which rows do not fit, if it has a limit."""
    if room.cap is None:
        return
    usual = "" if room.is_cap_stated else " (the usual limit)"
    at_most = "" if room.is_compared else "at most "
    then = "" if room.count_afterwards == room.rating_count else f"; then {at_most}{room.count_afterwards:,}"
    yield f"The account has {count(room.rating_count, 'rating')} of {room.cap:,}{usual}{then}."
    if room.first_left_out is None:
        return
    first, titles = room.first_left_out, count(room.left_out, "new title")
    title = f", {clean(first.title, 80)}" if first.title else ""
    if not room.is_compared:
        yield (
            f"Up to {titles} may not fit: the last ones in the file, from line {first.line}{title} at the "
            "earliest. A plan compares with the account and says which."
        )
        return
    yield (
        f"{titles} {'will' if room.is_cap_stated else 'may'} not fit: the last ones in the file, "
        f"from line {first.line}{title}. Changes and removals are sent first."
    )
