"""TensorFlow: SavedModels, checkpoints' meta graphs, frozen graphs, Keras metadata.

``saved_model.proto``, ``meta_graph.proto``, ``graph.proto`` and ``saved_metadata.proto``. Every node is looked at, also
in functions and in every meta graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan import naming
from chainguard_ml.scan.formats.protobuf_ending import unread
from chainguard_ml.scan.formats.tensorflow_graph import is_scalar, read_node
from chainguard_ml.scan.formats.tensorflow_nodes import Nodes
from chainguard_ml.scan.protobuf import content, schema
from chainguard_ml.scan.protobuf.wire import BYTES, Wire

if TYPE_CHECKING:
    from chainguard_ml.model import Observations
    from chainguard_ml.scan.formats.tensorflow_graph import Node
    from chainguard_ml.scan.interface import Blob, Examination
    from chainguard_ml.scan.protobuf.schema import Record

_MARKS = frozenset({("NodeDef", "op")})
_KERAS_MARKS = frozenset({("KerasSavedObject", "identifier")})
_SKIPPED = frozenset(
    {"GraphDebugInfo", "TensorShapeProto", "FullTypeDef", "NodeDef.ExperimentalDebugInfo", "OpList", "VersionDef"}
    | {"StructuredValue", "TypeSpecProto", "TensorInfo", "SaverDef", "FunctionDef.RetEntry", "OpDef"}
    | {"NodeDef.AttrEntry"}  # looked at with their node
    | {"SavedObject.SaveableObjectsEntry", "FunctionDef.ControlRetEntry", "SavedVariable", "CapturedTensor"}
)
_HEAD = 4096  # bytes in which Keras's identifiers stand
_PROBE = 32  # bytes below which no string holds a graph
# Fields that hold strings or bytes, by message type; and those whose strings are Keras's documents.
_BYTES = {"AttrValue": 2, "AttrValue.ListValue": 2, "TensorProto": 8, "CollectionDef.BytesList": 1}
_DOCUMENTS = {"SavedUserObject": 3, "KerasSavedObject": 5}


class Message:
    """One kind of file.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    def __init__(self, name: str, root: str, examines: str, files: frozenset[str], named: frozenset[str]) -> None:
        self.NAME = name
        self.EXAMINES = examines
        self._root = root
        self._files = files
        self._named = named
        self._training = root == "MetaGraphDef"

    def recognise(self, blob: Blob) -> bool:
        """Return whether there are nodes with operators where they belong, or what the file's name says."""
        named = blob.name.rpartition("/")[2] in self._files or naming.extension(blob.name) in self._files
        if self._root == "KerasSavedMetadata" and not named and b"_tf_keras_" not in blob.read(0, _HEAD):
            return False
        return self._shape().matches(blob.data, named=named)

    def _shape(self) -> schema.Shape:
        marks = _KERAS_MARKS if self._root == "KerasSavedMetadata" else _MARKS
        return schema.Shape(schema.load("tensorflow")[self._root], marks, self._named)

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Walk through the whole message."""
        wire = Wire(blob.data)
        root = schema.load("tensorflow")[self._root]
        nodes = Nodes(blob, wire, training=self._training)
        for record in schema.walk(wire, root, blob.size, _SKIPPED):
            name = record.kind.name
            if name == "NodeDef":
                node = read_node(wire, record.start, record.stop)
                yield from nodes.examine(record, node)
                yield from _attributes(blob, wire, node, examination)
            elif name == "AssetFileDef":
                yield from _asset(blob, wire, record.start, record.stop)
            elif name == "Any":
                yield from _any(blob, wire, record)
            elif name in _BYTES or name in _DOCUMENTS:
                yield from _strings(blob, wire, record, examination)
        yield from unread(blob, wire, root, examination)


class Plain:
    """A message that holds numbers and names only.

    Attributes:
        NAME: Short name.
        EXAMINES: What is looked at.
    """

    def __init__(self, name: str, root: str, files: frozenset[str]) -> None:
        self.NAME = name
        self.EXAMINES = "that nothing but the message's own fields is there"
        self._root = root
        self._files = files

    def recognise(self, blob: Blob) -> bool:
        """Return whether a file with one of the names has nothing but the message's fields."""
        if blob.name.rpartition("/")[2] not in self._files:
            return False
        wire = Wire(blob.data, 4096)
        root = schema.load("tensorflow")[self._root]
        fits = all(root.fits(number, how) for number, how, _, _ in wire.sound(0, blob.size))
        return fits and not wire.problems

    def examine(self, blob: Blob, examination: Examination) -> Observations:
        """Say nothing: recognising has looked at every field."""
        wire = Wire(blob.data)
        yield from unread(blob, wire, schema.load("tensorflow")[self._root], examination)


