"""Problems of a whole row, and which of several problems is reported."""

from collections.abc import Mapping, Sequence

from importer import limits
from importer.model import MediaKind, RatingJob, RowRemedy, Status
from importer.readers.cells.errors import CellError, FractionError, Reason, quote


def too_few(names: Sequence[str], place: int, cells: int) -> CellError:
    """Build the error of a row that ends before the cell at this place."""
    return CellError(
        Reason.TOO_FEW_CELLS,
        f"the row has {cells} of {len(names)} cells, and none in {quote(names[place])}",
        "Complete the row; if the file was cut off there, export it again.",
    )


def repeated_header() -> CellError:
    """Build the error of a row that is the header."""
    return CellError(
        Reason.REPEATED_HEADER,
        "the names of the columns are repeated here",
        "Nothing is lost: the row is no rating.",
        status=Status.SKIPPED,
    )


def too_long() -> CellError:
    """Make the error of a cell that is longer than any title."""
    return CellError(
        Reason.TOO_LONG,
        f"is longer than {limits.LONGEST_CELL:,} characters",
        "Shorten it, and import the file again.",
    )


def shorten(cell: str, field: str) -> str:
    """Trim a cell to what the results keep of it: it may have a megabyte, and stand in every row."""
    text = cell.strip()
    most = limits.LONGEST_CELL if field == "title" else limits.LONGEST_RAW_CELL
    return text if len(text) <= most else f"{text[: most - 1]}…"


def remedy_of(error: CellError, *, takes_scale: bool) -> str:
    """Say what to do about an error; a half is taken where `--scale` holds for the cell.

    It does not in a file of the importer's own, which is read without options, nor in another scale's column.
    """
    if takes_scale and isinstance(error, FractionError):
        return f"{error.remedy.rstrip('.')}, {RowRemedy.TAKE_NEAREST}."
    return error.remedy


def outweighs(error: CellError, field: str | None, other: CellError) -> bool:
    """Whether to report an error and not that of the `other` cell, whose correction would hide it."""
    is_of_the_file = error.reason in {Reason.OFF_SCALE, Reason.TOO_LONG}
    return is_of_the_file and field is not None and other.status is Status.INVALID


_NUMBERS = {
    MediaKind.MOVIE: ("season", "episode"),
    MediaKind.SHOW: ("season", "episode"),
    MediaKind.SEASON: ("episode",),
    MediaKind.EPISODE: (),
}
"""Kind to the numbers that a row of it cannot have."""


def check_numbers(job: RatingJob) -> None:
    """See that the row has the numbers that its kind has, and no others. Raises CellError."""
    surplus = [field for field in _NUMBERS.get(job.kind, ()) if getattr(job, field) is not None]
    if surplus:
        raise CellError(
            Reason.TYPE_MISMATCH,
            f"is a number that a {job.kind} does not have",
            "Correct the type, or empty the cell.",
            field=surplus[0],
        )
    if job.kind is MediaKind.EPISODE and (job.season is None) != (job.episode is None):
        lacking = "season" if job.season is None else "episode"
        raise CellError(
            Reason.NO_NUMBER,
            f"the {lacking} has no number",
            "An episode needs both numbers and its show's id, or only an id of its own.",
        )


def spell_alike(cells: Mapping[str, str], job: RatingJob, field: str | None) -> Mapping[str, str]:
    """Write what is understood of a bad row as it stands in all other results: 1 to 10, and `movie`.

    `field` is that of the wrong cell; None if the row as a whole is wrong.
    """
    shown = dict(cells)
    if job.rating:
        shown["rating"] = str(job.rating)
    kind, has_number = shown.get("kind", ""), bool(shown.get("season") or shown.get("episode"))
    is_told = (
        field not in {None, "kind"} and not has_number
    )  # with a number it is no show, whatever is written
    if kind and is_told and job.kind not in {None, MediaKind.UNKNOWN} and kind not in set(MediaKind):
        shown["kind"] = str(job.kind)
    return shown
