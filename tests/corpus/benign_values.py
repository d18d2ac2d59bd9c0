"""Base64, tables and configurations of training code without anything that runs."""

from __future__ import annotations

import base64
import hashlib
import json
import pickle
import random
from typing import TYPE_CHECKING

from tests.corpus.frame import benign
from tests.corpus.malicious_values import parquet
from tests.corpus.reassemble import zipped

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.corpus.frame import Benign

YOLO = """nc: 80
scales:
  n: [0.33, 0.25, 1024]
activation: nn.ReLU(inplace=True)
backbone:
  - [-1, 1, Conv, [64, 3, 2]]
  - [-1, 3, C2f, [128, True]]
  - [-1, 1, nn.Upsample, [None, 2, "nearest"]]
  - [-1, 1, Conv, [256, 3, 2, None, 1, 1, "nn.Hardswish()"]]
head:
  - [[-1, 6], 1, Concat, [1]]
  - [[15, 18, 21], 1, Detect, [nc, anchors]]
"""
SPACE = b"\x80\x02cgymnasium.spaces.discrete\nDiscrete\n)\x81}X\x01\0\0\0nK\x03sb."


def samples() -> Iterator[Benign]:
    """Ordinary values."""
    chance = random.Random(7)  # noqa: S311 (the same in every run)
    values = {
        "image": base64.b64encode(b"\x89PNG\r\n\x1a\n" + chance.randbytes(200)).decode(),
        "noise": [base64.b64encode(chance.randbytes(60)).decode() for _ in range(200)],
        "digest": hashlib.sha256(b"x").hexdigest(),
        "pickle": base64.b64encode(pickle.dumps({"a": [1, 2.5, None]}, 4)).decode(),
        "path": "some/long/path/with/many/parts/and_names/in/it",
    }
    yield benign(
        "yolo-by-json", "yolo.yaml", b'{"nc": 1, "activation": "SiLU()", "head": [[-1, 1, "Conv", [64, "nearest"]]]}'
    )
    yield benign("base64-values-json", "config.json", json.dumps(values).encode())
    yield benign("base64-values-yaml", "config.yaml", json.dumps(values, indent=1).encode())
    data = {"observation_space": {":type:": "x", ":serialized:": base64.b64encode(SPACE).decode()}, "n": 1}
    yield benign("base64-baselines-space", "ppo.zip", zipped({"data": json.dumps(data).encode()}))
    yield benign(
        "table-arrow-plain", "data.arrow", b"ARROW1\0\0\xff\xff\xff\xff" + bytes(100) + b"arrow.json" + b"ARROW1"
    )
    yield benign("table-parquet-plain", "data.parquet", parquet(b"\xff\xff\xff\xff" + bytes(60)))
    yield benign("table-parquet-cut", "data.parquet", b"PAR1" + bytes(50))
    yield benign("training-yolo", "yolo.yaml", YOLO.encode())
    yield benign("training-data-address", "data.yaml", b"train: a\nnc: 1\ndownload: https://a.example/data.zip\n")
    yield benign("training-download-elsewhere", "x.yaml", b"download: bash get.sh\n")
    adapter = {"peft_type": "LORA", "megatron_config": None, "megatron_core": "megatron.core", "r": 8}
    yield benign("training-adapter", "adapter_config.json", json.dumps(adapter).encode())
    for value in ("sdpa", "flash_attention_2", "eager", "kernels-community/flash-attn"):
        document = {"model_type": "x", "attn_implementation": value}
        yield benign(f"training-attention-{value.partition('/')[0]}", "config.json", json.dumps(document).encode())
