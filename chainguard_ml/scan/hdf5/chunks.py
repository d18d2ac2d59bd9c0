"""Where the chunks of a dataset are: every index of the HDF5 file format specification 3.0 (III.A, IV.A.2.i, VII)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.hdf5 import trees
from chainguard_ml.scan.hdf5.source import Hdf5Error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.hdf5.source import Fields, Source

_SINGLE, _IMPLICIT, _FIXED_ARRAY, _EXTENSIBLE_ARRAY, _TREE = 1, 2, 3, 4, 5
_CHECKSUM = 4
_MASK = 4


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes of one chunk in the file; bit ``n`` of ``mask`` says that filter ``n`` was skipped."""

    address: int
    size: int
    mask: int = 0


@dataclass(frozen=True, slots=True)
class Index:
    """How the chunks of a dataset are found.

    Attributes:
        kind: Index type of a version 4 layout; 0 is a version 1 B-tree.
        address: Where the index begins, or the data if there is none.
        size: Bytes of an uncompressed chunk.
        rank: Dimensions of the dataset.
        count: Chunks in all.
        filtered: Whether the chunks are filtered, so that each has a size of its own.
        single: Size and mask of the only chunk.
    """

    kind: int
    address: int | None
    size: int
    rank: int
    count: int
    filtered: bool
    single: tuple[int, int] | None = None


def chunks(source: Source, index: Index) -> Iterator[Chunk]:
    """Yield the chunks that are stored."""
    if index.address is None:
        return
    if index.kind == _SINGLE:
        yield Chunk(index.address, *(index.single or (index.size, 0)))
    elif index.kind == _IMPLICIT:
        for number in range(index.count):
            source.step()
            yield Chunk(index.address + number * index.size, index.size)
    else:
        read = {0: _old_tree, _FIXED_ARRAY: _fixed_array, _EXTENSIBLE_ARRAY: _extensible_array, _TREE: _tree}
        if index.kind not in read:
            raise Hdf5Error(f"chunk index {index.kind} is not known", None, GapReason.UNSUPPORTED)
        yield from read[index.kind](source, index)


def _old_tree(source: Source, index: Index) -> Iterator[Chunk]:
    for key, address in trees.leaves(source, index.address, trees.CHUNKS, 8 + 8 * (index.rank + 1)):
        yield Chunk(address, key.number(4), key.number(4))


def _tree(source: Source, index: Index) -> Iterator[Chunk]:
    for record in trees.records(source, index.address):
        address = record.address()
        sizes = record.left - 8 * index.rank - _MASK
        size, mask = (record.number(sizes), record.number(_MASK)) if sizes > 0 and index.filtered else (index.size, 0)
        if address is not None:
            yield Chunk(address, size, mask)


def _entries(source: Source, index: Index, address: int, count: int, width: int) -> Iterator[Chunk]:
    """Yield chunks from ``count`` array entries of ``width`` bytes."""
    fields = source.fields(address, count * width)
    for _ in range(count):
        source.step()
        place = fields.address()
        rest = width - source.widths[0]
        size, mask = (fields.number(rest - _MASK), fields.number(_MASK)) if index.filtered else (index.size, 0)
        if place is not None:
            yield Chunk(place, size, mask)


def _checked_width(source: Source, index: Index, fields: Fields) -> int:
    width = fields.number(1)
    if width < source.widths[0] + (_MASK + 1 if index.filtered else 0):
        raise Hdf5Error("an index of chunks has entries that are too small", fields.place)
    return width


