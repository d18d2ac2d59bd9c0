"""Core ML, PaddlePaddle, and the text and JSON forms of ONNX and TensorFlow."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

from chainguard_ml.model import Severity
from tests.corpus import malicious_onnx as onnx
from tests.corpus import malicious_tensorflow as tf
from tests.corpus.encode import encode, field
from tests.corpus.encode_text import as_json, as_text
from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

PAYLOAD = onnx.PAYLOAD
CUSTOM, OUTSIDE = "custom-operator", "external-data-escapes"


def coreml(**more: Any) -> bytes:
    described = {"input": [{"name": "x"}], "output": [{"name": "y"}]}
    return encode("coreml", "Model", {"specificationVersion": 7, "description": described, **more})


def program(*operations: dict[str, Any]) -> dict[str, Any]:
    block = {"block_specializations": [{"key": "CoreML7", "value": {"operations": list(operations)}}]}
    return {"mlProgram": {"version": 1, "functions": [{"key": "main", "value": block}]}}


def blob_file(name: str) -> dict[str, Any]:
    value = {"blobFileValue": {"fileName": name, "offset": 64}}
    return {"type": "const", "attributes": [{"key": "val", "value": value}]}


def weights(*items: bytes, count: int | None = None) -> bytes:
    out = struct.pack("<II", len(items) if count is None else count, 2) + bytes(56)
    for item in items:
        start = len(out) + 64
        out += b"\xef\xbe\xad\xde" + struct.pack("<IQQ", 1, len(item), start) + bytes(40) + item
        out += bytes(-len(out) % 64)
    return out


def _coreml() -> Iterator[Malicious]:
    medium = Severity.MEDIUM
    yield malicious("coreml-custom-model", "m.mlmodel", coreml(customModel={"className": "Run"}), CUSTOM, least=medium)
    layer = {"layers": [{"name": "l", "custom": {"className": "Run"}}]}
    yield malicious("coreml-custom-layer", "m.mlmodel", coreml(neuralNetwork=layer), CUSTOM, least=medium)
    inner = {"specificationVersion": 7, "neuralNetworkClassifier": layer}
    pipeline = {"pipeline": {"models": [{"pipeline": {"models": [inner]}}]}}
    data = coreml(pipelineClassifier=pipeline)
    yield malicious("coreml-custom-in-pipelines", "m.mlmodel", data, CUSTOM, least=medium)
    data = coreml(**program({"type": "custom_layer"}))
    yield malicious("coreml-custom-operation", "m.mlmodel", data, CUSTOM, least=medium)
    serialized = coreml(serializedModel={"identifier": "Run", "model": b"abc"})
    yield malicious("coreml-serialized", "m.mlmodel", serialized, CUSTOM, least=medium)
    for name in ("linkedModelFileName", "linkedModelSearchPath"):
        link = {"linkedModelFile": {name: {"defaultValue": "../../../etc/passwd"}}}
        yield malicious(f"coreml-{name}", "m.mlmodel", coreml(linkedModel=link), OUTSIDE)
    for name in ("/etc/passwd", "@model_path/../../../etc/passwd", "https://host.example/w"):
        yield malicious(f"coreml-weights-{name}", "m.mlmodel", coreml(**program(blob_file(name))), OUTSIDE)
    entry = {"userDefined": [{"key": "names", "value": onnx.EXPRESSION}]}
    data = coreml(description={"input": [{"name": "x"}], "metadata": entry})
    yield malicious("coreml-expression", "m.mlmodel", data, "metadata-expression")
    parameter = {"className": "Run", "parameters": [{"key": "p", "value": {"bytesValue": PAYLOAD}}]}
    yield malicious("coreml-pickle-in-parameter", "m.mlmodel", coreml(customModel=parameter), "dangerous-global")
    held = {"layers": [{"name": "l", "innerProduct": {"weights": {"rawValue": PAYLOAD}}}]}
    yield malicious("coreml-pickle-in-weights", "m.mlmodel", coreml(neuralNetwork=held), "dangerous-global")
    yield malicious("coreml-pickle-behind", "m.mlmodel", coreml() + PAYLOAD, "dangerous-global")
    yield malicious("coreml-without-its-name", "m.bin", coreml(**program(blob_file("/x"))), OUTSIDE)
    yield malicious("coreml-pickle-in-weight-file", "weight.bin", weights(bytes(64), PAYLOAD), "dangerous-global")
    yield malicious("coreml-pickle-behind-weights", "weight.bin", weights(bytes(64)) + PAYLOAD, "dangerous-global")
    manifest = {"itemInfoEntries": {"a": {"path": "../../../etc/x"}}, "rootModelIdentifier": "a"}
    yield malicious("coreml-manifest", "Manifest.json", json.dumps(manifest).encode(), OUTSIDE)


def paddle(*operators: dict[str, Any]) -> bytes:
    return encode("paddle", "ProgramDesc", {"blocks": [{"idx": 0, "parent_idx": 0, "ops": list(operators)}]})


def operator(kind: str, **attributes: str) -> dict[str, Any]:
    return {"type": kind, "attrs": [{"name": name, "type": 2, "s": value} for name, value in attributes.items()]}


def pir(name: str, **attributes: str) -> bytes:
    items = [{"N": key, "AT": {"#": "0.a_str", "D": value}} for key, value in attributes.items()]
    block = {"#": "block_0", "ops": [{"#": name, "A": items, "I": [], "O": []}]}
    program_ = {"regions": [{"#": "region_0", "blocks": [block]}]}
    return json.dumps({"base_code": {"magic": "pir", "version": 4}, "program": program_}).encode()


def params(*tensors: bytes) -> bytes:
    out = b""
    for raw in tensors:
        description = b"\x08\x14\x10" + bytes([len(raw)])  # UINT8, one dimension
        out += bytes(16) + struct.pack("<i", len(description)) + description + raw
    return out


def _paddle() -> Iterator[Malicious]:
    python, files, network = "graph-calls-python", "graph-file-access", "graph-network-access"
    yield malicious("paddle-py-func", "__model__", paddle(operator("py_func")), python)
    yield malicious("paddle-load", "m.pdmodel", paddle(operator("load", file_path="/etc/passwd")), files)
    yield malicious("paddle-save", "m.pdmodel", paddle(operator("save_combine", file_path="/etc/x")), files)
    yield malicious("paddle-read-file", "m.pdmodel", paddle(operator("read_file", filename="/etc/x")), files)
    served = paddle(operator("listen_and_serv", endpoint="host.example:80"))
    yield malicious("paddle-serve", "m.pdmodel", served, network)
    yield malicious("paddle-custom", "m.pdmodel", paddle(operator("run_command")), CUSTOM, least=Severity.MEDIUM)
    blocks = {"blocks": [{"idx": 0, "ops": []}, {"idx": 1, "ops": [operator("py_func")]}]}
    yield malicious("paddle-second-block", "m.pdmodel", encode("paddle", "ProgramDesc", blocks), python)
    twice = encode("paddle", "OpDesc", operator("relu")) + field(3, b"py_func")
    yield malicious("paddle-type-twice", "m.pdmodel", paddle(twice), python)  # type: ignore[arg-type]  # encoded
    yield malicious("paddle-without-its-name", "weights.bin", paddle(operator("py_func")), python)
    attribute = {"type": "relu", "attrs": [{"name": "a", "type": 2, "s": PAYLOAD}]}
    yield malicious("paddle-pickle-in-attribute", "m.pdmodel", paddle(attribute), "dangerous-global")
    yield malicious("paddle-pir-py-func", "m.json", pir("1.py_func_"), python)
    yield malicious("paddle-pir-save", "m.json", pir("pd_op.save_combine", file_path="/etc/x"), files)
    yield malicious("paddle-pickle-in-tensor", "m.pdiparams", params(bytes(4), PAYLOAD), "dangerous-global")
    yield malicious("paddle-pickle-behind", "m.pdiparams", params(bytes(4)) + PAYLOAD, "dangerous-global")


def _texts() -> Iterator[Malicious]:
    files = "graph-file-access"
    read = tf.graph(tf.constant("p", "/etc/passwd"), tf.node("r", "ReadFile", "p"))
    saved = {"saved_model_schema_version": 1, "meta_graphs": [tf.meta(read)]}
    yield malicious("text-saved-model", "saved_model.pbtxt", as_text(saved), files)
    yield malicious("text-graph", "graph.pbtxt", as_text(read), files)
    yield malicious("text-meta-graph", "graph.pbtxt", as_text(tf.meta(read)), files)
    yield malicious("text-graph-without-name", "graph.txt", as_text(read), files)
    text = as_text(read).replace(b'"ReadFile"', b"'Read' \"\\x46il\\145\"").replace(b"node {", b"# note\nnode <")
    text = text.replace(b"\n}\n", b"\n>;\n")
    yield malicious("text-other-spelling", "graph.pbtxt", text, files)
    listed = b'node: [{name: "p" op: "Const"}, {name: "r", op: "ReadFile" input: ["p"]}]\nversions { producer: 1 }'
    yield malicious("text-lists", "graph.pbtxt", listed, files)
    yield malicious("text-broken", "graph.pbtxt", as_text(read) + b"}}}", files)
    model = {"ir_version": 8, "graph": onnx.graph(initializer=[onnx.external("/etc/passwd")])}
    yield malicious("text-onnx", "model.textproto", as_text(model), OUTSIDE)
    yield malicious("json-onnx", "model.onnxjson", as_json("onnx", "ModelProto", model), OUTSIDE)
    topology = json.loads(as_json("tensorflow", "GraphDef", read))
    yield malicious("json-graph", "graph.json", json.dumps(topology).encode(), files)
    web = {"format": "graph-model", "modelTopology": topology, "weightsManifest": []}
    yield malicious("json-tensorflow-js", "model.json", json.dumps(web).encode(), files)


TEXT = """<
   ir_version: 8, opset_import: ["" : 17], # a comment with "quotes"
   metadata_props: ["names": "%s"]
