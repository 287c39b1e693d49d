"""What helps on the page: rows are sent again by itself, and what is elsewhere typed is a step here."""

import re
from collections.abc import Mapping

from importer.destinations.registry import find
from importer.errors import Remedy
from importer.journal.history import PastRun
from importer.model import LACKS_ID, RowRemedy, Status
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

_TYPED: Mapping[str, str] = {
    RowRemedy.FIND_IDS: "the step Titles finds them",
    RowRemedy.FIND_TYPE: "the step Titles finds it out",
    Remedy.SYNC_LATER: "Try again later.",
    "`importer formats`": "the formats that can be read, such as imdb, letterboxd or csv",
}
_PLAIN_HTTP = re.compile(re.escape(Remedy.USE_HTTPS) + r" \(insecure_http = true in \[[^]]*]\)\.")
_SCALE = re.compile(r"--scale( [\d.-]*\d)?")


def say_here(text: str) -> str:
    """Say in a text what is done on the page, where it says what is typed, or is for a sync job."""
    for typed, here in _TYPED.items():
        text = text.replace(typed, here)
    text = _SCALE.sub(r"the scale\1 (File, Read it another way)", text)
    return _PLAIN_HTTP.sub("Use https, or fetch it yourself and choose the file.", text)


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
