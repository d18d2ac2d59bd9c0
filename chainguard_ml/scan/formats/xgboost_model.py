"""XGBoost models: JSON, and UBJSON as ``save_model`` writes it for ``.ubj`` and ``save_raw`` by default.

Every text of the model (attributes, names of features) is examined; they may carry anything.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml.model import GapReason, Severity
from chainguard_ml.rules import classical as rules
from chainguard_ml.scan.formats import ubjson_reader, xgboost_document
from chainguard_ml.scan.formats.cursor import BoundsError, OverBudgetError
from chainguard_ml.scan.formats.embedded import examine_text
from chainguard_ml.scan.formats.ending import trailing
from chainguard_ml.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Finding, Observations
    from chainguard_ml.scan.interface import Blob, Examination

NAME = "ubjson"
EXAMINES = "bounds, names that stand twice; XGBoost: counts, indices of nodes and features, every text"

_HEAD = re.compile(  # an object whose first member has a short name and a value
    rb"\{(?:#(?:[iU].|I..|l.{4}|L.{8}))?(?:[iU][\1-\x40]|I\0[\1-\x40]|l\0{3}[\1-\x40]|L\0{7}[\1-\x40])"
    rb"[A-Za-z_][\w .-]{0,63}[\[{SCHZTFNiUIlLdD]",
    re.DOTALL,
)
_SHOWN = 20
_LONG_NAME = 64
_HOLDING = (str, dict, list)


def recognise(blob: Blob) -> bool:
    """Return whether an object starts the data whose first member has a length, a name and a value."""
    head = blob.read(0, 128)
    return head[1:2] in {b"L", b"l", b"I", b"i", b"U", b"#"} and _HEAD.match(head) is not None


def examine(blob: Blob, examination: Examination) -> Observations:
    """Read the whole document; examine its texts and, if it is a model of XGBoost, its trees."""
    try:
        document = ubjson_reader.read(blob)
    except OverBudgetError as error:
        yield blob.gap(GapReason.BUDGET, f"{error}; the rest is unread", error.offset)
        return
    except BoundsError as error:
        yield _finding(replace(blob, location=blob.location.at(error.offset)), str(error), "read", grave=error.grave)
        yield blob.gap(GapReason.MALFORMED, f"the document cannot be read: {error}", error.offset)
        return
    for pointer in document.twice[:_SHOWN]:
        text = f"the name '{printable(pointer, 80)}' stands twice"
        yield rules.AMBIGUOUS_NAMES.finding(blob.subject, blob.location, text, key=(pointer,))
    yield from examine_value(blob, document.value, examination)
    yield from trailing(blob, document.end, examination)


def examine_value(blob: Blob, value: object, examination: Examination) -> Observations:
    """Examine a document that was read from JSON or UBJSON: its texts, and its trees if it is a model."""
    for pointer, text in texts(value):
        yield from examine_text(blob, pointer, text, examination)
    model = value.get("Model", value) if isinstance(value, dict) else None  # a checkpoint has it beside its Config
    if isinstance(model, dict) and xgboost_document.is_model(model):
        for pointer, text in itertools.islice(xgboost_document.problems(model), _SHOWN):
            yield problem(blob, pointer, text)


def problem(blob: Blob, pointer: str, text: str) -> Finding:
    """Return the finding that something at a JSON pointer does not fit."""
    place = replace(blob, location=replace(blob.location, pointer=pointer))
    return _finding(place, text, pointer, grave=True)


def texts(value: object) -> Iterator[tuple[str, str]]:
    """Yield every text of a document, long names of members included, with its JSON pointer."""
    stack: list[tuple[str, object]] = [("", value)]
    while stack:
        pointer, item = stack.pop()
        if isinstance(item, str):
            yield pointer, item
        elif isinstance(item, dict):
            for name, inner in item.items():
                if len(name) > _LONG_NAME:
                    yield f"{pointer} (name)", name
                stack.append((f"{pointer}/{name[:_LONG_NAME]}", inner))
        elif isinstance(item, list):
            stack += [(f"{pointer}/{index}", inner) for index, inner in enumerate(item) if isinstance(inner, _HOLDING)]


def _finding(blob: Blob, text: str, key: str, *, grave: bool) -> Finding:
    return rules.BROKEN_BOUNDS.finding(
        blob.subject, blob.location, text, key=(key, text), severity=Severity.HIGH if grave else None
    )
