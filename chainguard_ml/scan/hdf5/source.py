"""Bounded access to the bytes of an HDF5 file: addresses, fields, and one error.

Addresses count from the base address; all ones mean "nowhere" (HDF5 file format specification 3.0, I).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason

if TYPE_CHECKING:
    from chainguard_ml.scan.interface import Blob

_STEPS = 2_000_000  # records, messages and blocks of one file
_FREE_STEPS = 100_000  # of them, however small the file is
_OCTETS = 8  # of a file for each step: records that are not used again and again are larger
_VALUES = 5_000_000  # texts and elements of one file; compressed, they may be far more than its bytes
_FREE = 64_000_000  # bytes that may be read however small the file is
_ROUNDS = 4  # times that the file's own size may be read


class Hdf5Error(ValueError):
    """Something cannot be read.

    Attributes:
        reason: Why, as a gap says it.
        offset: Where in the file, if that is known.
    """

    def __init__(self, text: str, offset: int | None = None, reason: GapReason = GapReason.MALFORMED) -> None:
        super().__init__(text)
        self.reason = reason
        self.offset = offset


class OverBudgetError(Hdf5Error):
    """The file's budget of steps or bytes is spent: nothing more of it is read."""

    def __init__(self, text: str, offset: int | None = None) -> None:
        super().__init__(text, offset, GapReason.BUDGET)


class Fields:
    """Reads little-endian numbers from front to back; what does not fit is an error, never a short read."""

    def __init__(self, data: bytes, offset: int, widths: tuple[int, int]) -> None:
        self.data = data
        self.position = 0
        self._offset = offset
        self.widths = widths

    @property
    def left(self) -> int:
        """Bytes that are left."""
        return len(self.data) - self.position

    @property
    def place(self) -> int:
        """Offset in the file of what is read next."""
        return self._offset + self.position

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes."""
        if size > self.left:
            raise Hdf5Error(f"{size:,} bytes are claimed where {self.left:,} are left", self.place)
        self.position += size
        return self.data[self.position - size : self.position]

    def number(self, size: int) -> int:
        """Return the next unsigned number of ``size`` bytes."""
        return int.from_bytes(self.take(size), "little")

    def address(self) -> int | None:
        """Return the next address, ``None`` for nowhere."""
        width = self.widths[0]
        value = self.number(width)
        return None if value == (1 << 8 * width) - 1 else value

    def length(self) -> int:
        """Return the next length."""
        return self.number(self.widths[1])

    def text(self) -> bytes:
        """Return the bytes up to the next NUL and step over it."""
        end = self.data.find(b"\0", self.position)
        if end < 0:
            raise Hdf5Error("a name has no end", self.place)
        found = self.take(end - self.position)
        self.position += 1
        return found

    def align(self, start: int = 0, to: int = 8) -> None:
        """Step to the next multiple of ``to`` bytes from ``start``."""
        self.take(-(self.position - start) % to)

    def expect(self, signature: bytes) -> None:
        """Step over a signature."""
        place = self.place
        if self.take(len(signature)) != signature:
            raise Hdf5Error(f"the signature {signature.decode('ascii')} is missing", place)


class Source:
    """The file below one superblock.

    Attributes:
        blob: The bytes.
        base: Offset that addresses count from.
        widths: Bytes of an address and of a length.
    """

    def __init__(self, blob: Blob, base: int, widths: tuple[int, int]) -> None:
        self.blob = blob
        self.base = base
        self.widths = widths
        self._steps = self._most = min(_STEPS, _FREE_STEPS + blob.size // _OCTETS)
        self._values = _VALUES
        self._bytes = _FREE + _ROUNDS * blob.size

    def step(self, count: int = 1) -> None:
        """Count work; at its limit reading ends."""
        self._steps -= count
        if self._steps < 0:
            raise OverBudgetError(f"more than {self._most:,} records; the rest is unread")

    def value(self, count: int = 1) -> None:
        """Count texts and elements; at their limit reading ends."""
        self._values -= count
        if self._values < 0:
            raise OverBudgetError(f"more than {_VALUES:,} values; the rest is unread")

    def offset(self, address: int) -> int:
        """Return where an address is in the file."""
        return self.base + address

    def read(self, address: int | None, size: int) -> bytes:
        """Return ``size`` bytes at an address."""
        if address is None:
            raise Hdf5Error("an address is missing")
        start = self.base + address
        if start + size > self.blob.size:
            raise Hdf5Error(f"{size:,} bytes at {start:#x} are outside of the file", min(start, self.blob.size))
        self.step()
        self._bytes -= size
        if self._bytes < 0:
            raise OverBudgetError("parts of the file are used again and again; the rest is unread", start)
        return self.blob.read(start, start + size)

    def fields(self, address: int | None, size: int) -> Fields:
        """Return a reader over ``size`` bytes at an address."""
        data = self.read(address, size)
        return Fields(data, self.base + (address or 0), self.widths)

    def over(self, data: bytes, offset: int = 0) -> Fields:
        """Return a reader over bytes that are at hand; ``offset`` is where they stand in the file."""
        return Fields(data, offset, self.widths)


def octets_for(limit: int) -> int:
    """Return how many bytes hold numbers up to ``limit`` (``H5VM_limit_enc_size``)."""
    return (max(limit, 1).bit_length() - 1) // 8 + 1
