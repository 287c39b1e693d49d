"""Problems of a whole row, and which of several problems is reported."""

from collections.abc import Sequence

from importer.model import Status
from importer.readers.cells.errors import CellError, Reason, quote


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


def outweighs(error: CellError, field: str | None, other: CellError) -> bool:
    """Whether to report an error and not that of the `other` cell, whose correction would hide it."""
    return error.reason is Reason.OFF_SCALE and field is not None and other.status is Status.INVALID
