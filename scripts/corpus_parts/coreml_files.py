"""Core ML models."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The library imports every framework that it could convert from, which takes half a minute.
sys.modules.update(dict.fromkeys(("tensorflow", "torch", "sklearn", "xgboost", "keras")))


def _program(path: Path) -> None:
    import coremltools as ct
    from coremltools.converters.mil import Builder

    @Builder.program(input_specs=[Builder.TensorSpec(shape=(1, 4))])
    def program(x: object) -> object:
        return Builder.relu(x=Builder.linear(x=x, weight=np.ones((3, 4), "f4")))

    ct.convert(program, convert_to="mlprogram").save(str(path))


def _network(path: Path) -> None:
    from coremltools.models import datatypes
    from coremltools.models.neural_network import NeuralNetworkBuilder

    builder = NeuralNetworkBuilder([("x", datatypes.Array(4))], [("y", datatypes.Array(3))])
    builder.add_inner_product("fc", np.ones((3, 4)), np.zeros(3), 4, 3, has_bias=True, input_name="x", output_name="h")
    builder.add_activation("act", "RELU", "h", "y")
    path.write_bytes(builder.spec.SerializeToString())


def _trees(path: Path) -> None:
    from coremltools.models import datatypes
    from coremltools.models.tree_ensemble import TreeEnsembleRegressor

    made = TreeEnsembleRegressor([("x", datatypes.Array(2))], "y")
    made.set_default_prediction_value(0.0)
    made.add_branch_node(0, 0, 0, 0.5, "BranchOnValueLessThanEqual", 1, 2)
    made.add_leaf_node(0, 1, 1.0)
    made.add_leaf_node(0, 2, 2.0)
    path.write_bytes(made.spec.SerializeToString())


def samples() -> Iterator[Sample]:
    """Yield the files."""
    yield Sample("coreml/network.mlmodel", _network)
    yield Sample("coreml/trees.mlmodel", _trees)
    yield Sample("coreml/program.mlpackage", _program)
