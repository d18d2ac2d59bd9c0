"""What a TensorFlow loader does with a ``MetaGraphDef`` (``meta_graph.proto``) before anything is asked of the model.

It runs the operation of the signature ``__saved_model_init_op``, or that of the collections ``saved_model_main_op`` and
``legacy_init_op``; ``tf.saved_model.load`` calls the initialisers of the objects (``saved_object_graph.proto``). The
constants that stand for assets (``asset_file_def``, in release 1 the collection ``saved_model_assets``) get the assets'
places.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chainguard_ml.scan.formats.tensorflow_graph import Graph
from chainguard_ml.scan.protobuf import schema
from chainguard_ml.scan.protobuf.wire import BYTES, VARINT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.scan.protobuf.wire import Wire

_COLLECTIONS = frozenset({"saved_model_main_op", "legacy_init_op", "saved_model_init_op"})
_ASSETS = "saved_model_assets"
_SIGNATURES = frozenset({"__saved_model_init_op"})
_METHODS = frozenset({"_initialize", "_create_resource", "_initializer"})
_SPAN = tuple[int, int]


def read(wire: Wire, start: int, stop: int) -> Graph:
    """Return the graph of a ``MetaGraphDef`` with what runs when it is loaded, and its assets."""
    graph = Graph(wire, *_spans(wire, (start, stop), 2))
    graph.bare = False
    for entry in _spans(wire, (start, stop), 4):
        if _key(wire, entry) in _COLLECTIONS:
            graph.started.update(_node_list(wire, entry))
        if _key(wire, entry) == _ASSETS:
            for value in _spans(wire, entry, 2):
                graph.assets |= {name for asset in _held(wire, value) for name in _asset_names(wire, asset)}
    for entry in _spans(wire, (start, stop), 5):
        if _key(wire, entry) in _SIGNATURES:
            graph.started.update(_tensors(wire, entry, "SignatureDef.OutputsEntry"))
    for asset in _spans(wire, (start, stop), 6):
        graph.assets.update(_asset_names(wire, asset))
    for objects in _spans(wire, (start, stop), 7):
        graph.functions_started.update(_initialisers(wire, objects))
    return graph


def _held(wire: Wire, collection: _SPAN) -> Iterator[_SPAN]:
    """Yield the messages that a collection holds as ``Any``."""
    for values in _spans(wire, collection, 5):
        for value in _spans(wire, values, 1):
            yield from _spans(wire, value, 2)


def _asset_names(wire: Wire, asset: _SPAN) -> Iterator[str]:
    """Yield the names of the constants that stand for an asset."""
    for info in _spans(wire, asset, 1):
        yield from (name.partition(":")[0] for name in _texts(wire, info, 1))


def _spans(wire: Wire, span: _SPAN, number: int) -> Iterator[_SPAN]:
    return ((first, last) for found, how, first, last in wire.sound(*span) if found == number and how == BYTES)


def _texts(wire: Wire, span: _SPAN, number: int) -> Iterator[str]:
    return (wire.text(*item) for item in _spans(wire, span, number))


def _key(wire: Wire, entry: _SPAN) -> str:
    return next(_texts(wire, entry, 1), "")


def _node_list(wire: Wire, entry: _SPAN) -> Iterator[str]:
    for value in _spans(wire, entry, 2):
        for nodes in _spans(wire, value, 1):
            yield from _texts(wire, nodes, 1)


def _tensors(wire: Wire, entry: _SPAN, kind: str) -> Iterator[str]:
    """Yield the names of the tensors in a signature's outputs."""
    root = schema.load("tensorflow")["SignatureDef"]
    for value in _spans(wire, entry, 2):
        for record in schema.walk(wire, root, value[1], start=value[0]):
            if record.kind.name == "TensorInfo" and record.inside(kind):
                yield from _texts(wire, (record.start, record.stop), 1)


def _initialisers(wire: Wire, objects: _SPAN) -> Iterator[str]:
    """Yield the functions that objects have as initialisers."""
    wanted = {node for item in _spans(wire, objects, 1) for node in _children(wire, item)}
    for index, item in enumerate(_spans(wire, objects, 1)):
        if index in wanted:
            for function in _spans(wire, item, 6):
                yield from _texts(wire, function, 1)
            for function in _spans(wire, item, 8):
                yield from _texts(wire, function, 1)


def _children(wire: Wire, item: _SPAN) -> Iterator[int]:
    for child in _spans(wire, item, 1):
        node = 0
        name = ""
        for number, how, first, last in wire.sound(*child):
            if number == 1 and how == VARINT:
                node = first
            elif number == 2 and how == BYTES:
                name = wire.text(first, last)
        if name in _METHODS:
            yield node
