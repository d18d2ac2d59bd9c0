"""As much of DER (ITU-T X.690) as time stamps and certificate extensions need."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

SEQUENCE, SET, INTEGER, OCTETS, OID, BOOLEAN = 0x30, 0x31, 0x02, 0x04, 0x06, 0x01


def node(tag: int, *parts: bytes) -> bytes:
    """Return a value with its tag and length, its content joined from ``parts``."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    """Return SEQUENCE."""
    return node(SEQUENCE, *parts)


def set_of(*parts: bytes) -> bytes:
    """Return SET OF, sorted as DER asks for (section 11.6)."""
    return node(SET, *sorted(parts))


def integer(value: int) -> bytes:
    """Return a non-negative INTEGER."""
    return node(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def octets(value: bytes) -> bytes:
    """Return OCTET STRING."""
    return node(OCTETS, value)


def utf8(value: str) -> bytes:
    """Return UTF8String."""
    return node(0x0C, value.encode())


def oid(dotted: str) -> bytes:
    """Return OBJECT IDENTIFIER (section 8.19)."""
    first, second, *rest = map(int, dotted.split("."))
    content = bytearray()
    for arc in (first * 40 + second, *rest):
        groups = [arc & 0x7F]
        while arc := arc >> 7:
            groups.append(0x80 | arc & 0x7F)
        content += bytes(reversed(groups))
    return node(OID, bytes(content))


def generalized_time(moment: datetime) -> bytes:
    """Return GeneralizedTime of a moment in UTC, in whole seconds."""
    return node(0x18, moment.strftime("%Y%m%d%H%M%SZ").encode())


def utc_time(moment: datetime) -> bytes:
    """Return UTCTime of a moment in UTC between 1950 and 2049."""
    return node(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def tagged(number: int, *parts: bytes) -> bytes:
    """Return a constructed, context-specific value: explicit around a whole value, implicit around its content."""
    return node(0xA0 | number, *parts)


def read(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield tag and content of each value in ``data``.

    Raises:
        ValueError: It is cut, or has a length of another form than DER's.
    """
    place = 0
    while place < len(data):
        if place + 2 > len(data):
            raise ValueError("a value is cut")
        tag, size = data[place], data[place + 1]
        place += 2
        if size >= 0x80:
            width = size & 0x7F
            if not 1 <= width <= 4:
                raise ValueError("a length is not of DER")
            size = int.from_bytes(data[place : place + width], "big")
            place += width
        if place + size > len(data):
            raise ValueError("a value is cut")
        yield tag, data[place : place + size]
        place += size
