"""The summary before sending.

```text
Signed in as ada (VIP); the token lasts until 2026-03-01 12:00 UTC, then renewed.
The account has 9,950 ratings of 20,000; then 21,800.
1,800 new titles will not fit: the last ones in the file, from line 10240, Heat. Changes and ...
Sent before: 1,000 rated.
Not to send: 40 duplicate, 3 invalid, bad rating.
To send: 12,000 rows in about 120 requests, at least 2 min 00 s.
About 129 of the 500 requests a day of a free account, if no other program has used any.
```
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from importer.client.sign_in import AccountInfo
from importer.destinations.sign_in import DayQuota
from importer.journal.results import Tally
from importer.model import Status
from importer.runs.prompts import SendSummary
from importer.runs.room import Room, describe_room
from importer.text import clean, count, describe_outcome, duration

_SENT = frozenset(
    {Status.RATED, Status.UNRATED, Status.FAILED, Status.UNCONFIRMED, Status.NOT_FOUND, Status.REJECTED}
)

_DAY = "%Y-%m-%d %H:%M UTC"


def build_send_summary(summary: SendSummary) -> list[str]:
    """Build the lines to print."""
    account_info, effort = summary.account_info, summary.estimate_effort()
    lines = [
        _describe_account(account_info, effort.seconds),
        *_describe_room(account_info, summary.room),
        *_describe_closed(summary.count_rows()),
    ]
    if not summary.open_rows:
        return [*lines, "Nothing to send."]
    at_least = f", at least {duration(effort.seconds)}" if effort.seconds else ""
    requests = count(effort.requests, "request")
    if summary.removals:
        lines.append(f"To remove: {count(summary.removals, 'rating')}.")
    lines.append(f"To send: {count(summary.open_rows, 'row')} in about {requests}{at_least}.")
    return [*lines, *_describe_day(account_info.day_quota, effort.requests)]


def _describe_day(quota: DayQuota | None, requests: int) -> Iterator[str]:
    """Count what the run needs against what a day has, if there is such a limit."""
    if quota is None:
        return
    needed = requests + quota.besides
    day = f"{quota.requests:,} requests a day of {quota.whose}"
    if needed <= quota.requests:
        yield f"About {needed:,} of the {day}, if no other program has used any."
        return
    yield (
        f"About {needed:,} requests are needed, more than the {day}: the run stops when they are used up, "
        f"and the same command goes on after {quota.reset}."
    )


def _describe_account(account_info: AccountInfo, seconds: float) -> str:
    who = f"Signed in as {clean(account_info.username)}{' (VIP)' if account_info.is_vip else ''}"
    if account_info.token_expires_at is None:
        return f"{who}; the end of its token is not known."
    end = datetime.fromtimestamp(account_info.token_expires_at, UTC)
    is_short = end.timestamp() < datetime.now(UTC).timestamp() + seconds
    renewal = ", which is before this run can end; it will be renewed" if is_short else ", then renewed"
    return f"{who}; the token lasts until {end.strftime(_DAY)}{renewal}."


def _describe_room(account_info: AccountInfo, room: Room | None) -> Iterator[str]:
    if room is not None or account_info.cap is None:
        yield from () if room is None else describe_room(room)
        return
    cap = f"{account_info.cap:,}" + ("" if account_info.is_cap_stated else " (the usual limit)")
    if account_info.rating_count is None:
        yield f"How many ratings the account has is not known; its limit is {cap}."
        return
    yield f"The account has {count(account_info.rating_count, 'rating')} of {cap}."


def _describe_closed(tallies: Collection[Tally]) -> Iterator[str]:
    """Count the rows that are not sent now: those sent before, and those that need no sending."""
    closed = [tally for tally in tallies if tally.status is not Status.NOT_SENT]
    for label, is_sent in (("Sent before", True), ("Not to send", False)):
        reasons = [
            f"{tally.count:,} {describe_outcome(tally.status, tally.reason)}"
            for tally in closed
            if (tally.status in _SENT) is is_sent
        ]
        if reasons:
            yield f"{label}: {', '.join(reasons)}."
