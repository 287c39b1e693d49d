"""Asks on the terminal what the columns of a table are that no format knows.

films.csv: no known format has these columns.
1  Film    Alien | Heat
2  Stars   4.5 | 3
Which column is your rating (number; empty: none): 2
Its highest rating, or a range [10]: 5
...
"""

from collections.abc import Iterator, Sequence

import typer

from importer.errors import OptionError, StopRunError
from importer.readers.base import check_scale
from importer.readers.sample import ColumnSample
from importer.runs.prompts import TableAnswers
from importer.text import clean

_IDS = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id")
_QUESTIONS = {
    "title": "Which column is the title",
    "year": "Which column is the year of the title",
    "type": "Which column says movie, show or episode",
    "rated_at": "Which column is the day of the rating",
}
_WIDTH = 60


def describe_table(name: str, columns: Sequence[ColumnSample]) -> TableAnswers | None:
    """Ask for the rating, its scale and the title; None if there is no rating. Raises StopRunError."""
    _show(f"{clean(name)}: no known format has these columns. The first cells of each:\n")
    for number, column in enumerate(columns, 1):
        _show(f"{number:>4}  {clean(column.name, 24):24}  {clean(' | '.join(column.cells), _WIDTH)}")
    _show("")
    left = [column.name for column in columns]
    numbers = {str(number): column.name for number, column in enumerate(columns, 1)}
    rating = _choose("Which column is your rating", numbers, left)
    if rating is None:
        return None
    words = [f"{rating}=rating"]
    scale = _ask_scale()
    words += _ask_ids(columns, numbers, left)
    for field, question in _QUESTIONS.items():
        if (column_name := _choose(question, numbers, left)) is not None:
            words.append(f"{column_name}={field}")
    is_kept = typer.confirm("Read files with these columns like this from now on", default=True, err=True)
    return TableAnswers(words, scale, is_kept)


def _ask_scale() -> str:
    while True:
        answer = _prompt("Its highest rating, or a range such as 0-100", "10")
        try:
            return check_scale(answer)
        except OptionError as error:
            _show(error.problem)


def _ask_ids(columns: Sequence[ColumnSample], numbers: dict[str, str], left: list[str]) -> Iterator[str]:
    name = _choose("Which column has an id of IMDb, TMDB, TVDB or Trakt", numbers, left)
    if name is None:
        return
    cells = next(column.cells for column in columns if column.name == name)
    likely = "imdb_id" if any(cell.startswith("tt") or "imdb" in cell for cell in cells) else ""
    answer = ""
    while answer not in _IDS:
        answer = _prompt(f"Which id is it ({', '.join(_IDS)})", likely)
    yield f"{name}={answer}"


def _choose(question: str, numbers: dict[str, str], left: list[str]) -> str | None:
    """Ask for a column, by its number or its name, until there is one; it is then taken."""
    while True:
        answer = _prompt(f"{question} (number; empty: none)", "")
        found = numbers.get(answer, answer)
        if not found:
            return None
        if found in left:
            left.remove(found)
            return found
        _show("There is no such column, or it was taken already.")


def _prompt(text: str, default: str) -> str:
    try:
        return str(typer.prompt(text, default=default, show_default=bool(default), err=True)).strip()
    except typer.Abort:
        raise StopRunError("nothing was sent; the same command asks again") from None


def _show(text: str) -> None:
    typer.echo(text, err=True)
