"""Rows of one title: the newest counts, the others are closed as duplicates."""

from collections.abc import Iterator, Sequence

from importer.model import Outcome, Status


def pick_winner(rows: Sequence[tuple[int, str | None]]) -> int:
    """Pick among rows of one title, given as (row, rated_at): the newest wins, the last row on a tie.

    A row without a date is older than any row with one: a date somebody wrote down is better evidence.
    """
    return max(rows, key=lambda entry: (entry[1] or "", entry[0]))[0]


def close_duplicates(rows: Sequence[tuple[int, int, str | None]]) -> Iterator[tuple[int, Outcome]]:
    """Yield outcomes for duplicates among rows of one title, given as (row, line, rated_at).

    A row without a line removes what the file does not rate, so each row of the file comes before it.
    """
    of_the_file = [each for each in rows if each[1]] or rows
    winner = pick_winner([(row, rated_at) for row, _, rated_at in of_the_file])
    outcome = duplicate_of(winner, next(line for row, line, _ in rows if row == winner))
    yield from ((row, outcome) for row, _, _ in rows if row != winner)


def duplicate_of(winner_row: int, winner_line: int) -> Outcome:
    """Return the outcome of a row that another row of the same title replaces."""
    message = (
        f"row {winner_row} (line {winner_line}) rates the same title and counts: the newest, or the last"
    )
    return Outcome(Status.DUPLICATE, "duplicate", message)
