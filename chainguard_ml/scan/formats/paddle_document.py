"""PaddlePaddle programs in JSON, as release 3 writes them: operators of the dialects in nested regions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from chainguard_ml import jsonsafe
from chainguard_ml.scan.formats import paddle_operators

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chainguard_ml.model import Json, Observations
    from chainguard_ml.scan.interface import Blob


def examine_document(blob: Blob, document: dict[str, Json]) -> Observations:
    """Report operators that do more than compute; ``document`` is one if its ``base_code`` says so."""
    code = document.get("base_code")
    if not isinstance(code, dict) or code.get("magic") != "pir":
        return
    for pointer, item in jsonsafe.objects(document.get("program")):
        name = item.get("#")
        if not isinstance(name, str) or "A" not in item:
            continue
        place = replace(blob.location, pointer=f"/program{pointer}")
        plain = name.rpartition(".")[2].removesuffix("_")  # 1.py_func, pd_op.py_func_
        if finding := paddle_operators.judge(blob, plain, place, _paths(item)):
            yield finding


def _paths(item: dict[str, Json]) -> Iterator[str]:
    """Yield the strings among an operator's attributes."""
    for _, inner in jsonsafe.objects(item.get("A")):
        value = inner.get("D")
        if isinstance(value, str):
            yield value
