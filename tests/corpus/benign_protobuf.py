"""Core ML, PaddlePaddle, texts and tables as their frameworks write them, built by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.corpus import malicious_onnx as onnx
from tests.corpus import malicious_tensorflow as tf
from tests.corpus.encode import encode, varint
from tests.corpus.encode_text import as_json, as_text
from tests.corpus.frame import benign
from tests.corpus.malicious_protobuf import TEXT, blob_file, coreml, operator, paddle, params, pir, program, weights

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign


def block(*entries: tuple[bytes, bytes]) -> bytes:
    """A block of a table without shared keys, with its trailer."""
    body = b"".join(varint(0) + varint(len(key)) + varint(len(value)) + key + value for key, value in entries)
    return body + bytes(4) + b"\1\0\0\0" + bytes(5)


def table(*entries: tuple[bytes, bytes]) -> bytes:
    """A table of one block."""
    data = block(*entries)
    index = block((b"z", varint(0) + varint(len(data) - 5)))
    footer = varint(0) + varint(len(data) - 5) + varint(len(data)) + varint(len(index) - 5)
    return data + index + footer + bytes(40 - len(footer)) + b"\x57\xfb\x80\x8b\x24\x75\x47\xdb"


def entry(size: int = 16, *dims: int, kind: int = 1) -> bytes:
    shape = {"dim": [{"size": dim} for dim in dims or (2, 2)]}
    return encode("tensorflow", "BundleEntryProto", {"dtype": kind, "shape": shape, "size": size})


def samples() -> Iterator[Benign]:
    """Ordinary files of each format."""
    layers = {"layers": [{"name": "l", "innerProduct": {"weights": {"floatValue": [1.0, 2.0]}}}]}
    yield benign("coreml-network", "model.mlmodel", coreml(neuralNetwork=layers))
    described = {
        "input": [{"name": "x"}],
        "metadata": {"userDefined": [{"key": "com.github.apple.coremltools.version", "value": "9.0"}]},
    }
    yield benign("coreml-metadata", "model.mlmodel", coreml(description=described))
    yield benign(
        "coreml-program",
        "model.mlmodel",
        coreml(**program(blob_file("@model_path/weights/weight.bin"), {"type": "linear"})),
    )
    yield benign("coreml-weights", "weight.bin", weights(bytes(range(64)), b"\x01\x02" * 50))
    manifest = {"fileFormatVersion": "1.0.0", "itemInfoEntries": {"a": {"path": "com.apple.CoreML/model.mlmodel"}}}
    yield benign("coreml-manifest-plain", "Manifest.json", json.dumps(manifest).encode())
    layers = [operator("feed"), operator("conv2d"), operator("batch_norm"), operator("relu_grad"), operator("fetch")]
    yield benign("paddle-program", "model.pdmodel", paddle(*layers))
    yield benign("paddle-model", "__model__", paddle(operator("matmul_v2", note="text")))
    yield benign("paddle-pir", "inference.json", pir("1.matmul", note="x"))
    yield benign("paddle-params", "model.pdiparams", params(bytes(9), b"\1\2\3"))
    graph = tf.graph(tf.node("x", "Placeholder"), tf.node("y", "Relu", "x"), tf.constant("c", 'a "b" \\ \n', b"\xff\0"))
    yield benign("text-graph-plain", "graph.pbtxt", as_text(graph))
    saved = {"saved_model_schema_version": 1, "meta_graphs": [tf.meta(graph)]}
    yield benign("text-saved-model-plain", "saved_model.pbtxt", as_text(saved))
    model = {"ir_version": 8, "graph": onnx.graph(initializer=[onnx.tensor()])}
    yield benign("text-onnx-plain", "model.textproto", as_text(model))
    yield benign("json-onnx-plain", "model.onnxjson", as_json("onnx", "ModelProto", model))
    yield benign("text-labels", "label_map.pbtxt", b"item {\n  id: 1\n  name: 'person'\n}\n")
    yield benign("text-pipeline", "pipeline.config", b"model {\n  ssd { num_classes: 90 }\n}\n")
    yield benign(
        "text-checkpoint", "checkpoint", b'model_checkpoint_path: "ckpt-1"\nall_model_checkpoint_paths: "ckpt-1"\n'
    )
    yield benign("onnxtxt", "model.onnxtxt", (TEXT % ("[1, 2]", "w.bin", "com.microsoft.FusedMatMul")).encode())
    header = encode("tensorflow", "BundleHeaderProto", {"num_shards": 1, "version": {"producer": 1}})
    yield benign("tf-table", "variables.index", table((b"", header), (b"a/w", entry()), (b"s", entry(9, 3, kind=7))))
    yield benign("tf-table-empty", "model.ckpt", table())
