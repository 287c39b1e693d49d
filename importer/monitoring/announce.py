"""Announces the end of a run: log, health file, metrics, notifications.

None of them changes the exit code of a run: a failure is a warning in the log.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from filelock import Timeout

from importer.monitoring.health import write_health
from importer.monitoring.log import Log
from importer.monitoring.metrics import write_metrics
from importer.monitoring.notify import NotifyOn, build_notification, is_due, send_notification
from importer.monitoring.run_end import RunEnd
from importer.secret import Secret


@dataclass(frozen=True, slots=True)
class Recipients:
    """The places where the ends of a job's runs are announced."""

    log: Log
    health_folder: Path
    metrics: Path | None = None
    notify: Sequence[Secret] = ()
    """Addresses as Apprise reads them."""
    notify_on: NotifyOn = NotifyOn.FAILURE


def announce(end: RunEnd, recipients: Recipients) -> None:
    """Announce the end everywhere. Blocks while notifications are sent: use a thread in an event loop."""
    recipients.log.run_ended(end)
    before = None
    try:
        before = write_health(recipients.health_folder, end)
        if recipients.metrics is not None:
            write_metrics(recipients.metrics, recipients.health_folder)
    except (OSError, Timeout) as error:
        recipients.log.warn_once(f"the health file or the metrics could not be written ({error})")
    if recipients.notify and is_due(recipients.notify_on, end, before):
        for warning in send_notification(recipients.notify, build_notification(end, before)):
            recipients.log.warn_once(warning)
