"""The two passes of a split: rows are dealt out to buckets, then the users of each bucket are grouped.

```text
        Deal                       bucket 000, on disk      group_bucket
        0   ada  ada,Alien         ada                      ada   ada,Alien   ada,Up   ada,It   3 rows
            ada  ada,Up            ada,Alien
        1   bob  bob,Heat          ada
                                   ada,Up
```

Bytes of 32 million rows pass here, so that for each row next to nothing is done.
"""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from zlib import crc32

from importer.readers.tables.written_rows import WrittenRows

PIECE = 1 << 23
"""Bytes of a bucket that are grouped in memory at once; as values they take some four times as much."""
_FEWEST, _MOST = 64, 256
"""Buckets."""
_BUCKET = 1 << 21
"""Bytes of a bucket, more or less. Measured with 8 million rows: where it is larger than a piece, and so is
written twice, the split takes half as long again."""
_HELD_BACK = 1 << 15
"""Bytes of each bucket that are held before they are appended to their files."""
_READ_AT_ONCE = 1 << 18
"""Bytes of a bucket."""
_STAND_IN = b"\0"
"""For a newline within a row while it waits in a bucket. No text that is read has a NUL."""


class Deal:
    """Pass 1: deals the rows of a dump of so many bytes out to the buckets."""

    def __init__(self, folder: Path, size: int) -> None:
        self._folder = folder
        self.count = min(max(_FEWEST, 1 << (size // _BUCKET).bit_length()), _MOST)
        """Of the buckets: a power of two."""
        self._texts: list[list[bytes]] = [[] for _ in range(self.count)]
        self._held_bytes = 0

    def take(self, written: WrittenRows) -> None:
        """Deal out some rows."""
        users, rows = written.cells, written.rows
        if written.spans_lines:
            users = [user.replace(b"\n", _STAND_IN) for user in users]
            rows = [row.replace(b"\n", _STAND_IN) for row in rows]
        for place in written.doubtful:
            users[place] = b""
        buckets: list[list[bytes]] = [[] for _ in range(self.count)]
        last = self.count - 1
        for user, row in zip(users, rows, strict=True):
            bucket = buckets[crc32(user) & last]
            bucket.append(user)
            bucket.append(row)
        # They are joined while the processor has them near: later that takes twice as long.
        for bucket, texts in zip(buckets, self._texts, strict=True):
            if bucket:
                texts.append(b"\n".join([*bucket, b""]))
                self._held_bytes += len(texts[-1])
        if self._held_bytes > _HELD_BACK * self.count:
            self.append()

    def append(self) -> None:
        """Append what is held to the buckets."""
        for number, texts in enumerate(self._texts):
            if texts:
                with (self._folder / f"{number:03}").open("ab") as file:
                    file.write(b"".join(texts))
                texts.clear()
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
            groups.clear()  # or they would stay until the next ones are read
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
    while text := source.read(_READ_AT_ONCE) + source.readline():
        if text.count(b"\n") % 2:  # it ends with a user
            text += source.readline()
        lines = iter(text.split(b"\n"))
        for user, row in zip(lines, lines, strict=False):  # nothing stands behind the last newline
            groups[user].append(row)
        size += len(text)
        if size > PIECE:
            yield groups
            groups, size = defaultdict(list), 0
    if groups:
        yield groups


def _join(rows: list[bytes]) -> bytes:
    return _restore(b"\n".join([*rows, b""]))


def _restore(text: bytes) -> bytes:
    return text.replace(_STAND_IN, b"\n")
