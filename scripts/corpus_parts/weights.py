"""safetensors and GGUF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import gguf
import numpy as np
import torch
from safetensors.numpy import save_file
from safetensors.torch import save_file as save_torch

from corpus_parts.frame import Sample
from corpus_parts.transformers_files import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def _gguf(path: Path, architecture: str, template: str | list[dict[str, str]] | None = None, **options: Any) -> None:
    writer = gguf.GGUFWriter(path, architecture, **options)
    writer.add_name("tiny")
    writer.add_description("A tiny model")
    writer.add_author("someone")
    writer.add_license("apache-2.0")
    writer.add_block_count(1)
    writer.add_context_length(16)
    writer.add_embedding_length(32)
    writer.add_head_count(2)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([f"token{index}" for index in range(40)])
    writer.add_token_types([gguf.TokenType.NORMAL] * 40)
    writer.add_token_scores([0.5] * 40)
    writer.add_token_merges(["a b", "c d"])
    writer.add_bos_token_id(1)
    writer.add_array("general.tags", ["text-generation"])
    writer.add_uint8("t.u8", 1)
    writer.add_int8("t.i8", -1)
    writer.add_float64("t.f64", 1.5)
    writer.add_uint64("t.u64", 2**40)
    writer.add_bool("t.flag", val=True)
    if template:
        writer.add_chat_template(template)
    writer.add_tensor("token_embd.weight", np.zeros((40, 32), "f4"))
    writer.add_tensor("blk.0.attn_q.weight", np.zeros((32, 32), "f2"))
    for kind in (
        gguf.GGMLQuantizationType.Q8_0,
        gguf.GGMLQuantizationType.Q4_0,
        gguf.GGMLQuantizationType.Q5_1,
        gguf.GGMLQuantizationType.BF16,
    ):
        writer.add_tensor(
            f"blk.0.{kind.name}.weight", gguf.quants.quantize(np.ones((4, 64), "f4"), kind), raw_dtype=kind
        )
    writer.add_tensor("output_norm.weight", np.zeros(32, "f4"))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def samples() -> Iterator[Sample]:
    """Yield the files."""
    several = [
        {"name": "default", "template": TEMPLATES["chatml"]},
        {"name": "tool_use", "template": TEMPLATES["tools"]},
    ]
    for name, template in {**TEMPLATES, "none": None, "several": several}.items():
        yield Sample(f"gguf/{name}.gguf", lambda path, template=template: _gguf(path, "llama", template))
    yield Sample("gguf/big_endian.gguf", lambda path: _gguf(path, "llama", endianess=gguf.GGUFEndian.BIG))
    yield Sample(
        "gguf/split", lambda path: (path.mkdir(exist_ok=True), _gguf(path / "model.gguf", "llama", split_max_tensors=3))
    )
    for kind in (
        "bool",
        "uint8",
        "int8",
        "int16",
        "uint16",
        "float16",
        "int32",
        "uint32",
        "float32",
        "float64",
        "int64",
        "uint64",
    ):
        yield Sample(
            f"safetensors/numpy_{kind}.safetensors",
            lambda path, kind=kind: save_file({"a": np.ones((2, 3), kind)}, path),
        )
    for kind in ("bfloat16", "float8_e4m3fn", "float8_e5m2", "complex64"):
        yield Sample(
            f"safetensors/torch_{kind}.safetensors",
            lambda path, kind=kind: save_torch({"a": torch.ones(2, 3).to(getattr(torch, kind))}, path),
        )
    yield Sample(
        "safetensors/metadata.safetensors",
        lambda path: save_file(
            {"a": np.ones(3)},
            path,
            {"format": "pt", "modelspec.title": "x", "ss_network_args": '{"a": [1, 2]}', "ss_tag_frequency": "{}"},
        ),
    )
    yield Sample("safetensors/empty.safetensors", lambda path: save_file({}, path))
    yield Sample(
        "safetensors/scalar.safetensors",
        lambda path: save_file({"s": np.array(1, "f4"), "z": np.zeros((0, 3), "f4")}, path),
    )
    yield Sample(
        "safetensors/many.safetensors",
        lambda path: save_file({f"layer.{index}.weight": np.zeros(4, "f4") for index in range(2000)}, path),
    )
    yield Sample(
        "safetensors/mixed.safetensors",
        lambda path: save_file({"a": np.ones(3, "i1"), "b": np.ones(5, "f8"), "c": np.ones(1, "f2")}, path),
    )
    yield Sample(
        "safetensors/big.safetensors", lambda path: save_file({"w": np.random.RandomState(0).rand(500, 500)}, path)
    )
