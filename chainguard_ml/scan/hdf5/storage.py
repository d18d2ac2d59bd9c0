"""Where the elements of a dataset are (HDF5 file format specification 3.0, IV.A.2.h and IV.A.2.i)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.hdf5 import filters as pipelines
from chainguard_ml.scan.hdf5.chunks import Index, chunks
from chainguard_ml.scan.hdf5.heaps import LocalHeap
from chainguard_ml.scan.hdf5.objects import FILTERS
from chainguard_ml.scan.hdf5.source import Hdf5Error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.hdf5.filters import Filter
    from chainguard_ml.scan.hdf5.objects import Header, Objects
    from chainguard_ml.scan.hdf5.source import Fields
    from chainguard_ml.scan.interface import Examination

_COMPACT, _CONTIGUOUS, _CHUNKED, _VIRTUAL = range(4)
_PIECE = 1_000_000
_SINGLE_WITH_SIZE = 2  # flag of a version 4 layout
_INDEX_PARAMETERS = {1: 0, 2: 0, 3: 1, 4: 5, 5: 6}
_NAME_SHARED, _DATASET_SHARED, _SAME_FILE = 1, 2, 4  # flags of an entry of a virtual dataset
_ALL, _POINTS, _HYPERSLAB, _NONE = 3, 1, 2, 0


@dataclass(frozen=True, slots=True)
class Layout:
    """How the elements of a dataset are stored.

    Attributes:
        compact: The bytes themselves with their offset, if they stand in the header.
        span: Address and size, if they are in one piece.
        index: How to find the chunks.
        virtual: Address of the global heap and index of the mapping to other datasets.
    """

    compact: tuple[bytes, int] | None = None
    span: tuple[int, int] | None = None
    index: Index | None = None
    virtual: bytes = b""


def layout(fields: Fields, elements: int, *, filtered: bool) -> Layout:
    """Return the layout that a message describes; ``elements`` of the dataset and whether it has filters."""
    version = fields.number(1)
    if version in {1, 2}:
        return _oldest(fields, elements)
    if version not in {3, 4, 5}:
        raise Hdf5Error(f"layout version {version} is not known", fields.place, GapReason.UNSUPPORTED)
    kind = fields.number(1)
    if kind == _COMPACT:
        size, place = fields.number(2), fields.place
        return Layout(compact=(fields.take(size), place))
    if kind == _CONTIGUOUS:
        address, size = fields.address(), fields.length()
        return Layout(span=None if address is None else (address, size))
    if kind == _CHUNKED:
        return Layout(index=_chunked(fields, elements) if version == 3 else _indexed(fields, elements, filtered))
    if kind == _VIRTUAL:
        return Layout(virtual=fields.take(fields.left))
    raise Hdf5Error(f"layout class {kind} is not known", fields.place, GapReason.UNSUPPORTED)


def _oldest(fields: Fields, elements: int) -> Layout:
    rank, kind = fields.number(1), fields.number(1)
    fields.take(5)
    address = None if kind == _COMPACT else fields.address()
    lengths = [fields.number(4) for _ in range(rank)]
    if kind == _COMPACT:
        size, place = fields.number(4), fields.place
        return Layout(compact=(fields.take(size), place))
    if kind == _CONTIGUOUS:
        return Layout(span=None if address is None else (address, -1))
    return Layout(index=_index(0, address, lengths, elements, filtered=True))


def _chunked(fields: Fields, elements: int) -> Index:
    rank, address = fields.number(1), fields.address()
    return _index(0, address, [fields.number(4) for _ in range(rank)], elements, filtered=True)


def _index(kind: int, address: int | None, lengths: list[int], elements: int, *, filtered: bool) -> Index:
    """Return an index; the last of the lengths is the size of an element."""
    size = math.prod(lengths)
    if not lengths or size == 0:
        raise Hdf5Error("a chunk has no size")
    number = -(-elements * lengths[-1] // size)
    return Index(kind, address, size, len(lengths) - 1, number, filtered)


def _indexed(fields: Fields, elements: int, filtered: bool) -> Index:  # noqa: FBT001 (called once, above)
    flags, rank, width = fields.number(1), fields.number(1), fields.number(1)
    lengths = [fields.number(width) for _ in range(rank)]
    kind = fields.number(1)
    if kind not in _INDEX_PARAMETERS:
        raise Hdf5Error(f"chunk index {kind} is not known", fields.place, GapReason.UNSUPPORTED)
    single = (fields.length(), fields.number(4)) if kind == 1 and flags & _SINGLE_WITH_SIZE else None
    fields.take(_INDEX_PARAMETERS[kind])
    plain = _index(kind, fields.address(), lengths, elements, filtered=filtered)
    return Index(kind, plain.address, plain.size, plain.rank, plain.count, filtered, single)


def pipeline(objects: Objects, header: Header) -> list[Filter]:
    """Return the filters of a dataset."""
    message = header.first(FILTERS)
    return pipelines.parse(objects.body(message)) if message else []


def pieces(
    objects: Objects, found: Layout, filters: list[Filter], width: int, examination: Examination
) -> Iterator[tuple[bytes, int]]:
    """Yield the elements of ``width`` bytes in pieces, and where each piece stands."""
    source = objects.source
    if found.compact:
        yield found.compact
    elif found.span:
        address, size = found.span
        left = max(0, source.blob.size - source.offset(address))
        size = left if size < 0 else min(size, left)
        step = max(1, width, _PIECE // max(1, width) * width)
        for start in range(0, size, step):
            yield source.read(address + start, min(step, size - start)), source.offset(address + start)
    elif found.index:
        for chunk in chunks(source, found.index):
            raw = source.read(chunk.address, chunk.size)
            yield (
                pipelines.decode(raw, filters, chunk.mask, found.index.size, examination),
                source.offset(chunk.address),
            )


def external_files(objects: Objects, fields: Fields) -> list[str]:
    """Return the names in an external file list (IV.A.2.h)."""
    fields.take(6)
    count, heap = fields.number(2), fields.address()
    names = LocalHeap(objects.source, heap)
    found: list[str] = []
    for _ in range(count):
        objects.source.step()
        found.append(names.text(fields.length()).decode("utf-8", "backslashreplace"))
        fields.length()
        fields.length()
    return found


def virtual_sources(objects: Objects, found: Layout) -> Iterator[str]:
    """Yield the file names of a virtual dataset's mapping (III.E, "global heap block for virtual datasets")."""
    block, place = objects.values.read(objects.source.over(found.virtual))
    if not block:
        return
    fields = objects.source.over(block, place)
    version = fields.number(1)
    count = fields.length()
    if version > 1:
        raise Hdf5Error(f"version {version} of a virtual dataset is not known", place, GapReason.UNSUPPORTED)
    for _ in range(count):
        objects.source.step()
        flags = fields.number(1) if version else 0
        if flags & _NAME_SHARED:  # with an earlier entry
            fields.length()
        elif not flags & _SAME_FILE:
            yield fields.text().decode("utf-8", "backslashreplace")
        if flags & _DATASET_SHARED:
            fields.length()
        else:
            fields.text()
        _skip_selection(fields)
        _skip_selection(fields)


def _skip_selection(fields: Fields) -> None:
    """Step over a serialized selection (``H5S_SELECT_SERIALIZE``)."""
    kind, version = fields.number(4), fields.number(4)
    if kind in {_ALL, _NONE}:
        fields.take(8)
    elif version == 1:
        fields.take(4)
        fields.take(fields.number(4))
    elif kind == _HYPERSLAB and version == 2:
        fields.take(1)
        fields.take(fields.number(4))
    elif kind in {_HYPERSLAB, _POINTS}:
        _skip_encoded(fields, kind)
    else:
        raise Hdf5Error("a selection is of no known type", fields.place, GapReason.UNSUPPORTED)


def _skip_encoded(fields: Fields, kind: int) -> None:
    """Step over a hyperslab of version 3 or points of version 2, whose numbers have a width of their own."""
    regular = kind == _HYPERSLAB and fields.number(1) & 1
    width, rank = fields.number(1), fields.number(4)
    if regular:
        fields.take(4 * rank * width)
    else:
        fields.take(fields.number(width) * rank * width * (2 if kind == _HYPERSLAB else 1))
