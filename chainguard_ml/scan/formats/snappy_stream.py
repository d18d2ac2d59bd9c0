"""Snappy's framing (``framing_format.txt``): chunks with a type and a length, each block by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats.snappy import SnappyError, unsnap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "snappy"
EXAMINES = "what it decompresses to; bytes between the chunks"

_START = b"\xff\x06\0\0sNaPpY"
_COMPRESSED, _PLAIN, _RESERVED = 0, 1, 0x80  # from the last one on, chunks may be skipped
_CHECKSUM = 4
_BLOCK = 1 << 24  # bytes that one block can state


def recognise(blob: Blob) -> bool:
    """Return whether the stream's identifier is there."""
    return blob.read(0, len(_START)) == _START


def examine(blob: Blob, examination: Examination) -> Observations:
    """Decompress within the budgets, and examine what comes out and what is skipped."""
    allowance = examination.allowance(blob.size)
    out = bytearray()
    problem = ""
    reason = GapReason.MALFORMED
    try:
        for kind, start, stop in _chunks(blob):
            if kind in {_COMPRESSED, _PLAIN}:
                body = blob.read(start + _CHECKSUM, stop)
                out += unsnap(body, min(_BLOCK, allowance - len(out))) if kind == _COMPRESSED else body
                if len(out) > allowance:
                    problem, reason = f"it becomes more than {allowance:,} bytes", GapReason.BUDGET
                    break
            elif kind != _RESERVED + 0x7F and any(blob.read(start, stop)):
                yield from examination.nested(blob.window("(skipped)", start, stop))
    except SnappyError as error:
        problem = str(error)
    examination.spend(len(out))
    if problem:
        yield blob.gap(reason, f"the stream is not read to its end: {problem}")
    yield from examination.nested(blob.inside(blob.name.removesuffix(".sz"), bytes(out)))


def _chunks(blob: Blob) -> Iterator[tuple[int, int, int]]:
    """Yield type, start and stop of each chunk."""
    position = 0
    while position < blob.size:
        head = blob.read(position, position + 4)
        start = position + 4
        stop = start + int.from_bytes(head[1:], "little")
        if len(head) < 4 or stop > blob.size:
            raise SnappyError("the last chunk is cut")
        if 1 < head[0] < _RESERVED:
            raise SnappyError(f"a chunk of the unknown kind {head[0]} cannot be skipped")
        yield head[0], start, stop
        position = stop
