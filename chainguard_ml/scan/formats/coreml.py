"""Core ML models (``Model.proto`` and ``MIL.proto`` of coremltools 9): ``.mlmodel``, alone or in an ``.mlpackage``.

Every model of a pipeline is looked at, and every layer and operation at any depth.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.rules import protobuf as rules
from chainguard_ml.scan import naming
from chainguard_ml.scan.formats.protobuf_ending import unread
from chainguard_ml.scan.protobuf import content, schema
from chainguard_ml.scan.protobuf.wire import BYTES, Wire
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Examination
    from chainguard_ml.scan.protobuf.schema import Record

NAME = "coreml"
EXAMINES = "custom layers and models, linked models, places of weights, files in weights, metadata, pipelines"

_MARKS = frozenset(
    {("FeatureDescription", "name"), ("CustomModel", "className"), ("CustomLayerParams", "className")}
    | {("MILSpec.Operation", "type"), ("ModelDescription", "predictedFeatureName")}
)
_SKIPPED = frozenset({"FeatureType", "MILSpec.ValueType", "MILSpec.NamedValueType", "TreeEnsembleParameters.TreeNode"})
_NAMES = frozenset({"mlmodel", "coreml"})
_ROOT = "@model_path/"  # the model's own directory, as coremltools writes it
_CUSTOM_OPERATIONS = frozenset({"custom_layer", "custom"})


def recognise(blob: Blob) -> bool:
    """Return whether the bytes are a ``Model``: a description with named features, or what the name says."""
    root = schema.load("coreml")["Model"]
    named = naming.extension(blob.name) in _NAMES
    if not named and blob.read(0, 1) != _tag(root, "specificationVersion"):
        return False
    return schema.Shape(root, _MARKS, frozenset(root.names)).matches(blob.data, named=named)


def _tag(kind: schema.Kind, name: str) -> bytes:
    return bytes([kind.names[name] << 3])


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk through the whole model."""
    wire = Wire(blob.data)
    root = schema.load("coreml")["Model"]
    for record in schema.walk(wire, root, blob.size, _SKIPPED):
        match record.kind.name:
            case "CustomModel" | "CustomLayerParams":
                yield from _custom(blob, wire, record, "className")
            case "SerializedModel":
                yield from _custom(blob, wire, record, "identifier")
            case "MILSpec.Operation":
                yield from _operation(blob, wire, record)
            case "StringParameter" if record.inside("LinkedModelFile"):
                yield from _place(blob, wire, record, "a linked model")
            case "MILSpec.Value.BlobFileValue":
                yield from _place(blob, wire, record, "a weight")
            case "Metadata.UserDefinedEntry":
                yield from _entry(blob, wire, record, examination)
        yield from _bytes(blob, wire, record, examination)
    yield from unread(blob, wire, root, examination)


def _texts(wire: Wire, record: Record, name: str) -> Iterator[tuple[str, int]]:
    """Yield every occurrence of a string field with its place."""
    number = record.kind.names[name]
    for found, how, first, last in wire.messages(record.start, record.stop):
        if found == number and how == BYTES:
            yield wire.text(first, last), first


def _custom(blob: Blob, wire: Wire, record: Record, name: str) -> Observations:
    for text, place in _texts(wire, record, name):
        yield _native(blob, text, place, record.kind.name)


def _operation(blob: Blob, wire: Wire, record: Record) -> Observations:
    for text, place in _texts(wire, record, "type"):
        if text in _CUSTOM_OPERATIONS:
            yield _native(blob, text, place, "Operation")


def _native(blob: Blob, text: str, offset: int, what: str) -> Finding:
    return rules.CUSTOM_OPERATOR.finding(
        blob.subject,
        blob.location.at(offset),
        f"the model needs the class '{printable(text, 80)}' of the application ({what})",
        key=(what, text),
        facts={"operator": text, "kind": what},
    )


def _place(blob: Blob, wire: Wire, record: Record, what: str) -> Observations:
    name = "fileName" if "fileName" in record.kind.names else "defaultValue"
    for text, place in _texts(wire, record, name):
        if finding := content.escapes(blob, text.removeprefix(_ROOT), what, place, what):
            yield finding


def _entry(blob: Blob, wire: Wire, record: Record, examination: Examination) -> Observations:
    key = next((text for text, _ in _texts(wire, record, "key")), "")
    for number, how, first, last in wire.messages(record.start, record.stop):
        if number == record.kind.names["value"] and how == BYTES:
            yield from content.examine_text(blob, f"metadata/{printable(key, 80)}", (first, last), examination)


def _bytes(blob: Blob, wire: Wire, record: Record, examination: Examination) -> Observations:
    """Look into every field of bytes."""
    numbers = record.kind.octets
    if not numbers or record.start == record.stop:
        return
    for number, how, first, last in wire.messages(record.start, record.stop):
        if number in numbers and how == BYTES:
            member = f"({record.kind.fields[number]})"
            yield from content.examine_bytes(blob, member, (first, last), examination)
