"""ONNX: places outside of the model, foreign operators, sizes, what metadata and tensors can hide."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from chainguard_ml.model import Severity
from tests.corpus.encode import encode, field, varint
from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious

PAYLOAD = b"\x80\x02cos\nsystem\nX\x09\0\0\0echo seen\x85R."
EXPRESSION = "__import__('os').system('echo seen')"
JINJA = "{{ ''.__class__.__mro__[1].__subclasses__() }}"

PLACES = {
    "absolute": "/etc/passwd",
    "climbs": "../../../../etc/passwd",
    "climbs-late": "weights/../../secret",
    "backslashes": "..\\..\\secret",
    "drive": "C:\\Windows\\win.ini",
    "share": "\\\\host.example\\share\\x",
    "address": "https://host.example/weights",
    "file-address": "file:///etc/passwd",
    "encoded": "%2e%2e/%2e%2e/etc/passwd",
    "encoded-twice": "%252e%252e/x",
    "home": "~/.ssh/id_rsa",
    "variable": "${HOME}/.ssh/id_rsa",
    "nul": "w\0/../../x",
    "memory": "*/_ORT_MEM_ADDR_/*",
}


def tensor(name: str = "w", **changes: Any) -> dict[str, Any]:
    return {"dims": [2, 2], "data_type": 1, "name": name, "raw_data": bytes(16), **changes}


def external(location: str, **more: str) -> dict[str, Any]:
    pairs = {"location": location, **more}
    entries = [{"key": key, "value": value} for key, value in pairs.items()]
    return {"dims": [2, 2], "data_type": 1, "name": "w", "external_data": entries, "data_location": 1}


def node(kind: str = "Relu", domain: str = "", **more: Any) -> dict[str, Any]:
    return {"input": ["x"], "output": ["y"], "op_type": kind, **({"domain": domain} if domain else {}), **more}


def graph(*nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"node": list(nodes or [node()]), "name": "g", **more}


def model(inner: dict[str, Any] | None = None, **more: Any) -> bytes:
    head = {"ir_version": 8, "producer_name": "sample", "opset_import": [{"version": 17}]}
    return encode("onnx", "ModelProto", {**head, "graph": graph() if inner is None else inner, **more})


def with_metadata(key: str, value: str) -> bytes:
    return model(metadata_props=[{"key": key, "value": value}])


def nested(kind: str, domain: str, levels: int) -> dict[str, Any]:
    inner = graph(node(kind, domain))
    for _ in range(levels):
        inner = graph(node("If", attribute=[{"name": "then_branch", "g": inner, "type": 5}]))
    return inner


def _external() -> Iterator[Malicious]:
    rules = ("external-data-escapes", "tensor-size-mismatch")
    for name, place in PLACES.items():
        data = model(graph(initializer=[external(place)]))
        yield malicious(f"onnx-external-{name}", "model.onnx", data, *rules)
    yield malicious(
        "onnx-external-basepath", "model.onnx", model(graph(initializer=[external("w", basepath="/etc")])), *rules
    )
    attribute = {"name": "value", "t": external("/etc/passwd"), "type": 4}
    yield malicious(
        "onnx-external-in-attribute", "model.onnx", model(graph(node("Constant", attribute=[attribute]))), *rules
    )
    several = {"name": "values", "tensors": [tensor(), external("/etc/passwd")], "type": 9}
    yield malicious(
        "onnx-external-in-attributes", "model.onnx", model(graph(node("Constant", attribute=[several]))), *rules
    )
    sparse = {"values": external("/etc/passwd"), "indices": tensor("i"), "dims": [4]}
    yield malicious("onnx-external-in-sparse", "model.onnx", model(graph(sparse_initializer=[sparse])), *rules)
    training = {"initialization": graph(initializer=[external("/etc/passwd")])}
    yield malicious("onnx-external-in-training", "model.onnx", model(training_info=[training]), *rules)
    twice = encode("onnx", "TensorProto", external("w.bin")) + encode("onnx", "TensorProto", external("/etc/passwd"))
    yield malicious("onnx-external-second-of-two", "model.onnx", model(graph(initializer=[twice])), *rules)
    swapped = {**external("w"), "external_data": [field(2, b"/etc/passwd") + field(1, b"location")]}
    yield malicious("onnx-external-value-before-key", "model.onnx", model(graph(initializer=[swapped])), *rules)
    for name, pairs in {
        "offset": {"offset": "9223372036854775808"},
        "negative": {"length": "-1"},
        "hex": {"offset": "0x10"},
    }.items():
        yield malicious(
            f"onnx-external-{name}", "model.onnx", model(graph(initializer=[external("w", **pairs)])), *rules
        )
    late = model() + field(7, encode("onnx", "GraphProto", graph(initializer=[external("/etc/passwd")])))
    yield malicious("onnx-second-graph", "model.onnx", late, *rules)
    unknown = field(4000, b"x") + model(graph(initializer=[external("/etc/passwd")]))
    yield malicious("onnx-unknown-field-first", "model.onnx", unknown, *rules)
    yield malicious("onnx-without-its-name", "weights.bin", model(graph(initializer=[external("/etc/passwd")])), *rules)
    alone = encode("onnx", "TensorProto", {**external("/etc/passwd"), "float_data": [1.0]})
    yield malicious("onnx-tensor-file", "input_0.pb", alone, *rules)


def _operators() -> Iterator[Malicious]:
    medium, python = Severity.MEDIUM, "graph-calls-python"
    yield malicious(
        "onnx-custom-domain", "model.onnx", model(graph(node("Run", "evil"))), "custom-operator", least=medium
    )
    yield malicious(
        "onnx-custom-operator", "model.onnx", model(graph(node("RunCommand"))), "custom-operator", least=medium
    )
    yield malicious("onnx-custom-in-if", "model.onnx", model(nested("Run", "evil", 3)), "custom-operator", least=medium)
    loops = {"name": "body", "graphs": [graph(), graph(node("Run", "evil"))], "type": 10}
    yield malicious(
        "onnx-custom-in-graphs",
        "model.onnx",
        model(graph(node("Loop", attribute=[loops]))),
        "custom-operator",
        least=medium,
    )
    own = {"name": "PyOp", "domain": "ai.onnx.contrib", "node": [node()], "opset_import": [{"version": 17}]}
    data = model(graph(node("PyOp", "ai.onnx.contrib")), functions=[own])
    yield malicious("onnx-python-as-own-function", "model.onnx", data, "graph-calls-python")
    often = encode("onnx", "NodeProto", node()) + b"".join(field(4, kind) for kind in [b"Relu"] * 12 + [b"PyOp"])
    data = model(graph(often + field(7, b"ai.onnx.contrib")))
    yield malicious("onnx-operator-often", "model.onnx", data, "graph-calls-python")
    function = {"name": "F", "domain": "local", "node": [node("Run", "evil")]}
    data = model(graph(node("F", "local")), functions=[function])
    yield malicious("onnx-custom-in-function", "model.onnx", data, "custom-operator", least=medium)
    data = model(training_info=[{"algorithm": graph(node("Run", "evil"))}])
    yield malicious("onnx-custom-in-training", "model.onnx", data, "custom-operator", least=medium)
    twice = encode("onnx", "NodeProto", node()) + field(4, b"RunCommand")
    yield malicious("onnx-operator-twice", "model.onnx", model(graph(twice)), "custom-operator", least=medium)
    deep = model(nested("Run", "evil", 24))
    yield malicious("onnx-custom-deep", "model.onnx", deep, "custom-operator", least=medium)
    yield malicious("onnx-pyop", "model.onnx", model(graph(node("PyOp", "pyopmulti_1"))), python)
    yield malicious(
        "onnx-python-custom", "model.onnx", model(graph(node("PyReverseMatrix", "ai.onnx.contrib"))), python
    )
    yield malicious("onnx-pythonop-training", "model.onnx", model(graph(node("PythonOp", "com.microsoft"))), python)
    yield malicious(
        "onnx-aten", "model.onnx", model(graph(node("ATen", "org.pytorch.aten"))), "custom-operator", least=medium
    )


def _sizes() -> Iterator[Malicious]:
    for name, changes in {
        "overflow": {"dims": [1 << 32, 1 << 32]}, "negative": {"dims": [-1, 4]}, "dimensions": {"dims": [1] * 100},
        "packed-negative": {"dims": field(1, varint(-4) + varint(2))[2:]},
    }.items():  # fmt: skip
        yield malicious(
            f"onnx-size-{name}", "model.onnx", model(graph(initializer=[tensor(**changes)])), "tensor-size-mismatch"
        )
    data = model(graph(initializer=[tensor(dims=[1000, 1000])]))
    yield malicious("onnx-size-short", "model.onnx", data, "tensor-size-mismatch", least=Severity.MEDIUM)


def _hidden() -> Iterator[Malicious]:
    raw = tensor(dims=[len(PAYLOAD)], data_type=2, raw_data=PAYLOAD)
    yield malicious("onnx-pickle-in-tensor", "model.onnx", model(graph(initializer=[raw])), "dangerous-global")
    texts = {"dims": [1], "data_type": 8, "name": "s", "string_data": [PAYLOAD]}
    yield malicious("onnx-pickle-in-strings", "model.onnx", model(graph(initializer=[texts])), "dangerous-global")
    attribute = {"name": "blob", "s": PAYLOAD, "type": 3}
    yield malicious(
        "onnx-pickle-in-attribute", "model.onnx", model(graph(node(attribute=[attribute]))), "dangerous-global"
    )
    yield malicious("onnx-pickle-behind", "model.onnx", model() + PAYLOAD, "dangerous-global")
    yield malicious("onnx-pickle-in-unknown-field", "model.onnx", model() + field(3000, PAYLOAD), "dangerous-global")
    yield malicious("onnx-expression", "model.onnx", with_metadata("names", EXPRESSION), "metadata-expression")
    dunder = "().__class__.__bases__[0].__subclasses__()"
    yield malicious("onnx-expression-dunder", "model.onnx", with_metadata("names", dunder), "metadata-expression")
    yield malicious("onnx-template", "model.onnx", with_metadata("chat_template", JINJA), "chat-template-injection")
    document = json.dumps({"tokenizer": {"chat_template": JINJA}})
    yield malicious("onnx-template-in-json", "model.onnx", with_metadata("config", document), "chat-template-injection")
    document = json.dumps({"auto_map": {"AutoModel": "modeling.Model"}})
    yield malicious("onnx-auto-map", "model.onnx", with_metadata("config", document), "model-repository-carries-code")
    props = [{"key": "note", "value": EXPRESSION}]
    yield malicious(
        "onnx-expression-in-node", "model.onnx", model(graph(node(metadata_props=props))), "metadata-expression"
    )


def samples() -> Iterator[Malicious]:
    """Every technique."""
    yield from _external()
    yield from _operators()
    yield from _sizes()
    yield from _hidden()
