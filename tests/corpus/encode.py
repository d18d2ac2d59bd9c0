"""Writes protobuf messages from dictionaries, by the schemas' field names; nothing is checked."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, TypeAlias

from chainguard_ml.scan.protobuf import schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chainguard_ml.scan.protobuf.schema import Kind

Value: TypeAlias = "bool | int | float | str | bytes | Mapping[str, Value] | Sequence[Value]"


def varint(value: int) -> bytes:
    value &= 0xFFFF_FFFF_FFFF_FFFF
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def field(number: int, payload: bytes) -> bytes:
    """A length-delimited field."""
    return varint(number << 3 | 2) + varint(len(payload)) + payload


def encode(framework: str, kind: str, values: Mapping[str, Value]) -> bytes:
    """Return the message with these fields; a list repeats a field, an entry of a map is ``{"key": …, "value": …}``."""
    return _message(schema.load(framework)[kind], values)


def _message(kind: Kind, values: Mapping[str, Value]) -> bytes:
    out = b""
    for name, value in values.items():
        number = kind.names[name]
        items = value if isinstance(value, list) else [value]
        out += b"".join(_field(kind, number, item) for item in items)
    return out


def _field(kind: Kind, number: int, value: Value) -> bytes:
    if isinstance(value, str):
        return field(number, value.encode("utf-8", "surrogateescape"))
    if isinstance(value, bytes):
        return field(number, value)
    if isinstance(value, dict):
        return field(number, _message(kind.inner[number], value))
    match kind.kinds[number]:
        case "float":
            return varint(number << 3 | 5) + struct.pack("<f", value)
        case "double":
            return varint(number << 3 | 1) + struct.pack("<d", value)
    assert isinstance(value, int)
    return varint(number << 3) + varint(value)
