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
        """Whether the row goes out."""
        return self in {Action.ADD, Action.CHANGE, Action.UNRATE, Action.REMOVE}

    @property
    def status(self) -> Status:
        """What the row ends as, if it is sent and the destination takes it."""
        return _ENDS[self]

    @property
    def is_fine(self) -> bool:
        """Whether nobody need look at the row again."""
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
    *("rated_at", "held_rated_at", "second_kind", "note", "destination", "account"),
)
"""The columns of a plan: `from` is what the account holds, since `held_rated_at`, `to` what it will hold."""


_SETTLED_ACTIONS = {action.status: action for action in Action if not action.is_sent}
"""What a plan calls a row that is settled before sending."""


def name_action(planned_change: PlannedChange) -> Action:
    """Say what the run does with the row."""
    if planned_change.status is not None:
        return _SETTLED_ACTIONS[Status(planned_change.status)]
    if not planned_change.job.rating:
        return Action.UNRATE if planned_change.job.line else Action.REMOVE
    return Action.ADD if planned_change.account_rating is None else Action.CHANGE


NO_ROOM = "no_room"
"""The reason of a row that is sent, and does not fit into the account."""


def build_plan_line(
    planned_change: PlannedChange, number_of: Mapping[Rating, Rating], room: Room | None = None
) -> tuple[object, ...]:
    """Build a line of the plan, but for its last columns, which say where the ratings go.

    `number_of` says what love and hate are sent as, where they are sent as numbers.
    """
    job, _, reason, message, held, held_at = planned_change
    action = name_action(planned_change)
    after, before = _name_rating(number_of.get(job.rating, job.rating)), _name_rating(held)
    told = {
        Action.ADD: f"add {after}",
        Action.CHANGE: f"change {before} -> {after}",
        Action.UNRATE: f"unrate {before}",
        Action.REMOVE: f"remove {before}",
    }.get(action, message)
    first_left_out = room.first_left_out if room else None
    if room and first_left_out and action is Action.ADD and job.row >= first_left_out.row:
        reason = NO_ROOM
        told = f"{told}; the account {'has' if room.is_cap_stated else 'may have'} no room for it"
    return (
        *(job.row, job.line, action, before, after, reason, told),
        *(job.kind, job.title, job.year, job.season, job.episode),
        *(job.imdb_id, job.tmdb_id, job.tvdb_id, job.trakt_id),
        *(job.rated_at, held_at, job.second_kind, job.note),
    )


def _name_rating(rating: Rating | None) -> Rating | None:
    return "unrate" if rating == UNRATE else rating
