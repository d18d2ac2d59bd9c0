"""What libraries write in data formats of models, built here by the formats' specifications."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

from tests.corpus.classical_files import (
    LIGHTGBM,
    catboost,
    dart,
    flax_array,
    linear,
    msgpack,
    ubjson,
    xgboost,
    xgboost_binary,
)
from tests.corpus.frame import benign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign


def samples() -> Iterator[Benign]:
    """Every kind of file of this area."""
    yield from _safetensors()
    yield from _gguf()
    yield from _trees()
    yield from _checkpoints()


def _tensors(header: object, body: bytes = b"") -> bytes:
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + body


def _safetensors() -> Iterator[Benign]:
    training = {
        "ss_network_module": "networks.lora",
        "ss_network_args": json.dumps({"conv_dim": "4", "algo": "locon"}),
        "ss_tag_frequency": json.dumps({"10_cat": {"1girl (eval)": 3, "os.system": 1}}),
        "ss_training_comment": "trained with exec time 3 h; see https://index.example/notes",
        "ss_sd_model_name": "../../models/v1-5-pruned.safetensors",
        "modelspec.thumbnail": "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk",
        "sshs_model_hash": "0" * 64,
    }
    entry = {"dtype": "BF16", "shape": [2, 2], "data_offsets": [0, 8]}
    yield benign("safetensors-lora", "lora.safetensors", _tensors({"__metadata__": training, "w": entry}, bytes(8)))
    empty = {"dtype": "F32", "shape": [0, 4], "data_offsets": [8, 8]}
    yield benign("safetensors-empty-tensor", "e.safetensors", _tensors({"w": entry, "x": empty}, bytes(8)))


def _gguf() -> Iterator[Benign]:
    def text(value: str) -> bytes:
        raw = value.encode()
        return struct.pack("<Q", len(raw)) + raw

    def pair(key: str, value: str) -> bytes:
        return text(key) + struct.pack("<I", 8) + text(value)

    tokens = [f"<unused{index}>" for index in range(200)] + ["os.system(", "__class__", "{{"]
    vocabulary = text("tokenizer.ggml.tokens") + struct.pack("<IIQ", 9, 8, len(tokens)) + b"".join(map(text, tokens))
    pairs = [
        pair("general.architecture", "llama"),
        pair("general.license", "apache-2.0"),
        pair("general.source.url", "https://index.example/org/model"),
        pair("general.description", "A model for {code} and (eval) tasks."),
        text("general.alignment") + struct.pack("<II", 4, 64),
        vocabulary,
        pair("tokenizer.chat_template", "{% for m in messages %}{{ m['role'] + ': ' + m['content'] }}{% endfor %}"),
    ]
    tensors = b""
    for index, kind in enumerate((0, 8)):
        tensors += text(f"blk.{index}.w") + struct.pack("<I2QIQ", 2, 32, 2, kind, index * 256)
    head = b"GGUF" + struct.pack("<IQQ", 3, 2, len(pairs)) + b"".join(pairs) + tensors
    data = head + bytes(-len(head) % 64) + bytes(256) + bytes(68) + bytes(60)
    yield benign("gguf-llama", "llama.gguf", data)


def _trees() -> Iterator[Benign]:
    for name, document in (
        ("trees", xgboost()),
        ("linear", xgboost(booster=linear())),
        ("dart", xgboost(booster=dart())),
    ):
        yield benign(f"xgboost-json-{name}", "model.json", json.dumps(document).encode())
        yield benign(f"xgboost-ubj-{name}", "model.ubj", ubjson(document))
        yield benign(f"xgboost-ubj-as-model-{name}", "model.bin", ubjson(document))
    yield benign("xgboost-binary", "model.bin", xgboost_binary())
    yield benign("xgboost-binary-bare", "model.bin", xgboost_binary(magic=b"", objective="count:poisson"))
    yield benign("lightgbm-text", "model.txt", LIGHTGBM.encode())
    yield benign("catboost", "model.cbm", catboost())
    yield benign("catboost-parts", "model.cbm", catboost(parts=("text_process_v2",)) + b"text_process_v2\0" + bytes(40))
    yield benign("catboost-lossguide", "model.cbm", catboost({10: [0x00020001, 0, 0], 11: [0, 1, 2], 8: [0, 0, 0]}))


def _checkpoints() -> Iterator[Benign]:
    state = {
        "params": {"dense": {"kernel": flax_array(), "bias": flax_array("bfloat16", (12,)), "s": (3, flax_array()[1])}},
        "opt_state": {"0": {"count": (3, msgpack([[], "int32", bytes(4)]))}, "1": {}},
        "step": 5,
        "rate": 0.5,
        "flag": True,
        "none": None,
        "name": "a model",
        "complex": (2, msgpack([0.5, 1.0])),
        "list": {"0": flax_array("str96", (2,)), "1": flax_array("float8_e4m3fn", (24,))},
    }
    yield benign("flax", "flax_model.msgpack", msgpack(state))
    yield benign("flax-without-a-name", "checkpoint", msgpack(state))
    yield benign("flax-empty", "empty.msgpack", b"\x80")
    numpy = {"nd": True, "type": "<f4", "kind": "", "shape": [2], "data": bytes(8)}
    yield benign("msgpack-numpy", "model.msgpack", msgpack({"a": numpy}))
    v2 = {"zarr_format": 2, "filters": None, "compressor": {"id": "blosc", "cname": "lz4"}, "dtype": "<f4"}
    yield benign("zarr-v2", ".zarray", json.dumps(v2).encode())
    v3 = {"zarr_format": 3, "node_type": "array", "codecs": [{"name": "bytes"}, {"name": "zstd"}]}
    yield benign("zarr-v3", "zarr.json", json.dumps(v3).encode())
