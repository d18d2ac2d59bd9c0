"""SciPy's trees of points (``scipy/spatial/_ckdtree.pyx``): a state holds nodes as they stand in memory.

Loading replaces the numbers of each node's children by addresses, and believes them. A node has nine words of eight
bytes: the dimension that it splits (-1 in a leaf), ..., and last the numbers of its children.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from chainguard_ml.scan.pickle.values import DATA, Dict, Instance, Span, Value

if TYPE_CHECKING:
    from chainguard_ml.scan.pickle.machine import Machine

_TREES = frozenset({"cKDTree", "KDTree"})
_NODE = struct.Struct("<q48xqq")
_DEEPEST = 10_000  # nodes below each other: loading follows them by recursion


def has_wild_nodes(machine: Machine, target: Instance, state: Value) -> bool:
    """Return whether a tree gets nodes whose children are none, or nodes that cannot be followed."""
    if target.of.name not in _TREES or not target.of.module.startswith("scipy.spatial."):
        return False
    if isinstance(state, Dict):  # of releases before 1.6, in Python
        return False
    raw = _bytes(machine, state[0] if isinstance(state, tuple) and state else DATA)
    return raw is None or not _is_tree(raw)


def _bytes(machine: Machine, array: Value) -> bytes | None:
    """Return the bytes of an array, as far as they are in the stream."""
    held = array.notes[0] if isinstance(array, Instance) and array.notes else None
    if isinstance(held, Instance) and held.notes:  # text of protocols below 3
        held = held.notes[0]
    if not isinstance(held, Span):
        return None
    raw = bytes(machine.data[held.start : held.stop]) if held.content is None else held.content
    return raw.decode("utf-8", "replace").encode("latin-1", "replace") if held.text else raw


def _is_tree(raw: bytes) -> bool:
    """Return whether children follow their node, are there, and are not too deep."""
    count, rest = divmod(len(raw), _NODE.size)
    if rest:
        return False
    depths = [0] * count
    for number, (dimension, *children) in enumerate(_NODE.iter_unpack(raw)):
        if dimension == -1:
            continue
        depth = depths[number] + 1
        if depth > _DEEPEST or not all(number < child < count for child in children):
            return False
        for child in children:
            depths[child] = max(depths[child], depth)
    return True
