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

from collections.abc import Callable, Mapping
from datetime import time
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

from importer.destinations.registry import DEFAULT, choose, list_words
from importer.destinations.spec import DestinationSpec
from importer.errors import AuthorizationError, OptionError, UsageError
from importer.sync.times import parse_cron, parse_duration

Filled = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Word = Annotated[str, BeforeValidator(lambda value: str(value) if type(value) in {int, float} else value)]
"""A text that may be written as a number: `scale = 5`."""
Percent = Annotated[int, Field(ge=0, le=100)]
Rated = Annotated[int, Field(ge=1, le=10)]


Checks = Mapping[str, Callable[[str], object]]
"""By key, the parser that raises UsageError, about the flag of that name, for an invalid text."""


class SyncJob(BaseModel):
    """One sync job, checked. The fields are the keys of `[jobs.NAME]`, explained in docs/settings.md."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    source: Filled
    to: str = DEFAULT
    account: str = ""
    format: Filled = "auto"
    map: dict[str, str] = {}
    resolved: str = ""
    scale: Word = ""
    timezone: str = ""
    lists: bool = False
    diary_dates: bool = False
    user: Word = ""
    profile: str = ""
    on_conflict: Literal["", "overwrite", "keep", "newest", "highest"] = ""
    mirror: bool = False
    guard: Percent = 20
    out: str = ""
    write_to: str = ""
    api: Literal["v1", "v2"] = "v1"
    bulk: bool = False
    batch_size: Annotated[int, Field(ge=1, le=200)] = 100
    workers: Annotated[int, Field(ge=1, le=256)] | None = None
    rate: str = ""
    love: Rated | None = None
    hate: Rated | None = None
    date_time: time = time(12)
    verify: bool = True
    every: str = ""
    cron: str = ""
    retry_permanent_after: Annotated[int, Field(ge=0, le=3650)] = 30
    insecure_http: bool = False

    @property
    def spec(self) -> DestinationSpec:
        """The spec of the job's destination."""
        return choose(self.to, self.api)

    def name_account(self, error: BaseException | None) -> None:
        """Add the account and its destination to a sign-in error, for readers of a log."""
        if isinstance(error, AuthorizationError):
            error.name_sign_in(self.to, self.account)
            named = f"account {self.account}: "
            if self.account and not error.message.startswith(named):
                error.message = named + error.message

    @property
    def is_to_file(self) -> bool:
        """Whether the destination is a file to upload."""
        return self.spec.is_file

    @property
    def is_download(self) -> bool:
        """Whether the source is an address."""
        return is_address(self.source)

    @field_validator("to")
    @classmethod
    def _check_destination(cls, word: str) -> str:
        if word not in list_words():
            raise ValueError(f"it can be {' or '.join(list_words())}")
        return word

    @field_validator("date_time")
    @classmethod
    def _check_time_of_day(cls, value: time) -> time:
        if value.tzinfo is not None:
            raise ValueError("write it as HH:MM, and its zone as timezone")
        return value

    @field_validator("every", "cron")
    @classmethod
    def _check_times(cls, text: str, info: ValidationInfo) -> str:
        if text:
            (parse_duration if info.field_name == "every" else parse_cron)(text)
        return text

    @field_validator("format", "scale", "timezone", "rate")
    @classmethod
    def _check_text(cls, text: str, info: ValidationInfo) -> str:
        checks: Checks = info.context or {}
        key = str(info.field_name)
        if text and key in checks:
            try:
                checks[key](text)
            except UsageError as error:
                raise ValueError(
                    error.without_option if isinstance(error, OptionError) else str(error)
                ) from error
        return text


def is_address(source: str) -> bool:
    """Whether a source is an http(s) address rather than the name of a file."""
    return source.lower().startswith(("http://", "https://"))
