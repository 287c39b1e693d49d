"""Sync jobs: `[jobs.NAME]` of the TOML file says which source goes where, and how often.

```text
[jobs.shelf]                       load_jobs()["shelf"]
source = "shelf.csv"               SyncJob.source = "/home/ada/.config/rating-importer/shelf.csv"
to = "trakt"                       SyncJob.spec = the destination's own description
every = "6 hours"                  SettingsError: every in [jobs.shelf] of ...: '6 hours' is no length of time
```

A job has no secret: the account's are in `[accounts.NAME]`, or in the destination's own section if the job
names no account. `jobs_file.py` loads all jobs.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from importer.destinations.spec import DestinationSpec
from importer.errors import AuthorizationError
from importer.option import option
from importer.readers.base import ReadOptions
from importer.runs.places import PlaceOptions
from importer.runs.rules import (
    DestinationOptions,
    EndOptions,
    FileOptions,
    RuleOptions,
    RunRules,
    SendOptions,
    SourceOptions,
)
from importer.sync.times import parse_cron
from importer.text import parse_duration


def _check_source(text: str) -> str:
    if not text.strip():
        raise ValueError("it must not be empty")
    return text.strip()


def _check_every(text: str) -> str:
    parse_duration(text)
    return text


def _check_cron(text: str) -> str:
    parse_cron(text)
    return text


@dataclass(frozen=True, slots=True)
class SharedResults:
    """The results file of a job with several destinations, each of which is run as a job of its own."""

    job: str
    out: Path | None
    parts: Mapping[str, str]
    """By the label of each destination, the name of its own job: `simkl` to `nightly@simkl`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncJob:
    """One sync job, checked. The options of its groups are keys of `[jobs.NAME]` as its own are."""

    source: str = option("A file, a pattern or an address.", default="", parse=_check_source)
    every: str = option("How often a daemon runs it: 6h.", default="", parse=_check_every)
    cron: str = option("When a daemon runs it, as in a crontab.", default="", parse=_check_cron)
    retry_permanent_after: int = option(
        "Days until rows that fail for good are sent again.", default=30, minimum=0, maximum=3650
    )
    insecure_http: bool = option("Allow a source at a plain http address.", default=False)
    origin: SourceOptions = field(default_factory=SourceOptions)
    place: PlaceOptions = field(default_factory=PlaceOptions)
    files: FileOptions = field(default_factory=FileOptions)
    reading: ReadOptions = field(default_factory=ReadOptions)
    rules: RuleOptions = field(default_factory=RuleOptions)
    at: DestinationOptions = field(default_factory=DestinationOptions)
    sends: SendOptions = field(default_factory=SendOptions)
    content: Path | None = None
    """The file itself, where it is not at `source`, which then only names it."""
    shared: SharedResults | None = None
    """Set if it is one destination of several."""
    ends: EndOptions = field(default_factory=EndOptions)

    @property
    def account(self) -> str:
        """The name of the account; empty for the destination's only one."""
        return self.at.account

    @property
    def spec(self) -> DestinationSpec:
        """The spec of the job's destination."""
        return self.place.spec

    def name_account(self, error: BaseException | None) -> None:
        """Add the account and its destination to a sign-in error, for readers of a log."""
        if isinstance(error, AuthorizationError) and not self._is_of_source(error):
            error.name_sign_in(self.spec.word, self.account)
            named = f"account {self.account}: "
            if self.account and not error.message.startswith(named):
                error.message = named + error.message

    def _is_of_source(self, error: AuthorizationError) -> bool:
        """Whether the sign-in is known to be that of the account that is read."""
        account = self.origin.from_account
        is_other = error.destination != self.spec.word or error.account == account != self.account
        return self.is_from_account and bool(error.destination) and is_other

    @property
    def is_to_file(self) -> bool:
        """Whether the destination is a file to upload."""
        return self.spec.is_file

    @property
    def is_from_account(self) -> bool:
        """Whether the ratings of an account are read in place of a file."""
        return self.origin.account_of is not None

    @property
    def is_from_file(self) -> bool:
        """Whether the source is a file of this machine."""
        return not (self.is_download or self.is_from_account)

    @property
    def is_download(self) -> bool:
        """Whether the source is an address."""
        return self.content is None and is_address(self.source)

    @property
    def zoned_at(self) -> DestinationOptions:
        """The options of the destination, with dates in the zone of the source."""
        return replace(self.at, request=self.at.request.in_zone(self.reading.zone))

    @property
    def run_rules(self) -> RunRules:
        """The rules of its runs."""
        rules = RunRules.for_sync(self.rules.on_conflict, mirror=self.rules.mirror)
        return rules.guarded_at(self.rules.guard)

    @property
    def written(self) -> Mapping[str, Path | None]:
        """The files that the job writes, by key."""
        out = self.files.out if self.shared is None else self.shared.out
        return {"out": out, "write_to": self.at.write_to}


def is_address(source: str) -> bool:
    """Whether a source is an http(s) address rather than the name of a file."""
    return source.lower().startswith(("http://", "https://"))
