"""The questions of a run, asked on a terminal; where there is none, nobody is asked."""

import sys

import typer

from importer.errors import StopRunError
from importer.runs.conflicts import Conflict, describe_rating
from importer.runs.prompts import Prompts, Unattended, describe_changes
from importer.runs.snapshot import Snapshot
from importer.text import clean

_ANSWERS = {"y": False, "n": True, "all": False, "none": True}
"""What may be typed about a conflict, and whether the account's rating is kept then."""


def find_prompts(*, assume_yes: bool = False, logs_json: bool = False) -> Prompts:
    """Find somebody to ask; standard error that is a JSON log shows no question."""
    has_somebody = sys.stdin.isatty() and not logs_json
    return TerminalPrompts(assume_yes=assume_yes) if has_somebody else Unattended(assume_yes=assume_yes)


class TerminalPrompts:
    """Asks the person at the terminal."""

    def __init__(self, *, assume_yes: bool = False) -> None:
        self._assume_yes = assume_yes
        self._rest: bool | None = None

    def check_can_choose(self) -> None:
        """There is somebody."""

    def choose_scale(self, question: str, suggested: str | None) -> str | None:
        """Ask what the ratings are."""
        return str(typer.prompt(f"{question}\nWhat are they", default=suggested, err=True))

    def confirm_feeds(self, rows: int) -> bool:
        """Ask before anything may be posted."""
        return self._assume_yes or typer.confirm(
            f"{rows:,} ratings go out one by one, and if this account shares its ratings on "
            "social networks, each may be posted there (with --bulk none is). Send them?",
            err=True,
        )

    def confirm_changes(self, snapshot: Snapshot) -> bool:
        """Ask before much of the account changes."""
        return self._assume_yes or typer.confirm(f"{describe_changes(snapshot)}. Do it?", err=True)

    def choose_rating(self, conflict: Conflict) -> bool:
        """Ask about one title after the other, until somebody answers for all the rest at once.

        Raises StopRunError if that is not answered.
        """
        if self._rest is not None:
            return self._rest
        answer = ""
        while answer not in _ANSWERS:
            answer = _prompt(f"{_describe(conflict)} ({', '.join(_ANSWERS)})")
        if answer in {"all", "none"}:
            self._rest = _ANSWERS[answer]
        return _ANSWERS[answer]


def _prompt(text: str) -> str:
    try:
        return str(typer.prompt(text, err=True)).strip().lower()
    except typer.Abort:
        raise StopRunError("nothing was sent; the same command asks again") from None


def _describe(conflict: Conflict) -> str:
    job, held, held_at = conflict
    title = clean(job.title or "", 80) or next(
        f"{source} {value}"
        for source, value in (
            ("IMDb", job.imdb_id),
            ("TMDB", job.tmdb_id),
            ("TVDB", job.tvdb_id),
            ("Trakt", job.trakt_id),
        )
        if value
    )
    year = f" ({job.year})" if job.year else ""
    place = "" if job.season is None else f" {job.season}x{job.episode or 'all'}"
    ours, theirs = describe_rating(job.rating, job.rated_at), describe_rating(held, held_at)
    return f"{title}{year}{place}: the account has {theirs}, the row has {ours}. Overwrite it?"
