"""LightGBM's text models (``Booster.save_model``, versions 2 to 4): sections of ``key=value`` lines, and parameters.

Layout as ``GBDT::LoadModelFromString`` and ``Tree::Tree`` read it. A prediction follows children (``~leaf`` if
negative), features and segments of categories through plain arrays.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import classical as rules
from chainguard_ml.scan.formats.embedded import examine_text
from chainguard_ml.scan.formats.outside import finding, outside
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "lightgbm"
EXAMINES = "counts, indices of nodes, leaves, features and categories; parameters that name files or hosts; every text"

_HEAD = re.compile(rb"tree\r?\n(?:version=v\d{1,3}|num_class=\d{1,9})\r?\n")
_TREE = re.compile(rb"^Tree=", re.MULTILINE)
_END = re.compile(rb"^(?:end of trees|feature[_ ]importances:|parameters:|pandas_categorical:)", re.MULTILINE)
_NO_NUMBERS = re.compile(rb"^(?!\w*+=?[-+.,\d \teEinfa]*+\r?$).+", re.MULTILINE)
_MOST_LINES = 10_000
_PARAMETER = re.compile(r"\[(\w+): ?(.*)\]")
_CATEGORICAL = "pandas_categorical:"
_COUNTS = ("num_class", "num_tree_per_iteration", "max_feature_idx")
_LATER = frozenset({"num_class", "num_tree_per_iteration"})  # first releases did without
_MOST = 1 << 31
_SHOWN = 20
_LONGEST = 1_000_000_000


def recognise(blob: Blob) -> bool:
    """Return whether the text starts as a model."""
    return _HEAD.match(blob.read(0, 64)) is not None


def examine(blob: Blob, examination: Examination) -> Observations:
    """Check the header, each tree and the parameters; nothing may follow that is no text."""
    if blob.size > min(_LONGEST, examination.budgets.expanded):
        yield blob.gap(GapReason.BUDGET, f"a model of {blob.size:,} bytes is not parsed")
        return
    data = bytes(blob.data)
    starts = [match.start() for match in _TREE.finditer(data)]
    first = starts[0] if starts else len(data)
    end = _END.search(data, starts[-1] if starts else 0)
    rest = end.start() if end else len(data)
    header = _fields(data[: min(first, rest)])
    for count, (offset, text) in enumerate(_problems(data, header, starts, rest)):
        if count == _SHOWN:
            break
        yield _finding(blob, text, offset)
    yield from _texts(blob, header, examination)
    for match in itertools.islice(_NO_NUMBERS.finditer(data, first, rest), _MOST_LINES):
        yield from examine_text(blob, "line of a tree", match.group().decode("utf-8", "surrogateescape"), examination)
    yield from _rest(blob, data[rest:].decode("utf-8", "surrogateescape"), rest, examination)


def _finding(blob: Blob, text: str, offset: int) -> Finding:
    place = blob.location.at(offset)
    return rules.BROKEN_BOUNDS.finding(blob.subject, place, text, key=(text,), severity=Severity.HIGH)


def _fields(section: bytes) -> dict[str, str]:
    """Return the ``key=value`` lines of a section; a line without a sign is a switch."""
    fields: dict[str, str] = {}
    for line in section.decode("utf-8", "surrogateescape").splitlines():
        key, _, value = line.partition("=")
        fields.setdefault(key, value)
    return fields


def _whole(text: str | None) -> int | None:
    text = (text or "").strip()
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None


def _numbers(fields: dict[str, str], name: str) -> list[int] | None:
    """Return the whole numbers of a line, ``None`` where one is not."""
    try:
        return list(map(int, fields.get(name, "").split()))
    except ValueError:
        return None


def _problems(data: bytes, header: dict[str, str], starts: list[int], rest: int) -> Iterator[tuple[int, str]]:
    for name in _COUNTS:
        value = _whole(header.get(name, "1" if name in _LATER else None))
        if value is None or not 0 <= value < _MOST:
            yield 0, f"{name} is no count: {printable(header.get(name, ''), 40)}"
    sizes = _numbers(header, "tree_sizes")
    if "tree_sizes" in header and (sizes is None or len(sizes) != len(starts)):
        yield 0, f"{len(starts):,} trees are there, the header states the sizes of {len(sizes or ()):,}"
    elif sizes and (min(sizes) < 1 or sum(sizes) > len(data)):
        yield 0, "the stated sizes of the trees are more than the file has"
    features = _whole(header.get("max_feature_idx")) or 0
    for start, stop in itertools.pairwise([*starts, rest]):
        yield from ((start, text) for text in _tree_problems(_fields(data[start:stop]), features))


def _tree_problems(tree: dict[str, str], features: int) -> Iterator[str]:
    leaves = _whole(tree.get("num_leaves"))
    if leaves is None or not 0 < leaves < _MOST:
        yield f"num_leaves is no count: {printable(tree.get('num_leaves', ''), 40)}"
        return
    if len(tree.get("leaf_value", "").split()) != leaves:
        yield f"leaf_value has not one value for each of {leaves:,} leaves"
    if leaves == 1:
        return
    left, right, split = (_numbers(tree, name) for name in ("left_child", "right_child", "split_feature"))
    if left is None or right is None or split is None or not len(left) == len(right) == len(split) == leaves - 1:
        yield f"the children and features are not one for each of {leaves - 1:,} nodes"
        return
    if any(len(tree[name].split()) != leaves - 1 for name in ("threshold", "decision_type") if name in tree):
        yield "the thresholds or decisions are not one for each node"
    children = left + right
    if min(children) < -leaves or max(children) >= leaves - 1 or 0 in children:
        yield f"a node has a child outside of {leaves - 1:,} nodes and {leaves:,} leaves"
    elif len(set(children)) != len(children):
        yield "a node has two parents, so following the tree may never end"
    if min(split) < 0 or max(split) > features:
        yield f"feature {min(split) if min(split) < 0 else max(split):,} is asked for where {features:,} is the last"
    yield from _categories(tree)


def _categories(tree: dict[str, str]) -> Iterator[str]:
    count = _whole(tree.get("num_cat")) or 0
    if not count:
        return
    bounds, words = _numbers(tree, "cat_boundaries"), tree.get("cat_threshold", "").split()
    if bounds is None or len(bounds) != count + 1:
        yield f"cat_boundaries does not divide {count:,} segments"
    elif bounds != sorted(bounds) or bounds[0] != 0 or bounds[-1] != len(words):
        yield "a segment of categories leads outside of the categories"


def _texts(blob: Blob, fields: dict[str, str], examination: Examination) -> Observations:
    for key, value in fields.items():
        yield from examine_text(blob, key, value, examination)
        if not value:
            yield from examine_text(blob, "line", key, examination)


def _rest(blob: Blob, text: str, start: int, examination: Examination) -> Observations:
    """Examine what follows the trees: importances, parameters, the categories of pandas, and nothing else."""
    parameters = False
    position = start
    for line in text.split("\n"):
        match = _PARAMETER.fullmatch(line.rstrip("\r")) if parameters else None
        parameters = (parameters or line.startswith("parameters:")) and not line.startswith("end of parameters")
        if match:
            yield from _parameter(blob, match[1], match[2], position)
        value = line.removeprefix(_CATEGORICAL) if line.startswith(_CATEGORICAL) else line
        yield from examine_text(blob, "line", value, examination)
        if "\0" in line or any("\udc80" <= character <= "\udcff" for character in line[:256]):
            yield from _binary(blob, position, examination)
            return
        position += len(line.encode("utf-8", "surrogateescape")) + 1


def _parameter(blob: Blob, name: str, value: str, offset: int) -> Observations:
    value = value.strip()
    if name == "machines" and value:
        yield finding(blob, name, value, offset)
    elif found := outside(blob, name, value, offset):
        yield found


def _binary(blob: Blob, start: int, examination: Examination) -> Observations:
    from chainguard_ml.rules import formats

    count = blob.size - start
    text = f"{count:,} bytes that are no text follow the model"
    yield formats.TRAILING_DATA.finding(blob.subject, blob.location.at(start), text, key=("trailing",))
    yield from examination.nested(blob.window("(trailing bytes)", start, blob.size))
