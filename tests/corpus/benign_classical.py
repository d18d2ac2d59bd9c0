"""What libraries write in data formats of models, built here by the formats' specifications."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING

from tests.corpus.classical_files import LIGHTGBM, dart, linear, ubjson, xgboost, xgboost_binary
from tests.corpus.frame import benign

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign


def samples() -> Iterator[Benign]:
    """Every kind of file of this area."""
    yield from _safetensors()
    yield from _gguf()
    yield from _trees()


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
