"""The error tree: sorted by what the caller does next, each with its exit code.

```text
ImporterError                    exit 1   the run ended badly; the message says what to do
├── UsageError                   exit 2   the user changes the command, the settings or the file
│   ├── SettingsError                     every problem of the settings at once
│   ├── UnknownFormatError                the header belongs to no format we read
│   ├── ScaleNeededError                  the format does not say what its ratings are
│   └── UnreadableFileError               the file cannot be read (further)
│       └── EmptyFileError                there is nothing in it
├── DestinationError             exit 1   something about one request
│   └── ConnectionLostError               no answer came; says whether the request may have arrived
└── StopRunError                 exit 3   nothing more is sent; the same command continues
    ├── AuthorizationError                the destination does not accept the credentials
    ├── AccountLimitError                 the account is full
    ├── JournalLockedError                another run holds this account's journal
    └── ResultsNotWrittenError            results.csv could not be written; the journal has everything
```

Row problems are data (`model.InvalidRow`, `model.Fate`), never exceptions.
"""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path


class ImporterError(Exception):
    """Anything this program says about a run it could not bring to a good end."""

    exit_code = 1


class UsageError(ImporterError):
    """The command, the settings or the file must change before a run makes sense."""

    exit_code = 2


class SettingsError(UsageError):
    """Settings are missing or wrong; `problems` holds all of them, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


class UnknownFormatError(UsageError):
    """The header is of no format we read: says what was `found` and what is `missing`."""

    def __init__(self, message: str, *, found: Sequence[str] = (), missing: Sequence[str] = ()) -> None:
        self.found = tuple(found)
        self.missing = tuple(missing)
        super().__init__(message)


class ScaleNeededError(UsageError):
    """Nothing in the file says what its ratings mean; `suggested`, for `--scale`, is what they look like."""

    def __init__(self, name: str, told: str, suggested: str | None, example: str = "0-100") -> None:
        self.suggested = suggested
        super().__init__(
            f"{name}: what the ratings mean is not in the file ({told}). Say it with --scale, "
            f"for example --scale {suggested or example}"
        )


class UnreadableFileError(UsageError):
    """The file cannot be read: names the file, where in it, the problem and the remedy."""

    def __init__(self, name: str, problem: str, *, remedy: str, line: int | None = None) -> None:
        self.name = name
        self.problem = problem
        self.remedy = remedy
        self.line = line
        where = name if line is None else f"{name}, line {line}"
        super().__init__(f"{where}: {problem}. {remedy}")


class EmptyFileError(UnreadableFileError):
    """There is nothing in the file: not a row, not even the names of columns."""


class DestinationError(ImporterError):
    """A request to the destination went wrong."""


class Loss(StrEnum):
    """How a connection was lost, which decides whether the request may have arrived."""

    REFUSED = "could not connect"
    CERTIFICATE = "TLS certificate not accepted"
    DROPPED = "connection dropped before the answer"
    TIMEOUT = "no answer in time"
    TOO_LARGE = "answer larger than the limit"


class ConnectionLostError(DestinationError):
    """No usable answer came. `loss` says how."""

    def __init__(self, loss: Loss, detail: str = "") -> None:
        self.loss = loss
        self.detail = detail
        super().__init__(f"{loss}: {detail}" if detail else str(loss))


class StopRunError(ImporterError):
    """The run stops here and sends nothing more; what is done stays done."""

    exit_code = 3


class AuthorizationError(StopRunError):
    """The destination refuses the credentials; repeating them would not help."""


class AccountLimitError(StopRunError):
    """The account holds as many ratings as its plan allows."""


class JournalLockedError(StopRunError):
    """Another run of the same account is under way."""


class ResultsNotWrittenError(StopRunError):
    """The results file could not be written; every outcome is still in the journal."""

    def __init__(self, path: Path, cause: OSError) -> None:
        self.path = path
        super().__init__(
            f"{path}: cannot write the results ({cause.strerror or cause}). Nothing is lost: the journal "
            "holds every outcome. Make room or choose another place with --out, then type the same command."
        )