def _fixed_array(source: Source, index: Index) -> Iterator[Chunk]:
    offsets, lengths = source.widths
    head = source.fields(index.address, 8 + lengths + offsets)
    head.expect(b"FAHD")
    head.take(2)
    width, bits, count, block = _checked_width(source, index, head), head.number(1), head.length(), head.address()
    if block is None:
        return
    source.fields(block, 4).expect(b"FADB")
    start, page = block + 6 + offsets, 1 << min(bits, 63)
    if count <= page:
        yield from _entries(source, index, start, count, width)
        return
    pages = -(-count // page)
    written = source.read(start, -(-pages // 8))
    start += len(written) + _CHECKSUM
    for number in range(pages):
        source.step()
        size = min(page, count - number * page)
        if _bit(written, number):
            yield from _entries(source, index, start, size, width)
        start += size * width + _CHECKSUM


def _bit(mask: bytes, number: int) -> bool:
    return bool(mask[number // 8] & 0x80 >> number % 8)


@dataclass(frozen=True, slots=True)
class _Extensible:
    """The sizes in an extensible array's header."""

    width: int
    bits: int
    smallest: int
    page: int

    @property
    def offset_size(self) -> int:
        return (self.bits + 7) // 8

    def elements(self, super_block: int) -> int:
        """Return the elements of each data block below a super block."""
        return self.smallest << (super_block + 1) // 2


def _extensible_array(source: Source, index: Index) -> Iterator[Chunk]:
    offsets, lengths = source.widths
    head = source.fields(index.address, 12 + 6 * lengths + offsets)
    head.expect(b"EAHD")
    head.take(2)
    width, bits = _checked_width(source, index, head), head.number(1)
    direct, smallest, pointers, page = head.number(1), head.number(1), head.number(1), head.number(1)
    head.take(6 * lengths)
    block = head.address()
    if block is None:
        return
    if not (_is_power(smallest) and _is_power(pointers) and smallest.bit_length() - 1 <= bits <= 64):
        raise Hdf5Error("an index of chunks has a wrong header", head.place)
    sizes = _Extensible(width, bits, smallest, 1 << min(page, 63))
    source.fields(block, 4).expect(b"EAIB")
    start = block + 6 + offsets
    yield from _entries(source, index, start, direct, width)
    start += direct * width
    first = 2 * (pointers.bit_length() - 1)  # super blocks whose data blocks the index block lists itself
    supers = 1 + bits - (smallest.bit_length() - 1)
    for number in range(min(first, supers)):
        blocks = 1 << number // 2
        for address in _addresses(source, start, blocks):
            yield from _data_block(source, index, sizes, address, sizes.elements(number), None)
        start += blocks * offsets
    for number, address in enumerate(_addresses(source, start, max(0, supers - first)), first):
        if address is not None:
            yield from _super_block(source, index, sizes, address, number)


def _is_power(number: int) -> bool:
    return number > 0 and number & number - 1 == 0


def _addresses(source: Source, start: int, count: int) -> list[int | None]:
    fields = source.fields(start, count * source.widths[0])
    source.step(count)
    return [fields.address() for _ in range(count)]


def _super_block(source: Source, index: Index, sizes: _Extensible, address: int, number: int) -> Iterator[Chunk]:
    source.fields(address, 4).expect(b"EASB")
    start = address + 6 + source.widths[0] + sizes.offset_size
    blocks, elements = 1 << number // 2, sizes.elements(number)
    pages = elements // sizes.page if elements > sizes.page else 0
    mask = -(-pages // 8)
    written = source.read(start, blocks * mask)
    found = _addresses(source, start + len(written), blocks)
    for place, block in enumerate(found):
        if block is not None:
            part = written[place * mask : (place + 1) * mask]
            yield from _data_block(source, index, sizes, block, elements, part if pages else None)


def _data_block(
    source: Source, index: Index, sizes: _Extensible, address: int | None, elements: int, written: bytes | None
) -> Iterator[Chunk]:
    if address is None:
        return
    source.fields(address, 4).expect(b"EADB")
    start = address + 6 + source.widths[0] + sizes.offset_size
    if written is None:
        yield from _entries(source, index, start, elements, sizes.width)
        return
    start += _CHECKSUM
    for number in range(elements // sizes.page):
        source.step()
        if _bit(written, number):
            yield from _entries(source, index, start, sizes.page, sizes.width)
        start += sizes.page * sizes.width + _CHECKSUM
