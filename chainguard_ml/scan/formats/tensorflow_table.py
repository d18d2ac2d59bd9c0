"""TensorFlow checkpoints' tables (``variables.index``, ``model.ckpt``): sorted keys in blocks, as LevelDB has them.

Layout: ``tsl/lib/io/table_format.txt``. The values of an index are ``BundleEntryProto``: where in the data files a
tensor is. The data files are numbers without a header.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from chainguard_ml.model import GapReason
from chainguard_ml.rules import protobuf as rules
from chainguard_ml.scan.formats.snappy import SnappyError, unsnap
from chainguard_ml.scan.protobuf import schema
from chainguard_ml.scan.protobuf.wire import BYTES, VARINT, Wire, WireError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "tensorflow-table"
EXAMINES = "bounds of every block, compressed ones too, sizes of tensors against their shapes"

_MAGIC = b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"
_FOOTER = 48
_TRAILER = 5  # kind of compression, checksum
_PLAIN, _SNAPPY = 0, 1
# Bytes of an item by DataType; others (strings, resources, variants, packed ones) have no fixed size.
_ITEM = {1: 4, 2: 8, 3: 4, 4: 1, 5: 2, 6: 1, 8: 8, 9: 8, 10: 1, 14: 2, 17: 2, 18: 16, 19: 2, 22: 4, 23: 8}


class _Entry(NamedTuple):
    key: bytes
    start: int
    stop: int


def recognise(blob: Blob) -> bool:
    """Return whether the table's magic number ends the file."""
    return blob.size >= _FOOTER and blob.read(blob.size - 8, blob.size) == _MAGIC


def examine(blob: Blob, examination: Examination) -> Observations:
    """Follow the index through every block."""
    try:
        yield from _walked(blob, Wire(blob.data), examination)
    except SnappyError as error:
        yield blob.gap(GapReason.MALFORMED, f"a compressed block is not sound: {error}")
    except WireError as error:
        yield blob.gap(error.reason, f"the table is not sound: {error}", min(error.offset, blob.size))


def _walked(blob: Blob, wire: Wire, examination: Examination) -> Observations:
    footer = max(0, blob.size - _FOOTER)
    _, position = _handle(wire, footer)
    index, _ = _handle(wire, position)
    inner, place = _content(wire, index, examination)
    for entry in _block(inner, place):
        block, _ = _handle(inner, entry.start)
        body, span = _content(wire, block, examination)
        for item in _block(body, span):
            yield from _tensor(blob, body, item, block[0])


def _content(wire: Wire, handle: tuple[int, int], examination: Examination) -> tuple[Wire, tuple[int, int]]:
    """Return the content of a block, decompressed where its trailer says so, and where in it the block lies."""
    offset, length = handle
    if offset + length + _TRAILER > len(wire.data):
        raise WireError("a block is not inside of the file", offset)
    kind = wire.data[offset + length]
    if kind == _PLAIN:
        return wire, handle
    if kind != _SNAPPY:
        raise WireError(f"a block is compressed by method {kind}", offset, GapReason.UNSUPPORTED)
    data = unsnap(bytes(wire.data[offset : offset + length]), examination.allowance(length))
    examination.spend(len(data))
    return Wire(data), (0, len(data))


def _handle(wire: Wire, position: int) -> tuple[tuple[int, int], int]:
    """Return offset and size of a block, and the position behind."""
    offset, position = _number(wire, position)
    size, position = _number(wire, position)
    return (offset, size), position


def _number(wire: Wire, position: int) -> tuple[int, int]:
    stop = min(len(wire.data), position + 10)
    return wire.varint(position, stop)


def _block(wire: Wire, handle: tuple[int, int]) -> Iterator[_Entry]:
    """Yield the entries of a block: each names how many bytes of the last key it keeps."""
    offset, length = handle
    if length < 4:
        raise WireError("a block is too short", offset)
    stop = offset + length
    restarts = int.from_bytes(wire.data[stop - 4 : stop], "little")
    end = stop - 4 - 4 * restarts
    if end < offset:
        raise WireError("a block has more restart points than bytes", offset)
    position, key = offset, b""
    while position < end:
        shared, position = _number(wire, position)
        added, position = _number(wire, position)
        value, position = _number(wire, position)
        if shared > len(key) or shared + added > 65_536 or position + added + value > end:
            raise WireError("an entry is not inside of its block", position)
        key = key[:shared] + bytes(wire.data[position : position + added])
        position += added
        yield _Entry(key, position, position + value)
        position += value


def _tensor(blob: Blob, wire: Wire, entry: _Entry, block: int) -> Observations:
    """Compare the size of a tensor with its shape; the first entry, without a key, is the header."""
    kind = schema.load("tensorflow")["BundleEntryProto"]
    numbers: dict[str, int] = {}
    dims: list[int] = []
    for number, how, first, last in wire.sound(entry.start, entry.stop):
        name = kind.fields.get(number, "")
        if how == VARINT:
            numbers[name] = first
        elif how == BYTES and name == "shape":
            dims = list(_dims(wire, first, last))
        elif how == BYTES and name == "slices":
            return
    item = _ITEM.get(numbers.get("dtype", 0), 0)
    there = numbers.get("size", 0)
    need = item * math.prod(dims)
    if not entry.key or not item or need == there or "size" not in numbers:
        return
    key = printable(entry.key.decode("utf-8", "replace"), 80)
    yield rules.TENSOR_SIZE.finding(
        blob.subject,
        blob.location.at(entry.start if len(wire.data) == blob.size else block),
        f"the tensor '{key}' needs {need:,} bytes and has {there:,}",
        key=("tensor", key),
        facts={"tensor": key},
    )


def _dims(wire: Wire, start: int, stop: int) -> Iterator[int]:
    for number, how, first, last in wire.sound(start, stop):
        if number == 2 and how == BYTES:
            yield next((value for inner, kind, value, _ in wire.sound(first, last) if inner == 1 and kind == VARINT), 0)
