"""Directories that are one model, their files, and their missing shards."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chainguard_ml.inventory import directories
from chainguard_ml.model import ArtifactKind, GapReason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Tree = Callable[[dict[str, bytes | str]], Path]

CONFIG = '{"model_type": "bert", "architectures": ["BertModel"]}'


@pytest.mark.parametrize(
    ("files", "layout"),
    [
        ({"config.json": CONFIG, "model.safetensors": b"?"}, "huggingface"),
        ({"config.json": CONFIG, "pytorch_model.bin": b"?"}, "huggingface"),
        ({"config.json": CONFIG, "model.safetensors.index.json": "{}"}, "huggingface"),
        ({"adapter_config.json": "{}", "adapter_model.safetensors": b"?"}, "huggingface-adapter"),
        ({"MLmodel": "", "data/model.pth": b"?"}, "mlflow"),
        ({"saved_model.pb": b"?", "variables/variables.data-00000-of-00001": b"?"}, "saved-model"),
        ({"modules.json": '[{"type": "sentence_transformers.T"}]', "config.json": CONFIG}, "sentence-transformers"),
        ({"model_index.json": "{}", "unet/config.json": "{}"}, "diffusers"),
        ({"pytorch_model.bin.index.json": "{}"}, "sharded-checkpoint"),
        ({"m-00001-of-00002.gguf": b"?"}, "sharded-checkpoint"),
        ({"model.safetensors.index.fp16.json": "{}"}, "sharded-checkpoint"),
    ],
)  # fmt: skip
def test_a_layout(tree: Tree, find: Callable, files: dict[str, bytes | str], layout: str) -> None:
    root = tree({f"m/{name}": content for name, content in files.items()})
    artifacts, gaps, _ = find(root)
    model = artifacts["m/"]
    assert (model.kind, model.format) == (ArtifactKind.MODEL_DIRECTORY, layout)
    assert model.members == tuple(sorted(f"m/{name}" for name in files))
    assert model.size == sum(artifacts[member].size for member in model.members)
    assert gaps == []


@pytest.mark.parametrize(
    "files",
    [
        {"config.json": CONFIG},
        {"config.json": '{"port": 80}', "model.pkl": b"?"},
        {"adapter_config.json": "{}"},
        {"modules.json": "[]"},
        {"model.safetensors": b"?"},
        {"train-00000-of-00002.parquet": b"?"},
    ],
)
def test_no_layout(tree: Tree, find: Callable, files: dict[str, bytes | str]) -> None:
    assert not any(path.endswith("/") for path in find(tree(files))[0])


def test_models_inside_each_other_both_count_their_files(tree: Tree, find: Callable) -> None:
    root = tree(
        {"model_index.json": "{}", "unet/config.json": CONFIG, "unet/m.safetensors": b"??",
         ".github/workflows/a.yml": "", ".gitattributes": "x", ".git/x": "y", "vae/.cache/x": "z"}
    )  # fmt: skip
    artifacts, _, _ = find(root)
    assert artifacts["./"].path == "."
    assert artifacts["./"].members == (".gitattributes", "model_index.json", "unet/config.json", "unet/m.safetensors")
    assert artifacts["unet/"].members == ("unet/config.json", "unet/m.safetensors")


def test_missing_shards_are_named(tree: Tree, find: Callable) -> None:
    index = {"weight_map": {"a": "m-00001-of-00003.safetensors", "b": "m-00003-of-00003.safetensors", "c": "extra.bin"}}
    root = tree(
        {"config.json": CONFIG, "model.safetensors.index.json": json.dumps(index), "m-00001-of-00003.safetensors": b"?"}
    )
    artifacts, _, _ = find(root)
    assert artifacts["./"].facts == {
        "shards": 4,
        "missing_shards": ["extra.bin", "m-00002-of-00003.safetensors", "m-00003-of-00003.safetensors"],
    }


def test_a_model_without_shards_says_nothing_about_them(tree: Tree, find: Callable) -> None:
    assert find(tree({"MLmodel": ""}))[0]["./"].facts == {}


def test_an_index_that_is_a_pipe_hangs_nothing(tree: Tree, find: Callable) -> None:
    root = tree({})
    os.mkfifo(root / "m.bin.index.json")
    os.mkfifo(root / "modules.json")
    _, gaps, _ = find(root)
    assert {gap.reason for gap in gaps} == {GapReason.UNSUPPORTED, GapReason.UNREADABLE}


def test_configurations_that_are_links_say_nothing(tree: Tree, find: Callable) -> None:
    root = tree({"blobs/1": CONFIG, "snapshot/m.safetensors": b"?"})
    (root / "snapshot" / "config.json").symlink_to("../blobs/1")
    artifacts, gaps, _ = find(root)
    assert sorted(artifacts) == ["blobs/1", "snapshot/m.safetensors"]
    assert gaps == []


def test_an_index_that_is_too_large_is_a_gap(tree: Tree, find: Callable) -> None:
    root = tree({"m.bin.index.json": ""})
    with (root / "m.bin.index.json").open("wb") as stream:
        stream.truncate(directories.INDEX_LIMIT + 1)
    _, gaps, _ = find(root)
    assert [gap.reason for gap in gaps] == [GapReason.UNREADABLE]


def test_absurd_numbers_of_shards_stay_bounded() -> None:
    names = [f"{stem}-00001-of-99999.bin" for stem in "abcdefgh"]
    facts = directories.shards(names, [])
    assert facts["shards"] == 199998
    assert len(facts["missing_shards"]) == 1000  # type: ignore[arg-type]


@given(st.binary(max_size=200))
def test_any_index_can_be_searched(data: bytes) -> None:
    assert all(name.endswith(("safetensors", "bin", "h5", "msgpack")) for name in directories.indexed(data))
