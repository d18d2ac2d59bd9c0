"""Writes small HDF5 files by the format specification 3.0, without the library: superblock 2, object headers 2."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNATURE = b"\x89HDF\r\n\x1a\n"
NOWHERE = b"\xff" * 8
_MASK = 0xFFFFFFFF


def lookup3(data: bytes) -> bytes:
    """The checksum of metadata: Bob Jenkins's lookup3, ``hashlittle`` with initial value 0."""
    a = b = c = 0xDEADBEEF + len(data) & _MASK
    blocks = [data[start : start + 12] for start in range(0, len(data), 12)]
    for number, block in enumerate(blocks):
        x, y, z = struct.unpack("<III", block.ljust(12, b"\0"))
        a, b, c = a + x & _MASK, b + y & _MASK, c + z & _MASK
        if number < len(blocks) - 1:
            for turn in (4, 6, 8, 16, 19, 4):
                a = (a - c & _MASK) ^ _turned(c, turn)
                c = c + b & _MASK
                a, b, c = b, c, a
        else:
            for turn in (14, 11, 25, 16, 4, 14, 24):
                c = (c ^ b) - _turned(b, turn) & _MASK
                a, b, c = b, c, a
            a, b, c = c, a, b  # seven turns leave the names one place on
    return struct.pack("<I", c)


def _turned(value: int, count: int) -> int:
    return (value << count | value >> 32 - count) & _MASK


def message(kind: int, body: bytes, flags: int = 0) -> bytes:
    return struct.pack("<BHB", kind, len(body), flags) + body


def string_type(size: int) -> bytes:
    return struct.pack("<BBHI", 0x13, 0, 0, size)


def opaque_type(size: int) -> bytes:
    return struct.pack("<BBHI", 0x15, 0, 0, size)


def byte_type() -> bytes:
    return struct.pack("<BBHIHH", 0x10, 0, 0, 1, 0, 8)


SCALAR = b"\2\0\0\0"


def simple(*lengths: int) -> bytes:
    return struct.pack("<BBBB", 2, len(lengths), 0, 1) + b"".join(struct.pack("<Q", length) for length in lengths)


def attribute(name: str, value: bytes | str, kind: bytes = b"", space: bytes = SCALAR) -> bytes:
    """An attribute of a string of fixed length, or of what ``kind`` says."""
    raw = value.encode() if isinstance(value, str) else value
    title, kind = name.encode() + b"\0", kind or string_type(len(raw))
    head = struct.pack("<BBHHHB", 3, 0, len(title), len(kind), len(space), 1)
    return message(12, head + title + kind + space + raw)


def link(name: str, kind: int, value: bytes) -> bytes:
    """A link: hard with an address, soft, external or user-defined with a value."""
    title = name.encode()
    if kind == 0:
        return message(6, bytes([1, 0, len(title)]) + title + value)
    return message(6, bytes([1, 8, kind, len(title)]) + title + struct.pack("<H", len(value)) + value)


def external(name: str, file: str, path: str = "/data") -> bytes:
    return link(name, 64, b"\0" + file.encode() + b"\0" + path.encode() + b"\0")


class Writer:
    """Collects the parts of a file; ``put`` returns where one is."""

    def __init__(self) -> None:
        self.data = bytearray(48)

    def put(self, raw: bytes) -> bytes:
        self.data += bytes(-len(self.data) % 8)
        self.data += raw
        return struct.pack("<Q", len(self.data) - len(raw))

    def header(self, messages: Sequence[bytes]) -> bytes:
        body = b"".join(messages)
        head = b"OHDR\2\2" + struct.pack("<I", len(body)) + body
        return self.put(head + lookup3(head))

    def group(self, *messages: bytes) -> bytes:
        info = message(2, b"\0\0" + NOWHERE * 2)
        return self.header([info, message(10, b"\0\0"), *messages])

    def dataset(self, kind: bytes, space: bytes, layout: bytes, *messages: bytes) -> bytes:
        fill = message(5, b"\3\x0a")
        return self.header([message(1, space), message(3, kind, 1), fill, message(8, layout), *messages])

    def contiguous(self, raw: bytes, kind: bytes = b"", *messages: bytes) -> bytes:
        """A dataset of bytes in one piece."""
        place = self.put(raw)
        layout = b"\3\1" + place + struct.pack("<Q", len(raw))
        return self.dataset(kind or byte_type(), simple(len(raw)), layout, *messages)

    def values(self, *values: bytes) -> list[bytes]:
        """Put values of variable length into a global heap; return an element for each."""
        objects = b"".join(
            struct.pack("<HHIQ", number, 0, 0, len(raw)) + raw + bytes(-len(raw) % 8)
            for number, raw in enumerate(values, 1)
        )
        size = max(4096, 16 + len(objects) + 16)
        rest = size - 16 - len(objects)
        heap = b"GCOL\1\0\0\0" + struct.pack("<Q", size) + objects + struct.pack("<HHIQ", 0, 0, 0, rest)
        place = self.put(heap + bytes(rest - 16))
        return [struct.pack("<I", len(raw)) + place + struct.pack("<I", number) for number, raw in enumerate(values, 1)]

    def file(self, root: bytes, *, block: bytes = b"", tail: bytes = b"") -> bytes:
        """The whole file below a user block."""
        self.data += bytes(-len(self.data) % 8)
        end = len(block) + len(self.data)
        head = SIGNATURE + b"\2\x08\x08\0" + struct.pack("<Q", len(block)) + NOWHERE + struct.pack("<Q", end) + root
        self.data[:48] = head + lookup3(head)
        return block + bytes(self.data) + tail


VARIABLE_STRING = struct.pack("<BBHI", 0x19, 1, 0, 16) + string_type(1)
VARIABLE_BYTES = struct.pack("<BBHI", 0x19, 0, 0, 16) + byte_type()


def file(*messages: bytes) -> bytes:
    """A file whose root group has these messages."""
    writer = Writer()
    return writer.file(writer.group(*messages))
