"""Sync jobs as processes of their own, side by side: each line they print begins with the job's name."""

import asyncio
import os
import sys
from collections.abc import Mapping, Sequence
from typing import TextIO

from importer.cli.streams import if_it_is_read

_LONGEST_LINE_BYTES = 1 << 20


async def run_child(
    name: str, words: Sequence[str], width: int = 0, environ: Mapping[str, str] | None = None
) -> int:
    """Run `importer WORDS` and give its exit code. Cancelled, it asks the child to end, and waits for that.

    `environ` holds variables beside this process's own.
    """
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "importer", *words),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=_LONGEST_LINE_BYTES,
        # What a child says to type next is what a person types, not how it was begun here.
        env={**os.environ, "IMPORTER_TYPED": f"importer sync {name}", **(environ or {})},
        # A session of its own: Ctrl-C is for this process, which passes it on once.
        start_new_session=os.name == "posix",
    )
    assert child.stdout is not None
    assert child.stderr is not None
    prefix = f"{name:{width}} | "
    work = asyncio.gather(
        _pass_on(child.stdout, sys.stdout, prefix), _pass_on(child.stderr, sys.stderr, prefix), child.wait()
    )
    while True:
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            if child.returncode is None:
                child.terminate()  # what is in flight comes to its end; at the second time it does not
            continue
        return child.returncode or 0


async def _pass_on(stream: asyncio.StreamReader, to: TextIO, prefix: str) -> None:
    while line := await _read_line(stream):
        text = line.decode("utf-8", "backslashreplace").rstrip("\r\n")
        is_json_log = text.startswith('{"') and to is sys.stderr
        with if_it_is_read(to):
            print(text if is_json_log else f"{prefix}{text}".rstrip(), file=to)


async def _read_line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readline()
    except ValueError:
        return b"(a line too long to show)\n"
