"""The interface of destinations without an API: rules that turn jobs into lines of a file to upload.

Pure, like the destinations with an API; `writing.py` writes the files.
"""

from collections.abc import Sequence
from typing import Protocol

from importer.destinations.one_to_ten import build_number
from importer.model import UNRATE, Outcome, Rating, RatingJob, RowRemedy, Status


class FileDestination(Protocol):
    """One site's import file. All methods are pure."""

    @property
    def name(self) -> str:
        """The name that plans and journals use."""
        ...

    @property
    def upload_at(self) -> str:
        """The page or menu where people upload the file; empty for a file that is for no one site."""
        ...

    @property
    def header(self) -> Sequence[str]:
        """The first line of every file."""
        ...

    @property
    def is_own_form(self) -> bool:
        """Whether a file with this header is one of ours; else it may be an export of the user's."""
        ...

    @property
    def largest_file_bytes(self) -> int | None:
        """The size limit of a file; more rows go into further files. None: one file of any size."""
        ...

    def check(self, job: RatingJob) -> Outcome | None:
        """Return why the site's importer cannot take the job, or None if it can."""
        ...

    def build_line(self, job: RatingJob) -> Sequence[str]:
        """Build the cells of a job that `check` accepts, in the header's order."""
        ...

    def remark(self, job: RatingJob) -> str:
        """Return a note for the user about this row; empty if there is none."""
        ...


def refuse_rating(rating: Rating, love: int | None, hate: int | None) -> Outcome | None:
    """Refuse ratings that an import file cannot express: a removal, or a love or hate without a number."""
    if rating == UNRATE:
        message = "an import file can set a rating but not remove one; remove it on the site itself"
        return Outcome(Status.UNSUPPORTED, "cannot_unrate", message)
    if build_number(rating, love, hate) is None:
        message = f"the file takes 1 to 10; {RowRemedy.NUMBER_LOVE}"
        return Outcome(Status.UNSUPPORTED, "love_or_hate", message)
    return None
