"""Bounded decompression that keeps what came before a break.

A loader that reads a compressed pickle as a stream has run its beginning before it notices a wrong checksum or a cut
end; so what precedes the break is examined too.
"""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import TYPE_CHECKING, Protocol

from chainguard_ml.records import changing_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_CHUNK = 1 << 16
_FIRST = 1 << 12  # bytes that a stream is begun with: there can be many small ones
_PIECE = 1 << 20
LZMA_MEMORY = 1 << 28  # bytes that an LZMA dictionary may take
_ERRORS = (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError)


class Engine(Protocol):
    """An incremental decompressor, as ``bz2`` and ``lzma`` define it."""

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""

    @property
    def needs_input(self) -> bool:
        """Whether more output needs more input."""

    @property
    def unused_data(self) -> bytes:
        """Input behind the end of the stream."""

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most ``max_length`` bytes of output."""


class Deflate:
    """zlib's decompressor with the interface of the other two; ``wbits`` as in ``zlib.decompressobj``."""

    def __init__(self, wbits: int) -> None:
        self._engine = zlib.decompressobj(wbits)
        self._full = False  # the last output was cut by its limit, so more may wait inside

    @property
    def eof(self) -> bool:
        """Whether the end of the stream was reached."""
        return self._engine.eof

    @property
    def needs_input(self) -> bool:
        """Whether more output needs more input."""
        return not (self._engine.unconsumed_tail or self._full)

    @property
    def unused_data(self) -> bytes:
        """Input behind the end of the stream."""
        return self._engine.unused_data

    def decompress(self, data: bytes, max_length: int = -1) -> bytes:
        """Return at most ``max_length`` bytes of output."""
        output = self._engine.decompress(self._engine.unconsumed_tail + data, max(max_length, 0))
        self._full = len(output) == max_length
        return output


@changing_record
class Expansion:
    """What decompressing came to.

    Attributes:
        data: The output, up to the limit.
        consumed: Bytes of input that belong to the stream.
        finished: Whether the stream's own end was reached.
        broken: What the decompressor complained about, or an empty string.
        limited: Whether the limit cut the output.
    """

    data: bytearray
    consumed: int = 0
    finished: bool = False
    broken: str = ""
    limited: bool = False


def expand(make: Callable[[], Engine], data: memoryview, limit: int) -> Expansion:
    """Decompress one stream at the start of ``data`` to at most ``limit`` bytes.

    ``make`` returns a fresh decompressor; it is asked again after a break, to get at what precedes it.
    """
    result = Expansion(bytearray())
    engine = make()
    while not (engine.eof or result.limited or result.consumed >= len(data)):
        kept = len(result.data)
        stop = result.consumed + (_CHUNK if result.consumed else _FIRST)
        try:
            for piece in _pieces(engine, data[result.consumed : stop]):
                if not _keep(result, piece, limit):
                    break
        except _ERRORS as error:
            del result.data[kept:]
            result.broken = str(error) or type(error).__name__
            _approach(make(), data, result, limit)
            return result
        result.consumed = min(stop, len(data))
    result.finished = engine.eof
    result.consumed -= len(engine.unused_data)
    return result


def _pieces(engine: Engine, chunk: memoryview) -> Iterator[bytes]:
    """Give one chunk of input to the decompressor and yield its output, piece by piece."""
    feed = bytes(chunk)
    while True:
        yield engine.decompress(feed, _PIECE)
        if engine.eof or engine.needs_input:
            return
        feed = b""


def _keep(result: Expansion, piece: bytes, limit: int) -> bool:
    """Add output to the result; return whether there is room for more."""
    result.data += piece
    if len(result.data) > limit:
        del result.data[limit:]
        result.limited = True
    return not result.limited


def _approach(engine: Engine, data: memoryview, result: Expansion, limit: int) -> None:
    """Go to the break in single bytes with a fresh decompressor: a break costs the output of its whole call."""
    try:
        for start in range(0, result.consumed, _CHUNK):
            for _ in _pieces(engine, data[start : min(start + _CHUNK, result.consumed)]):
                pass
        while result.consumed < len(data) and not result.limited:
            for piece in _pieces(engine, data[result.consumed : result.consumed + 1]):
                _keep(result, piece, limit)
            result.consumed += 1
    except _ERRORS:
        return


def inflate(wbits: int) -> Callable[[], Engine]:
    """Return the maker of decompressors for zlib streams (15), gzip members (31) or raw deflate (-15)."""
    return lambda: Deflate(wbits)


def bunzip2() -> Engine:
    """Return a decompressor for one bzip2 stream."""
    return bz2.BZ2Decompressor()


def unlzma(form: int) -> Callable[[], Engine]:
    """Return the maker of decompressors for ``lzma.FORMAT_XZ`` or ``lzma.FORMAT_ALONE``."""
    return lambda: lzma.LZMADecompressor(form, memlimit=LZMA_MEMORY)


def raw_lzma(properties: bytes) -> Callable[[], Engine] | None:
    """Return the maker for raw LZMA1 with five bytes of properties (zip method 14), ``None`` if they are wrong.

    The first byte holds lc, lp and pb as ``(pb * 5 + lp) * 9 + lc``; a little-endian dictionary size follows.
    """
    if len(properties) != 5 or properties[0] >= 225:
        return None
    rest, lc = divmod(properties[0], 9)
    pb, lp = divmod(rest, 5)
    size = int.from_bytes(properties[1:], "little")
    if size > LZMA_MEMORY or lc + lp > 4:
        return None
    chain = [{"id": lzma.FILTER_LZMA1, "dict_size": size, "lc": lc, "lp": lp, "pb": pb}]
    return lambda: lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=chain)
