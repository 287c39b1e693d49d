"""Compares the open rows of a run with its account, and closes those that need no sending because of it.

`snapshot.py` has the rules for single rows. Here is their order, and what holds for an account that cannot be
read.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from importer.client.account_reader import AccountReader, AccountReading
from importer.client.client import Client
from importer.destinations.base import Destination, IdFinder
from importer.errors import AccountUnreadableError, Purpose, StopRunError
from importer.model import RowsOutcome
from importer.runs.delivery import Work
from importer.runs.find_ids import find_ids
from importer.runs.mirror import NOT_RATED, add_removals
from importer.runs.snapshot import (
    Snapshot,
    check_plan,
    close_unanswered,
    keep_what_changed_since,
    leave_unconfirmed,
    note_account_ratings,
    read_account,
    resolve_conflicts,
)
from importer.runs.unseen import Unseen
from importer.runs.verify import all_kinds, with_other_ids


@dataclass(frozen=True, slots=True)
class Comparison:
    """The comparison of one run."""

    work: Work
    destination: Destination
    count: Callable[[Sequence[RowsOutcome]], None]
    """Is told which rows were closed by what an earlier session sent."""
    finder: IdFinder | None = None
    """Finds the ids that the destination needs, if it takes no others."""

    async def read(self, client: Client) -> Snapshot:
        """Read the account and compare. Raises AccountUnreadableError where nothing may be sent unread.

        Rows that lack the ids which the destination needs get them before. Raises StopRunError.
        """
        work, run, as_stored = self.work, self.work.run, self.destination.as_stored
        if self.finder is not None:
            await find_ids(work, self.finder, client)
        kinds, unseen = all_kinds(run.open_kinds()), Unseen.of_run(run, as_stored)
        reading = await read_account(AccountReader(self.destination, client), kinds)
        ratings = None
        if isinstance(reading, AccountReading) and reading.is_complete:
            ratings = with_other_ids(reading.ratings, unseen.unlisted)
        else:
            self._insist_on_reading(reading)
        outcomes = close_unanswered(run, ratings, unseen, as_stored, resend=work.options.resend_unconfirmed)
        self.count(outcomes)
        if ratings is None:
            run.note_unreadable()
            if not self.destination.repeats_safely and not work.options.resend_unconfirmed:
                self.count(leave_unconfirmed(run))
            return Snapshot(is_readable=False, trouble=_explain(reading))
        if work.undone is not None:
            keep_what_changed_since(run, work.undone, work.later_runs, ratings, unseen, as_stored)
        if work.rules.follows_plan:
            check_plan(run, ratings, unseen, as_stored)
        if work.rules.removes_missing:
            add_removals(run, ratings, unseen, self.destination)
        note_account_ratings(run, ratings, unseen, as_stored)
        resolve_conflicts(run, self.destination, work.rules.on_conflict)
        changes, removals = run.count_changes()
        listed = len({id(each) for each in ratings.values()})  # a title has several keys
        titles = listed + unseen.count_added(ratings)
        return Snapshot(True, titles, frozenset(kinds), changes, removals)

    def _insist_on_reading(self, failed: AccountReading | StopRunError) -> None:
        """Stop where nothing may be sent to an account that cannot be read."""
        if (purpose := self._find_purpose()) is not None:
            raise AccountUnreadableError(
                purpose, _explain(failed), is_listed=isinstance(failed, AccountReading)
            )

    def _find_purpose(self) -> Purpose | None:
        rules, keeps_dates = self.work.rules, self.destination.keeps_dates
        if self.work.undone is not None:
            return Purpose.UNDO
        if rules.follows_plan:
            return Purpose.PLAN
        if rules.removes_missing or self.work.run.has_open_removals_noted(NOT_RATED):  # those of a retry, too
            return Purpose.MIRROR
        if rules.on_conflict.needs_the_account(keeps_dates=keeps_dates):
            return Purpose.CONFLICTS
        return Purpose.SYNC if rules.is_unattended and keeps_dates else None


def _explain(failed: AccountReading | StopRunError) -> str:
    return failed.message.rstrip(".") if isinstance(failed, StopRunError) else failed.doubt
