"""A target that nobody watches: what is known to fail stays, and whose account it is, is made sure of."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path

from importer.client.client import Client
from importer.errors import StopRunError
from importer.journal import Journal, JournalRun
from importer.progress import Progress
from importer.runs.duplicates import UNCHANGED
from importer.runs.load import Sender
from importer.runs.open_destination import OpenDestination
from importer.runs.send import Sending, SendingOptions
from importer.runs.snapshot import Snapshot

CloseKnown = Callable[[Journal, JournalRun], None]
"""Gives rows their fate that are known to fail for good."""


class AccountChangedError(StopRunError):
    """Somebody else is signed in than the last time."""


def watch_over(
    target: OpenDestination, close_known: CloseKnown, assumed_user: str = ""
) -> "UnattendedTarget":
    """Make a target one that nobody watches. `assumed_user` is who was signed in when that was asked last."""
    own = {each.name: getattr(target, each.name) for each in fields(OpenDestination)}
    return UnattendedTarget(**own, close_known=close_known, assumed_user=assumed_user)


@dataclass(frozen=True, slots=True)
class UnattendedTarget(OpenDestination):
    """A target whose rows may be known to fail, and whose user is assumed until something is to be sent."""

    close_known: CloseKnown = lambda _journal, _run: None
    assumed_user: str = ""

    def build_sender(
        self, run: JournalRun, undone: JournalRun | None, journal: Journal, progress: Progress
    ) -> Sender:
        """Build what sends the rows that are not known to fail."""
        self.close_known(journal, run)
        options = replace(self.options, undone=undone)
        return UnattendedSending(run, self, journal, options, progress)


class UnattendedSending(Sending):
    """Sends the open rows of a sync job, unattended and therefore careful."""

    def __init__(
        self,
        run: JournalRun,
        target: UnattendedTarget,
        journal: Journal,
        options: SendingOptions,
        progress: Progress,
    ) -> None:
        assert target.api is not None
        super().__init__(run, target.api, journal, options, progress)
        self._assumed_user = target.assumed_user
        self._account_api = target.account_api

    def look(self) -> Snapshot:
        """Look at the account, unless nothing is left to be held against it."""
        if not self._run.count_open() and not self._options.mirrors:
            return Snapshot(is_readable=True)
        look = super().look()
        if not look.is_readable and self.stopped_by is None:
            # Then the journal is all there is: without it every row would go out again, night by night.
            self._run.close_unchanged(UNCHANGED)
        if self.stopped_by is None and self._assumed_user and self._run.count_open():
            self._connect(self._confirm_user)
        if isinstance(self.stopped_by, AccountChangedError):
            # What this account holds is held against the journal of another: nothing is to be read from it.
            return Snapshot(is_readable=True)
        return look

    def _insist_on_reading(self) -> None:
        """Overwrite nothing unseen, whatever the policy: what cannot be read tonight can be tomorrow."""
        super()._insist_on_reading()
        if self._destination.keeps_dates:
            raise StopRunError("the account cannot be read now; nothing was sent. Sync again later.")

    async def _confirm_user(self, client: Client) -> None:
        """See, before anything is sent, that the same user is signed in as before."""
        api = self._account_api
        assert api is not None
        found = await client.request(api.build_account(), api.read_account)
        if (found.username or found.name) != self._assumed_user:
            raise AccountChangedError("somebody else is signed in now")


@contextmanager
def nobody_to_ask() -> Iterator[None]:
    """JournalRun alike on a terminal and at night: what would be a question there is a refusal here."""
    before = sys.stdin
    with Path(os.devnull).open(encoding="utf-8") as nothing:
        sys.stdin = nothing
        try:
            yield
        finally:
            sys.stdin = before
