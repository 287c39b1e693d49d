"""The error tree: sorted by what the caller does next, each with its exit code.

```text
ImporterError                    exit 1   the run failed
├── UsageError                   exit 2   the user changes the command, the settings or the file
│   ├── OptionError                       an option has a value that cannot be used
│   ├── CommandError                      options do not go together, or one is missing
│   ├── AlreadyUndoneError                the run was undone before
│   ├── SettingsError                     all problems of the settings at once
│   ├── parts.MissingPartError            an optional part is needed and is not installed
│   ├── NoTitleSourceError                nothing is set up that titles could be looked up in
│   ├── PlaceNeededError                  the destination of a run is not known
│   ├── UnknownFormatError                no supported format has this header
│   ├── GarbledTextError                  the letters of the file are of an unknown encoding
│   ├── ScaleNeededError                  the file does not say what scale its ratings have
│   └── UnreadableFileError               the file, or the rest of it, cannot be read
│       └── EmptyFileError                the file has no rows and no header
├── DestinationError             exit 1   one request failed
│   └── ConnectionLostError               no usable answer; the request may have arrived, see `loss`
└── StopRunError                 exit 3   the run stops; the same command continues it
    ├── UnreachableError                  no connection to the server, perhaps no network at all
    ├── AuthorizationError                the destination does not accept the credentials
    ├── AccountLimitError                 the account is full
    ├── AccountUnreadableError            its ratings cannot be read, and the run needs them for `purpose`
    ├── JournalLockedError                another run is using this account's journal
    ├── StateFileError                    one of the importer's own files cannot be used
    └── ResultsNotWrittenError            results.csv could not be written; the journal has everything
```

An error has the facts and a remedy; the front end knows how the remedy is typed:

```text
error = AuthorizationError("Trakt does not accept the sign-in (401)", Remedy.SIGN_IN)
str(error)                 Trakt does not accept the sign-in (401). Sign in again.
cli.advice.explain(error)  Trakt does not accept the sign-in (401). Run `importer login trakt`.
```

Row problems are data (`model.InvalidRow`, `model.Outcome`), never exceptions.

The file is longer than others, so that the tree and its remedies are read in one place.
"""

from collections.abc import Mapping, Sequence
from enum import Enum, StrEnum
from pathlib import Path
from types import MappingProxyType


class Remedy(StrEnum):
    """What to do about an error, for any front end. `{error.x}` is filled in from the error."""

    SIGN_IN = "Sign in again."
    START_OVER = "To start over, sign in again."
    UPLOAD_FILE = "Without the API, a file to upload can be written for the importer on Trakt's own site."
    USE_HTTPS = "Use https, or accept plain http"
    START_SANDBOX = "To try things out, start a sandbox of your own."
    NAME_ENCODING = "Save the file as UTF-8, or name its encoding."
    NAME_SCALE = "Say what the scale is, for example {error.example}."
    CORRECT_RATINGS = "Correct them in the file; only if all of its ratings are of another scale, say which."
    NAME_FORMAT = "Name the format."
    MAP_COLUMNS = "Map a column to a field, such as Score to rating, or name the format."
    SET_TIMES = "Add one of them."
    STAY = "A process that stays running takes any other."
    MAP_OWN_TABLE = "name the format csv and map its columns."
    MAP_MARKS = "If a mark is a rating to you, map the columns and say which rating it is."
    MAP_RATING = "Map the one that is yours to rating."
    TAKE_LIST = "or take the rated rows of this list"
    MOVE_OUTPUT = "Make room or choose another place for the file; the same command then goes on."
    MAKE_ROOM = "Make room on it."
    NAME_FOLDER = "Name a folder that can be written with IMPORTER_STATE_DIR."
    NAME_LOCAL_FOLDER = "Name a folder on a drive of this machine with IMPORTER_STATE_DIR."
    OWN_FOLDER = "Make all in the folder of what the importer keeps yours again."
    ALLOW = "Allow yourself to read and write it."
    CLOSE = "Take that right from the others, or name a folder of your own with IMPORTER_STATE_DIR."
    END_OTHER = "End that one (a backup, a browser of databases), then type the same command."
    MOVE_ASIDE = "Move the file aside to begin a new one; what earlier runs did is then not known any more."
    BUILD_INDEX = "Build it again."
    FIND_TITLES = "Build a title index of IMDb's lists, or set the key of an app on Trakt, or a key of TMDB."
    SALVAGE = (
        "Other runs can perhaps still be shown: write their results to files. "
        "Then move the file aside to begin a new one."
    )
    LOOK_TITLES_UP = "Looking titles up writes one."
    LIST_RUNS = "The list of runs has those there are."
    NEW_PLAN = "Make a new plan."
    REPLACE = "Name another file, or let this one be overwritten."
    REPLACE_EDITED = "Send its rows again, name another file, or let this one be overwritten."
    REPLACE_EDITED_PLAN = "Send the plan, name another file, or let this one be overwritten."
    SEND_PLAN = "Send it as a plan."
    RETRY = "Try its failed rows again instead."
    REDO = "Undoing that one brings its changes back."
    FORCE = "To undo anyway, force it."
    ASK_NOTHING = "If that is what you want, say yes beforehand."
    ASK_AGAIN = "The same command asks again."
    NAME_PLACE = "Name it, as one of {error.places}."
    NAME_RUN = "Name a results file, or a run from the list of runs."
    SHOW_SANDBOX = "Start a sandbox by itself to see why."
    DRY_RUN = "For a file, a dry run shows what it gets."
    OVERWRITE = "To send without comparing, let the file overwrite the account."
    SYNC_LATER = "Sync again later."
    BEGIN_SETTINGS = "Write a settings file to begin with."
    INSTALL_PART = "Install the part {error.part} of the importer."
    INSPECT = "Correct them, or take them out of the file; an inspection names them."


