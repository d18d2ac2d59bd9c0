"""Datatypes and dataspaces (HDF5 file format specification 3.0, IV.A.2.b and IV.A.2.d)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.hdf5.source import Hdf5Error, octets_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.hdf5.heaps import GlobalHeaps
    from chainguard_ml.scan.hdf5.source import Fields, Source

_FIXED, _FLOAT, _TIME, _STRING, _BITS, _OPAQUE, _COMPOUND, _REFERENCE, _ENUM, _VARIABLE, _ARRAY, _COMPLEX = range(12)
_PROPERTIES = {_FIXED: 4, _FLOAT: 12, _TIME: 2, _STRING: 0, _BITS: 4, _REFERENCE: 0}  # bytes behind the head
_DEEPEST = 16
SHORTEST = 8
"""Bytes of the shortest text that can do anything."""
_MOST_DIMENSIONS = 32


@dataclass(frozen=True, slots=True)
class Datatype:
    """A datatype as far as reading bytes and text needs it.

    Attributes:
        kind: Class.
        size: Bytes of one element.
        members: Offset and type of each member of a compound that holds bytes; of the base type of an array or a
            sequence.
        count: Elements of an array.
    """

    kind: int
    size: int
    members: tuple[tuple[int, Datatype], ...] = ()
    count: int = 1

    @property
    def is_bytes(self) -> bool:
        """Whether an element is one byte, so that many of them can be anything."""
        return self.size == 1 and self.kind in {_FIXED, _STRING, _BITS, _OPAQUE, _ENUM}

    @property
    def holds_bytes(self) -> bool:
        """Whether an element holds text or bytes that can be anything."""
        if self.kind in {_STRING, _OPAQUE}:
            return True
        if self.kind in {_VARIABLE, _ARRAY}:
            return any(base.is_bytes or base.holds_bytes for _, base in self.members)
        return self.kind == _COMPOUND and bool(self.members)

    @property
    def is_long(self) -> bool:
        """Whether an element holds bytes, and enough of them to do anything."""
        return self.holds_bytes and (self.kind not in {_STRING, _OPAQUE} or self.size >= SHORTEST)


def parse(fields: Fields, depth: int = 0) -> Datatype:
    """Return the datatype that is next in ``fields``."""
    if depth > _DEEPEST:
        raise Hdf5Error("a datatype is nested too deeply", fields.place)
    head, bits, size = fields.number(1), fields.number(3), fields.number(4)
    version, kind = head >> 4, head & 15
    if kind in _PROPERTIES:
        fields.take(_PROPERTIES[kind])
        return Datatype(kind, size)
    if kind == _OPAQUE:
        fields.take(-(-(bits & 0xFF) // 8) * 8)
        return Datatype(kind, size)
    if kind == _COMPOUND:
        members = [_member(fields, version, size, depth) for _ in range(bits & 0xFFFF)]
        return Datatype(kind, size, tuple(member for member in members if member[1].is_long))
    if kind == _ARRAY:
        return _array(fields, version, size, depth)
    if kind in {_ENUM, _VARIABLE, _COMPLEX}:
        base = parse(fields, depth + 1)
        if kind == _ENUM:
            _skip_names(fields, version, bits & 0xFFFF, base.size)
        return Datatype(kind, size, ((0, base),))
    raise Hdf5Error(f"datatype class {kind} is not known", fields.place, GapReason.UNSUPPORTED)


def _member(fields: Fields, version: int, size: int, depth: int) -> tuple[int, Datatype]:
    start = fields.position
    fields.text()
    if version >= 3:
        return fields.number(octets_for(size)), parse(fields, depth + 1)
    fields.align(start)
    offset = fields.number(4)
    if version == 1:
        dimensions = fields.number(1)
        fields.take(11)
        lengths = [fields.number(4) for _ in range(4)][:dimensions]
        base = parse(fields, depth + 1)
        count = math.prod(lengths)
        return offset, Datatype(_ARRAY, base.size * count, ((0, base),), count) if dimensions else base
    return offset, parse(fields, depth + 1)


def _array(fields: Fields, version: int, size: int, depth: int) -> Datatype:
    dimensions = fields.number(1)
    if dimensions > _MOST_DIMENSIONS:
        raise Hdf5Error(f"an array has {dimensions} dimensions", fields.place)
    if version < 3:
        fields.take(3)
    count = math.prod(fields.number(4) for _ in range(dimensions))
    if version < 3:
        fields.take(4 * dimensions)
    return Datatype(_ARRAY, size, ((0, parse(fields, depth + 1)),), count)


def _skip_names(fields: Fields, version: int, count: int, size: int) -> None:
    for _ in range(count):
        start = fields.position
        fields.text()
        if version < 3:
            fields.align(start)
    fields.take(count * size)


def elements(fields: Fields) -> int:
    """Return the number of elements of the dataspace that is in ``fields``."""
    version, rank, flags = fields.number(1), fields.number(1), fields.number(1)
    if version not in {1, 2} or rank > _MOST_DIMENSIONS:
        raise Hdf5Error("a dataspace is of no known version", fields.place, GapReason.UNSUPPORTED)
    kind = fields.number(1)
    if version == 1:
        fields.take(4)
    elif kind == 2:  # null
        return 0
    del flags  # only says whether maximal dimensions follow
    return math.prod(fields.length() for _ in range(rank))


def values(kind: Datatype, raw: bytes, place: int, source: Source, heaps: GlobalHeaps) -> Iterator[tuple[bytes, int]]:
    """Yield texts and bytes inside the elements that ``raw`` holds one after another, and where they stand."""
    if kind.size == 0 or not kind.holds_bytes:
        return
    for start in range(0, len(raw) - kind.size + 1, kind.size):
        source.value()
        yield from _inside(kind, raw[start : start + kind.size], place + start, source, heaps)


def _inside(kind: Datatype, raw: bytes, place: int, source: Source, heaps: GlobalHeaps) -> Iterator[tuple[bytes, int]]:
    if kind.kind in {_STRING, _OPAQUE}:
        yield raw, place
        return
    source.value(len(kind.members))
    for offset, member in kind.members:
        if kind.kind == _VARIABLE:
            fields = source.over(raw, place)
            fields.take(4)
            content, where = heaps.read(fields)
        elif kind.kind == _ARRAY:
            content, where = raw, place
        else:
            content, where = raw[offset : offset + member.size], place + offset
        if member.is_bytes and kind.kind != _COMPOUND:
            yield content, where
        else:
            yield from values(member, content, where, source, heaps)
