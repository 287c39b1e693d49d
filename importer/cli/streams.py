"""Standard streams that are closed, full or not read: no reason to fail when the work is done."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from importer.text import give_up_stream


def repair_streams() -> None:
    """Replace closed streams by the null device, and escape what a narrow encoding cannot show."""
    nowhere = os.devnull
    sys.stdin = sys.stdin or Path(nowhere).open(encoding="utf-8")  # noqa: SIM115 - until the end
    sys.stdout = sys.stdout or Path(nowhere).open("w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(nowhere).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def warn(text: str) -> None:
    """Print a warning."""
    print(f"importer: {text}", file=sys.stderr)


def flush(stream: TextIO) -> OSError | None:
    """Flush a stream, and give the error if that failed."""
    try:
        stream.flush()
    except OSError as error:
        give_up_stream(stream)
        return error
    return None
