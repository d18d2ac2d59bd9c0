"""Fractal heaps (HDF5 file format specification 3.0, III.G): objects by id, through a doubling table of blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.hdf5 import trees
from chainguard_ml.scan.hdf5.source import Hdf5Error, octets_for

if TYPE_CHECKING:
    from chainguard_ml.scan.hdf5.source import Fields, Source

_MANAGED, _HUGE, _TINY = 0, 1, 2
_SHORT_TINY = 17  # the longest object that an id holds with a length of four bits, and its own byte of type
_DEEPEST = 64


class FractalHeap:
    """One heap; ``read`` gives an object by its id."""

    def __init__(self, source: Source, address: int | None) -> None:
        offsets, lengths = source.widths
        fields = source.fields(address, 22 + 12 * lengths + 3 * offsets)
        fields.expect(b"FRHP")
        fields.take(1)
        self._id_size, self._filters = fields.number(2), fields.number(2)
        fields.take(1)
        self._largest = fields.number(4)
        fields.length()
        self._huge = fields.address()
        fields.length()
        fields.address()
        for _ in range(8):
            fields.length()
        self._width = fields.number(2)
        self._block, self._direct = fields.length(), fields.length()
        self._bits = fields.number(2)
        fields.take(2)
        self._root, self._rows = fields.address(), fields.number(2)
        self._source = source
        self._place = fields.place
        self._huge_objects: dict[int, tuple[int | None, int]] | None = None
        if not (self._width and _is_power(self._width) and _is_power(self._block) and _is_power(self._direct)):
            raise Hdf5Error("a fractal heap's header is wrong", fields.place)

    def read(self, raw: bytes) -> tuple[bytes, int]:
        """Return the object of an id, and where it stands."""
        fields = self._source.over(raw, self._place)
        first = fields.number(1)
        kind = first >> 4 & 3
        if kind == _TINY:
            return self._tiny(fields, first)
        if self._filters:
            raise Hdf5Error("a compressed fractal heap is not read", self._place, GapReason.UNSUPPORTED)
        if kind == _HUGE:
            address, size = self._huge_object(fields)
        elif kind == _MANAGED:
            offset = fields.number((self._bits + 7) // 8)
            size = fields.number(octets_for(min(self._direct, self._largest)))
            address = self._managed(offset, size)
        else:
            raise Hdf5Error("an id in a fractal heap is of no known kind", self._place)
        return self._source.read(address, size), self._source.offset(address or 0)

    def _tiny(self, fields: Fields, first: int) -> tuple[bytes, int]:
        if self._id_size - 1 < _SHORT_TINY:
            return fields.take((first & 15) + 1), self._place
        return fields.take(((first & 15) << 8 | fields.number(1)) + 1), self._place

    def _huge_object(self, fields: Fields) -> tuple[int | None, int]:
        offsets, lengths = self._source.widths
        if self._id_size - 1 >= offsets + lengths:
            return fields.address(), fields.length()
        key = fields.number(fields.left)
        if self._huge_objects is None:
            self._huge_objects = {}
            for record in trees.records(self._source, self._huge):
                address, size, number = record.address(), record.length(), record.length()
                self._huge_objects[number] = (address, size)
        if key not in self._huge_objects:
            raise Hdf5Error("a fractal heap has no such huge object", self._place)
        return self._huge_objects[key]

    def _managed(self, offset: int, size: int) -> int:
        """Return the address of the object at an offset in the heap's own address space."""
        block, rows = self._root, self._rows
        if rows == 0:
            if offset + size > self._block_limit():
                raise Hdf5Error("an object is outside of its heap", self._place)
            return self._inside(block, offset)
        for _ in range(_DEEPEST):
            row, column, within = self._cell(offset)
            if row >= rows:
                raise Hdf5Error("an object is outside of its heap", self._place)
            child = self._child(block, row * self._width + column)
            if row < self._direct_rows():
                return self._inside(child, within)
            block, offset = child, within
            rows = (self._row_size(row) // (self._block * self._width)).bit_length()
        raise Hdf5Error("a fractal heap is too deep", self._place)

    def _block_limit(self) -> int:
        return self._direct

    def _inside(self, block: int | None, offset: int) -> int:
        if block is None:
            raise Hdf5Error("a block of a fractal heap is missing", self._place)
        return block + offset

    def _cell(self, offset: int) -> tuple[int, int, int]:
        """Return row, column and offset inside of the block that holds an offset (``H5HF_dtable_lookup``)."""
        first_row = self._block * self._width
        if offset < first_row:
            return 0, offset // self._block, offset % self._block
        row = (offset // first_row).bit_length()
        size = self._row_size(row)
        rest = offset - (first_row << row - 1)
        return row, rest // size, rest % size

    def _row_size(self, row: int) -> int:
        return self._block << max(0, row - 1)

    def _direct_rows(self) -> int:
        return (self._direct // self._block).bit_length() + 1

    def _child(self, block: int | None, entry: int) -> int | None:
        """Return an address from an indirect block: direct and indirect ones are all addresses without filters."""
        start = self._inside(block, 0)
        self._source.fields(start, 4).expect(b"FHIB")
        head = 5 + self._source.widths[0] + (self._bits + 7) // 8
        width = self._source.widths[0]
        return self._source.fields(start + head + entry * width, width).address()


def _is_power(number: int) -> bool:
    return number > 0 and number & number - 1 == 0
