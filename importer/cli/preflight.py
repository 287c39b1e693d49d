"""What is told before the first rating goes out: whose account, how full it is, and how long it will take."""

from collections.abc import Sequence
from datetime import UTC, datetime

from importer.client.sign_in import Survey
from importer.journal import Journal
from importer.journal.history import Tally
from importer.runs.estimate import estimate_effort
from importer.runs.load import PlannedRun
from importer.runs.targets import Target
from importer.text import clean, count, duration, outcome

_DAY = "%Y-%m-%d %H:%M UTC"


def build_preflight(target: Target, planned: PlannedRun, journal: Journal) -> list[str]:
    """Build the lines to show."""
    survey = target.survey
    assert survey is not None
    effort = estimate_effort(target, journal, planned.run)
    if not planned.open_rows:
        return [_describe_account(survey, effort.seconds), "Nothing to send."]
    return [
        _describe_account(survey, effort.seconds),
        _describe_room(survey, effort.ratings),
        *_describe_skipped(journal.tallies(planned.run)),
        (
            f"To send: {count(planned.open_rows, 'row')} in about {count(effort.requests, 'request')}, "
            f"at least {duration(effort.seconds)}."
        ),
    ]


def _describe_account(survey: Survey, seconds: float) -> str:
    who = f"Signed in as {clean(survey.username)}{' (VIP)' if survey.is_vip else ''}"
    if survey.token_expires_at is None:
        return f"{who}; how long the token lasts is not known."
    end = datetime.fromtimestamp(survey.token_expires_at, UTC)
    is_short = end.timestamp() < datetime.now(UTC).timestamp() + seconds
    renewal = ", which is before this run can end; it will be renewed" if is_short else ", then renewed"
    return f"{who}; the token lasts until {end.strftime(_DAY)}{renewal}."


def _describe_room(survey: Survey, ratings: int) -> str:
    if survey.held is None:
        return f"How many ratings the account holds is not known; it may hold {survey.cap:,}."
    after = survey.held + ratings
    line = f"The account holds {count(survey.held, 'rating')} of {survey.cap:,}; then at most {after:,}."
    if after > survey.cap:
        line += " That may be more than it can hold: Trakt then refuses, and the rest is not sent."
    return line


def _describe_skipped(tallies: Sequence[Tally]) -> list[str]:
    settled = [tally for tally in tallies if tally.status != "not_sent"]
    if not settled:
        return []
    reasons = ", ".join(f"{tally.count:,} {outcome(tally.status, tally.reason)}" for tally in settled)
    return [f"Not to send: {reasons}."]
