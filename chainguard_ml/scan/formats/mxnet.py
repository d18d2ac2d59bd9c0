"""MXNet: symbols as JSON, parameters as a list of arrays.

``nnvm::Graph`` JSON names an operator for each node and its inputs by index; ``Custom`` calls Python, and ``_Native``
and ``_NDArray`` take an address from the file. Parameters as ``NDArray::Save`` and ``NDArray::Load`` (V2, V3) have
them.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import carries_code
from chainguard_ml.scan.formats import xgboost_model
from chainguard_ml.scan.formats.bounds import broken
from chainguard_ml.scan.formats.cursor import BoundsError, Cursor
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.raw import examine_tensor
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "mxnet-parameters"
EXAMINES = "counts, shapes and sizes of arrays, their first bytes, names, what follows"

_MAGIC = (0x112).to_bytes(8, "little")
_ARRAYS = {0xF993FAC9: "q", 0xF993FACA: "q"}  # V2, V3: bytes of an extent
_DENSE = 0
_WIDTHS = {0: 4, 1: 8, 2: 2, 3: 1, 4: 4, 5: 1, 6: 8, 7: 1, 12: 2}  # bytes of an item by type flag
_DIMENSIONS = 32
_PYTHON = frozenset({"Custom"})
_ADDRESS = frozenset({"_Native", "_NDArray"})
_SHOWN = 20


def recognise(blob: Blob) -> bool:
    """Return whether the magic number of a list of arrays and eight reserved zero bytes start the file."""
    return blob.read(0, 16) == _MAGIC + bytes(8)


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk through arrays and names."""
    cursor = Cursor(blob, 16)
    try:
        for index in range(cursor.items(4)):
            start, stop = _array(cursor)
            yield from examine_tensor(blob, start, stop, f"array {index}", examination)
        for _ in range(cursor.items(8)):
            cursor.skip(cursor.count())
    except BoundsError as error:
        yield broken(blob, str(error), error.offset, grave=error.grave)
        yield blob.gap(GapReason.MALFORMED, f"the parameters cannot be read to their end: {error}", error.offset)
        return
    yield from trailing(blob, cursor.position, examination)


def _array(cursor: Cursor) -> tuple[int, int]:
    """Read one array; return where its numbers start and stop."""
    start = cursor.position
    magic, storage = cursor.number("I"), cursor.number("i")
    if magic not in _ARRAYS or storage != _DENSE:
        raise BoundsError("an array is sparse or of an old version, which is not read", start)
    dimensions = cursor.number("i")
    if not -1 <= dimensions <= _DIMENSIONS:
        raise BoundsError(f"an array has {dimensions:,} dimensions", start, grave=True)
    if dimensions == -1:
        return cursor.position, cursor.position
    items = 1
    for extent in cursor.numbers(f"{dimensions}q") if dimensions else ():
        if not 0 <= extent < 1 << 62:
            raise BoundsError("an array has a negative or endless extent", start, grave=True)
        items *= extent
    _, _, flag = cursor.numbers("3i")  # device, its number, type
    if flag not in _WIDTHS:
        raise BoundsError(f"the type {flag} is not known", start)
    data = cursor.skip(items * _WIDTHS[flag])
    return data, cursor.position


def examine_document(blob: Blob, document: dict[str, Json], examination: Examination) -> Observations:
    """Examine a document that is a symbol: operators of its nodes and subgraphs, indices, every text."""
    if not isinstance(document.get("nodes"), list) or "heads" not in document:
        return
    yield from xgboost_model.examine_value(blob, document, examination)
    count = 0
    for pointer, graph in jsonsafe.objects(document):
        if isinstance(graph.get("nodes"), list) and "heads" in graph:
            for where, text in _indices(graph):
                count += 1
                if count <= _SHOWN:
                    yield xgboost_model.problem(blob, f"{pointer}{where}", text)
        if isinstance(graph.get("op"), str) and (finding := _operator(blob, pointer, graph)):
            yield finding


def _operator(blob: Blob, pointer: str, node: dict[str, Json]) -> Finding | None:
    """Return the finding that a node runs Python, or follows an address that the file states."""
    name = str(node["op"])
    if name not in _PYTHON | _ADDRESS:
        return None
    attributes = node.get("attrs") or node.get("param") or node.get("attr")
    kind = attributes.get("op_type", "") if isinstance(attributes, dict) else ""
    what = f"calls the Python operator '{printable(str(kind), 60)}'" if name in _PYTHON else "follows an address"
    return carries_code.GRAPH_PYTHON.finding(
        blob.subject,
        replace(blob.location, pointer=pointer),
        f"the node '{printable(str(node.get('name', '')), 60)}' ({name}) {what}",
        key=(pointer, name),
        facts={"operator": name, "op_type": str(kind)},
        severity=Severity.CRITICAL if name in _ADDRESS else None,
    )


def _indices(graph: dict[str, Json]) -> Iterator[tuple[str, str]]:
    """Yield references to nodes that are not there, or not before the one that refers."""
    nodes = graph["nodes"]
    if not isinstance(nodes, list):
        return
    for index, node in enumerate(nodes):
        inputs = node.get("inputs") if isinstance(node, dict) else None
        if isinstance(inputs, list) and not all(0 <= _first(item) < index for item in inputs):
            yield f"/nodes/{index}/inputs", "a node has an input that does not come before it"
    for name in ("heads", "arg_nodes"):
        items = graph.get(name)
        if isinstance(items, list) and not all(0 <= _first(item) < len(nodes) for item in items):
            yield f"/{name}", f"{name} names a node that is not there"


def _first(item: Json) -> int:
    value = item[0] if isinstance(item, list) and item else item
    return value if isinstance(value, int) else -1
