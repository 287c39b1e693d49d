"""Asks the questions of a run on the terminal, if there is one."""

import sys
from collections.abc import Iterator, Sequence

import typer

from importer.cli.table_prompts import UNANSWERED, describe_table
from importer.cli.voice import Voice
from importer.destinations.titles import Candidate, is_imdb_id
from importer.errors import StopRunError
from importer.matching.model import MatchResult, Occurrence, TitleQuery, describe
from importer.model import MediaKind
from importer.readers.sample import ColumnSample
from importer.runs.conflicts import Conflict, describe_rating
from importer.runs.prompts import Prompts, TableAnswers, TitleAnswer, TryOut, Unattended, describe_changes
from importer.runs.snapshot import Snapshot
from importer.text import clean, count

_ANSWERS = {"y": False, "n": True, "all": False, "none": True}
"""The answers to a conflict, and whether each keeps the account's rating."""

_ABOUT_TITLES = {"s": TitleAnswer.SKIP, "q": TitleAnswer.STOP}


def find_prompts(*, assume_yes: bool = False, logs_json: bool = False, voice: Voice | None = None) -> Prompts:
    """Choose the prompts: the terminal, or none if input is no terminal or standard error is a JSON log."""
    if not sys.stdin.isatty() or logs_json:
        return Unattended(assume_yes=assume_yes)
    return TerminalPrompts(assume_yes=assume_yes, voice=voice)


class TerminalPrompts:
    """Asks the person at the terminal."""

    def __init__(self, *, assume_yes: bool = False, voice: Voice | None = None) -> None:
        self._assume_yes = assume_yes
        self._voice = voice or Voice()
        self._rest: bool | None = None

    def check_can_choose(self) -> None:
        """Nothing to check: the terminal can ask."""

    def choose_scale(self, question: str, suggested: str | None) -> str | None:
        """Ask for the scale."""
        return _ask(f"{question}\nWhat is the scale", suggested)

    @property
    def answers_titles(self) -> bool:
        """There is somebody, who may have said that nothing is to be asked."""
        return not self._assume_yes

    def confirm_lookup(self, rows: int) -> bool:
        """Ask before anything is looked up."""
        have = "row has" if rows == 1 else "rows have"
        return self._confirm(f"{rows:,} {have} no ids. Look them up now?", default=True)

    def choose_title(
        self, query: TitleQuery, occurrence: Occurrence, result: MatchResult
    ) -> Candidate | TitleAnswer:
        """Show the candidates and ask which one is meant. An id may be typed instead."""
        for line in _describe_title(query, occurrence, result):
            typer.echo(line, err=True)
        found = [candidate for _, candidate in result.scored]
        which = f"Which one? 1 to {len(found)}, an IMDb id" if found else "Which one? An IMDb id (tt0211915)"
        while True:
            typed = _ask(f"{which}, s skips, q stops asking", "s").lower()
            if typed in _ABOUT_TITLES:
                return _ABOUT_TITLES[typed]
            if typed.isdecimal() and 1 <= int(typed) <= len(found):
                return found[int(typed) - 1]
            if is_imdb_id(typed):
                return Candidate(None, "", None, typed)
            typer.echo(f"{clean(typed, 40) or 'Nothing'} is none of them.", err=True)

    def confirm_feeds(self, rows: int) -> bool:
        """Ask before ratings that may be posted are sent."""
        return self._assume_yes or self._confirm(
            f"{rows:,} ratings are sent one by one. If the account shares its ratings on social networks, "
            "each may be posted there (with --bulk none is). Send them?"
        )

    def confirm_listing(self, rows: int) -> bool:
        """Ask before titles that are new to the account are rated there for the first time."""
        titles = count(rows, "title")
        return self._assume_yes or self._confirm(
            f"{titles} that the account has not rated will be rated. Do it?"
        )

    def confirm_changes(self, snapshot: Snapshot) -> bool:
        """Ask before the run changes much of the account."""
        return self._assume_yes or self._confirm(f"{describe_changes(snapshot)}. Do it?")

    def describe_table(
        self, name: str, columns: Sequence[ColumnSample], try_out: TryOut
    ) -> TableAnswers | None:
        """Ask what the columns are, unless nothing is to be asked."""
        return None if self._assume_yes else describe_table(name, columns, try_out)

    def confirm_removals(self, rows: int) -> bool:
        """Ask before ratings are removed."""
        return self._assume_yes or self._confirm(
            f"{count(rows, 'row')} of the file remove ratings from the account (unrate). Do it?"
            if rows > 1
            else "1 row of the file removes a rating from the account (unrate). Do it?"
        )

    def choose_rating(self, conflict: Conflict) -> bool:
        """Ask about each title, until `all` or `none` answers for the rest.

        Raises StopRunError if that is not answered.
        """
        if self._rest is not None:
            return self._rest
        answer = ""
        while answer not in _ANSWERS:
            with self._voice.floor.taken():
                if answer:
                    typer.echo(f"{clean(answer, 40)} is none of {', '.join(_ANSWERS)}.", err=True)
                question = self._voice.name(f"{_describe(conflict)} ({', '.join(_ANSWERS)})")
                answer = _ask(question, None, "nothing was sent; the same command asks again").lower()
        if answer in {"all", "none"}:
            self._rest = _ANSWERS[answer]
        return _ANSWERS[answer]

    def _confirm(self, question: str, *, default: bool = False) -> bool:
        try:
            with self._voice.floor.taken():
                return typer.confirm(self._voice.name(question), default=default, err=True)
        except typer.Abort:
            raise StopRunError("interrupted") from None


def _describe_title(query: TitleQuery, occurrence: Occurrence, result: MatchResult) -> Iterator[str]:
    """Yield lines about a doubtful title: what the file has, and what it may be."""
    kind = "" if query.kind is MediaKind.UNKNOWN else f", {query.kind}"
    rows = f"{count(occurrence.rows, 'row')}, line {occurrence.first_line}"
    yield f"\n{clean(describe(query), 160)}{kind} ({rows}): {clean(result.message, 200)}"
    for number, (_, found) in enumerate(result.scored, 1):
        year = f" ({found.year})" if found.year else ""
        original = next((name for name in found.other_titles[:1] if name != found.title), "")
        parts = (f"{clean(found.title, 80)}{year}", clean(original, 80), found.kind, clean(found.url, 80))
        yield f"  {number}  {', '.join(filter(None, parts))}"


def _ask(text: str, default: str | None, unanswered: str = UNANSWERED) -> str:
    try:
        return str(typer.prompt(text, default=default, err=True)).strip()
    except typer.Abort:
        raise StopRunError(unanswered) from None


def _describe(conflict: Conflict) -> str:
    job, account_rating, account_rated_at, is_doubtful = conflict
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
    ours, theirs = (
        describe_rating(job.rating, job.rated_at),
        describe_rating(account_rating, account_rated_at),
    )
    where = " under other ids" if is_doubtful else ""
    return f"{title}{year}{place}: the account has {theirs}{where}, the row has {ours}. Overwrite it?"
