"""ONNX models as exporters write them, built by hand from the specification."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from tests.corpus.encode import encode, field
from tests.corpus.frame import benign
from tests.corpus.malicious_onnx import external, graph, model, nested, node, tensor, with_metadata

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign


def value(name: str, *dims: int | str) -> dict[str, Any]:
    shape = [{"dim_param": dim} if isinstance(dim, str) else {"dim_value": dim} for dim in dims]
    return {"name": name, "type": {"tensor_type": {"elem_type": 1, "shape": {"dim": shape}}}}


def samples() -> Iterator[Benign]:
    """Operators of every known domain, data inside and beside, functions, subgraphs, metadata of known exporters."""
    typed = {"dims": [2], "data_type": 1, "name": "b", "float_data": field(4, struct.pack("<2f", 1, 2))[2:]}
    inner = graph(
        node("Gemm"), input=[value("x", "batch", 4)], output=[value("y", "batch", 2)], initializer=[tensor(), typed]
    )
    yield benign("onnx-linear", "model.onnx", model(inner))
    yield benign("onnx-subgraphs", "model.onnx", model(nested("Relu", "", 3)))
    domains = [
        ("LinearClassifier", "ai.onnx.ml"),
        ("FusedMatMul", "com.microsoft"),
        ("Conv", "com.microsoft.nchwc"),
        ("Adam", "ai.onnx.preview.training"),
        ("BertTokenizer", "ai.onnx.contrib"),
        ("Relu", "ai.onnx"),
    ]
    yield benign("onnx-domains", "model.onnx", model(graph(*[node(*pair) for pair in domains])))
    function = {"name": "gelu", "domain": "pkg.torch", "node": [node("Erf")], "opset_import": [{"version": 18}]}
    yield benign("onnx-functions", "model.onnx", model(graph(node("gelu", "pkg.torch")), functions=[function]))
    beside = graph(
        initializer=[external("model.onnx.data", offset="4096", length="16"), external("./w/onnx__MatMul_12")]
    )
    yield benign("onnx-external", "model.onnx", model(beside))
    for key, text in {
        "names": "{0: 'person', 1: 'bicycle'}", "imgsz": "[640, 640]", "config": '{"a": {"b": {}}}', "empty": "",
        "license": "https://example.com/licence", "author": "Someone (c) 2024", "pkg.torch.onnx.stack_trace":
        'File "model.py", line 3, in forward\n    return self.open_gate(x)', "stride": "32",
    }.items():  # fmt: skip
        yield benign(f"onnx-metadata-{key}", "model.onnx", with_metadata(key, text))
    small = graph(
        initializer=[
            tensor(dims=[3], data_type=22, raw_data=b"\1\2"),
            tensor(dims=[], raw_data=bytes(4)),
            tensor(dims=[0], raw_data=b""),
        ]
    )
    yield benign("onnx-small-types", "model.onnx", model(small))
    strings = {"dims": [2], "data_type": 8, "name": "s", "string_data": [b"a", b"caf\xc3\xa9"]}
    yield benign("onnx-strings", "model.onnx", model(graph(initializer=[strings])))
    yield benign("onnx-tensor", "input_0.pb", encode("onnx", "TensorProto", tensor()))
    yield benign(
        "onnx-training",
        "model.onnx",
        model(training_info=[{"algorithm": graph(node("Gradient", "ai.onnx.preview.training"))}]),
    )
    yield benign("onnx-empty-graph", "model.onnx", model({"name": "g"}))
