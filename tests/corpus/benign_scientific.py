"""What MATLAB, scipy, ExecuTorch and Core ML's compiler write."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.corpus import scientific_files as build
from tests.corpus.frame import benign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

MIL = """program(1.3)
[buildInfo = dict<string, string>({{"coremlc-version", "3405.2.1"}, {"coremltools-version", "9.0"}})]
{
    func main<ios18>(tensor<fp32, [1, 4, 1, 16]> x) {
        string to_fp16 = const()[name = string("to_fp16"), val = string("fp16")];
        tensor<fp16, [4, 4, 1, 1]> W = const()[name = string("W"), val = tensor<fp16, [4, 4, 1, 1]>(BLOBFILE(path = \
string("@model_path/weights/weight.bin"), offset = uint64(64)))];
        tensor<fp16, [1, 4, 1, 16]> y = conv(weight = W, x = x16)[name = string("custom")];
    } -> (y);
}
"""


def samples() -> Iterator[Benign]:
    """Values of every class, compressed and not; programs with kernels and delegates of ExecuTorch."""
    values = [
        build.numbers(bytes(range(64)), kind=build.DOUBLE),
        build.array(build.CHAR, build.element(16, b"text"), name="t"),
        build.array(build.CELL, build.numbers(b"1", ""), build.array(build.CELL), name="c"),
        build.array(build.STRUCT, build.fields("a", "b"), build.numbers(b"1", ""), build.numbers(b"", ""), name="s"),
        build.array(
            5, build.element(5, bytes(4)), build.element(5, bytes(8)), build.element(9, bytes(8)), name="sparse"
        ),
        build.array(build.OPAQUE, build.numbers(b"\1", ""), name="x", system="MCOS", class_name="string"),
        build.array(build.OBJECT, build.fields("a"), build.numbers(b"\1", ""), name="n", class_name="network"),
        build.element(14, b""),
    ]
    yield benign("plain-mat", "a.mat", build.mat5(*values))
    yield benign("plain-mat-compressed", "a.mat", build.mat5(*(build.compressed(value) for value in values)))
    yield benign("plain-mat-other-order", "a.mat", build.mat5(build.numbers(bytes(9), order=">"), order=">"))
    yield benign("plain-mat-empty", "a.mat", build.mat5())
    yield benign("plain-mat-padded", "a.mat", build.mat5(values[0]) + bytes(100))
    yield benign("plain-mat-4", "a.mat", build.mat4("a", bytes(9)) + build.mat4("b", b"\1\2", ">"))
    operators = ["aten::add", "aten::linear", "executorch_prim::et_view", "quantized_decomposed::quantize_per_tensor"]
    yield benign("plain-pte", "m.pte", build.pte(operators, ["XnnpackBackend", "CoreMLBackend"], [b"XN00" + bytes(40)]))
    yield benign(
        "plain-pte-segments", "m.pte", build.pte(operators, ["QnnBackend"], segments=[bytes(64), b"\x80\2weights"])
    )
    yield benign("plain-mil", "model.mil", MIL.encode())
    layers = [{"type": "convolution", "name": "a", "top": "b", "bottom": "c"}, {"type": "softmax", "name": "s"}]
    document = {"storage": "model.espresso.weights", "analyses": {}, "format_version": 200, "layers": layers}
    yield benign("plain-espresso", "model.espresso.net", json.dumps(document).encode())
    yield benign("plain-snappy", "data.sz", build.snappy_stream(b"text " * 2000))
