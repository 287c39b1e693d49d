"""Reads a file in a process that may not take much more memory than it has: `read_bounded.py FILE MIB`.

Writes, as JSON, the rows that came, the error that ended it if one did, and the processor time it took.
"""

import json
import resource
import sys
import time
from pathlib import Path

from importer.errors import UnknownFormatError, UnreadableFileError
from importer.readers import ReadOptions, open_reader
from importer.readers.tables import csv_rows as records

MIB = 1024 * 1024


def main(file: str, mebibytes: str) -> None:
    """Read it all, counting."""
    assert records  # with pandas in memory already, what comes on top is the reading's own
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + int(mebibytes) * MIB
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    rows, error = 0, ""
    begun = time.process_time()
    try:
        for chunk in open_reader(
            Path(file), ReadOptions(leaves_types_open=True), name=Path(file).name
        ).chunks():
            rows += len(chunk)
    except (UnknownFormatError, UnreadableFileError) as problem:
        error = str(problem)
    json.dump({"rows": rows, "error": error, "seconds": time.process_time() - begun}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
