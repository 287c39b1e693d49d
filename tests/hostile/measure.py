"""Reads a file or an answer in a process of its own: `measure.py file|answer PATH`.

Writes, as JSON, the rows or entries that came, the characters that they hold, the error that ended it, the
most memory that was taken and the processor time.
"""

import json
import re
import resource
import sys
import time
from pathlib import Path

from importer.errors import UnknownFormatError, UnreadableFileError
from importer.http import parse_list, parse_object
from importer.readers import ReadOptions, open_reader

MIB = 1 << 20


def main(kind: str, path: str) -> None:
    """Read it and say what it took."""
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))  # a bomb that goes off ends here
    resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30))
    begun = time.process_time()
    rows = kept = 0
    error = ""
    if kind == "answer":
        body = Path(path).read_bytes()
        rows = len(parse_list(body) or ()) + len(parse_object(body))
    else:
        try:
            for chunk in open_reader(Path(path), ReadOptions(leaves_types_open=True), name="a").chunks():
                rows += len(chunk)
                kept += sum(len(value) for row in chunk for value in row if isinstance(value, str))
        except (UnknownFormatError, UnreadableFileError) as problem:
            error = str(problem)
    # Not ru_maxrss, which begins with what the process that started this one had.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = re.search(r"VmHWM:\s+([0-9]+) kB", status)
    assert peak
    measured = {"rows": rows, "kept": kept, "error": error, "peak_mib": int(peak[1]) / 1024}
    json.dump({**measured, "seconds": time.process_time() - begun}, sys.stdout)


if __name__ == "__main__":
    main(*sys.argv[1:])
