"""CatBoost's ``.cbm``: ``CBM1``, the size of a flatbuffer, the flatbuffer ``TModelCore``, then parts that it names.

Fields as CatBoost's ``model.fbs`` numbers them. A prediction follows sizes and offsets of trees through plain arrays.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import classical as rules
from chainguard_ml.scan.formats.embedded import examine_text
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.scan.formats.flatbuffer import Buffer, FlatbufferError
from chainguard_ml.scan.formats.outside import outside
from chainguard_ml.scan.formats.raw import examine_raw
from chainguard_ml.text import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.formats.flatbuffer import Table
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "catboost"
EXAMINES = "bounds of the flatbuffer, sizes and offsets of trees, every text of the information, what follows"

_MAGIC = b"CBM1"
_TREES, _INFORMATION, _PARTS = 1, 2, 3  # fields of TModelCore
_DIMENSION, _SPLITS, _SIZES, _STARTS, _LEAVES, _STEPS, _LEAF_IDS = 0, 1, 2, 3, 8, 10, 11  # fields of TModelTrees
_DEEPEST = 16  # levels of a symmetric tree that CatBoost grows
_MOST_TEXT = 16_000_000
_FILES = ("_file", "_log", "_dir", "_hosts", "_borders", "_path")
_SHOWN = 20


def recognise(blob: Blob) -> bool:
    """Return whether the signature is there."""
    return blob.read(0, 4) == _MAGIC


def examine(blob: Blob, examination: Examination) -> Observations:
    """Check the trees, examine the information, and look at what follows the flatbuffer."""
    size = int.from_bytes(blob.read(4, 8), "little")
    if blob.size < 8 or size > blob.size - 8:
        yield _bad(blob, f"the model claims {plural(size, 'byte')}, {max(0, blob.size - 8):,} are there", 4)
        yield blob.gap(GapReason.MALFORMED, "the model is cut")
        return
    core = blob.window("(core)", 8, 8 + size)
    try:
        root = Buffer(core.data).root()
        trees = root.table(_TREES)
        for text in _problems(trees) if trees else ("there are no trees",):
            yield _bad(blob, text, 8, grave=True)
        yield from _information(blob, root, examination)
        parts = list(root.texts(_PARTS))
    except FlatbufferError as error:
        yield _bad(blob, str(error), 8 + error.offset, grave=error.grave)
        yield blob.gap(GapReason.MALFORMED, f"the flatbuffer cannot be read: {error}", 8 + error.offset)
        return
    yield from _behind(blob, 8 + size, parts, examination)


def _bad(blob: Blob, text: str, offset: int, *, grave: bool = False) -> Finding:
    severity = Severity.HIGH if grave else None
    return rules.BROKEN_BOUNDS.finding(blob.subject, blob.location.at(offset), text, key=(text,), severity=severity)


def _count(table: Table, field: int, width: int) -> int:
    """Return the number of items in a vector."""
    place = table.place(field)
    return table.buffer.vector(table.buffer.follow(place), width)[1] if place else 0


def _problems(trees: Table) -> Iterator[str]:
    sizes, starts, splits = trees.numbers(_SIZES), trees.numbers(_STARTS), trees.numbers(_SPLITS)
    dimension, leaves = trees.number(_DIMENSION, "i"), _count(trees, _LEAVES, 8)
    if dimension < 1:
        yield f"there are {dimension} values in a leaf"
    if len(starts) not in {0, len(sizes)}:
        yield f"{len(sizes):,} trees have sizes, {len(starts):,} have a place"
    elif any(size < 0 for size in sizes) or any(start < 0 for start in starts):
        yield "a tree has a negative size or place"
    elif any(start + size > len(splits) for start, size in zip(starts, sizes, strict=False)):
        yield f"a tree leads outside of {len(splits):,} splits"
    elif any(split < 0 for split in splits):
        yield "a split has a negative number"
    elif not _count(trees, _STEPS, 4):
        if any(size > _DEEPEST for size in sizes):
            yield f"a symmetric tree is deeper than {_DEEPEST} levels"
        elif sum(1 << size for size in sizes) * dimension != leaves:
            yield f"the trees have {sum(1 << size for size in sizes) * dimension:,} leaves, {leaves:,} are there"
    else:
        yield from _steps(trees, len(splits), leaves)


def _steps(trees: Table, nodes: int, leaves: int) -> Iterator[str]:
    """Yield what is wrong with trees that are not symmetric: steps to subtrees, and leaves of nodes."""
    if _count(trees, _STEPS, 4) != nodes or _count(trees, _LEAF_IDS, 4) != nodes:
        yield f"the steps or leaves are not one for each of {nodes:,} nodes"
        return
    place = trees.place(_STEPS)
    start, count = trees.buffer.vector(trees.buffer.follow(place), 4)
    steps = memoryview(bytes(trees.buffer.data[start : start + 4 * count])).cast("H")
    if any(index // 2 + steps[index] >= nodes for index in range(len(steps))):
        yield "a step leads outside of the nodes"
    ids = [number & 0xFFFFFFFF for number in trees.numbers(_LEAF_IDS)]
    if any(number >= leaves for index, number in enumerate(ids) if not (steps[2 * index] and steps[2 * index + 1])):
        yield f"a node has a leaf outside of {leaves:,} values"


def _information(blob: Blob, root: Table, examination: Examination) -> Observations:
    """Examine the pairs of the information; parameters are JSON."""
    left = _MOST_TEXT
    for pair in root.tables(_INFORMATION):
        key, span = pair.text(0), pair.span(1) or (0, 0)
        left -= span[1] - span[0]
        if left < 0:
            yield blob.gap(GapReason.BUDGET, f"more than {_MOST_TEXT:,} bytes of information; the rest is unread")
            return
        text = bytes(pair.buffer.data[slice(*span)]).decode("utf-8", "surrogateescape")
        yield from examine_text(blob, key, text, examination)
        yield from parameters(blob, key, text)


def parameters(blob: Blob, key: str, text: str) -> Observations:
    """Report parameters in a JSON text that name files outside."""
    if not text.startswith("{"):
        return
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return
    for pointer, item in jsonsafe.objects(document):
        for name, value in item.items():
            if (
                isinstance(value, str)
                and name.endswith(_FILES)
                and (found := outside(blob, f"{key}{pointer}/{name}", value))
            ):
                yield found


def _behind(blob: Blob, start: int, parts: list[str], examination: Examination) -> Observations:
    """Examine what follows the core: nothing where it names no parts."""
    if not parts:
        yield from trailing(blob, start, examination)
        return
    if start < blob.size:
        yield from examine_raw(blob.window("(parts)", start, blob.size), examination)
