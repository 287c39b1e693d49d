"""From the text of a cell to a value, or to a `CellError`."""
