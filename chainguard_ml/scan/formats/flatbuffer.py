"""FlatBuffers: bounded access to tables, vectors and strings (flatbuffers.dev, "FlatBuffers Internals").

Every offset is checked in whole numbers against the bytes at hand before it is followed. A buffer may share tables, so
that a small file can be walked for ever; what is visited is counted against a budget.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.interface import Data

_VISITS = 5_000_000
_TEXT = 4096  # bytes of a string that are kept: names are short
_GRAVE = 1 << 31
_CODES = {"b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "q": 8, "Q": 8}


class FlatbufferError(ValueError):
    """The buffer breaks the format's rules at ``offset``.

    ``grave`` if no cut explains it: readers that do not verify then reach outside of the buffer.
    """

    def __init__(self, text: str, offset: int, *, grave: bool = False) -> None:
        super().__init__(text)
        self.offset = offset
        self.grave = grave


class VisitsError(FlatbufferError):
    """More is visited than a buffer of this size can hold: parts are shared, or there are too many."""


class Buffer:
    """The bytes of one flatbuffer.

    Attributes:
        data: The bytes.
        size: Their number.
        left: How many more tables and strings may be visited.
    """

    def __init__(self, data: Data) -> None:
        self.data = memoryview(data)
        self.size = len(data)
        self.left = min(_VISITS, self.size + 1000)

    def root(self) -> Table:
        """Return the root table."""
        return Table(self, self.follow(0))

    def visit(self, offset: int) -> None:
        """Count one visit."""
        self.left -= 1
        if self.left < 0:
            raise VisitsError("more tables are reached than the buffer can hold", offset)

    def number(self, offset: int, code: str) -> int:
        """Return the little-endian number at ``offset``; ``code`` as in ``struct``."""
        width = _CODES[code]
        if not 0 <= offset <= self.size - width:
            raise FlatbufferError(f"a number at {offset:,} lies outside", max(offset, 0), grave=offset < 0)
        value: int = struct.unpack_from("<" + code, self.data, offset)[0]
        return value

    def follow(self, offset: int) -> int:
        """Return where the unsigned relative offset at ``offset`` leads."""
        distance = self.number(offset, "I")
        if distance == 0 or offset + distance >= self.size:
            raise FlatbufferError(
                f"an offset of {distance:,} leads nowhere", offset, grave=distance == 0 or distance >= _GRAVE
            )
        return offset + distance

    def vector(self, offset: int, width: int) -> tuple[int, int]:
        """Return start and count of the vector at ``offset``, whose items have ``width`` bytes."""
        count = self.number(offset, "I")
        if count * width > self.size - offset - 4:
            raise FlatbufferError(f"a vector claims {count:,} items", offset, grave=count * width >= _GRAVE)
        return offset + 4, count

    def text(self, offset: int) -> str:
        """Return the string at ``offset``, cut if it is long."""
        self.visit(offset)
        start, count = self.vector(offset, 1)
        if start + count >= self.size or self.data[start + count]:
            raise FlatbufferError("a string is not terminated", offset, grave=True)
        return bytes(self.data[start : start + min(count, _TEXT)]).decode("utf-8", "surrogateescape")


@dataclass(frozen=True, slots=True)
class Table:
    """A table: fields by number, absent ones have their default.

    Attributes:
        buffer: The buffer it is in.
        position: Where it starts.
    """

    buffer: Buffer
    position: int

    def place(self, field: int) -> int:
        """Return where the field's value stands, zero if it is absent."""
        buffer = self.buffer
        vtable = self.position - buffer.number(self.position, "i")
        length = buffer.number(vtable, "H")
        size = buffer.number(vtable + 2, "H")
        if length < 4 or length % 2 or vtable + length > buffer.size or self.position + size > buffer.size:
            raise FlatbufferError("the description of a table is wrong", self.position, grave=length < 4)
        entry = 4 + 2 * field
        offset = buffer.number(vtable + entry, "H") if entry + 2 <= length else 0
        if offset >= max(size, 1):
            raise FlatbufferError("a field lies outside of its table", self.position, grave=True)
        return self.position + offset if offset else 0

    def number(self, field: int, code: str, default: int = 0) -> int:
        """Return a number."""
        place = self.place(field)
        return self.buffer.number(place, code) if place else default

    def text(self, field: int) -> str:
        """Return a string, empty if it is absent."""
        place = self.place(field)
        return self.buffer.text(self.buffer.follow(place)) if place else ""

    def table(self, field: int) -> Table | None:
        """Return a table, or ``None``."""
        place = self.place(field)
        if not place:
            return None
        self.buffer.visit(place)
        return Table(self.buffer, self.buffer.follow(place))

    def span(self, field: int) -> tuple[int, int] | None:
        """Return start and stop of a vector of bytes, or ``None``."""
        place = self.place(field)
        if not place:
            return None
        start, count = self.buffer.vector(self.buffer.follow(place), 1)
        return start, start + count

    def numbers(self, field: int) -> tuple[int, ...]:
        """Return a vector of signed 32-bit numbers."""
        place = self.place(field)
        if not place:
            return ()
        start, count = self.buffer.vector(self.buffer.follow(place), 4)
        self.buffer.left -= count
        self.buffer.visit(place)
        return struct.unpack_from(f"<{count}i", self.buffer.data, start)

    def _offsets(self, field: int) -> Iterator[int]:
        place = self.place(field)
        if place:
            start, count = self.buffer.vector(self.buffer.follow(place), 4)
            for index in range(count):
                yield self.buffer.follow(start + 4 * index)

    def tables(self, field: int) -> Iterator[Table]:
        """Yield a vector of tables."""
        for offset in self._offsets(field):
            self.buffer.visit(offset)
            yield Table(self.buffer, offset)

    def texts(self, field: int) -> Iterator[str]:
        """Yield a vector of strings."""
        for offset in self._offsets(field):
            yield self.buffer.text(offset)
