"""XGBoost's own binary format (``binf`` or nothing in front), deprecated in 1.6 and gone in 3.1.

Layout as ``LearnerIO::Load``, ``GBTreeModel::Load`` and ``RegTree::Load`` read it: structs of fixed size with reserved
words, then nodes and statistics of each tree. The trees are checked as those of the document are.
"""

from __future__ import annotations

import re
from array import array
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import classical as rules
from chainguard_ml.scan.formats import xgboost_document
from chainguard_ml.scan.formats.cursor import BoundsError, Cursor
from chainguard_ml.scan.formats.embedded import examine_text
from chainguard_ml.scan.formats.ending import trailing

if TYPE_CHECKING:
    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "xgboost-binary"
EXAMINES = "structure, counts, indices of nodes and features, attributes"

_MAGIC = b"binf"
_LEARNER = 136  # bytes of LearnerModelParamLegacy
_FOREST_REST, _TREE_REST = 128, 124  # reserved bytes behind the fields that are read
_NODE_INTS, _NODE, _STATISTICS = 5, 20, 16
_NAMES = re.compile(rb"([\1-\x40])\0{7}([a-z]+:[\w@]+)([\1-\x08])\0{7}(gbtree|dart|gblinear)")


def recognise(blob: Blob) -> bool:
    """Return whether the names of an objective and a booster stand where the first struct ends."""
    start = len(_MAGIC) if blob.read(0, 4) == _MAGIC else 0
    names = _NAMES.match(blob.read(start + _LEARNER, start + _LEARNER + 128))
    return names is not None and names[1][0] == len(names[2]) and names[3][0] == len(names[4])


def examine(blob: Blob, examination: Examination) -> Observations:
    """Walk through the model; check its trees and examine its attributes."""
    cursor = Cursor(blob, len(_MAGIC) if blob.read(0, 4) == _MAGIC else 0)
    try:
        features, extra = cursor.numbers("fIii")[1:4:2]
        cursor.skip(_LEARNER - 16)
        objective, booster = cursor.string(), cursor.string()
        if booster == "gblinear":
            _linear(cursor)
        else:
            yield from _forest(cursor, features, dropped=booster == "dart")
        if extra:
            yield from _attributes(cursor, examination)
        _tail(cursor, objective)
    except BoundsError as error:
        yield _finding(blob, str(error), error.offset, grave=error.grave)
        yield blob.gap(GapReason.MALFORMED, f"the model cannot be read to its end: {error}", error.offset)
        return
    yield from trailing(blob, cursor.position, examination)


def _finding(blob: Blob, text: str, offset: int, *, grave: bool) -> Finding:
    severity = Severity.HIGH if grave else None
    return rules.BROKEN_BOUNDS.finding(blob.subject, blob.location.at(offset), text, key=(text,), severity=severity)


def _linear(cursor: Cursor) -> None:
    cursor.skip(136)  # features, groups, reserved
    cursor.skip(cursor.items(4) * 4)


def _forest(cursor: Cursor, features: int, *, dropped: bool) -> Observations:
    start = cursor.position
    trees = cursor.number("i")
    cursor.skip(28 + _FOREST_REST)
    cursor.room(trees, 148, start)
    for _ in range(trees):
        yield from _tree(cursor, features)
    cursor.skip(trees * 4)
    if dropped:
        cursor.skip(cursor.items(4) * 4)


def _tree(cursor: Cursor, features: int) -> Observations:
    start = cursor.position
    _, nodes, _, _, _, vector = cursor.numbers("6i")
    cursor.skip(_TREE_REST)
    cursor.room(nodes, _NODE + _STATISTICS, start)
    words = array("i")
    words.frombytes(cursor.read(nodes * _NODE))
    cursor.skip(nodes * _STATISTICS)
    if vector > 1:
        cursor.skip(cursor.items(4) * 4)
    left, right = words[1::_NODE_INTS], words[2::_NODE_INTS]
    problems = [*xgboost_document.children_problems(left, right)]
    asked = [split & 0x7FFFFFFF for split, child in zip(words[3::_NODE_INTS], left, strict=True) if child != -1]
    if asked and max(asked) >= features:
        problems.append(f"feature {max(asked):,} is asked for where {features:,} are stated")
    for text in problems:
        yield _finding(cursor.blob, text, start, grave=True)


def _attributes(cursor: Cursor, examination: Examination) -> Observations:
    for _ in range(cursor.items(16)):
        key, value = cursor.string(), cursor.string()
        yield from examine_text(cursor.blob, key, value, examination)


def _tail(cursor: Cursor, objective: str) -> None:
    """Read what releases before 1.0 wrote behind the attributes: a parameter of Poisson's, and names of metrics."""
    if cursor.left >= 8 and objective == "count:poisson":
        cursor.string()
    while cursor.left >= 8:
        start = cursor.position
        try:
            cursor.string()
        except BoundsError:
            cursor.position = start
            return
