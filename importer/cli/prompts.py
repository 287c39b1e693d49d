"""`--on-conflict ask`: title by title, whether the account's rating gives way to the file's."""

import typer

from importer.errors import StopRunError
from importer.runs.conflicts import Conflict, describe_rating
from importer.text import clean

_ANSWERS = {"y": False, "n": True, "all": False, "none": True}
"""What may be typed, and whether the account's rating is kept then."""


class ConflictQuestions:
    """Asks about one title after the other, until somebody answers for all the rest at once."""

    def __init__(self) -> None:
        self._rest: bool | None = None

    def keeps(self, conflict: Conflict) -> bool:
        """Ask whether the account's rating is kept. Raises StopRunError if that is not answered."""
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
    return f"{title}{year}{place}: the account holds {theirs}, the row says {ours}. Overwrite it?"
