"""`importer notify test`: sends a notification to each address of the settings, and says what came of it."""

from enum import StrEnum
from typing import Annotated

import typer

from importer.config.folders import config_file
from importer.errors import ImporterError, UsageError
from importer.monitoring.log import open_log
from importer.monitoring.notify import Notification, name_service, send_to
from importer.sync.recipients import build_recipients
from importer.text import count

_TEST = Notification(
    "importer: a test of notifications",
    "Unattended runs of the importer will be reported here.",
    is_good=True,
)


class NotifyAction(StrEnum):
    """What is done."""

    TEST = "test"


def notify(action: Annotated[NotifyAction, typer.Argument(help="test: send one to each address.")]) -> None:
    """Send a test notification to each address.

    Says for each whether it was sent, or the cause. Exit code 1 if one could not be sent.
    """
    del action
    addresses = build_recipients(open_log(as_json=False), None).notify
    if not addresses:
        raise UsageError(f"there is nobody to notify: [sync] of {config_file()} has no notify")
    failed = 0
    for number, address in enumerate(addresses, 1):
        problem = send_to(address, _TEST)
        failed += problem is not None
        told = "sent" if problem is None else f"could not be sent: {problem}"
        print(f"notification {number} of {len(addresses)} ({name_service(address)}): {told}")
    if failed:
        raise ImporterError(f"{count(failed, 'notification')} could not be sent")