_NO_ADVICE: Mapping[Remedy, str] = MappingProxyType({})


class ImporterError(Exception):
    """Base class of all errors that are shown to the user. `remedy` says what to do."""

    exit_code = 1
    place = ""
    """The destination that it is about, if the run goes to several."""

    def __init__(self, message: str, remedy: Remedy | None = None) -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(message)

    def __str__(self) -> str:
        return self.explain(_NO_ADVICE)

    @property
    def needs_yes(self) -> bool:
        """Whether it was a question, and a yes said beforehand is all that is missing."""
        return self.remedy is Remedy.ASK_NOTHING

    def explain(self, advice: Mapping[Remedy, str]) -> str:
        """Return the message and the remedy, with the text from `advice` if there is one."""
        if self.remedy is None:
            return self.message
        return f"{self.message.rstrip('.')}. {advice.get(self.remedy, self.remedy).format(error=self)}"


class UsageError(ImporterError):
    """The command, the settings or the file must change before a run makes sense."""

    exit_code = 2


class OptionError(UsageError):
    """An option has a value that cannot be used. `option` is its name in the settings: on_conflict."""

    def __init__(self, option: str, problem: str, value: object = "") -> None:
        self.option = option
        self.problem = problem
        self.value = str(value)
        super().__init__(self.spell(option))

    def spell(self, option: str) -> str:
        """Give the message with the option as `option` spells it: `--on-conflict`, say."""
        return f"{option} {self.value}: {self.problem}" if self.value else f"{option}: {self.problem}"

    @property
    def without_option(self) -> str:
        """The value and the problem, for a sentence that names the option itself."""
        return f"{self.value!r}: {self.problem}" if self.value else self.problem


class CommandError(UsageError):
    """Options or arguments do not go together, or one is missing."""


class AlreadyUndoneError(UsageError):
    """The run was undone before, by the run `undone_by`."""

    def __init__(self, run_id: str, undone_by: str, before: str = "") -> None:
        """`before` is the newest other run that can be undone."""
        self.run_id, self.undone_by = run_id, undone_by
        rest = f"; before it, {before} can be undone" if before else ""
        super().__init__(f"{run_id} is undone already, by {undone_by}{rest}", Remedy.REDO)


class SettingsError(UsageError):
    """Settings are missing or wrong; `problems` lists all of them, one sentence each."""

    def __init__(self, problems: Sequence[str], remedy: Remedy | None = None) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems), remedy)


class NoTitleSourceError(UsageError):
    """Nothing is set up that titles could be looked up in."""

    def __init__(self) -> None:
        super().__init__("nothing is set up that titles could be looked up in", Remedy.FIND_TITLES)


class PlaceNeededError(UsageError):
    """No journal says where the run of a results file went; `places` are those there are."""

    def __init__(self, name: str, places: Sequence[str]) -> None:
        self.places = ", ".join(places)
        super().__init__(
            f"{name}: no journal here has its run, so its destination is not known", Remedy.NAME_PLACE
        )


class UnknownFormatError(UsageError):
    """No supported format has this header: `found` are its columns, `missing` those it lacks."""

    def __init__(
        self,
        message: str,
        remedy: Remedy | None = None,
        *,
        found: Sequence[str] = (),
        missing: Sequence[str] = (),
    ) -> None:
        self.found = tuple(found)
        self.missing = tuple(missing)
        super().__init__(message, remedy)


class ScaleNeededError(UsageError):
    """The file does not say what scale its ratings have; `suggested` is the likely one."""

    def __init__(self, name: str, problem: str, suggested: str | None, example: str | None = "0-100") -> None:
        """Without an `example` most ratings are of the expected scale, and the others to be corrected."""
        self.suggested = suggested
        self.example = suggested or example
        message = f"{name}: what the ratings mean is not in the file ({problem})"
        super().__init__(message, Remedy.NAME_SCALE if self.example else Remedy.CORRECT_RATINGS)


