"""Functions and classes by value: cloudpickle and dill; and their plain uses, which carry no code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cloudpickle
import dill
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _closure() -> Callable[[float], float]:
    factor = 3.0

    def scale(x: float) -> float:
        return x * factor

    return scale


def _class() -> type:
    class Local:
        def predict(self, x: float) -> float:
            return x + 1

    return Local


def samples() -> Iterator[Sample]:
    """Yield the files."""
    fitted = LogisticRegression().fit([[0], [1]], [0, 1])
    plain = {"array": np.ones(3), "model": fitted, "values": {"a": [1, 2.0, "x", None]}, "functions": [np.mean, len]}
    for name, value in plain.items():
        yield Sample(f"cloudpickle/{name}.pkl", lambda path, value=value: path.write_bytes(cloudpickle.dumps(value)))
        yield Sample(
            f"dill/{name}.dill",
            lambda path, value=value: path.write_bytes(dill.dumps(value)),
            "" if name != "functions" else "dill's own types",
        )
    code = {
        "function": _closure(),
        "lambda": lambda x: x + 1,
        "class": _class(),
        "instance": _class()(),
        "transformer": FunctionTransformer(lambda x: x * 2),
    }
    for name, value in code.items():
        yield Sample(
            f"cloudpickle/{name}.pkl",
            lambda path, value=value: path.write_bytes(cloudpickle.dumps(value)),
            "functions by value",
        )
        yield Sample(
            f"dill/{name}.dill",
            lambda path, value=value: path.write_bytes(dill.dumps(value, recurse=True)),
            "functions by value",
        )
