"""Models in ONNX Runtime's own format (``ort.fbs``, identifier ``ORTM``): operators, tensors, attributes, metadata.

Operators are judged like those of ONNX models; what is in tensors, strings and metadata is looked at alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import binary as rules
from chainguard_ml.scan.formats import onnx_nodes
from chainguard_ml.scan.formats.flatbuffer import Buffer, FlatbufferError, VisitsError
from chainguard_ml.scan.protobuf import content

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Observations
    from chainguard_ml.scan.formats.flatbuffer import Table
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "ort"
EXAMINES = "offsets; operators and domains at any depth; tensors, strings and metadata"

_IDENTIFIER = b"ORTM"
_MODEL = 1  # field of InferenceSession
_GRAPH, _METADATA = 7, 9  # fields of Model
_INITIALIZERS, _NODES, _SPARSE = 0, 2, 7  # fields of Graph
_NAME, _DOMAIN, _OPERATOR, _ATTRIBUTES = 0, 2, 5, 10  # fields of Node
_TENSOR, _SUBGRAPH, _TENSORS, _SUBGRAPHS = 6, 7, 11, 12  # fields of Attribute
_RAW = 4  # field of Tensor


def recognise(blob: Blob) -> bool:
    """Return whether the file identifier stands behind the first offset."""
    return blob.read(4, 8) == _IDENTIFIER


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk the model; where it breaks, what precedes the break counts."""
    try:
        yield from _examine(blob, examination)
    except VisitsError as error:
        yield blob.gap(GapReason.BUDGET, f"{error}; the rest is not examined", error.offset)
    except FlatbufferError as error:
        yield rules.FLATBUFFER_BOUNDS.finding(
            blob.subject,
            blob.location.at(error.offset),
            str(error),
            key=(str(error),),
            severity=Severity.HIGH if error.grave else None,
        )
        yield blob.gap(GapReason.MALFORMED, "the model cannot be read to its end", error.offset)


def _examine(blob: Blob, examination: Examination) -> Observations:
    model = Buffer(blob.data).root().table(_MODEL)
    if model is None:
        return
    for entry in model.tables(_METADATA):
        if span := entry.span(1):
            yield from content.examine_text(blob, f"metadata_props/{entry.text(0)}", span, examination)
    said: set[tuple[str, str]] = set()
    graph = model.table(_GRAPH)
    waiting = [graph] if graph else []
    while waiting:
        graph = waiting.pop()
        for tensor in _tensors(graph):
            if span := tensor.span(_RAW):
                yield from content.examine_bytes(blob, "(tensor)", span, examination)
        for node in graph.tables(_NODES):
            pair = node.text(_DOMAIN), node.text(_OPERATOR)
            if pair not in said:
                said.add(pair)
                yield from onnx_nodes.judge(blob, pair, node.text(_NAME), node.position)
            for attribute in node.tables(_ATTRIBUTES):
                waiting += _subgraphs(attribute)
                yield from _attribute(blob, attribute, examination)


def _tensors(graph: Table) -> Iterator[Table]:
    yield from graph.tables(_INITIALIZERS)
    for sparse in graph.tables(_SPARSE):
        yield from (part for part in (sparse.table(0), sparse.table(1)) if part)


def _subgraphs(attribute: Table) -> list[Table]:
    one = attribute.table(_SUBGRAPH)
    return [*([one] if one else []), *attribute.tables(_SUBGRAPHS)]


def _attribute(blob: Blob, attribute: Table, examination: Examination) -> Observations:
    """Look into the string and the tensors of an attribute."""
    one = attribute.table(_TENSOR)
    spans = [attribute.span(5), *(item.span(_RAW) for item in (*([one] if one else []), *attribute.tables(_TENSORS)))]
    for span in spans:
        if span:
            yield from content.examine_bytes(blob, "(attribute)", span, examination)
