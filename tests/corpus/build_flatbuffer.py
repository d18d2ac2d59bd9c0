"""Builders of flatbuffers: a table is a mapping from field numbers to values."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "tuple[str, int] | str | bytes | Mapping[int, Value] | Sequence[Mapping[int, Value] | str | int]"
Table: TypeAlias = Mapping[int, Value]


def flatbuffer(root: Table, identifier: bytes) -> bytes:
    """Return a buffer: children stand behind their parents."""
    data = bytearray(b"\0\0\0\0" + identifier)
    _patch(data, 0, _table(data, root))
    return bytes(data) + bytes(8)


def _patch(data: bytearray, place: int, target: int) -> None:
    struct.pack_into("<I", data, place, target - place)


def _align(data: bytearray, to: int, shift: int = 0) -> None:
    data += bytes(-(len(data) + shift) % to)


def _table(data: bytearray, table: Table) -> int:
    last = max(table, default=-1)
    offsets = [0] * (last + 1)
    body = bytearray(4)
    children: list[tuple[int, Value]] = []
    for number, value in table.items():
        code, plain = value if isinstance(value, tuple) else ("I", None)
        _align(body, struct.calcsize("<" + code))
        offsets[number] = len(body)
        if plain is None:
            children.append((len(body), value))
        body += struct.pack("<" + code, plain or 0)
    _align(data, 8, 4 + 2 * len(offsets))
    vtable = len(data)
    data += struct.pack(f"<HH{len(offsets)}H", 4 + 2 * len(offsets), len(body), *offsets)
    start = len(data)
    struct.pack_into("<i", body, 0, start - vtable)
    data += body
    for place, child in children:
        _patch(data, start + place, _child(data, child))
    return start


def _child(data: bytearray, value: Value) -> int:
    if isinstance(value, Mapping):
        return _table(data, value)
    if isinstance(value, str | bytes):
        raw = value.encode() if isinstance(value, str) else value
        _align(data, 16, 4)
        start = len(data)
        data += struct.pack("<I", len(raw)) + raw + b"\0"
        return start
    _align(data, 4)
    start = len(data)
    data += struct.pack("<I", len(value)) + bytes(4 * len(value))
    for index, item in enumerate(value):
        place = start + 4 + 4 * index
        if isinstance(item, int):
            struct.pack_into("<i", data, place, item)
        else:
            _patch(data, place, _child(data, item))
    return start


def tflite(
    codes: Sequence[Table] = ({0: ("b", 19)},),
    operators: Sequence[Table] = ({0: ("I", 0), 1: [0], 2: [1]},),
    buffers: Sequence[Table] = ({},),
    graphs: Sequence[Table] = (),
    **more: Value,
) -> bytes:
    """Return a model of one operator between two tensors; ``more`` are fields of the model (``f6=…``)."""
    graph: Table = {0: [{0: [1], 2: ("I", 0), 3: "in"}, {0: [1], 3: "out"}], 1: [0], 2: [1], 3: list(operators)}
    fields: dict[int, Value] = {0: ("I", 3), 1: list(codes), 2: list(graphs) or [graph], 3: "test", 4: list(buffers)}
    fields |= {int(name[1:]): value for name, value in more.items()}
    return flatbuffer(fields, b"TFL3")


def flex_options(name: bytes, node: bytes) -> bytes:
    """Return what TensorFlow's converter writes: a flexbuffer with the name and the serialized ``NodeDef``."""
    strings = [name, node]
    data, places = bytearray(), []
    for raw in strings:
        data += struct.pack("<H", len(raw))
        places.append(len(data))
        data += raw + b"\0"
    _align(data, 2)
    data += struct.pack("<H", len(strings))
    start = len(data)
    for place in places:
        data += struct.pack("<H", len(data) - place)
    data += bytes([5 << 2 | 1] * len(strings))
    return bytes(data) + bytes([len(data) - start, 10 << 2 | 1, 1])


def node_def(name: str, op: str) -> bytes:
    """Return a serialized ``NodeDef`` with a name and an operator."""
    return b"".join(
        bytes([number << 3 | 2, len(text)]) + text.encode() for number, text in ((1, name), (2, op), (3, "in"))
    )
