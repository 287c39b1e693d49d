"""Asks on the terminal what the columns of a table are that no format knows.

films.csv: no known format has these columns.
1  Film    Alien | Heat
2  Stars   4.5 | 3
Which column is your rating (number; empty: none): 2
Its highest rating (5 if these are stars), or a range such as 0-100: 5
...
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import partial

import typer

from importer.errors import OptionError, StopRunError
from importer.model import Status
from importer.readers.base import check_scale
from importer.readers.cells.dates import parse_date, parse_unix_seconds
from importer.readers.cells.errors import CellError, UnclearDateError
from importer.readers.cells.ids import parse_imdb_id, parse_number_id
from importer.readers.cells.kinds import TYPES, parse_kind
from importer.readers.cells.numbers import parse_year
from importer.readers.cells.ratings import parse_rating_or_word
from importer.readers.cells.scales import parse_scale, parse_value
from importer.readers.sample import ColumnSample
from importer.runs.prompts import TableAnswers, Trial, TryOut
from importer.text import clean, count

_IDS = ("imdb_id", "tmdb_id", "tvdb_id", "trakt_id")
_QUESTIONS = {
    "title": "Which column is the title",
    "year": "Which column is the year of the title",
    "type": "Which column says movie, show or episode",
    "rated_at": "Which column is the day of the rating",
}


def _parse_id(cell: str) -> object:
    # The address of a title's page has its number, too.
    return cell if _has_digit(cell) else parse_number_id(cell)


def _has_digit(cell: str) -> bool:
    return any(map(str.isdigit, cell))


def _parse_rating(cell: str) -> object:
    value = parse_value(cell)
    if value is not None and 0 <= value <= _HIGHEST:
        return value
    return parse_rating_or_word(cell)


def _parse_day(cell: str) -> object:
    if cell.isdecimal() and len(cell) > len("20240501"):
        return parse_unix_seconds(cell)
    try:
        return parse_date(cell, lambda: None)
    except UnclearDateError:
        return cell  # the whole column tells whether day or month is first


_PARSERS: Mapping[str, Callable[[str], object]] = {
    "rating": _parse_rating,
    "imdb_id": parse_imdb_id,
    **dict.fromkeys(_IDS[1:], _parse_id),
    "year": parse_year,
    "type": partial(parse_kind, types=TYPES),
    "rated_at": _parse_day,
}
_MEANINGS = {
    "rating": "rating, such as 8, 4.5 or 9/10",
    "imdb_id": "id of IMDb",
    "tmdb_id": "id of TMDB",
    "tvdb_id": "id of TVDB",
    "trakt_id": "id of Trakt",
    "year": "year",
    "type": "kind of title, such as movie, show or episode",
    "rated_at": "day",
}
_WIDTH = 60
_HIGHEST = 100
UNANSWERED = "a question was not answered, so nothing was done; the same command asks again"


def describe_table(name: str, columns: Sequence[ColumnSample], try_out: TryOut) -> TableAnswers | None:
    """Ask for the rating, its scale and the title; None if there is no rating. Raises StopRunError."""
    _show(f"{clean(name)}: no known format has these columns. The first cells of each:\n")
    for number, column in enumerate(columns, 1):
        _show(f"{number:>4}  {clean(column.name, 24):24}  {clean(' | '.join(column.cells), _WIDTH)}")
    _show("")
    left = [column.name for column in columns]
    numbers = {str(number): column.name for number, column in enumerate(columns, 1)}
    cells = {column.name: column.cells for column in columns}
    votes = {column.name for column in columns if column.repeats}
    rating = _choose("Which column is your rating", numbers, left, cells, "rating", votes)
    scale = None if rating is None else _ask_scale(next(each for each in columns if each.name == rating))
    if scale is None:
        return None
    words = [f"{rating}=rating"]
    words += _ask_ids(numbers, left, cells)
    for field, question in _QUESTIONS.items():
        if (column_name := _choose(question, numbers, left, cells, field)) is not None:
            words.append(f"{column_name}={field}")
    return TableAnswers(words, scale, _ask_to_keep(try_out(words, scale)))


def _ask_to_keep(trial: Trial) -> bool:
    """Show what comes of the answers, then ask whether they hold for other files. Raises StopRunError."""
    _show(f"\nRead like this, {count(trial.good, 'row')} can be read and {trial.wrong:,} cannot.")
    for problem in trial.problems:
        _show(f"  {clean(problem, 200)}")
    question = "Read files with these columns like this from now on"
    try:
        return typer.confirm(f"{question} (n: only this one)", default=not trial.wrong, err=True)
    except typer.Abort:
        raise StopRunError(UNANSWERED) from None


def _ask_scale(column: ColumnSample) -> str | None:
    """Ask until it fits a cell. Enter means the scale only where the column cannot be stars."""
    while True:
        question = "Its highest rating (5 if these are stars), or a range such as 0-100"
        answer = _prompt(question, column.likely_scale)
        if answer == "none":
            return None
        try:
            convert = parse_scale(check_scale(answer)).convert
        except OptionError as error:
            _show(error.problem)
            continue
        if not _find_misfit("rating", column.cells, convert):
            return answer
        _show(f"{_first(column.cells)} is no rating of this scale. Type another, or none.")


def _ask_ids(numbers: dict[str, str], left: list[str], columns: Mapping[str, Sequence[str]]) -> Iterator[str]:
    name = _choose("Which column has an id of IMDb, TMDB, TVDB or Trakt", numbers, left, columns)
    if name is None:
        return
    cells = columns[name]
    likely = "imdb_id" if any(cell.startswith("tt") or "imdb" in cell for cell in cells) else ""
    while True:
        answer = _prompt(f"Which id is it ({', '.join(_IDS)}; none: it has no id)", likely or "none")
        if answer in {"", "none"}:
            left.append(name)  # it may be the answer to another question
            return
        if answer not in _IDS:
            _show(f"{clean(answer, 40)} is none of them. Type one of these names, or none.")
        elif problem := _find_misfit(answer, cells):
            _show(problem)
        else:
            break
    yield f"{name}={answer}"


def _find_misfit(field: str, cells: Sequence[str], parse: Callable[[str], object] | None = None) -> str:
    """Say that no cell of a column can be what the field has; empty if one can, or there is none."""
    parse = parse or _PARSERS[field]
    for cell in cells:
        try:
            if parse(cell) is not None:
                return ""
        except CellError as error:
            if error.status is not Status.INVALID:  # a book, say: it is a type, if of no film
                return ""
    return f"{_first(cells)} is no {_MEANINGS[field]}. Choose another, or none." if cells else ""


def _first(cells: Sequence[str]) -> str:
    return " or ".join(clean(cell, 20) for cell in cells[:2])


def _choose(
    question: str,
    numbers: dict[str, str],
    left: list[str],
    cells: Mapping[str, Sequence[str]],
    field: str = "",
    exempt: Collection[str] = (),
) -> str | None:
    """Ask for a column, by its number or its name, until there is one that fits; it is then taken.

    Those that are `exempt` fit if their cells are words.
    """
    while True:
        answer = _prompt(f"{question} (number; empty: none)", "")
        if answer == "none" and answer not in left:
            return None
        found = numbers.get(answer, answer)
        if not found:
            return None
        if found not in left:
            _show("There is no such column, or it was taken already.")
        elif found in exempt and not any(map(_has_digit, cells[found])):
            left.remove(found)
            return found
        elif field in _PARSERS and (problem := _find_misfit(field, cells[found])):
            _show(problem)
        else:
            left.remove(found)
            return found


def _prompt(text: str, default: str) -> str:
    try:
        return str(typer.prompt(text, default=default, show_default=bool(default), err=True)).strip()
    except typer.Abort:
        raise StopRunError(UNANSWERED) from None


def _show(text: str) -> None:
    typer.echo(text, err=True)
