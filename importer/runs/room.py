"""Whether what a run sends fits into the account.

```text
it may hold 10,000, and holds 9,950; the run removes 10 and rates 100 new titles: 60 fit, 40 do not
```
"""

from dataclasses import dataclass

from importer.client.sign_in import AccountInfo
from importer.journal import JournalRun
from importer.model import RatingJob
from importer.runs.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Room:
    """How many ratings the account holds now and would hold after a run, whatever its limit."""

    held: int
    held_afterwards: int
    left_out: int = 0
    """Rows that rate a new title for which there is no room."""
    first_left_out: RatingJob | None = None


def find_room(run: JournalRun, account_info: AccountInfo, snapshot: Snapshot) -> Room | None:
    """Count; None where it is not known how many ratings the account holds.

    Which rows do not fit is an outlook: rows are sent until the service itself says that the account is full.
    """
    if account_info.rating_count is None:
        return None
    held = max(account_info.rating_count, snapshot.held)  # the count may lag behind
    additions = run.count_additions()
    afterwards = held + additions - snapshot.removals
    left_out = 0 if account_info.cap is None else min(additions, max(0, afterwards - account_info.cap))
    first = run.nth_addition(additions - left_out) if left_out else None
    return Room(held, afterwards, left_out, first)
