"""What a run would do, row by row: the actions, columns and lines of a plan. Pure."""

from collections.abc import Mapping
from enum import StrEnum

from importer.journal.rows import PlannedChange
from importer.model import UNRATE, Rating, Status
from importer.runs.room import Room


class Action(StrEnum):
    """What a run would do with a row: the `action` column of a plan."""

    ADD = "add"
    CHANGE = "change"
    UNRATE = "unrate"
    REMOVE = "remove"
    SAME = "same"
    CONFLICT = "conflict"
    DUPLICATE = "duplicate"
    SKIPPED = "skipped"
    UNSUPPORTED = "unsupported"
    INVALID = "invalid"
    UNCONFIRMED = "unconfirmed"

    @property
    def is_sent(self) -> bool:
        """Whether the row is sent."""
        return self in {Action.ADD, Action.CHANGE, Action.UNRATE, Action.REMOVE}

    @property
    def status(self) -> Status:
        """The status of the row, if the destination takes it."""
        return _ENDS[self]

    @property
    def is_fine(self) -> bool:
        """Whether the row succeeds."""
        return self.status.is_success


_ENDS = {
    Action.ADD: Status.RATED,
    Action.CHANGE: Status.RATED,
    Action.UNRATE: Status.UNRATED,
    Action.REMOVE: Status.UNRATED,
    Action.SAME: Status.UNCHANGED,
    Action.CONFLICT: Status.KEPT,
    Action.DUPLICATE: Status.DUPLICATE,
    Action.SKIPPED: Status.SKIPPED,
    Action.UNSUPPORTED: Status.UNSUPPORTED,
    Action.INVALID: Status.INVALID,
    Action.UNCONFIRMED: Status.UNCONFIRMED,
}


PLAN_COLUMNS = (
    *("row", "line", "action", "from", "to", "reason", "message"),
    *("kind", "title", "year", "season", "episode", "imdb_id", "tmdb_id", "tvdb_id", "trakt_id"),
    *("rated_at", "account_rated_at", "second_kind", "note", "destination", "account"),
)
"""The columns of a plan. `from` is the account's rating, of `account_rated_at`; `to` is what is sent."""


_CLOSED_ACTIONS = {action.status: action for action in Action if not action.is_sent}
"""The action of a row that is closed before sending, by its status."""


def name_action(planned_change: PlannedChange) -> Action:
    """Say what the run does with the row."""
    if planned_change.status is not None:
        return _CLOSED_ACTIONS[Status(planned_change.status)]
    if not planned_change.job.rating:
        return Action.UNRATE if planned_change.job.line else Action.REMOVE
    return Action.ADD if planned_change.account_rating is None else Action.CHANGE


NO_ROOM = "no_room"
"""The reason of a row that is sent, and does not fit into the account."""


def build_plan_line(
    planned_change: PlannedChange, number_of: Mapping[Rating, Rating], room: Room | None = None
) -> tuple[object, ...]:
    """Build a line of the plan, without its last columns, destination and account.

    `number_of` gives the numbers that love and hate are sent as.
    """
    job, _, reason, message, account_rating, account_rated_at = planned_change
    action = name_action(planned_change)
    after, before = _name_rating(number_of.get(job.rating, job.rating)), _name_rating(account_rating)
    text = {
        Action.ADD: f"add {after}",
        Action.CHANGE: f"change {before} -> {after}",
        Action.UNRATE: f"unrate {before}",
        Action.REMOVE: f"remove {before}",
    }.get(action, message)
    first_left_out = room.first_left_out if room else None
    if room and first_left_out and action is Action.ADD and job.row >= first_left_out.row:
        reason = NO_ROOM
        text = f"{text}; the account {'has' if room.is_cap_stated else 'may have'} no room for it"
    return (
        *(job.row, job.line, action, before, after, reason, text),
        *(job.kind, job.title, job.year, job.season, job.episode),
        *(job.imdb_id, job.tmdb_id, job.tvdb_id, job.trakt_id),
        *(job.rated_at, account_rated_at, job.second_kind, job.note),
    )


def _name_rating(rating: Rating | None) -> Rating | None:
    return "unrate" if rating == UNRATE else rating
