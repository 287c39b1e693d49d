"""What helps rows that did not succeed, by status and reason. How it is typed is not said here."""

from collections.abc import Mapping

from importer.model import LACKS_ID, Status

_BY_STATUS: Mapping[Status, str] = {
    Status.UNSUPPORTED: "Send these to a destination that takes them, or write them into a file.",
    Status.INVALID: "Correct these rows where they were read, and import that again; or in the results "
    "file, then retry it with all corrected rows.",
    Status.NOT_FOUND: "Look the title up and put its id into the row of the results file, then retry it.",
    Status.REJECTED: "Read what the destination says, correct the rows in the results file, then retry it.",
    Status.FAILED: "Retry the results file: it may be better by now.",
    Status.UNCONFIRMED: "Retry the results file: what has arrived is seen there, and not sent again.",
    Status.NOT_SENT: "Type the same command again: the run continues where it stopped.",
}

_LOOK_UP = "Look the titles up: the importer finds most of them by title and year, and asks about the others."


def find_remedy(status: Status, reason: str) -> str:
    """Say what helps; empty if nothing needs help."""
    return _LOOK_UP if reason in LACKS_ID else _BY_STATUS.get(status, "")
