"""Snappy's raw format (``format_description.txt``) and its framing (``framing_format.txt``), within bounds."""

from __future__ import annotations

_SHIFTS = 35  # bits of the length in front


class SnappyError(ValueError):
    """The bytes break the format's rules."""


def unsnap(data: bytes | memoryview, limit: int) -> bytes:
    """Return what a block decompresses to.

    Raises:
        SnappyError: It is broken, or larger than ``limit`` bytes.
    """
    size, position = _length(data)
    if size > limit:
        raise SnappyError(f"it would become {size:,} bytes")
    out = bytearray()
    stop = len(data)
    while position < stop:
        tag = data[position]
        if tag & 3 == 0:
            position, span = _literal(data, position)
            out += data[position - span : position]
        else:
            position, span, distance = _copy(data, position)
            _repeat(out, span, distance)
        if len(out) > size:
            raise SnappyError("it is longer than it says")
    if len(out) != size:
        raise SnappyError("it is shorter than it says")
    return bytes(out)


def _length(data: bytes | memoryview) -> tuple[int, int]:
    """Return the length in front, in base 128, and where the rest starts."""
    size = 0
    for position, shift in enumerate(range(0, _SHIFTS, 7)):
        if position >= len(data):
            break
        size |= (data[position] & 0x7F) << shift
        if data[position] < 0x80:
            return size, position + 1
    raise SnappyError("it has no length")


def _literal(data: bytes | memoryview, position: int) -> tuple[int, int]:
    """Return the position behind a literal, and its length."""
    length = data[position] >> 2
    extra = max(0, length - 59)
    if extra:
        length = int.from_bytes(data[position + 1 : position + 1 + extra], "little")
    span = length + 1
    end = position + 1 + extra + span
    if end > len(data):
        raise SnappyError("it is cut")
    return end, span


def _copy(data: bytes | memoryview, position: int) -> tuple[int, int, int]:
    """Return the position behind a copy, its length and how far back it reaches."""
    tag = data[position]
    extra = (0, 1, 2, 4)[tag & 3]
    if position + 1 + extra > len(data):
        raise SnappyError("it is cut")
    number = int.from_bytes(data[position + 1 : position + 1 + extra], "little")
    if tag & 3 == 1:
        return position + 2, 4 + (tag >> 2 & 7), (tag >> 5) << 8 | number
    return position + 1 + extra, 1 + (tag >> 2), number


def _repeat(out: bytearray, span: int, distance: int) -> None:
    start = len(out) - distance
    if distance == 0 or start < 0:
        raise SnappyError("a copy reaches in front of the beginning")
    pattern = bytes(out[start : start + span])
    out += (pattern * (span // len(pattern) + 1))[:span]
