"""Standard streams that are closed, full, or read by nobody: no reason to fail when the work is done."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO


def mend_streams() -> None:
    """Put something in the place of closed streams, and let no encoding be too narrow."""
    nowhere = os.devnull
    sys.stdin = sys.stdin or Path(nowhere).open(encoding="utf-8")  # noqa: SIM115 - until the end
    sys.stdout = sys.stdout or Path(nowhere).open("w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or Path(nowhere).open("w", encoding="utf-8")  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


@contextmanager
def if_it_is_read(stream: TextIO) -> Iterator[None]:
    """Show what is no result: where nobody reads it, the work goes on and its exit code stands."""
    try:
        yield
        stream.flush()
    except OSError:
        _give_up(stream)


def flush(stream: TextIO) -> OSError | None:
    """Bring a stream to its end; gives what went wrong."""
    try:
        stream.flush()
    except OSError as error:
        _give_up(stream)
        return error
    return None


def _give_up(stream: TextIO) -> None:
    """Let what a stream still holds, and all that follows, go nowhere instead of failing at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
