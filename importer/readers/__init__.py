"""From a file to rows: `open_reader` finds the format. The only home of pandas.

pandas is imported when the first rows are read, so that commands which read no file start fast.
"""

from importer.readers.base import ReadOptions
from importer.readers.detect import open_reader
from importer.readers.registry import FORMATS

__all__ = ["FORMATS", "ReadOptions", "open_reader"]
