"""FlexBuffers: the strings of a vector at the root (flatbuffers.dev, "FlexBuffers Binary Format").

A flexbuffer is written from its leaves to its root: the last byte is the width of the root, the one before its type.
"""

from __future__ import annotations

_WIDTHS = (1, 2, 4, 8)
_STRING, _VECTOR, _BLOB = 5, 10, 25
_MOST = 64  # items that are looked at; TensorFlow's delegate writes two


class FlexbufferError(ValueError):
    """The bytes are no flexbuffer with a vector of strings."""


def root_strings(data: bytes) -> list[bytes]:
    """Return the strings of the vector at the root; other items are empty.

    Raises:
        FlexbufferError: The bytes are something else, or an offset leads outside.
    """
    if len(data) < 3 or data[-1] not in _WIDTHS or data[-2] >> 2 != _VECTOR:
        raise FlexbufferError("the root is no vector")
    width = 1 << (data[-2] & 3)
    start = _follow(data, len(data) - 2 - data[-1], data[-1])
    count = _number(data, start - width, width)
    types = start + count * width
    if count > _MOST or types + count > len(data):
        raise FlexbufferError("the vector is too long")
    return [_string(data, start + index * width, width, data[types + index]) for index in range(count)]


def _string(data: bytes, place: int, width: int, packed: int) -> bytes:
    if packed >> 2 not in {_STRING, _BLOB}:
        return b""
    start = _follow(data, place, width)
    inner = 1 << (packed & 3)
    length = _number(data, start - inner, inner)
    if start + length > len(data):
        raise FlexbufferError("a string leads outside")
    return data[start : start + length]


def _follow(data: bytes, place: int, width: int) -> int:
    """Offsets lead back from where they stand."""
    return place - _number(data, place, width)


def _number(data: bytes, place: int, width: int) -> int:
    if not 0 <= place <= len(data) - width:
        raise FlexbufferError("a number lies outside")
    return int.from_bytes(data[place : place + width], "little")