class GarbledTextError(UsageError):
    """The letters of a file are of an encoding that they do not tell: its titles cannot be looked up."""

    def __init__(self, name: str) -> None:
        problem = "the text is neither UTF-8 nor Western, and its titles would be looked up garbled"
        super().__init__(f"{name}: {problem}", Remedy.NAME_ENCODING)


class UnreadableFileError(UsageError):
    """The file cannot be read: names the file, the line, the problem and the remedy."""

    def __init__(self, name: str, problem: str, *, remedy: str | Remedy, line: int | None = None) -> None:
        self.name = name
        self.problem = problem
        self.line = line
        where = name if line is None else f"{name}, line {line}"
        if isinstance(remedy, Remedy):
            super().__init__(f"{where}: {problem}", remedy)
        else:
            super().__init__(f"{where}: {problem}. {remedy}")


class EmptyFileError(UnreadableFileError):
    """The file has no rows and no header."""


class DestinationError(ImporterError):
    """A request to the destination went wrong."""


class Loss(StrEnum):
    """How a connection was lost, which decides whether the request may have arrived."""

    ADDRESS = "address that cannot be asked for"
    PROXY = "the proxy lets nothing through"
    REFUSED = "could not connect"
    CERTIFICATE = "TLS certificate not accepted"
    DROPPED = "connection dropped before the answer"
    TIMEOUT = "no answer in time"
    CUT_SHORT = "answer cut short"
    ENCODING = "answer in an encoding that cannot be read"
    NOT_HTTP = "answer that is no HTTP"
    HEADERS_TOO_LARGE = "headers of the answer larger than the limit"
    TOO_LARGE = "answer larger than the limit"


class ConnectionLostError(DestinationError):
    """No usable answer came. `loss` says how."""

    def __init__(self, loss: Loss, detail: str = "") -> None:
        self.loss = loss
        self.detail = detail
        super().__init__(f"{loss}: {detail}" if detail else str(loss))


class StopRunError(ImporterError):
    """The run stops and sends nothing more; what was sent stays sent."""

    exit_code = 3


class UnreachableError(StopRunError):
    """No connection to the server: it or the network is down. Another attempt may succeed soon."""


class AuthorizationError(StopRunError):
    """The destination does not accept the credentials; trying again would not help."""

    account = ""
    """The name in the settings of the account that must sign in; empty for the only one."""
    destination = ""
    """The destination to sign in to, as `--to` names it; empty if there is only one."""

    def name_sign_in(self, destination: str, account: str) -> None:
        """Say whose sign-in it is about, unless that is known."""
        self.destination = self.destination or destination
        self.account = self.account or account


class AccountLimitError(StopRunError):
    """The account has as many ratings as its plan allows."""


class Purpose(Enum):
    """What a run needs the account's ratings for: what it cannot do without them, and what helps."""

    UNDO = ("an undo might overwrite what others did", Remedy.FORCE)
    PLAN = ("a plan cannot be compared with it", None)
    MIRROR = ("what the file has not cannot be found there", None)
    CONFLICTS = ("the policy for other ratings cannot be kept", Remedy.OVERWRITE)
    SYNC = ("a sync might overwrite newer ratings", Remedy.SYNC_LATER)


class AccountUnreadableError(StopRunError):
    """The account's ratings could not be read, and the run must not send without them."""

    def __init__(self, purpose: Purpose, why: str, *, is_listed: bool) -> None:
        """`is_listed` says that the account has shown a list, which contradicts itself."""
        self.purpose = purpose
        lacking, remedy = purpose.value
        # Trakt's lists and counts were seen to lag behind for up to five minutes.
        wait = ". Its list may lag behind for some minutes; try the same command again after ten"
        told = f"the account cannot be read ({why}), so {lacking}; nothing was sent"
        super().__init__(told + wait if is_listed else told, remedy)


class JournalLockedError(StopRunError):
    """Another run of the same account is in progress."""


class StateFileError(StopRunError):
    """One of the importer's own files cannot be used. `path` is that file."""

    def __init__(self, path: Path, problem: str, remedy: Remedy, user: str = "") -> None:
        self.path = path
        self.user = user
        """The name of the user who runs the importer."""
        super().__init__(f"{path}: {problem}", remedy)


class ResultsNotWrittenError(StopRunError):
    """The results file could not be written; every outcome is still in the journal."""

    def __init__(self, path: Path, cause: OSError) -> None:
        self.path = path
        super().__init__(
            f"{path}: cannot write the results ({cause.strerror or cause}). Nothing is lost: the journal "
            "has every outcome",
            Remedy.MOVE_OUTPUT,
        )