def _attributes(blob: Blob, wire: Wire, node: Node, examination: Examination) -> Observations:
    """Look into the strings among a node's attributes, also in lists, tensors and functions."""
    for _, value in node.attributes:
        if is_scalar(wire, value):
            continue
        for record in schema.walk(wire, schema.load("tensorflow")["AttrValue"], value[1], _SKIPPED, start=value[0]):
            if record.kind.name in _BYTES:
                yield from _strings(blob, wire, record, examination)


def _strings(blob: Blob, wire: Wire, record: Record, examination: Examination) -> Observations:
    """Look into strings: files, graphs in graphs, Keras's documents."""
    name = record.kind.name
    wanted = {_BYTES.get(name), _DOCUMENTS.get(name)}
    if name == "TensorProto":
        wanted.add(4)  # tensor_content
    for number, how, first, last in wire.sound(record.start, record.stop):
        if how != BYTES or number not in wanted:
            continue
        if name in _DOCUMENTS:
            yield from content.examine_text(blob, "(metadata)", (first, last), examination)
            continue
        yield from content.examine_bytes(blob, "(constant)", (first, last), examination)
        if last - first >= _PROBE and blob.data[first] == 0x0A:
            inner = blob.window("(graph)", first, last)
            if GRAPH_DEF.recognise(inner):
                yield from examination.nested(inner)


def _any(blob: Blob, wire: Wire, record: Record) -> Observations:
    """Look at an asset that is wrapped: release 1 has them in a collection."""
    fields = [item for item in wire.sound(record.start, record.stop) if item[1] == BYTES]
    if any(item[0] == 1 and wire.text(*item[2:]).endswith("/tensorflow.AssetFileDef") for item in fields):
        for number, _, first, last in fields:
            if number == 2:
                yield from _asset(blob, wire, first, last)


def _asset(blob: Blob, wire: Wire, start: int, stop: int) -> Observations:
    for number, how, first, last in wire.sound(start, stop):
        if number == 2 and how == BYTES:
            name = wire.text(first, last)
            if finding := content.escapes(blob, name, "an asset", first, "asset"):
                yield finding


_GRAPHS = "operators and what they do, also in functions; constants behind paths; what runs at load"

SAVED_MODEL = Message(
    "saved-model",
    "SavedModel",
    f"every meta graph: {_GRAPHS}; assets; Keras metadata",
    frozenset({"saved_model.pb"}),
    frozenset({"meta_graphs"}),
)
META_GRAPH = Message("meta-graph", "MetaGraphDef", _GRAPHS, frozenset({"meta"}), frozenset({"graph_def"}))
GRAPH_DEF = Message("graph-def", "GraphDef", _GRAPHS, frozenset({"graphdef"}), frozenset({"node", "library"}))
KERAS_METADATA = Message(
    "keras-metadata",
    "KerasSavedMetadata",
    "Keras configurations at any depth",
    frozenset({"keras_metadata.pb"}),
    frozenset({"nodes"}),
)
FINGERPRINT = Plain("fingerprint", "FingerprintDef", frozenset({"fingerprint.pb"}))
DATASET_SPEC = Plain("dataset-spec", "StructuredValue", frozenset({"dataset_spec.pb"}))
