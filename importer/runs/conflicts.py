"""The policies of `--on-conflict`: which rating counts if the account has another one than a row. Pure.

```text
row 9 (2021-05-01), account 7 (2020-01-01)   newest: sent    keep: kept
row 6 (2019-05-01), account 7 (2020-01-01)   newest: kept    overwrite: sent
row 6 (30.02.2021), account 7 (2020-01-01)   newest: kept    overwrite: sent    a day that nobody knows
row 6 (no date),    account 7 (2020-01-01)   newest: sent    overwrite: sent
```
"""

from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from importer.model import HATE, LOVE, Outcome, Rating, RatingJob, RowRemedy, Status
from importer.text import find_lost_date


class OnConflict(StrEnum):
    """The policies of `--on-conflict`, for rows whose title has another rating in the account."""

    OVERWRITE = "overwrite"
    KEEP = "keep"
    NEWEST = "newest"
    HIGHEST = "highest"
    ASK = "ask"

    def needs_the_account(self, *, keeps_dates: bool) -> bool:
        """Whether nothing may be sent if the account cannot be read.

        A service that dates ratings on arrival does not say for certain which rating is newer.
        """
        return self is not OnConflict.OVERWRITE and (keeps_dates or self is not OnConflict.NEWEST)


class Conflict(NamedTuple):
    """A row, as the account would store it, and the account's other rating."""

    job: RatingJob
    account_rating: Rating
    account_rated_at: str | None
    """The date of the account's rating, if known."""
    is_doubtful: bool = False
    """Whether it is listed under other ids with this title and year, so that it may be of another title."""


_UNREAD_DATE = "policy_newest_unread_date"
_WHY = {
    OnConflict.KEEP: "the account's rating wins, as you asked",
    OnConflict.NEWEST: "the account's rating is newer",
    OnConflict.HIGHEST: "the account's rating is higher",
    OnConflict.ASK: "you chose the account's rating",
}


def resolve_conflict(policy: OnConflict, conflict: Conflict) -> Outcome | None:
    """Apply the policy: return the outcome of a row that gives way, or None for one that is sent.

    If the policy cannot compare them (a date is missing, or a word and a number), the row is sent. But a date
    that is in the file and cannot be read may be older than the account's. For `ask` it returns None.
    """
    job, account_rating, account_rated_at, _ = conflict
    match policy:
        case OnConflict.KEEP:
            gives_way = True
        case OnConflict.NEWEST if account_rated_at and not job.rated_at and find_lost_date(job.note):
            why = "the row's date cannot be read, so the account's rating may be newer"
            return Outcome(Status.KEPT, _UNREAD_DATE, _explain(policy, conflict, why))
        case OnConflict.NEWEST:
            gives_way = bool(job.rated_at and account_rated_at) and _is_before(
                job.rated_at or "", account_rated_at or ""
            )
        case OnConflict.HIGHEST:
            gives_way = _is_lower(job.rating, account_rating)
        case OnConflict.OVERWRITE | OnConflict.ASK:
            gives_way = False
    return give_way(policy, conflict) if gives_way else None


def give_way(policy: OnConflict, conflict: Conflict) -> Outcome:
    """Return the outcome of a row whose rating gives way to the account's."""
    return Outcome(Status.KEPT, f"policy_{policy}", _explain(policy, conflict, _WHY[policy]))


def _explain(policy: OnConflict, conflict: Conflict, why: str) -> str:
    job, account_rating, account_rated_at, is_doubtful = conflict
    ours, theirs = (
        describe_rating(job.rating, job.rated_at),
        describe_rating(account_rating, account_rated_at),
    )
    rule = RowRemedy.POLICY.format(policy=policy)
    message = f"kept: {why}; account: {theirs}, row: {ours} ({rule})"
    if is_doubtful:
        sends = RowRemedy.POLICY.format(policy=OnConflict.OVERWRITE)
        message += f"; the account lists this title and year under other ids; if it is another title: {sends}"
    return message


def describe_rating(rating: Rating | None, rated_at: str | None) -> str:
    """Describe a rating with its day, where it has one: `7 (2024-05-01)`."""
    if rating is None:
        return "no rating"
    return f"{rating} ({rated_at[:10]})" if rated_at else str(rating)


def _is_before(one: str, other: str) -> bool:
    """Whether a date lies before another, at the precision that both have: a day, or a second."""
    if len(one) == len("2024-05-01") or len(other) == len("2024-05-01"):
        return _instant(one).date() < _instant(other).date()
    return _instant(one) < _instant(other)


def _instant(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo is None else found.astimezone(UTC)).replace(microsecond=0, tzinfo=UTC)


def _is_lower(one: Rating, other: Rating) -> bool:
    numbers = [_read_number(rating) for rating in (one, other)]
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] < numbers[1]
    return (one, other) == (HATE, LOVE)  # how a word compares with a number is nowhere documented


def _read_number(rating: Rating) -> float | None:
    """Read a rating as a number; a half, such as `8.5`, is a text."""
    return None if rating in {LOVE, HATE} else float(rating)


def is_as_planned(
    planned: tuple[Rating | None, str | None], current: tuple[Rating | None, str | None]
) -> bool:
    """Whether the account has the rating, and its date, that it had when the plan was made."""
    (planned_rating, planned_at), (current_rating, current_at) = planned, current
    if str(planned_rating) != str(current_rating):
        return False
    if planned_at is None or current_at is None:
        return planned_at is current_at
    try:
        return is_same_moment(planned_at, current_at)
    except ValueError:  # the date in the plan was edited
        return planned_at == current_at


def is_same_moment(one: str, other: str) -> bool:
    """Whether two dates are one at the precision that both have: a day, or a second."""
    return not _is_before(one, other) and not _is_before(other, one)
