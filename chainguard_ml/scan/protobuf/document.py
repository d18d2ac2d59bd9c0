"""The JSON mapping of protobuf messages (protobuf.dev, "ProtoJSON Format"), written again in the wire format."""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING

from chainguard_ml.scan.protobuf.text import add_bytes, add_number
from chainguard_ml.scan.protobuf.wire import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Json
    from chainguard_ml.scan.protobuf.schema import Kind

_DIGITS = 30


def to_wire(document: Json, kind: Kind, level: int = 0) -> bytes:
    """Return an object as a message; what the schema does not know or what has another type is left out."""
    body = bytearray()
    if not isinstance(document, dict) or level > LEVELS:
        return b""
    for name, value in document.items():
        number = kind.names.get(name) or kind.names.get(_plain(name), 0)
        for item in _items(kind, number, value):
            _add(body, kind, number, item, level)
    return bytes(body)


def _plain(name: str) -> str:
    """Return ``opType`` as ``op_type``."""
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name)


def _items(kind: Kind, number: int, value: Json) -> Iterator[Json]:
    """Yield the values of a field: of a list each, of a map its entries."""
    inner = kind.inner.get(number)
    if isinstance(value, list):
        yield from value
    elif isinstance(value, dict) and inner and inner.name.endswith("Entry"):
        yield from ({"key": key, "value": item} for key, item in value.items())
    else:
        yield value


def _add(body: bytearray, kind: Kind, number: int, value: Json, level: int) -> None:
    what = kind.kinds.get(number)
    if what == "message":
        add_bytes(body, number, to_wire(value, kind.inner[number], level + 1))
    elif what == "string" and isinstance(value, str):
        add_bytes(body, number, value.encode("utf-8", "surrogatepass"))
    elif what == "bytes" and isinstance(value, str):
        add_bytes(body, number, _decoded(value))
    elif what not in {None, "string", "bytes"}:
        add_number(body, what or "", number, _whole(value))


def _decoded(value: str) -> bytes:
    """Return the bytes of base 64 in either alphabet; of what is none the characters."""
    text = value.replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        return value.encode("utf-8", "surrogatepass")


def _whole(value: Json) -> int:
    """Return a number that is whole, which may stand in quotes; all else is zero."""
    if isinstance(value, int):
        return int(value)
    if isinstance(value, str) and value.lstrip("-").isdecimal() and value.isascii():
        return int(value[:_DIGITS])
    return 0
