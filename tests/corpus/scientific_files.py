"""Builders of MAT files, ExecuTorch programs and Snappy blocks, by their specifications."""

from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

from tests.corpus.build_flatbuffer import flatbuffer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.corpus.build_flatbuffer import Table

CELL, STRUCT, OBJECT, CHAR, DOUBLE, UINT8, FUNCTION, OPAQUE = 1, 2, 3, 4, 6, 9, 16, 17


def element(kind: int, data: bytes, order: str = "<") -> bytes:
    """Return an element: tag, data, padding."""
    if 0 < len(data) <= 4 and kind != 14:
        return struct.pack(f"{order}I", len(data) << 16 | kind) + data.ljust(4, b"\0")
    return struct.pack(f"{order}II", kind, len(data)) + data + bytes(-len(data) % 8)


def array(kind: int, *parts: bytes, name: str = "", class_name: str = "", system: str = "", order: str = "<") -> bytes:
    """Return an array of a class: what describes it, then its parts."""
    body = element(6, struct.pack(f"{order}II", kind, 0), order)
    if kind != OPAQUE:
        body += element(5, struct.pack(f"{order}ii", 1, 1), order)
    body += element(1, name.encode(), order)
    if system:
        body += element(1, system.encode(), order)
    if class_name:
        body += element(1, class_name.encode(), order)
    return element(14, body + b"".join(parts), order)


def numbers(data: bytes, name: str = "a", kind: int = UINT8, order: str = "<") -> bytes:
    """Return an array of bytes, or of what else ``kind`` says."""
    return array(kind, element(2, data, order), name=name, order=order)


def fields(*names: str) -> bytes:
    """Return what stands before the fields of a structure."""
    return element(5, struct.pack("<i", 32)) + element(1, b"".join(name.encode().ljust(32, b"\0") for name in names))


def mat5(*elements: bytes, order: str = "<") -> bytes:
    """Return a file of version 5."""
    mark = b"\0\1IM" if order == "<" else b"\1\0MI"
    return b"MATLAB 5.0 MAT-file, by hand".ljust(116) + bytes(8) + mark + b"".join(elements)


def compressed(item: bytes) -> bytes:
    """Return an element that is compressed; it has no padding."""
    data = zlib.compress(item)
    return struct.pack("<II", 15, len(data)) + data


def mat4(name: str, data: bytes, order: str = "<") -> bytes:
    """Return a matrix of version 4 with bytes."""
    code = 50 if order == "<" else 1050
    return struct.pack(f"{order}5i", code, 1, len(data), 0, len(name) + 1) + name.encode() + b"\0" + data


def pte(
    operators: Sequence[str] = ("aten::add",),
    delegates: Sequence[str] = (),
    constants: Sequence[bytes] = (),
    segments: Sequence[bytes] = (),
) -> bytes:
    """Return an ExecuTorch program; segments lie behind it, where the extended header says."""
    plan: Table = {0: "forward", 6: [{0: name, 1: "out"} for name in operators], 7: [{0: name} for name in delegates]}
    offsets = [sum(len(segment) for segment in segments[:index]) for index in range(len(segments))]
    listed = [{0: ("Q", at), 1: ("Q", len(data))} for at, data in zip(offsets, segments, strict=True)]
    root: Table = {1: [plan], 3: [{0: data} for data in constants], 4: listed, 7: [{0: "weights", 1: ("I", 0)}]}
    program = flatbuffer(root, b"ET12")
    if not segments:
        return program
    # The header stands between the identifier and the tables, so that the first offset moves.
    (first,) = struct.unpack_from("<I", program)
    base = len(program) + 32
    header = b"eh00" + struct.pack("<IQQQ", 32, base, base, sum(map(len, segments)))
    return struct.pack("<I", first + 32) + b"ET12" + header + program[8:] + b"".join(segments)


def snapped(data: bytes) -> bytes:
    """Return a Snappy block of literals; repetitions of one byte are copies."""
    size, head = len(data), b""
    while size > 0x7F:
        head += bytes([size & 0x7F | 0x80])
        size >>= 7
    head += bytes([size])
    body = b""
    for at in range(0, len(data), 60):
        piece = data[at : at + 60]
        body += bytes([(len(piece) - 1) << 2]) + piece
    return head + body


def snappy_stream(data: bytes) -> bytes:
    """Return a stream of one compressed chunk and one of padding."""
    block = bytes(4) + snapped(data)
    chunk = b"\0" + len(block).to_bytes(3, "little") + block
    return b"\xff\x06\0\0sNaPpY" + chunk + b"\xfe\x03\0\0\0\0\0"
