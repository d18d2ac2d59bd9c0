"""Compiled Core ML models (``.mlmodelc``): the program in ``model.mil``, the layers in ``model.espresso.net``.

The first is the text of MIL (the operations of ``MIL.proto``), the second JSON. What the compiler made of the model's
description (``coremldata.bin``) is not documented, and remains a gap.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.rules import protobuf as rules
from chainguard_ml.scan.protobuf import content
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "coreml-mil"
EXAMINES = "operations of the application, places of weights"

_LIMIT = 200_000_000
_BEGINNING = 65_536  # bytes in which comments may stand before the program
_HEAD = re.compile(rb"(?:\s|//[^\n]*\n)*+program\s*\(\s*\d")
_STRING = rb"\"((?:[^\"\\]|\\.)*+)\""
_FILE = re.compile(rb"\bBLOBFILE\s*\(\s*path\s*=\s*(?:tensor\s*<\s*string\s*,\s*\[\s*\]\s*>|string)\s*\(\s*" + _STRING)
_OPERATION = re.compile(rb"=\s*(custom\w*)\s*\(")
_ROOT = "@model_path/"


def recognise(blob: Blob) -> bool:
    """Return whether a program with a version starts the text."""
    return _HEAD.match(blob.data, 0, min(blob.size, _BEGINNING)) is not None


def examine(blob: Blob, examination: Examination) -> Observations:  # noqa: ARG001 (the seam's shape)
    """Look at operations and at files of weights."""
    if blob.size > _LIMIT:
        yield blob.gap(GapReason.BUDGET, f"a program of {blob.size:,} bytes is not read to its end")
    for match in _OPERATION.finditer(blob.data, 0, _LIMIT):
        yield _native(blob, bytes(match[1]).decode(), match.start(1))
    said: set[bytes] = set()
    for match in _FILE.finditer(blob.data, 0, _LIMIT):
        path = bytes(match[1])
        if path not in said:
            said.add(path)
            text = path.decode("utf-8", "replace").replace("\\\\", "\\").removeprefix(_ROOT)
            if finding := content.escapes(blob, text, "a weight", match.start(1), "a weight"):
                yield finding


def examine_document(blob: Blob, document: dict[str, Json]) -> Observations:
    """Examine ``model.espresso.net``: layers with a type, and the file of the weights."""
    layers, storage = document.get("layers"), document.get("storage")
    if not (isinstance(layers, list) and isinstance(storage, str) and "format_version" in document):
        return
    if finding := content.escapes(blob, storage, "the weights", 0, "storage"):
        yield finding
    for name in dict.fromkeys(_custom(layers)):
        yield _native(blob, name, 0)


def _custom(layers: list[Json]) -> Iterator[str]:
    """Yield the classes that layers of the application name."""
    for layer in layers:
        if isinstance(layer, dict):
            kind = str(layer.get("type", ""))
            named = [str(value) for key, value in layer.items() if re.search(r"class_?name", key, re.IGNORECASE)]
            if "custom" in kind.lower() or named:
                yield named[0] if named else kind


def _native(blob: Blob, name: str, offset: int) -> Finding:
    return rules.CUSTOM_OPERATOR.finding(
        blob.subject,
        blob.location.at(offset),
        f"the model needs the class or operation '{printable(name, 80)}' of the application",
        key=(name,),
        facts={"operator": name},
    )
