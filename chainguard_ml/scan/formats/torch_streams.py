"""Pickles and numbers one after the other, as torch wrote them before its zip container.

To know where the numbers begin one must know where a pickle ends: this module walks opcodes by the length of their
operands only (CPython ``Modules/_pickle.c``). What the pickles do is the pickle format's business.
"""

from __future__ import annotations

import heapq
import re
from typing import TYPE_CHECKING

from chainguard_ml.scan.formats.raw import examine_raw, payloads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

# Opcodes with operands of a fixed length or of whole lines, as many as there are, without going back.
_FIXED = re.compile(
    rb"(?:[(012NQR\]abdelostu})\x81\x85-\x89\x8f-\x94\x97\x98]|[Khq\x80\x82].|[M\x83].{2}|[Jjr\x84].{4}|[G\x95].{8}"
    rb"|[FILSVPgp][^\n]*+\n|[ci][^\n]*+\n[^\n]*+\n)*+",
    re.DOTALL,
)
_COUNTED = {
    **dict.fromkeys(b"UC\x8c\x8a", 1),
    **dict.fromkeys(b"TXB\x8b", 4),
    **dict.fromkeys(b"\x8d\x8e\x96", 8),
}  # opcodes whose operand is preceded by its length: bytes of the length
_STOP = ord(".")
_STARTS = re.compile(rb"\x80[\x02-\x05][\x95(c\]})KMJU\x8a\x8cX]|c[A-Za-z_][\w.]{0,200}\n[A-Za-z_]")
_MOST = 10_000  # pickles looked for between numbers


def pickle_end(blob: Blob, start: int) -> int | None:
    """Return the offset behind the STOP of the pickle that starts at ``start``; ``None`` if it breaks off."""
    stop = opcodes_end(blob, start)
    return stop + 1 if stop < blob.size and blob.data[stop] == _STOP else None


def opcodes_end(blob: Blob, start: int) -> int:
    """Return the offset of the first STOP from ``start``, or of what is no opcode; the size if all are opcodes."""
    position = start
    while position < blob.size:
        match = _FIXED.match(blob.data, position)
        position = match.end() if match else position
        width = _COUNTED.get(blob.data[position]) if position < blob.size else None
        if width is None:
            return position
        position += 1 + width + int.from_bytes(blob.read(position + 1, position + 1 + width), "little")
    return blob.size


def examine_streams(blob: Blob, names: tuple[str, ...], examination: Examination) -> Observations:
    """Examine pickles that follow each other at the start, one for each name; what follows them is numbers."""
    position = 0
    for name in names:
        end = pickle_end(blob, position)
        yield from examination.nested(blob.window(name, position, blob.size if end is None else end))
        if end is None:
            return
        position = end
    yield from examine_raw(blob.window("(numbers)", position, blob.size), examination)


def examine_storages(blob: Blob, examination: Examination) -> Observations:
    """Examine pickles with numbers between them: where one can begin, and where torch goes on behind the numbers."""
    for index, (start, end, certain) in enumerate(_pickles(blob)):
        found = examination.nested(blob.window(f"(pickle {index})", start, end))
        yield from found if certain else payloads(found)


def _pickles(blob: Blob) -> Iterator[tuple[int, int, bool]]:
    """Yield start and end of what can be pickles, in order, and whether they begin as pickles do."""
    waiting, seen = [0], {-1}
    while waiting and len(seen) <= _MOST:
        position = heapq.heappop(waiting)
        if position in seen or position >= blob.size:
            continue
        seen.add(position)
        end = pickle_end(blob, position)
        if end is None and position == 0:
            yield 0, blob.size, True
        if end is not None:
            yield position, end, position == 0 or _STARTS.match(blob.data, position) is not None
            for following in _following(blob, end):
                heapq.heappush(waiting, following)
        match = _STARTS.search(blob.data, end if end is not None else position + 1)
        if match is not None:
            heapq.heappush(waiting, match.start())


def _following(blob: Blob, end: int) -> Iterator[int]:
    """Yield where torch's tar reader can go on: at once, behind a storage's numbers, behind a tensor's sizes."""
    yield end
    count = int.from_bytes(blob.read(end, end + 8), "little")
    yield from (end + 8 + count * width for width in (1, 2, 4, 8, 16))
    dimensions = int.from_bytes(blob.read(end, end + 4), "little")
    yield end + 16 + 16 * dimensions
