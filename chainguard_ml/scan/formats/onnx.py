"""ONNX models (``onnx.proto``, IR version 1 to 13) and their tensors (``input_0.pb``).

Every node is looked at: of the graph, of subgraphs in attributes at any depth, of training graphs and of the functions
that the model defines. Operators are compared with the list of (domain, name) that ONNX and ONNX Runtime register.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan import naming
from chainguard_ml.scan.formats import onnx_nodes, onnx_tensors
from chainguard_ml.scan.formats.protobuf_ending import unread
from chainguard_ml.scan.protobuf import content, schema
from chainguard_ml.scan.protobuf.wire import BYTES, Wire

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.interface import Blob, Examination
    from chainguard_ml.scan.protobuf.schema import Record

_SKIPPED = frozenset({"TypeProto", "ValueInfoProto", "NodeDeviceConfigurationProto", "TensorAnnotation"})
_MODEL_MARKS = frozenset({("NodeProto", "op_type"), ("OperatorSetIdProto", "domain"), ("FunctionProto", "name")})
_TENSOR_NAMES = frozenset({"pb", "tensorproto", "onnx"})
_NAMES = frozenset({"onnx"})
_EXTERNAL = 13  # TensorProto.external_data


class Onnx:
    """A whole model."""

    NAME = "onnx"
    EXAMINES = "external data, operators and domains at any depth, functions, tensors' sizes, metadata"

    def recognise(self, blob: Blob) -> bool:
        """Return whether the bytes are a ``ModelProto``: nodes with operators, or a graph under the name .onnx."""
        shape = schema.Shape(
            schema.load("onnx")["ModelProto"], _MODEL_MARKS, frozenset({"graph", "functions", "opset_import"})
        )
        return shape.matches(blob.data, named=naming.extension(blob.name) in _NAMES)

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Walk through the whole model."""
        wire = Wire(blob.data)
        root = schema.load("onnx")["ModelProto"]
        nodes = onnx_nodes.Nodes(blob, wire, onnx_nodes.functions(wire, root, blob.size))
        for record in schema.walk(wire, root, blob.size, _SKIPPED):
            match record.kind.name:
                case "NodeProto":
                    yield from nodes.examine(record)
                case "AttributeProto":
                    yield from _attribute(blob, wire, record, examination)
                case "TensorProto":
                    yield from onnx_tensors.examine(blob, wire, record, examination)
                case "StringStringEntryProto" if record.number != _EXTERNAL or not _is_in_tensor(record):
                    yield from _entry(blob, wire, record, examination)
        yield from unread(blob, wire, root, examination)


class OnnxTensor:
    """One tensor in a file of its own, as test data are."""

    NAME = "onnx-tensor"
    EXAMINES = "external data, size against shape, files inside"

    def recognise(self, blob: Blob) -> bool:
        """Return whether a file under a tensor's name is a ``TensorProto`` with a type and data."""
        if naming.extension(blob.name) not in _TENSOR_NAMES:
            return False
        return onnx_tensors.is_tensor(blob.data)

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Examine the tensor."""
        wire = Wire(blob.data)
        root = schema.load("onnx")["TensorProto"]
        record = next(schema.walk(wire, root, blob.size))
        yield from onnx_tensors.examine(blob, wire, record, examination)
        yield from unread(blob, wire, root, examination)


def _is_in_tensor(record: Record) -> bool:
    return record.parent is not None and record.parent.kind.name == "TensorProto"


def _attribute(blob: Blob, wire: Wire, record: Record, examination: Examination) -> Observations:
    """Look into the strings of an attribute."""
    names = record.kind.names
    for number, how, first, last in wire.messages(record.start, record.stop):
        if how == BYTES and number in {names["s"], names["strings"]}:
            yield from content.examine_bytes(blob, "(attribute)", (first, last), examination)


def _entry(blob: Blob, wire: Wire, record: Record, examination: Examination) -> Observations:
    """Look into a value of the metadata."""
    key = "metadata"
    for number, how, first, last in wire.sound(record.start, record.stop):
        if how == BYTES and number == 1:
            key = wire.text(first, last, 100)
        elif how == BYTES and number == 2:
            yield from content.examine_text(blob, f"metadata_props/{key}", (first, last), examination)


ONNX = Onnx()
TENSOR = OnnxTensor()
