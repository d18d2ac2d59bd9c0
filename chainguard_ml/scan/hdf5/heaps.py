"""Local and global heaps (HDF5 file format specification 3.0, III.D and III.E)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan.hdf5.source import Hdf5Error

if TYPE_CHECKING:
    from chainguard_ml.scan.hdf5.source import Fields, Source

_LONGEST_NAME = 65_536


class LocalHeap:
    """Names of one old-style group, by their offset in a data segment."""

    def __init__(self, source: Source, address: int | None) -> None:
        fields = source.fields(address, 8 + 2 * source.widths[1] + source.widths[0])
        fields.expect(b"HEAP")
        fields.take(4)
        size = fields.length()
        fields.length()  # free list
        start = fields.address()
        self._source = source
        self._start = 0 if start is None else start
        self._size = min(size, max(0, source.blob.size - source.offset(self._start)))

    def text(self, offset: int) -> bytes:
        """Return the bytes at ``offset`` up to the next NUL."""
        if offset >= self._size:
            raise Hdf5Error("a name is outside of its heap", self._source.offset(self._start))
        piece = self._source.read(self._start + offset, min(_LONGEST_NAME, self._size - offset))
        name, found, _ = piece.partition(b"\0")
        if not found:
            raise Hdf5Error("a name has no end", self._source.offset(self._start + offset))
        return name


class GlobalHeaps:
    """Values of variable length, by collection and index; every collection is listed once."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._collections: dict[int, dict[int, tuple[int, int]]] = {}

    def read(self, fields: Fields) -> tuple[bytes, int]:
        """Return the object whose id (address and index) is next in ``fields``, and where it stands."""
        address, index = fields.address(), fields.number(4)
        if not address:
            return b"", 0
        known = self._collections.get(address)
        if known is None:
            known = self._collections[address] = self._listed(address)
        if index not in known:
            raise Hdf5Error(f"a global heap has no object {index}", self._source.offset(address))
        start, size = known[index]
        return self._source.read(start, size), self._source.offset(start)

    def _listed(self, address: int) -> dict[int, tuple[int, int]]:
        """Return address and size of every object of a collection."""
        source, width = self._source, self._source.widths[1]
        fields = source.fields(address, 8 + width)
        fields.expect(b"GCOL")
        fields.take(4)
        end = address + fields.length()
        position = address + 8 + width
        found: dict[int, tuple[int, int]] = {}
        while position + 8 + width <= end:
            fields = source.fields(position, 8 + width)
            index, _, _, size = fields.number(2), fields.number(2), fields.number(4), fields.length()
            if index == 0:  # free space up to the end
                break
            found.setdefault(index, (position + 8 + width, size))
            position += 8 + width + -(-size // 8) * 8
        return found
