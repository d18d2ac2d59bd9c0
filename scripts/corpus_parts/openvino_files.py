"""OpenVINO models."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _openvino(path: Path, *, compress: bool) -> None:
    import openvino
    from openvino import opset13 as ops

    x = ops.parameter([-1, 4], np.float32, name="x")
    y = ops.relu(
        ops.add(
            ops.matmul(x, ops.constant(np.ones((4, 300), "f4")), transpose_a=False, transpose_b=False),
            ops.constant(np.float32(1)),
        )
    )
    path.mkdir(parents=True, exist_ok=True)
    openvino.save_model(openvino.Model([y], [x], "small"), path / "model.xml", compress_to_fp16=compress)


def _openvino_from_onnx(path: Path) -> None:
    import openvino

    from corpus_parts.onnx_files import MODELS

    path.mkdir(parents=True, exist_ok=True)
    openvino.save_model(openvino.convert_model(io.BytesIO(MODELS["linear"]().SerializeToString())), path / "model.xml")


def _openvino_loop(path: Path) -> None:
    import openvino
    from openvino import opset13 as ops

    body_in = ops.parameter([1, 2], np.float32, name="b")
    body = openvino.Model([ops.add(body_in, body_in)], [body_in], "body")
    x = ops.parameter([3, 2], np.float32, name="x")
    iterator = ops.tensor_iterator()
    iterator.set_body(body)
    iterator.set_sliced_input(body_in, x.output(0), 0, 1, 1, -1, 0)
    out = iterator.get_concatenated_slices(body.output(0), 0, 1, 1, -1, 0)
    path.mkdir(parents=True, exist_ok=True)
    openvino.save_model(openvino.Model([out], [x], "loop"), path / "model.xml")


def samples() -> Iterator[Sample]:
    """Yield the files."""
    yield Sample("openvino/plain", lambda path: _openvino(path, compress=False))
    yield Sample("openvino/half", lambda path: _openvino(path, compress=True))
    yield Sample("openvino/from_onnx", _openvino_from_onnx)
    yield Sample("openvino/loop", _openvino_loop)
