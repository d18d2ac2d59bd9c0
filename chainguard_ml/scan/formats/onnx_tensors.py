"""Tensors of ONNX models: where their data are, and whether there are as many as shape and type need."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from chainguard_ml.rules import protobuf as rules
from chainguard_ml.scan.protobuf import content, schema
from chainguard_ml.scan.protobuf.wire import BYTES, VARINT, Wire, WireError
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Data, Examination
    from chainguard_ml.scan.protobuf.schema import Record

# Bits of an item by TensorProto.DataType; strings have no size.
_BITS = {1: 32, 2: 8, 3: 8, 4: 16, 5: 16, 6: 32, 7: 64, 9: 8, 10: 16, 11: 64, 12: 32, 13: 64, 14: 64, 15: 128, 16: 16,
         17: 8, 18: 8, 19: 8, 20: 8, 21: 4, 22: 4, 23: 4, 24: 8, 25: 2, 26: 2}  # fmt: skip
_LARGEST = 1 << 63
_DIMENSIONS = 64
_IN_MEMORY = "_ORT_MEM_ADDR_"


@dataclass(slots=True)
class _Tensor:
    """What the fields of one tensor say."""

    name: str = ""
    kinds: set[int] = field(default_factory=set)
    dims: list[int] = field(default_factory=list)
    raw: list[tuple[int, int]] = field(default_factory=list)
    external: dict[str, list[tuple[str, int]]] = field(default_factory=dict)


def is_tensor(data: Data) -> bool:
    """Return whether bytes are one ``TensorProto`` from front to back, with a type that is known and with data."""
    wire = Wire(data, 4096)
    kind = schema.load("onnx")["TensorProto"]
    names = kind.names
    seen: set[str] = set()
    try:
        for number, how, first, last in wire.fields(0, len(data)):
            if not kind.fits(number, how) or (number == names["data_type"] and first not in {*_BITS, 8}):
                return False
            if number == names["name"] and not wire.text(first, last).isprintable():
                return False
            seen.add(kind.fields[number])
    except WireError:
        return False
    return "data_type" in seen and any(name.endswith("_data") for name in seen)


def examine(blob: Blob, wire: Wire, record: Record, examination: Examination) -> Observations:
    """Examine one tensor."""
    tensor = _Tensor()
    names = record.kind.names
    for item in wire.sound(record.start, record.stop):
        number, how, first, last = item
        if number == names["dims"] and how in {VARINT, BYTES}:
            tensor.dims += [value for value, _ in zip(wire.numbers(item), range(_DIMENSIONS + 1), strict=False)]
        elif number == names["data_type"] and how == VARINT:
            tensor.kinds.add(first)
        elif number == names["name"] and how == BYTES:
            tensor.name = wire.text(first, last)
        elif number == names["raw_data"] and how == BYTES:
            tensor.raw.append((first, last))
        elif number == names["string_data"] and how == BYTES:
            yield from content.examine_bytes(blob, "(string)", (first, last), examination)
        elif number == names["external_data"] and how == BYTES:
            _entry(wire, tensor, first, last)
    yield from _external(blob, tensor, record.start)
    yield from _sizes(blob, tensor, record.start)
    for span in tensor.raw:
        yield from content.examine_bytes(blob, f"(tensor {tensor.name})", span, examination)


def _entry(wire: Wire, tensor: _Tensor, start: int, stop: int) -> None:
    """Add one pair of ``external_data``; any order of key and value is taken."""
    keys: list[tuple[str, int]] = []
    values: list[tuple[str, int]] = []
    for number, how, first, last in wire.sound(start, stop):
        if how == BYTES and number in {1, 2}:
            (keys if number == 1 else values).append((wire.text(first, last, 65_536), first))
    for key, _ in keys[-9:]:
        tensor.external.setdefault(key, []).extend(values[-9:])


def _external(blob: Blob, tensor: _Tensor, offset: int) -> Observations:
    for key in ("location", "basepath"):
        for location, place in tensor.external.get(key, ()):
            name = f"the tensor '{printable(tensor.name, 80)}'"
            if _IN_MEMORY in location:
                text = f"{name} is at an address of the reader's memory"
                yield _finding(blob, tensor, text, place, grave=True)
            elif finding := content.escapes(blob, location, name, place, tensor.name):
                yield finding
    numbers = {key: [text for text, _ in tensor.external.get(key, ())] for key in ("offset", "length")}
    wrong = [text for texts in numbers.values() for text in texts if not _is_size(text)]
    if wrong:
        text = f"the tensor '{printable(tensor.name, 80)}' has no valid place in its file: {printable(wrong[0], 40)}"
        yield _finding(blob, tensor, text, offset, grave=True)


def _is_size(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 20 and int(text) < _LARGEST


def _sizes(blob: Blob, tensor: _Tensor, offset: int) -> Observations:
    """Compare shape and type with the data, in numbers that do not overflow."""
    name = printable(tensor.name, 80)
    if len(tensor.dims) > _DIMENSIONS or any(dim >= _LARGEST for dim in tensor.dims):
        text = f"the shape of the tensor '{name}' is negative or has more than {_DIMENSIONS} dimensions"
        yield _finding(blob, tensor, text, offset, grave=True)
        return
    bits = {_BITS[kind] for kind in tensor.kinds if kind in _BITS}
    if len(bits) != 1 or len(tensor.kinds) != 1:
        return
    need = -(-math.prod(tensor.dims) * bits.pop() // 8)
    if need >= _LARGEST:
        yield _finding(blob, tensor, f"the tensor '{name}' is larger than any memory", offset, grave=True)
        return
    there = [last - first for first, last in tensor.raw]
    there += [int(text) for text, _ in tensor.external.get("length", ()) if _is_size(text) and not tensor.raw]
    wrong = [size for size in there if size != need]
    if wrong:
        text = f"the tensor '{name}' needs {need:,} bytes and has {wrong[0]:,}"
        yield _finding(blob, tensor, text, offset, grave=False)


def _finding(blob: Blob, tensor: _Tensor, text: str, offset: int, *, grave: bool) -> Finding:
    return rules.TENSOR_SIZE.finding(
        blob.subject,
        blob.location.at(offset),
        text,
        key=("tensor", tensor.name),
        facts={"tensor": tensor.name, "shape": [str(dim) for dim in tensor.dims[:16]]},
        severity=Severity.HIGH if grave else None,
    )
