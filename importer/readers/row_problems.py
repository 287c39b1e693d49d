"""Problems of a row as a whole, and which of several problems is told."""

from collections.abc import Sequence

from importer.model import Status
from importer.readers.cells.errors import CellError, Reason, quote


def too_few(names: Sequence[str], place: int, cells: int) -> CellError:
    """Make the error of a row that ends before the cell at this place."""
    return CellError(
        Reason.TOO_FEW_CELLS,
        f"the row has {cells} of {len(names)} cells, and none in {quote(names[place])}",
        "Complete the row; if the file was cut off there, export it again.",
    )


def repeated_header() -> CellError:
    """Make the error of a row that is the header."""
    return CellError(
        Reason.REPEATED_HEADER,
        "the names of the columns stand here once more",
        "Nothing is lost: it is no rating.",
        status=Status.SKIPPED,
    )


def outweighs(error: CellError, field: str | None, told: CellError) -> bool:
    """Whether an error is told in the place of another cell's: who corrects that one would not see it."""
    return error.reason is Reason.OFF_SCALE and field is not None and told.status is Status.INVALID
