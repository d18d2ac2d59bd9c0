"""Models in protobuf's text format (``saved_model.pbtxt``, ``graph.pbtxt``, ``.textproto``) and in its JSON mapping.

They are written again in the wire format and examined as such; offsets count in that form.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason
from chainguard_ml.scan import naming
from chainguard_ml.scan.protobuf import document as mapping
from chainguard_ml.scan.protobuf import schema, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination
    from chainguard_ml.scan.protobuf.schema import Kind

NAME = "protobuf-text"
EXAMINES = "the same as of the message in bytes: ONNX, SavedModel, meta graph, frozen graph"

_LIMIT = 64_000_000  # bytes of a text
_HEAD = 65_536
_SPACE = rb"(?:\s|#[^\n]*+)*+"
_FIRST = re.compile(rb"(?:\xef\xbb\xbf)?" + _SPACE + rb"([a-z_]\w*+)" + _SPACE + rb"[:{<]")
# Message, and the name under which its bytes are recognised.
_ROOTS = (
    ("tensorflow", "SavedModel", "saved_model.pb"),
    ("tensorflow", "MetaGraphDef", "graph.meta"),
    ("tensorflow", "GraphDef", "graph.graphdef"),
    ("onnx", "ModelProto", "model.onnx"),
)
# Operators, or the graphs that hold them: other texts with such a first field are something else.
_MARK = re.compile(rb"\b(?:op|op_type)\s*+:?\s*+[\"']|\b(?:meta_graphs|graph_def|graph|function)\s*+:?\s*+[\[{<]")
_EXTENSIONS = frozenset({"pbtxt", "textproto", "prototxt", "textpb", "txtpb"})


def recognise(blob: Blob) -> bool:
    """Return whether a field of one of the messages starts the text, and operators are in it."""
    match = _FIRST.match(blob.data, 0, min(blob.size, _HEAD))
    if match is None or not any(True for _ in _roots(bytes(match[1]).decode())):
        return False
    limit = blob.size if naming.extension(blob.name) in _EXTENSIONS else min(blob.size, _HEAD)
    return _MARK.search(blob.data, 0, limit) is not None


def _roots(first: str) -> Iterator[tuple[Kind, str]]:
    for framework, name, member in _ROOTS:
        kind = schema.load(framework)[name]
        if first in kind.names:
            yield kind, member


def examine(blob: Blob, examination: Examination) -> Observations:
    """Examine the text as every message that its first field can belong to."""
    if blob.size > _LIMIT:
        yield blob.gap(GapReason.BUDGET, f"a text of {blob.size:,} bytes is not examined")
        return
    match = _FIRST.match(blob.data)
    for kind, member in _roots(bytes(match[1]).decode() if match else ""):
        data, broken = text.to_wire(blob.data, kind)
        if broken is not None:
            yield blob.gap(GapReason.MALFORMED, "the text is not in protobuf's text format from here", broken)
        yield from _nested(blob, member, data, examination)


def examine_document(blob: Blob, document: dict[str, Json], examination: Examination) -> Observations:
    """Examine a JSON document that is a message: ONNX, a frozen graph, or a graph for TensorFlow.js."""
    topology = document.get("modelTopology")
    if "graph" in document and not document.keys().isdisjoint({"ir_version", "irVersion"}):
        framework, name, member = _ROOTS[3]
    elif isinstance(topology, dict) and "node" in topology:
        framework, name, member = _ROOTS[2]
        document = topology
    elif isinstance(document.get("node"), list) and not document.keys().isdisjoint({"versions", "library"}):
        framework, name, member = _ROOTS[2]
    else:
        return
    data = mapping.to_wire(document, schema.load(framework)[name])
    yield from _nested(blob, member, data, examination)


def _nested(blob: Blob, member: str, data: bytes, examination: Examination) -> Observations:
    if data:
        examination.spend(len(data))
        yield from examination.nested(blob.inside(member, data))
