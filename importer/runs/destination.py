"""Where the ratings of a run go: what differs between an account behind an API and a file to upload."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from importer.client.sign_in import AccountInfo
from importer.config.folders import state_dir
from importer.destinations.base import Destination
from importer.destinations.registry import is_file
from importer.destinations.sign_in import AccountApi
from importer.destinations.spec import DestinationSpec
from importer.destinations.upload_files.base import FileDestination
from importer.errors import OptionError, UsageError
from importer.files import check_place, is_same_file
from importer.journal import Journal, JournalRun
from importer.journal.history import PastRun
from importer.model import RatingJob
from importer.runs.access import Access
from importer.runs.conflicts import OnConflict
from importer.runs.delivery import Delivery, Work
from importer.runs.estimate import Effort, estimate_effort
from importer.runs.export_file import Writing
from importer.runs.outputs import Outputs, check_replaceable, is_part, with_parts
from importer.runs.rules import RunRules, SendOptions
from importer.runs.send import Sending
from importer.text import count


@dataclass(frozen=True, slots=True)
class OpenDestination:
    """Where the ratings of a run go: an account behind an API, or a file to upload.

    Has either `api`, with the sign-in in `access`, or `file` and `path`.
    """

    spec: DestinationSpec
    account: str
    """Whose journal it is."""
    api: Destination | None = None
    recommended: SendOptions = field(default_factory=SendOptions)
    access: Access = field(default_factory=Access)
    account_info: AccountInfo | None = None
    account_api: AccountApi | None = None
    posts_to_feeds: bool = False
    shaping: str = ""
    """What decides how rows are sent: with another it is another run of the same file."""
    file: FileDestination | None = None
    path: Path = Path()
    origin: str = ""
    """What the file is written for; see `outputs.origin_of`."""
    settings_account: str = ""
    """The name in the settings of the account that signs in; empty for the only one."""

    @property
    def destination(self) -> Destination | FileDestination:
        """The rules that rows are checked by."""
        found = self.api or self.file
        assert found is not None
        return found

    @property
    def trusts_journal(self) -> bool:
        """Whether what earlier runs sent is still there: their file may be gone, or never uploaded."""
        return not self.spec.is_file

    def notes_on_file(self, *, is_written: bool) -> Sequence[str]:
        """What people are to do with the files in that place, which may be those of an earlier run."""
        if self.file is None:
            return ()
        names = " and ".join(str(path) for path in with_parts(self.path) if path.exists())
        if is_written:
            upload = f"; upload it at {self.file.upload_at}" if self.file.upload_at else ""
            return (f"{names or self.path} is written{upload}",)
        told = f"no row was written; {names} is of an earlier run, with nothing of this one"
        return (told,) if names else ()

    def check(self, rules: RunRules, options: SendOptions) -> None:
        """Refuse what the service does not allow, or needs an account that is known. Raises UsageError."""
        most = self.spec.most_workers
        if most is not None and options.workers is not None and options.workers > most:
            problem = f"{self.spec.word} takes {count(most, 'request')} at a time"
            raise OptionError("workers", problem, options.workers)
        if self.file is None:
            return
        if options.limit is not None:
            raise OptionError("limit", "a file is written whole: the next run would replace it")
        if rules.on_conflict is not OnConflict.NEWEST:
            problem = "this does not go with a file: the account's ratings are not known"
            raise OptionError("on_conflict", problem)
        if rules.removes_missing:
            raise OptionError("mirror", "this does not go with a file: the account's ratings are not known")

    def check_files(self, read: Path | None, results: Path | None, outputs: Outputs | None) -> None:
        """See that what is written takes the place of nothing else than `outputs`; None: of any file.

        Raises UsageError.
        """
        if self.file is None:
            return
        written = self.path
        check_place(written, "write_to")
        if read is not None and is_same_file(written, read):
            raise OptionError("write_to", "this is the input file itself; name another", written)
        if read is not None and is_part(read, written):
            raise UsageError(
                f"{read} has the name of a part of {written}, which would be replaced; rename it"
            )
        if results is not None and is_same_file(written, results):
            raise OptionError("write_to", "this is the results file, too; name another", written)
        if outputs is not None:
            self._check_replaceable(self.file, outputs)

    def _check_replaceable(self, file: FileDestination, outputs: Outputs) -> None:
        for path in with_parts(self.path):
            check_replaceable(path, "write_to", file.header)
            if not file.is_own_form:
                outputs.check_written(path, "write_to")

    def as_stored(self, job: RatingJob) -> RatingJob:
        """Say how the account will store it."""
        return job if self.api is None else self.api.as_stored(job)

    def estimate_effort(self, run: JournalRun, options: SendOptions) -> Effort:
        """Count what it takes to send the open rows."""
        assert self.api is not None
        return estimate_effort(self.api, options.rate, run)

    def build_delivery(self, work: Work) -> Delivery:
        """Build what sends the rows, or writes them into the file."""
        if self.file is not None:
            return Writing(work, self.file, self.path)
        assert self.api is not None
        return Sending(work, self.api, self.access)


def journal_for(opened: OpenDestination, wait_seconds: float = 0.0) -> Journal:
    """Choose the journal of the destination's account; its name says whose it is.

    Another run of the account is waited for as long as that, and then a JournalLockedError.
    """
    readable = _slug(f"{opened.spec.name} {opened.account}").strip("-")
    digest = hashlib.sha256(opened.account.encode()).hexdigest()
    return Journal(state_dir() / "journals", f"{readable[:60]}-{digest[:8]}", wait_seconds)


def account_of(run: PastRun) -> str:
    """Return whose account a run went to, as the name of its journal has it; empty for a file."""
    if is_file(run.destination):
        return ""
    name = run.journal.stem.removeprefix(f"{_slug(run.destination)}-").rpartition("-")[0]
    return name.rpartition("-at-")[0] or name


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower())
