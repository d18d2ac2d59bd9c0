"""B-trees of both versions (HDF5 file format specification 3.0, III.A): leaves and records, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.hdf5.source import Hdf5Error, octets_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.hdf5.source import Fields, Source

GROUP, CHUNKS = 0, 1
_DEEPEST = 64
_MOST_RECORDS = 1 << 64
_ENDS = 10  # bytes of a node's signature, version, type and checksum


def leaves(source: Source, address: int | None, kind: int, key: int) -> Iterator[tuple[Fields, int]]:
    """Yield key (``key`` bytes) and child address of every leaf entry of a version 1 B-tree."""
    width = source.widths[0]
    waiting = [] if address is None else [address]
    seen: set[int] = set()
    while waiting:
        node = waiting.pop()
        if node in seen:
            raise Hdf5Error("a B-tree leads back to itself", source.offset(node))
        seen.add(node)
        head = source.fields(node, 8 + 2 * width)
        head.expect(b"TREE")
        if head.number(1) != kind:
            raise Hdf5Error("a B-tree is of another type", source.offset(node) + 4)
        level, entries = head.number(1), head.number(2)
        body = source.fields(node + 8 + 2 * width, entries * (key + width))
        children: list[int] = []
        for _ in range(entries):
            place = body.place
            first = source.over(body.take(key), place)
            child = body.address()
            if child is None:
                continue
            source.step()
            if level == 0:
                yield first, child
            else:
                children.append(child)
        waiting += reversed(children)


@dataclass(frozen=True, slots=True)
class _Level:
    """Nodes of one depth: most records, and bytes of a pointer to such a node."""

    most: int
    total: int
    pointer: int


def records(source: Source, address: int | None) -> Iterator[Fields]:
    """Yield every record of a version 2 B-tree."""
    if address is None:
        return
    width = source.widths[0]
    head = source.fields(address, 22 + width + source.widths[1])
    head.expect(b"BTHD")
    head.take(2)  # version, type
    node, record, depth = head.number(4), head.number(2), head.number(2)
    head.take(2)
    root, count = head.address(), head.number(2)
    if root is None or count == 0:
        return
    levels = _levels(source, address, node, record, depth)
    waiting: list[tuple[int, int, int]] = [(root, count, depth)]
    seen: set[int] = set()
    while waiting:
        place, count, height = waiting.pop()
        if place in seen:
            raise Hdf5Error("a B-tree leads back to itself", source.offset(place))
        seen.add(place)
        body = source.fields(place, min(node, 6 + count * record + (count + 1) * levels[height].pointer))
        body.expect(b"BTIN" if height else b"BTLF")
        body.take(2)
        for _ in range(count):
            source.step()
            start = body.place
            yield source.over(body.take(record), start)
        waiting += reversed(_children(source, body, count, height, levels))


def _levels(source: Source, address: int, node: int, record: int, depth: int) -> list[_Level]:
    """Return what each depth can hold; the widths of counts in pointers follow from it (``H5B2_hdr_init``)."""
    if depth > _DEEPEST or record == 0 or node < _ENDS + record:
        raise Hdf5Error("a B-tree's header is wrong", source.offset(address))
    most = (node - _ENDS) // record
    counts = octets_for(most)
    levels = [_Level(most, most, 0)]
    for height in range(1, depth + 1):
        below = levels[-1]
        pointer = source.widths[0] + counts + (octets_for(below.total) if height > 1 else 0)
        most = max(0, node - _ENDS - pointer) // (record + pointer)
        total = (most + 1) * below.total + most
        if not 0 < total < _MOST_RECORDS:
            raise Hdf5Error("a B-tree's header is wrong", source.offset(address), GapReason.UNSUPPORTED)
        levels.append(_Level(most, total, pointer))
    return levels


def _children(
    source: Source, body: Fields, count: int, height: int, levels: list[_Level]
) -> list[tuple[int, int, int]]:
    """Return address, number of records and height of the nodes below."""
    if not height:
        return []
    counts = octets_for(levels[0].most)
    totals = levels[height].pointer - source.widths[0] - counts
    found: list[tuple[int, int, int]] = []
    for _ in range(count + 1):
        child, inside = body.address(), body.number(counts)
        body.take(totals)
        if child is not None:
            found.append((child, inside, height - 1))
    return found
