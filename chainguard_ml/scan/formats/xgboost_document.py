"""XGBoost models as a document (JSON and UBJSON): do counts, arrays and indices of nodes fit each other?

Structure as XGBoost's ``doc/model.schema`` and its ``LoadModel`` functions have it, from 1.0 on. A prediction follows
child and feature indices through plain arrays.
"""

from __future__ import annotations

import itertools
from array import array
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BOOSTERS = frozenset({"gbtree", "dart", "gblinear"})
"""Names of XGBoost's boosters."""

_MOST = 1 << 31
_MODEL_COUNTS = ("num_feature", "num_class", "num_target")
_BY_NODE = ("right_children", "split_indices", "split_conditions")
_BY_NODE_LATER = ("parents", "default_left", "split_type", "sum_hessian", "loss_changes")


def is_model(document: object) -> bool:
    """Return whether a document is a model: an object with a learner that has a booster."""
    learner = document.get("learner") if isinstance(document, dict) else None
    return isinstance(learner, dict) and "gradient_booster" in learner


def problems(document: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """Yield what does not fit in a model as (JSON pointer, text)."""
    learner = _object(document, "learner")
    counts = _object(learner, "learner_model_param")
    features = _whole(counts.get("num_feature", 0))
    for count in _MODEL_COUNTS:
        value = _whole(counts.get(count, 0))
        if value is None or not 0 <= value < _MOST:
            yield f"/learner/learner_model_param/{count}", f"{count} is no count: {str(counts.get(count))[:40]}"
    booster, pointer = _object(learner, "gradient_booster"), "/learner/gradient_booster"
    name = booster.get("name")
    if not isinstance(name, str) or name not in BOOSTERS:
        yield pointer, f"the booster is none of {', '.join(sorted(BOOSTERS))}"
    if "gbtree" in booster:
        yield from _dropped(booster, pointer)
        booster, pointer = _object(booster, "gbtree"), f"{pointer}/gbtree"
    model = _object(booster, "model")
    if "trees" in model:
        yield from _forest(model, f"{pointer}/model", features)
    elif name == "gblinear":
        groups = max(1, _whole(counts.get("num_class", 0)) or 0, _whole(counts.get("num_target", 0)) or 0)
        yield from _linear(model, f"{pointer}/model", features, groups)


def _object(parent: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = parent.get(name)
    return value if isinstance(value, dict) else {}


def _sequence(parent: Mapping[str, object], name: str) -> Sequence[object] | None:
    value = parent.get(name)
    return value if isinstance(value, list | array) else None


def _whole(value: object) -> int | None:
    """Return a whole number that may be written as text, as XGBoost does."""
    if isinstance(value, str):
        text = value.removeprefix("-")
        return int(value) if text.isascii() and text.isdigit() and len(text) < 20 else None
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _integers(parent: Mapping[str, object], name: str) -> list[int] | array[int] | None:
    """Return an array of whole numbers, or ``None`` where there is another thing."""
    value = parent.get(name)
    if isinstance(value, array):
        return value if value.typecode not in "fd" else None
    if isinstance(value, list) and all(type(item) is int for item in value):
        return value
    return None


def _dropped(booster: Mapping[str, object], pointer: str) -> Iterator[tuple[str, str]]:
    trees = _sequence(_object(_object(booster, "gbtree"), "model"), "trees")
    weights = _sequence(booster, "weight_drop")
    if weights is not None and trees is not None and len(weights) != len(trees):
        yield f"{pointer}/weight_drop", "there is not one weight for each tree"


def _linear(model: Mapping[str, object], pointer: str, features: int | None, groups: int) -> Iterator[tuple[str, str]]:
    weights = _sequence(model, "weights")
    if weights is not None and features is not None and len(weights) != (features + 1) * groups:
        yield f"{pointer}/weights", "the number of weights does not fit the number of features"


def _forest(model: Mapping[str, object], pointer: str, features: int | None) -> Iterator[tuple[str, str]]:
    trees = _sequence(model, "trees") or []
    stated = _whole(_object(model, "gbtree_model_param").get("num_trees"))
    if stated != len(trees):
        yield f"{pointer}/gbtree_model_param/num_trees", f"{len(trees):,} trees are there, {stated} are stated"
    info = _integers(model, "tree_info")
    if info is None or len(info) != len(trees) or any(not 0 <= group < _MOST for group in info):
        yield f"{pointer}/tree_info", "there is not one group for each tree"
    rounds = _integers(model, "iteration_indptr") if "iteration_indptr" in model else None
    if rounds and (rounds[0] != 0 or rounds[-1] != len(trees) or any(a > b for a, b in itertools.pairwise(rounds))):
        yield f"{pointer}/iteration_indptr", "the rounds do not divide the trees"
    for index, tree in enumerate(trees):
        where = f"{pointer}/trees/{index}"
        if not isinstance(tree, dict):
            yield where, "a tree is no object"
            continue
        yield from ((where, text) for text in tree_problems(tree, features))


def tree_problems(tree: Mapping[str, object], features: int | None) -> Iterator[str]:
    """Yield what does not fit in one tree: lengths of its arrays, children, features, categories."""
    left, right = _integers(tree, "left_children"), _integers(tree, "right_children")
    split = _integers(tree, "split_indices")
    if left is None or right is None or split is None:
        yield "the children or the features of a tree are no whole numbers"
        return
    nodes = len(left)
    stated = _whole(_object(tree, "tree_param").get("num_nodes"))
    if stated != nodes or not nodes:
        yield f"{stated} nodes are stated, {nodes:,} are there"
    for name in (*_BY_NODE, *(name for name in _BY_NODE_LATER if name in tree)):
        array_ = _sequence(tree, name)
        if array_ is None or len(array_) != nodes:
            yield f"{name} has not one value for each of {nodes:,} nodes"
            return
    yield from children_problems(left, right)
    if features is not None:
        asked = [index for index, child in zip(split, left, strict=True) if child != -1] or [0]
        worst = min(asked) if min(asked) < 0 else max(asked)
        if worst < 0 or (worst >= features and nodes > 1):
            yield f"feature {worst:,} is asked for where {features:,} are stated"
    yield from _categories(tree, nodes)


def children_problems(left: Sequence[int], right: Sequence[int]) -> Iterator[str]:
    """Yield what is wrong with the children of a binary tree: -1 is none, 0 the root, each other has one parent."""
    nodes = len(left)
    children = [child for pair in zip(left, right, strict=True) if pair[0] != -1 for child in pair]
    if any(other < -1 or other >= nodes for child, other in zip(left, right, strict=True) if child == -1):
        yield "a leaf leads outside of the tree"  # trees of several targets keep the leaf's number there
    if children and (min(children) < 1 or max(children) >= nodes):
        worst = min(children) if min(children) < 1 else max(children)
        yield f"a node has the child {worst:,} where there are {nodes:,} nodes"
    elif len(set(children)) != len(children):
        yield "a node has two parents, so following the tree may never end"


def _categories(tree: Mapping[str, object], nodes: int) -> Iterator[str]:
    if "categories_segments" not in tree:
        return
    values, places = _integers(tree, "categories"), _integers(tree, "categories_nodes")
    starts, sizes = _integers(tree, "categories_segments"), _integers(tree, "categories_sizes")
    if values is None or places is None or starts is None or sizes is None:
        yield "the categories of a tree are no whole numbers"
    elif not len(places) == len(starts) == len(sizes):
        yield "the categories of a tree are not one segment for each of their nodes"
    elif any(start < 0 or size < 0 or start + size > len(values) for start, size in zip(starts, sizes, strict=True)):
        yield "a segment of categories leads outside of the categories"
    elif any(not 0 <= node < nodes for node in places) or any(value < 0 for value in values):
        yield "a category or its node is no index"
