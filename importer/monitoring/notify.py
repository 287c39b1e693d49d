"""Notifications about unattended runs. Only home of Apprise, which sends them to a hundred services.

Its addresses contain passwords and tokens: they are secrets, and a warning names only their number.
"""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from urllib.parse import unquote

from importer.model import SUCCESSES
from importer.monitoring.health import Health
from importer.monitoring.run_end import RunEnd
from importer.parts import MissingPartError
from importer.secret import Secret
from importer.text import clean, clean_words, duration

_MOST_REASONS = 5


class NotifyOn(StrEnum):
    """Which runs send a notification; each of these includes the one before."""

    FAILURE = "failure"
    RECOVERY = "recovery"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True)
class Notification:
    """The text of a notification."""

    title: str
    text: str
    is_good: bool


def is_due(policy: NotifyOn, end: RunEnd, before: Health | None) -> bool:
    """Whether a run sends a notification; `before` is the health file of the previous run."""
    if policy is NotifyOn.ALWAYS:
        return True
    if end.is_good:
        return policy is NotifyOn.RECOVERY and before is not None and before.exit_code != 0
    if end.is_unreachable and before is not None and before.unreachable_since is not None:
        # A daemon tries again every few minutes: one notification a day is enough.
        first = datetime.fromisoformat(before.unreachable_since)
        return (end.ended_at - first).days != (datetime.fromisoformat(before.ended_at) - first).days
    # Rows that can never succeed are in the file every night: one notification is enough.
    if end.stopped or before is None:
        return True
    is_new = end.told is not None and end.new_misses > 0
    return is_new or _count_misses(end.counts, end) != _count_misses(before.counts, end)


def _count_misses(counts: Mapping[str, int], end: RunEnd) -> dict[str, int]:
    fine = {*SUCCESSES, *end.accepted}
    return {status: number for status, number in counts.items() if status not in fine}


def build_notification(end: RunEnd, before: Health | None = None) -> Notification:
    """Build the text: rows by status, and the first reasons."""
    lines = [_count_rows(end, status) for status in end.counts]
    if end.stopped:
        lines += ["", f"Stopped early: {_make_plain(clean(end.stopped, 1000))}"]
    if end.reasons:
        lines += ["", *(f"- {_make_plain(clean(reason, 500))}" for reason in end.reasons[:_MOST_REASONS])]
        if len(end.reasons) > _MOST_REASONS:
            lines.append(f"- and {len(end.reasons) - _MOST_REASONS} more")
    run = f"Run {clean(end.run_id)}, " if end.run_id else ""
    lines += ["", f"{run}exit code {end.exit_code}, {duration(end.seconds)}"]
    return Notification(
        f"importer: {_make_plain(clean(end.job, 80))} {_describe_end(end, before)}",
        "\n".join(lines).strip(),
        end.is_good,
    )


def _count_rows(end: RunEnd, status: str) -> str:
    told = (end.told or {}).get(status)
    known = [f"{told:,} known"] if told else []
    known += ["accepted"] if status in end.accepted else []
    return f"{end.counts[status]:,} {status.replace('_', ' ')}" + (f" ({', '.join(known)})" if known else "")


_MARKUP = str.maketrans("<>[]`*|", "\u2039\u203a()'\u2217/")


def _make_plain(text: str) -> str:
    """Change what chat services would follow: `@everyone`, a link or another mark in a title of the file."""
    return re.sub(r"@(?=\S)", "@ ", text.translate(_MARKUP))


def _describe_end(end: RunEnd, before: Health | None) -> str:
    if end.is_good:
        return "is well again" if before is not None and before.exit_code != 0 else "went well"
    return "stopped early" if end.stopped else "left rows that did not succeed"


def is_understood(address: Secret) -> bool:
    """Whether Apprise supports an address; nothing is sent. Raises MissingPartError."""
    try:
        from apprise import Apprise  # noqa: PLC0415 - slow to import
    except ImportError as error:
        raise MissingPartError("notify", "the setting notify") from error

    _silence()
    return Apprise.instantiate(address.reveal()) is not None


def send_notification(addresses: Sequence[Secret], notification: Notification) -> list[str]:
    """Send it to each address; return a warning for each one that failed. Blocks."""
    warnings = []
    for number, address in enumerate(addresses, 1):
        if (problem := send_to(address, notification)) is not None:
            warnings.append(
                f"notification {number} of {len(addresses)} could not be sent ({problem}); "
                "check its address in notify, and that the service can be reached"
            )
    return warnings


def send_to(address: Secret, notification: Notification) -> str | None:
    """Send it to one address; return the cause if that failed, without any part of the address. Blocks."""
    from apprise import Apprise, NotifyFormat, NotifyType  # noqa: PLC0415

    kind = NotifyType.SUCCESS if notification.is_good else NotifyType.FAILURE
    told = _silence()
    try:
        sender = Apprise()
        is_sent = sender.add(address.reveal()) and sender.notify(
            notification.text, notification.title, kind, body_format=NotifyFormat.TEXT
        )
    except Exception as error:  # noqa: BLE001 - any of a hundred libraries may raise anything, and the run is over
        return type(error).__name__
    if is_sent:
        return None
    cause = clean_words(next(iter(told.messages), "it did not say why"), _parts_of(address))
    return cause.rstrip(".")


def name_service(address: Secret) -> str:
    """Name the service of an address, which is no secret: `mailto`."""
    return clean(address.reveal().partition("://")[0], 20)


def _parts_of(address: Secret) -> Iterator[str]:
    """Yield the parts of an address: any of them may be a password, a token or a name."""
    for part in re.split(r"[/:@?&=#,\s]+", address.reveal().partition("://")[2]):
        if len(part) > 2:
            yield part
            yield unquote(part)


class _Kept(logging.Handler):
    """Keeps what a library logs about a failure."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(record.getMessage())


def _silence() -> _Kept:
    """Keep the logs of these libraries off standard error, since they contain addresses."""
    kept = _Kept()
    for name in ("apprise", "requests", "urllib3"):
        logger = logging.getLogger(name)
        logger.handlers = [kept if name == "apprise" else logging.NullHandler()]
        logger.propagate = False
    return kept
