"""The summary before sending.

```text
Signed in as ada (VIP); the token lasts until 2026-03-01 12:00 UTC, then renewed.
The account holds 812 ratings of 100,000; then at most 12,812.
Not to send: 40 duplicate, 3 invalid, bad rating.
To send: 12,000 rows in about 120 requests, at least 2 min 00 s.
```
"""

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from importer.client.sign_in import AccountInfo
from importer.journal.history import Tally
from importer.runs.prompts import Outlook
from importer.text import clean, count, describe_outcome, duration

_DAY = "%Y-%m-%d %H:%M UTC"


def build_preflight(outlook: Outlook) -> list[str]:
    """Build the lines to show."""
    account_info, effort = outlook.account_info, outlook.estimate_effort()
    if not outlook.open_rows:
        return [_describe_account(account_info, effort.seconds), "Nothing to send."]
    return [
        _describe_account(account_info, effort.seconds),
        *_describe_room(account_info, effort.ratings),
        *_describe_skipped(outlook.count_rows()),
        (
            f"To send: {count(outlook.open_rows, 'row')} in about {count(effort.requests, 'request')}, "
            f"at least {duration(effort.seconds)}."
        ),
    ]


def _describe_account(account_info: AccountInfo, seconds: float) -> str:
    who = f"Signed in as {clean(account_info.username)}{' (VIP)' if account_info.is_vip else ''}"
    if account_info.token_expires_at is None:
        return f"{who}; how long the token lasts is not known."
    end = datetime.fromtimestamp(account_info.token_expires_at, UTC)
    is_short = end.timestamp() < datetime.now(UTC).timestamp() + seconds
    renewal = ", which is before this run can end; it will be renewed" if is_short else ", then renewed"
    return f"{who}; the token lasts until {end.strftime(_DAY)}{renewal}."


def _describe_room(account_info: AccountInfo, ratings: int) -> Iterator[str]:
    if account_info.cap is None:
        return
    if account_info.held is None:
        yield f"How many ratings the account has is not known; its limit is {account_info.cap:,}."
        return
    after = account_info.held + ratings
    held = count(account_info.held, "rating")
    line = f"The account has {held} of {account_info.cap:,}; then at most {after:,}."
    if after > account_info.cap:
        line += " That may be more than it can hold: the rest is then refused, and not sent."
    yield line


def _describe_skipped(tallies: Collection[Tally]) -> list[str]:
    settled = [tally for tally in tallies if tally.status != "not_sent"]
    if not settled:
        return []
    reasons = ", ".join(
        f"{tally.count:,} {describe_outcome(tally.status, tally.reason)}" for tally in settled
    )
    return [f"Not to send: {reasons}."]
