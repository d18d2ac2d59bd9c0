"""A reader of binary files from front to back in which no count and no length is believed."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chainguard_ml.scan.interface import Blob

_HUGE = 1 << 62  # bytes from which the arithmetic of a reader in C wraps around


class BoundsError(ValueError):
    """The bytes are not what the format says; ``grave`` if a reader that does not check leaves its buffers.

    Attributes:
        offset: Where.
        grave: Whether memory is at stake.
    """

    def __init__(self, text: str, offset: int, *, grave: bool = False) -> None:
        super().__init__(text)
        self.offset = offset
        self.grave = grave


class OverBudgetError(BoundsError):
    """There is more than is read; the bytes may be what the format says."""


@dataclass(slots=True)
class Cursor:
    """Reads numbers and strings; what does not fit the data is an error, never a short read.

    Attributes:
        blob: What is read.
        position: Offset of the next byte.
        order: Byte order as ``struct`` writes it.
        count_code: ``struct`` code of counts and lengths.
    """

    blob: Blob
    position: int = 0
    order: str = "<"
    count_code: str = "Q"

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return self.blob.size - self.position

    def skip(self, count: int) -> int:
        """Move on by ``count`` bytes and return where it stood before."""
        start = self.position
        if count < 0 or count > self.blob.size - start:
            text = f"{count:,} bytes are claimed where {self.blob.size - start:,} are left"
            raise BoundsError(text, start, grave=count >= _HUGE or count < 0)
        self.position += count
        return start

    def read(self, count: int) -> bytes:
        """Return the next ``count`` bytes."""
        start = self.skip(count)
        return self.blob.read(start, start + count)

    def number(self, code: str) -> int:
        """Return one whole number of the ``struct`` code."""
        value: int = struct.unpack(self.order + code, self.read(struct.calcsize(self.order + code)))[0]
        return value

    def numbers(self, codes: str) -> tuple[int, ...]:
        """Return several whole numbers, read at once."""
        return struct.unpack(self.order + codes, self.read(struct.calcsize(self.order + codes)))

    def count(self) -> int:
        """Return a count or a length."""
        return self.number(self.count_code)

    def items(self, smallest: int) -> int:
        """Return a count of items that take at least ``smallest`` bytes each."""
        start, count = self.position, self.count()
        self.room(count, smallest, start)
        return count

    def room(self, count: int, smallest: int, start: int) -> None:
        """Refuse a count, read at ``start``, whose items cannot all be there."""
        if count < 0 or count * smallest > self.left:
            text = f"{count:,} items are claimed where {self.left:,} bytes are left"
            raise BoundsError(text, start, grave=count < 0 or count * max(smallest, 8) >= _HUGE)

    def string(self) -> str:
        """Return a string behind its length; bytes that are not UTF-8 become PEP 383 surrogates."""
        return self.read(self.count()).decode("utf-8", "surrogateescape")