>
main (float[N] x) => (float[N] y) <float[2] w = ["location": "%s", "offset": "0"], float b = {1}>
{
   h = Gemm <transB: int = 1> (x, w, b)
   z = If (h) <then_branch: graph = then () => (float q) { q = %s (x) }>
   y = local.F (z)
}
<domain: "local", opset_import: ["" : 17]>
F (a) => (b) { b = Relu (a) }
"""


def _onnx_texts() -> Iterator[Malicious]:
    def text(name: str = "[]", place: str = "w.bin", kind: str = "Relu") -> bytes:
        return (TEXT % (name, place, kind)).encode()

    medium = Severity.MEDIUM
    yield malicious("onnxtxt-external", "m.onnxtxt", text(place="../../etc/passwd"), OUTSIDE)
    yield malicious("onnxtxt-custom", "m.onnxtxt", text(kind="evil.Run"), CUSTOM, least=medium)
    yield malicious("onnxtxt-python", "m.onnxtxt", text(kind="pyopmulti.PyOp"), "graph-calls-python")
    yield malicious("onnxtxt-expression", "m.onnxtxt", text(onnx.EXPRESSION), "metadata-expression")


def samples() -> Iterator[Malicious]:
    """Every technique."""
    for part in (_coreml, _paddle, _texts, _onnx_texts):
        yield from part()
