"""The two passes of a split: rows are dealt out to buckets, then the users of each bucket are grouped.

```text
        held, 2 MiB             bucket 000, on disk              group_bucket
        0   ada  ada,Alien      frame   ada ada | its rows       ada   ada,Alien   ada,Up   ada,It   3 rows
            ada  ada,Up         frame   ada     | its rows
        1   bob  bob,Heat
```

Bytes of 32 million rows pass here, so that what is done for each row is done without a line of Python.
"""

import struct
from collections import defaultdict, deque
from collections.abc import Iterator
from itertools import repeat
from operator import and_, call
from pathlib import Path
from typing import IO, Any
from zlib import crc32

from importer.readers.tables.written_rows import WrittenRows

BUCKETS = 64
"""A power of two."""
PIECE = 1 << 23
"""Bytes of a bucket that are grouped in memory at once; as values they take some four times as much."""
_HELD_BACK = 1 << 21
"""Bytes of rows that are held before they are appended to their buckets. Measured: with 8 MiB the processor
finds fewer of them near, and takes a quarter longer."""
_FRAME = struct.Struct("<QQ")
"""Bytes of the users and of the rows that follow it in a bucket."""
_STAND_IN = b"\0"
"""For a newline within a row while it waits in a bucket. No text that is read has a NUL."""


class Deal:
    """Pass 1: deals rows out to the buckets."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._buckets: list[list[Any]] = [[] for _ in range(BUCKETS)]
        """User and row by turns."""
        self._puts = [bucket.extend for bucket in self._buckets]
        self._held_bytes = 0

    def take(self, written: WrittenRows) -> None:
        """Deal out some rows."""
        users, rows = written.cells, written.rows
        if written.spans_lines:
            users = [user.replace(b"\n", _STAND_IN) for user in users]
            rows = [row[:-1].replace(b"\n", _STAND_IN) + b"\n" for row in rows]
        for place in written.doubtful:
            users[place] = b""
        # No line of Python for a row: that takes twice as long, and with a table of users three times.
        numbers = map(and_, map(crc32, users), repeat(len(self._puts) - 1))
        deque(map(call, map(self._puts.__getitem__, numbers), zip(users, rows, strict=True)), maxlen=0)
        self._held_bytes += sum(map(len, rows))
        if self._held_bytes > _HELD_BACK:
            self.append()

    def append(self) -> None:
        """Append what is held to the buckets."""
        for number, held in enumerate(self._buckets):
            if held:
                users, rows = b"\n".join(held[::2]), b"".join(held[1::2])
                with (self._folder / f"{number:03}").open("ab") as file:
                    file.write(b"".join([_FRAME.pack(len(users), len(rows)), users, rows]))
                held.clear()
        self._held_bytes = 0


def group_bucket(dealt: Path) -> Iterator[tuple[str, Iterator[bytes], int]]:
    """Yield each user of a bucket, the text of the rows in parts, and the number of rows."""
    # What does not fit into memory is sorted outside: pieces are grouped, then the spans of each user follow
    # each other.
    spans: dict[bytes, list[tuple[int, int, int]]] = defaultdict(list)
    runs = dealt.with_name(f"{dealt.name}.runs")
    with dealt.open("rb") as source, runs.open("x+b") as run:
        for groups in _read_groups(source):
            if not spans and source.tell() == dealt.stat().st_size:
                for user, rows in groups.items():
                    yield _restore(user).decode(), iter([_join(rows)]), len(rows)
                break
            for user, rows in groups.items():
                begin = run.tell()
                spans[user].append((begin, run.write(_join(rows)), len(rows)))
        for user, found in spans.items():
            yield _restore(user).decode(), _read_spans(run, found), sum(rows for _, _, rows in found)
    runs.unlink()


def _read_spans(run: IO[bytes], spans: list[tuple[int, int, int]]) -> Iterator[bytes]:
    for begin, length, _ in spans:
        run.seek(begin)
        yield run.read(length)


def _read_groups(source: IO[bytes]) -> Iterator[dict[bytes, list[bytes]]]:
    """Yield the rows by user, of about `PIECE` bytes at a time."""
    groups: dict[bytes, list[bytes]] = defaultdict(list)
    size = 0
    while frame := source.read(_FRAME.size):
        of_users, of_rows = _FRAME.unpack(frame)
        users, rows = source.read(of_users).split(b"\n"), source.read(of_rows).split(b"\n")
        rows.pop()  # behind the last newline
        for user, row in zip(users, rows, strict=True):
            groups[user].append(row)
        size += of_users + of_rows
        if size > PIECE:
            yield groups
            groups, size = defaultdict(list), 0
    if groups:
        yield groups


def _join(rows: list[bytes]) -> bytes:
    return _restore(b"\n".join(rows) + b"\n")


def _restore(text: bytes) -> bytes:
    return text.replace(_STAND_IN, b"\n")
