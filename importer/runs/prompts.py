"""Prompts answer the questions of a run, observers show it: a terminal, a web page, a sync job, or nobody.

```text
ExportFile --choose_scale, confirm_lookup, choose_title--------------------> Prompts   (waits for an answer)
ImportRun ---confirm_feeds, confirm_changes, choose_rating ...-------------> Prompts
          ---waiting, started, about_to_send, watch(progress), warned------> Observer  (never waits)
```
"""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol

from importer.client.sign_in import AccountInfo
from importer.destinations.titles import Candidate
from importer.errors import OptionError, Remedy, StopRunError, UsageError
from importer.journal.results import Tally
from importer.matching.model import MatchResult, Occurrence, TitleQuery
from importer.model import MediaKind
from importer.progress import Progress
from importer.readers.sample import ColumnSample
from importer.runs.conflicts import Conflict
from importer.runs.estimate import Effort
from importer.runs.room import Room
from importer.runs.snapshot import Snapshot
from importer.text import count


class TitleAnswer(Enum):
    """What may be answered about a title, beside one of its candidates."""

    SKIP = "skip"
    STOP = "stop"
    """Ask about no more titles; what was answered is kept."""


class TableAnswers(NamedTuple):
    """What the columns of a table are."""

    words: Sequence[str]
    """Those of `--map`: Film=title."""
    scale: str | None
    is_kept: bool
    """Whether other files with these columns are read so, too."""


class Trial(NamedTuple):
    """What comes of a table that is read as somebody says."""

    good: int
    """Rows that are ratings, or say that there is none."""
    wrong: int
    problems: Sequence[str]
    """The messages of the first wrong rows."""


TryOut = Callable[[Sequence[str], str | None], Trial]
"""Reads the first rows of a table with these words of `--map` and this scale. May raise UsageError."""


class Prompts(Protocol):
    """Answers questions. Called in the thread of the run, which waits; may raise StopRunError."""

    def check_can_choose(self) -> None:
        """Raise UsageError if `choose_rating` could not be answered; asked before anything else."""
        ...

    def choose_scale(self, question: str, suggested: str | None) -> str | None:
        """Return the scale of a file's ratings, such as `5` or `0-100`; None if it is not known."""
        ...

    @property
    def answers_titles(self) -> bool:
        """Whether somebody can be asked about titles."""
        ...

    def confirm_lookup(self, rows: int) -> bool:
        """Whether the titles of so many rows without ids are looked up."""
        ...

    def choose_title(
        self, query: TitleQuery, occurrence: Occurrence, result: MatchResult
    ) -> Candidate | TitleAnswer:
        """Return the title that is meant."""
        ...

    def confirm_feeds(self, rows: int) -> bool:
        """Whether to send so many ratings one by one; each may be posted to a social feed."""
        ...

    def confirm_listing(self, rows: int) -> bool:
        """Whether to rate so many new titles; what the service does with them besides was said before."""
        ...

    def choose_rating(self, conflict: Conflict) -> bool:
        """Whether the account's rating is kept, and the row's is not sent."""
        ...

    def confirm_changes(self, snapshot: Snapshot) -> bool:
        """Whether a run may change more of the account than its guard allows. May raise UsageError."""
        ...

    def describe_table(
        self, name: str, columns: Sequence[ColumnSample], try_out: TryOut
    ) -> TableAnswers | None:
        """Say what the columns of a table are that no format knows; None if nobody can.

        `try_out` tells what comes of an answer before it is kept.
        """
        ...

    def confirm_removals(self, rows: int) -> bool:
        """Whether so many rows of the file may remove the account's ratings, as they ask."""
        ...


