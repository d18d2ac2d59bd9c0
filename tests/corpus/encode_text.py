"""Writes the same dictionaries as ``encode`` in protobuf's text format and in its JSON mapping."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

from chainguard_ml.scan.protobuf import schema

if TYPE_CHECKING:
    from collections.abc import Mapping

    from chainguard_ml.scan.protobuf.schema import Kind


def as_text(values: Mapping[str, Any]) -> bytes:
    """Return the text format."""
    return "".join(_lines(values, "")).encode()


def _lines(values: Mapping[str, Any], indent: str) -> list[str]:
    out: list[str] = []
    for name, value in values.items():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict):
                out += [f"{indent}{name} {{\n", *_lines(item, indent + "  "), f"{indent}}}\n"]
            elif isinstance(item, str | bytes):
                out.append(f'{indent}{name}: "{_escaped(item)}"\n')
            else:
                out.append(f"{indent}{name}: {str(item).lower()}\n")
    return out


def _escaped(value: str | bytes) -> str:
    raw = value.encode() if isinstance(value, str) else value
    return "".join(chr(octet) if 32 <= octet < 127 and octet not in b"\"'\\" else f"\\{octet:03o}" for octet in raw)


def as_json(framework: str, name: str, values: Mapping[str, Any]) -> bytes:
    """Return the JSON mapping with names as in the schema."""
    return json.dumps(_object(schema.load(framework)[name], values)).encode()


def _object(kind: Kind, values: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in values.items():
        number = kind.names[name]
        inner = kind.inner.get(number)
        if inner and inner.name.endswith("Entry") and inner.name != "StringStringEntryProto":
            entry = inner.inner.get(2)
            out[name] = {item["key"]: _object(entry, item["value"]) if entry else item["value"] for item in value}
        elif isinstance(value, list):
            out[name] = [_value(kind, number, item) for item in value]
        else:
            out[name] = _value(kind, number, value)
    return out


def _value(kind: Kind, number: int, item: Any) -> Any:
    if isinstance(item, dict):
        return _object(kind.inner[number], item)
    if kind.kinds[number] == "bytes":
        return base64.b64encode(item if isinstance(item, bytes) else item.encode()).decode()
    return item
