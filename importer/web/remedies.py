"""What helps rows that did not succeed, on a page that sends rows again by itself."""

from collections.abc import Mapping

from importer.destinations.registry import find
from importer.journal.history import PastRun
from importer.model import LACKS_ID, Status
from importer.report.remedies import find_remedy

_REMEDIES: Mapping[Status, str] = {
    Status.INVALID: "Correct these rows in the table below (Correct, at the end of a row); the button above "
    "then sends them.",
    Status.NOT_FOUND: "Look the title up and put its id into the row (Correct, in the table below); the "
    "button above then sends it.",
    Status.REJECTED: "Read what the destination says, and correct the rows in the table below; the button "
    "above then sends them.",
    Status.FAILED: "The button above tries them again: it may be better by now.",
    Status.UNCONFIRMED: "The button above tries them again: what has arrived is seen there, and not sent "
    "again.",
    Status.NOT_SENT: "A button above sends them.",
}


_ADD_ID = "Or put its id into the row (Correct, in the table below); the button above then sends it."


def sends_again(run: PastRun) -> bool:
    """Whether corrected rows can be sent from here: not those of a file, whose source is corrected."""
    spec = find(run.destination)
    return spec is not None and not spec.is_file and run.undo_of is None


def find_remedy_here(status: Status, reason: str) -> str:
    """Say what helps a row of a run whose rows can be sent again from the page."""
    return (
        f"{find_remedy(status, reason)} {_ADD_ID}"
        if reason in LACKS_ID
        else _REMEDIES.get(status, find_remedy(status, reason))
    )