class Unattended:
    """Answers without a person: refuses what only a person can answer, unless `assume_yes`."""

    def __init__(self, *, assume_yes: bool = False) -> None:
        self.assume_yes = assume_yes

    def check_can_choose(self) -> None:
        """Refuse."""
        raise OptionError("on_conflict", "there is no terminal to ask on; choose another policy", "ask")

    def choose_scale(self, question: str, suggested: str | None) -> str | None:
        """Return the scale that the ratings look like."""
        del question
        return suggested

    @property
    def answers_titles(self) -> bool:
        """Nobody can be asked."""
        return False

    def confirm_lookup(self, rows: int) -> bool:
        """Look nothing up unasked."""
        del rows
        return False

    def choose_title(
        self, query: TitleQuery, occurrence: Occurrence, result: MatchResult
    ) -> Candidate | TitleAnswer:
        """Skip it."""
        del query, occurrence, result
        return TitleAnswer.SKIP

    def confirm_feeds(self, rows: int) -> bool:
        """Allow it: an unattended run is documented to do this."""
        del rows
        return True

    def confirm_listing(self, rows: int) -> bool:
        """Allow it: an unattended run is documented to do this."""
        del rows
        return True

    def choose_rating(self, conflict: Conflict) -> bool:
        """Refuse."""
        raise UsageError(f"nobody can be asked about {conflict.job.title or 'a title'}")

    def describe_table(
        self, name: str, columns: Sequence[ColumnSample], try_out: TryOut
    ) -> TableAnswers | None:
        """Say nothing."""
        del name, columns, try_out
        return None

    def confirm_removals(self, rows: int) -> bool:
        """Allow it: the file says so, and the guard refuses many."""
        del rows
        return True

    def confirm_changes(self, snapshot: Snapshot) -> bool:
        """Refuse, unless `assume_yes`."""
        if self.assume_yes:
            return True
        raise UsageError(
            f"{describe_changes(snapshot)}, and nobody can be asked; nothing was sent", Remedy.ASK_NOTHING
        )


@dataclass(frozen=True, slots=True)
class StartedRun:
    """A run whose rows are in the journal."""

    run_id: str
    source: str
    destination: str
    rows_to_send: int
    is_continued: bool


@dataclass(frozen=True, slots=True)
class SendSummary:
    """What is known before the first rating is sent. The effort is counted only when asked for."""

    account_info: AccountInfo
    open_rows: int
    estimate_effort: Callable[[], Effort]
    count_rows: Callable[[], Collection[Tally]]
    """All rows of the run by what became of them; open ones are `not_sent`."""
    removals: int = 0
    """Rows that will remove a rating."""
    room: Room | None = None
    """Whether the rows fit into the account, where that is known."""


class Observer(Protocol):
    """Watches a run, in its thread. `ImportRun.execute` returns or raises how it ended."""

    def watch(self, progress: Progress) -> AbstractContextManager[None]:
        """Show the progress, a value to poll, while the block lasts; no question is asked meanwhile."""
        ...

    def waiting(self, reason: str) -> None:
        """Something else must end before the run can begin."""
        ...

    def started(self, run: StartedRun) -> None:
        """The file is read, and its rows are in the journal."""
        ...

    def about_to_send(self, summary: SendSummary) -> None:
        """The account is compared; rows are sent next."""
        ...

    def warned(self, warning: str) -> None:
        """Something is wrong that does not stop the run."""
        ...


class Unwatched:
    """Shows nothing; a base class for observers that show some of it."""

    def watch(self, progress: Progress) -> AbstractContextManager[None]:
        """Let the block run."""
        del progress
        return nullcontext()

    def waiting(self, reason: str) -> None:
        """Ignore it."""

    def started(self, run: StartedRun) -> None:
        """Ignore it."""

    def about_to_send(self, summary: SendSummary) -> None:
        """Ignore it."""

    def warned(self, warning: str) -> None:
        """Ignore it."""


def insist(is_confirmed: bool) -> None:
    """Raise StopRunError unless a question was answered with yes."""
    if not is_confirmed:
        raise StopRunError("nothing was sent", Remedy.ASK_AGAIN)


def describe_changes(snapshot: Snapshot) -> str:
    """Return the start of a sentence: how much of the account the run would change."""
    told = (
        f"This run would change {count(snapshot.changes, 'rating')} and remove {snapshot.removals:,} of the "
        f"{snapshot.rated_titles:,} {_name_kinds(snapshot.kinds)} that the account has rated"
    )
    if snapshot.most_rated > snapshot.rated_titles:
        told += f" (it had {snapshot.most_rated:,} in the last 30 days)"
    if snapshot.rows_before > snapshot.rows:
        told += f"; the source has {count(snapshot.rows, 'row')}, and had {snapshot.rows_before:,} before"
    return told


def _name_kinds(kinds: Collection[MediaKind]) -> str:
    """Name what was read: `movies`, or `movies, shows and episodes`."""
    names = [f"{kind}s" for kind in MediaKind if kind in kinds]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))
