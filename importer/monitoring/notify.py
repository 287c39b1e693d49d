"""Messages to people about runs they did not watch. Home of Apprise, which knows a hundred ways to send one.

Its addresses hold passwords and tokens: they are secrets, and a warning only counts them.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from importer.model import Status
from importer.monitoring.health import Health
from importer.monitoring.run_end import RunEnd
from importer.secret import Secret
from importer.text import clean, duration

_MOST_REASONS = 5


class NotifyOn(StrEnum):
    """Which runs are worth a message; each of these includes the one before."""

    FAILURE = "failure"
    RECOVERY = "recovery"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Notice:
    """One message."""

    title: str
    text: str
    is_good: bool


def is_due(policy: NotifyOn, end: RunEnd, before: Health | None) -> bool:
    """Whether a run is worth a message; `before` tells of the one before it, if there was one."""
    if policy is NotifyOn.ALWAYS:
        return True
    if end.is_good:
        return policy is NotifyOn.RECOVERY and before is not None and before.exit_code != 0
    # Rows that can never succeed are in the file every night; they are told once.
    return bool(end.stopped) or before is None or _count_misses(end.counts) != _count_misses(before.counts)


def _count_misses(counts: Mapping[str, int]) -> dict[str, int]:
    return {status: number for status, number in counts.items() if not Status(status).is_success}


def build_notice(end: RunEnd, before: Health | None = None) -> Notice:
    """Build the message about a run: what became of the rows, and the first reasons. Pure."""
    lines = [f"{number:,} {status.replace('_', ' ')}" for status, number in end.counts.items()]
    if end.stopped:
        lines += ["", f"Stopped early: {clean(end.stopped, 1000)}"]
    if end.reasons:
        lines += ["", *(f"- {clean(reason, 500)}" for reason in end.reasons[:_MOST_REASONS])]
        if len(end.reasons) > _MOST_REASONS:
            lines.append(f"- and {len(end.reasons) - _MOST_REASONS} more")
    run = f"Run {clean(end.run_id)}, " if end.run_id else ""
    lines += ["", f"{run}exit code {end.exit_code}, {duration(end.seconds)}"]
    return Notice(
        f"importer: {clean(end.job, 80)} {_verdict(end, before)}", "\n".join(lines).strip(), end.is_good
    )


def _verdict(end: RunEnd, before: Health | None) -> str:
    if end.is_good:
        return "is well again" if before is not None and before.exit_code != 0 else "went well"
    return "stopped early" if end.stopped else "left rows that did not succeed"


def is_understood(address: Secret) -> bool:
    """Whether Apprise can make something of an address; nothing is sent."""
    from apprise import Apprise  # noqa: PLC0415 - only who wants messages pays for it

    _silence()
    return Apprise.instantiate(address.reveal()) is not None


def send_notice(addresses: Sequence[Secret], notice: Notice) -> list[str]:
    """Send the message everywhere, and give a warning for each address that did not take it. Waits."""
    warnings = []
    for number, address in enumerate(addresses, 1):
        if not _send(address, notice):
            warnings.append(
                f"notification {number} of {len(addresses)} could not be sent; "
                "check its address in notify, and that the service can be reached"
            )
    return warnings


def _send(address: Secret, notice: Notice) -> bool:
    from apprise import Apprise, NotifyFormat, NotifyType  # noqa: PLC0415

    kind = NotifyType.SUCCESS if notice.is_good else NotifyType.FAILURE
    _silence()
    try:
        sender = Apprise()
        return bool(
            sender.add(address.reveal())
            and sender.notify(notice.text, notice.title, kind, body_format=NotifyFormat.TEXT)
        )
    except Exception:  # noqa: BLE001 - a hundred services, and none of them may end a run that is done
        return False


def _silence() -> None:
    """Keep what these libraries log away from standard error: it names addresses."""
    for name in ("apprise", "requests", "urllib3"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
