"""The kinds of runs, and the options that users have for rules and for sending.

```text
                      overwrites   trusts the journal     removes what is missing   sends
for_import            a policy     yes, unless recheck    with mirror               yes
for_plan              a policy     as for_import          with mirror               no: it is written out
for_sent_plan         yes          no                     no                        if nothing has moved
for_retry             a policy     yes                    no                        yes
for_undo              yes          no                     no                        what was not changed since
for_sync              a policy     no                     with mirror               never unseen
RULES.as_dry_run()    as RULES     as RULES               as RULES                  no
```
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Self

from importer.client.rate import Rate, parse_rate
from importer.client.token_store import TokenStore
from importer.destinations.registry import find_source, list_sources
from importer.destinations.spec import DestinationSpec, RequestOptions
from importer.errors import OptionError
from importer.journal import RunKind
from importer.journal.history import PastRun
from importer.model import ACCEPTABLE, Status
from importer.option import option
from importer.runs.conflicts import OnConflict
from importer.text import parse_duration


class Match(StrEnum):
    """Which titles are taken for rows without ids."""

    CERTAIN = "certain"


@dataclass(frozen=True, slots=True)
class RunRules:
    """The rules of a run. Built by the factory that names its kind, not field by field."""

    on_conflict: OnConflict = OnConflict.NEWEST
    kind: RunKind = RunKind.IMPORT
    removes_missing: bool = False
    """Whether ratings are removed that the account has and no row names."""
    trusts_journal: bool = True
    """Whether a rating that an earlier run sent counts as stored; else the account is read."""
    guard_percent: int = 20
    """The share of the account that may change without a question."""
    follows_plan: bool = False
    """Whether the rows are those of a plan: nothing is sent if the account has changed since."""
    undo_of: PastRun | None = None
    """The run that is undone."""
    undoes_later_changes: bool = False
    """Whether ratings that were changed after that run are restored, too; else they are left alone."""
    is_unattended: bool = False
    """Whether the run starts by itself and repeats: then nothing is sent without reading the account."""
    is_dry_run: bool = False
    replaces_input: bool = False
    """Whether the results may take the place of the file that is read."""

    @classmethod
    def for_import(
        cls, on_conflict: OnConflict = OnConflict.NEWEST, *, mirror: bool = False, recheck: bool = False
    ) -> Self:
        """An export is sent. With `mirror` the account is made equal to it."""
        return cls(on_conflict, removes_missing=mirror, trusts_journal=not (mirror or recheck))

    @classmethod
    def for_plan(
        cls, on_conflict: OnConflict = OnConflict.NEWEST, *, mirror: bool = False, recheck: bool = False
    ) -> Self:
        """An export is compared, and what a run would do is written out."""
        return cls.for_import(on_conflict, mirror=mirror, recheck=recheck)

    @classmethod
    def for_sent_plan(cls) -> Self:
        """The lines of a plan are sent as they stand, and nothing else."""
        return cls(OnConflict.OVERWRITE, RunKind.PLAN, trusts_journal=False, follows_plan=True)

    @classmethod
    def for_retry(cls, on_conflict: OnConflict = OnConflict.NEWEST) -> Self:
        """What failed in an earlier run is sent again; its results file is updated."""
        return cls(on_conflict, RunKind.RETRY, replaces_input=True)

    @classmethod
    def for_undo(cls, run: PastRun, *, force: bool = False) -> Self:
        """The ratings from before a run are restored; with `force` also those changed since."""
        return cls(
            OnConflict.OVERWRITE, RunKind.UNDO, trusts_journal=False, undo_of=run, undoes_later_changes=force
        )

    @classmethod
    def for_sync(cls, on_conflict: OnConflict = OnConflict.NEWEST, *, mirror: bool = False) -> Self:
        """Nobody watches, and others change the account between runs: it is asked each time."""
        return cls(
            on_conflict, RunKind.SYNC, removes_missing=mirror, trusts_journal=False, is_unattended=True
        )

    def guarded_at(self, percent: int) -> Self:
        """The same rules, with a question before more than this share of the account changes."""
        return replace(self, guard_percent=percent)

    def as_dry_run(self) -> Self:
        """The same rules, but nothing is sent."""
        return replace(self, is_dry_run=True)

    @property
    def asks_account(self) -> bool:
        """Whether the account is read: a dry run reads it only to see what an undo would leave alone."""
        return not self.is_dry_run or self.undo_of is not None

    @property
    def shaping(self) -> tuple[str, ...]:
        """What decides over rows: with another rule it is another run of the same file."""
        rules = (f"on_conflict {self.on_conflict}", f"mirrors {self.removes_missing}")
        return rules if self.trusts_journal else (*rules, "recheck")


def _check_source(word: str) -> str:
    find_source(word)
    return word


@dataclass(frozen=True, slots=True)
class SourceOptions:
    """An account whose ratings are read in place of a file."""

    heading: ClassVar[str] = "An account in place of a file"

    account_of: str | None = option(
        f"Read the ratings of your account at {', '.join(list_sources())}.",
        flag="--from",
        metavar="SERVICE",
        parse=_check_source,
        values=list_sources,
    )
    from_account: str = option(
        "With --from: use [accounts.NAME] of the settings file.", default="", metavar="NAME"
    )

    @property
    def spec(self) -> DestinationSpec | None:
        """Where the account is; None if a file is read."""
        return None if self.account_of is None else find_source(self.account_of)


@dataclass(frozen=True, slots=True)
class FileOptions:
    """Which files take part beside what is read."""

    heading: ClassVar[str] = "Titles and results"

    resolved: Path | None = option(
        "Use the ids chosen in this file for rows without ids.", metavar="RESOLVE.CSV"
    )
    match: Match | None = option("Look up rows without ids, and take the titles that are certain.")
    out: Path | None = option(
        "Write the results to this file, else to one named after what is read; - is standard output."
    )


@dataclass(frozen=True, slots=True)
class RuleOptions:
    """Options that decide which ratings a run changes."""

    heading: ClassVar[str] = "What may change"

    on_conflict: OnConflict = option(
        "Which rating counts if the account has another one.", default=OnConflict.NEWEST
    )
    mirror: bool = option("Also remove ratings that the account has and the file has not.", default=False)
    recheck: bool = option("Compare with the account only, not with what earlier runs sent.", default=False)
    guard: int = option(
        "Ask before more than this share of the account changes, from 10 removals or 50 changes on; 0 asks "
        "before any.",
        default=20,
        metavar="PERCENT",
        minimum=0,
        maximum=100,
    )


def parse_accepted(words: Sequence[str]) -> tuple[Status, ...]:
    """Parse the statuses that count as success: `["unsupported,not_found"]`. Raises OptionError."""
    found = [part.strip() for word in words for part in word.split(",") if part.strip()]
    for word in found:
        if word not in ACCEPTABLE:
            known = ", ".join(status for status in Status if status in ACCEPTABLE)
            raise OptionError("accept", f"it can be {known}; all others may change by themselves", word)
    return tuple(map(Status, dict.fromkeys(found)))


@dataclass(frozen=True, slots=True)
class EndOptions:
    """What counts as a success when a run has ended."""

    heading: ClassVar[str] = "What is shown"

    accept: tuple[Status, ...] = option(
        "Count rows of this status as success, in the exit code, too: unsupported,not_found.",
        default=(),
        metavar="STATUS",
        typed=list[str] | None,
        parse=parse_accepted,
    )


def _parse_wait(text: str) -> float:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise OptionError("wait", str(error)) from error


@dataclass(frozen=True, slots=True)
class SendOptions:
    """Options for sending. None means what the destination recommends."""

    heading: ClassVar[str] = "How it is sent"

    workers: int | None = option(
        "Keep N requests in flight at once: usually 8, for trakt 4, for simkl 1.",
        metavar="N",
        minimum=1,
        maximum=256,
    )
    rate: Rate | None = option(
        "Send at most N requests per PERIOD: 1/s, 20/10s.",
        metavar="N/PERIOD",
        typed=str | None,
        parse=parse_rate,
    )
    wait: float | None = option(
        "If the network is lost, wait for it so long: 10s, 2h. Usually half a minute.",
        metavar="TIME",
        typed=str | None,
        parse=_parse_wait,
    )
    limit: int | None = option("Send at most N rows.", metavar="N", minimum=1)
    verify: bool = option("Read the account back afterwards and compare.", default=True)
    resend_unconfirmed: bool = option("Send rows again that may have arrived already.", default=False)

    def or_else(self, recommended: "SendOptions") -> "SendOptions":
        """Fill in what is left open."""
        given = {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}
        return replace(recommended, **given)


@dataclass(frozen=True, slots=True, repr=False)
class HeldAccount:
    """The secrets of an account that are neither in the settings nor in a store of this machine."""

    secrets: Mapping[str, str]
    """By the name of the destination's setting: `api_key`, or `username` and `password`."""
    token_store: TokenStore | None = None
    """Where its token pair is, and is kept once it is renewed."""


@dataclass(frozen=True, slots=True)
class DestinationOptions:
    """Which server, whose account there, and how ratings are written for it."""

    heading: ClassVar[str] = "Where the ratings go"

    base_url: str | None = option("The address of the API, if it is another server.", metavar="URL")
    insecure_http: bool = option("Allow plain http to a host that is not this machine.", default=False)
    account: str = option("Use [accounts.NAME] of the settings file.", default="", metavar="NAME")
    request: RequestOptions = field(default_factory=RequestOptions)
    any_title: bool = option("Of the sandbox: know every title, not only well-known ones.", default=False)
    write_to: Path | None = option("Of a destination that is a file: write it here.", metavar="FILE")
    held: HeldAccount | None = None

    @property
    def flags(self) -> dict[str, object]:
        """What of it overrides the settings."""
        return {"base_url": self.base_url, "insecure_http": self.insecure_http}
