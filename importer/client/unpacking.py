"""Unpacks answers that a server has compressed for the way.

aiohttp would, but takes the first half of a gzip stream for the whole: a rating of 10 at its end becomes a 1.

```text
unpacking = Unpacking.of({"Content-Encoding": "gzip"})
unpacking.unpack(half) -> b"tt0111161,1"        unpacking.finish() -> ConnectionLostError, cut short
```
"""

import zlib
from collections.abc import Iterator, Mapping
from typing import Self

from importer.errors import ConnectionLostError, Loss

ACCEPTED = "gzip"

_PACKED = {"gzip", "x-gzip", "deflate"}
_UNASKED = {"br", "zstd", "compress", "x-compress"}
_ANY_HEADER = 32 + zlib.MAX_WBITS  # of gzip or of zlib
_PIECE_BYTES = 1 << 18
_MOST_STREAMS = 1000
"""One answer may be several streams, one after the other; it is one nearly always."""


class Unpacking:
    """Unpacks one answer, piece by piece."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_ANY_HEADER)
        self._streams = 1
        self._is_begun = False

    @classmethod
    def of(cls, headers: Mapping[str, str]) -> Self | None:
        """Return what unpacks an answer with these headers; None if it is not packed.

        Raises ConnectionLostError for an encoding that nobody asked for.
        """
        encoding = headers.get("Content-Encoding", "").strip().lower()
        if encoding in _UNASKED or "," in encoding:
            raise ConnectionLostError(Loss.ENCODING, encoding)
        return cls() if encoding in _PACKED else None

    def unpack(self, packed: bytes) -> Iterator[bytes]:
        """Yield what is in these bytes, in pieces of a bounded size. Raises ConnectionLostError."""
        while packed:
            if self._stream.eof:
                self._stream = zlib.decompressobj(_ANY_HEADER)
                self._streams += 1
            try:
                piece = self._stream.decompress(packed, _PIECE_BYTES)
            except zlib.error:
                raise ConnectionLostError(Loss.ENCODING) from None
            if self._streams > _MOST_STREAMS:
                raise ConnectionLostError(Loss.ENCODING)
            self._is_begun = True
            # Between streams and at the end there may be zeros.
            after = self._stream.unused_data.lstrip(b"\0")
            packed = after if self._stream.eof else self._stream.unconsumed_tail
            yield piece

    def finish(self) -> bytes:
        """Return the rest. Raises ConnectionLostError if the answer has no end."""
        rest = self._stream.flush()
        if self._is_begun and not self._stream.eof:
            raise ConnectionLostError(Loss.CUT_SHORT)
        return rest
