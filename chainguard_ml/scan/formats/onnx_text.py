"""ONNX's own text syntax (``.onnxtxt``; ``onnx/defs/parser.h``, "ONNX Textual Syntax").

Only what matters here is read: operators, places of external data, texts. What is inside a graph is not checked to be
sound.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats import onnx_nodes
from chainguard_ml.scan.protobuf import content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "onnx-text"
EXAMINES = "operators, places of external data, texts"

_LIMIT = 64_000_000
_START = re.compile(rb"(?:\s|#[^\n]*+)*+<\s*+(?:ir_version|opset_import|producer_name)\s*+:")
_STRING = re.compile(rb"\"(?:[^\"\\]|\\.)*+\"|#[^\n]*+", re.DOTALL)
_PLACE = re.compile(rb"\"(?:location|basepath)\"\s*+:\s*+\"((?:[^\"\\]|\\.)*+)\"", re.DOTALL)
_ESCAPE = re.compile(rb"\\(.)", re.DOTALL)
# A graph: name, inputs, arrow. A node: "=", operator, then attributes, an overload or inputs without an arrow behind.
_GRAPH = re.compile(rb"([A-Za-z_]\w*+)\s*+(?:<[^<>]*+>\s*+)?\([^()]*+\)\s*+=>")
_NODE = re.compile(rb"=\s*+([A-Za-z_][\w.]*+)\s*+(?:<|:\s*+\w++\s*+[<(]|\([^()]*+\)(?!\s*+=>))")


def recognise(blob: Blob) -> bool:
    """Return whether the text starts with a model's header."""
    return _START.match(blob.data) is not None


def examine(blob: Blob, examination: Examination) -> Observations:
    """Look at every operator and every text."""
    if blob.size > _LIMIT:
        yield blob.gap(GapReason.BUDGET, f"a text of {blob.size:,} bytes is not examined")
        return
    source = blob.read(0, blob.size)
    plain = _STRING.sub(lambda match: b" " * len(match[0]), source)
    local = {match[1].decode() for match in _GRAPH.finditer(plain)}
    for domain, name, offset in _operators(plain):
        if name not in local:
            yield from onnx_nodes.judge(blob, (domain, name), "", offset)
    for match in _PLACE.finditer(source):
        path = _ESCAPE.sub(rb"\1", match[1]).decode("utf-8", "surrogateescape")
        if finding := content.escapes(blob, path, "a tensor", match.start(1), "external data"):
            yield finding
    for match in _STRING.finditer(source):
        yield from content.examine_text(blob, "(text)", (match.start() + 1, match.end() - 1), examination)


def _operators(plain: bytes) -> Iterator[tuple[str, str, int]]:
    """Yield domain, name and place of each operator, the first time."""
    said: set[bytes] = set()
    for match in _NODE.finditer(plain):
        if match[1] not in said:
            said.add(match[1])
            domain, _, name = match[1].decode().rpartition(".")
            yield domain, name, match.start(1)
