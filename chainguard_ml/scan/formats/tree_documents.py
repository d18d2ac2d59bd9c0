"""Models as JSON documents of XGBoost, LightGBM, CatBoost and MXNet: recognised by their members, then examined."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.errors import InputError
from chainguard_ml.model import GapReason
from chainguard_ml.scan.formats import catboost_model, xgboost_document, xgboost_model
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob, Examination

_MEMBERS = (
    {"learner", "version"},  # XGBoost
    {"tree_info", "feature_infos"},  # LightGBM, dump_model
    {"features_info", "model_info"},  # CatBoost
)


def examine_document(blob: Blob, document: dict[str, Json], examination: Examination) -> Observations:
    """Examine the texts of a document that is a model, and the trees of XGBoost's; other documents are not ours."""
    if xgboost_document.is_model(document) or any(members <= document.keys() for members in _MEMBERS):
        yield from xgboost_model.examine_value(blob, document, examination)
    if "model_info" in document:
        yield from catboost_model.parameters(blob, "", json.dumps(document["model_info"]))


LARGE = 16_000_000
"""Bytes from which a model is not parsed as a whole: its trees are read one by one."""

_TREES = re.compile(r'"trees"\s*:\s*\[\s*')
_COMMA = re.compile(r"\s*,\s*")
_LEARNER = re.compile(rb'"learner"\s*:\s*\{')
_MODEL = re.compile(rb'"(?:learner|model_info|features_info|tree_info|feature_infos|pool_metainfo_options)"')
_FEATURES = re.compile(r'"num_feature"\s*:\s*"(\d{1,10})"')
_MOST_PROBLEMS = 20


def may_be_model(blob: Blob) -> bool:
    """Return whether the beginning of a text names members of a model."""
    return _MODEL.search(blob.data, 0, 4096) is not None


def is_large(blob: Blob) -> bool:
    """Return whether the text is a model of XGBoost that is better read piece by piece."""
    return blob.size > LARGE and _LEARNER.search(blob.data, 0, 4096) is not None


def examine_large(blob: Blob, examination: Examination) -> Observations:
    """Examine a large model: each tree for itself, then the document without its trees."""
    if blob.size > examination.budgets.expanded:
        yield blob.gap(GapReason.BUDGET, f"a model of {blob.size:,} bytes is not parsed")
        return
    text = bytes(blob.data).decode("utf-8", "replace")
    match = _TREES.search(text)
    try:
        rest, found = _without_trees(text, match.end()) if match else (text, [])
        document = jsonsafe.loads(rest.encode(), lenient=True)
    except (ValueError, RecursionError, InputError) as error:
        yield blob.gap(GapReason.MALFORMED, f"the model cannot be read: {printable(str(error))}")
        return
    for index, problem in found:
        yield xgboost_model.problem(blob, f"/learner/gradient_booster/model/trees/{index}", problem)
    yield from xgboost_model.examine_value(blob, {"rest": document}, examination)


def _without_trees(text: str, position: int) -> tuple[str, list[tuple[int, str]]]:
    """Return the text with an empty list of trees, and what does not fit in the trees."""
    decoder, start, index = json.JSONDecoder(), position, 0
    found: list[tuple[int, str]] = []
    while text[position : position + 1] == "{":
        tree, position = decoder.raw_decode(text, position)
        stated = _FEATURES.search(json.dumps(tree.get("tree_param")))
        found += [
            (index, problem) for problem in xgboost_document.tree_problems(tree, int(stated[1]) if stated else None)
        ]
        comma = _COMMA.match(text, position)
        position, index = comma.end() if comma else position, index + 1
    return text[:start] + text[position:], found[:_MOST_PROBLEMS]
