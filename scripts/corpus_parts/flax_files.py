"""Flax: trees of arrays as MessagePack, by the layout of ``flax.serialization`` (its extension types 1, 2, 3)."""

# ruff: noqa: E501 (tables: one row is one object or one file)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgpack
import numpy as np

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator


def _extension(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return msgpack.ExtType(1, msgpack.packb((value.shape, value.dtype.name, value.tobytes()), use_bin_type=True))
    if isinstance(value, complex):
        return msgpack.ExtType(2, msgpack.packb((value.real, value.imag)))
    if isinstance(value, np.generic):
        return msgpack.ExtType(3, msgpack.packb(((), value.dtype.name, value.tobytes()), use_bin_type=True))
    raise TypeError(type(value))


def pack(tree: Any) -> bytes:
    """Return the tree as bytes."""
    return msgpack.packb(tree, default=_extension, strict_types=True)


def _chunked(array: np.ndarray) -> dict[str, Any]:
    flat = array.ravel()
    half = flat.size // 2
    return {
        "__msgpack_chunked_array__": True,
        "shape": {str(index): size for index, size in enumerate(array.shape)},
        "chunks": {"0": flat[:half], "1": flat[half:]},
    }


TREES: dict[str, Any] = {
    "params": {"params": {"Dense_0": {"kernel": np.ones((4, 8), "f4"), "bias": np.zeros(8, "f4")}, "Dense_1": {"kernel": np.ones((8, 2), "f4"), "bias": np.zeros(2, "f4")}}},
    "train_state": {"step": 3, "params": {"w": np.ones((2, 2), "f4")}, "opt_state": {"0": {"count": np.int32(1), "mu": {"w": np.zeros((2, 2), "f4")}}, "1": {}}},
    "scalars": {"a": 1, "b": 1.5, "c": None, "d": True, "e": "text", "f": b"bytes", "g": 1 + 2j, "h": np.float32(2), "i": [1, 2, 3], "big": 2**40, "negative": -5},
    "chunked": {"w": _chunked(np.arange(1000, dtype="f4").reshape(10, 100))}, "types": {name: np.ones(3, name) for name in ["int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64", "bool", "complex64"]},
    "deep": {"a": {"b": {"c": {"d": {"e": {"f": np.ones(1)}}}}}}, "batch_stats": {"params": {"conv": {"kernel": np.ones((3, 3, 1, 4), "f4")}}, "batch_stats": {"norm": {"mean": np.zeros(4, "f4"), "var": np.ones(4, "f4")}}},
    "large": {"w": np.zeros((300, 300), "f4")}, "empty": {},
}  # fmt: skip


def samples() -> Iterator[Sample]:
    """Yield the files."""
    for name, tree in TREES.items():
        yield Sample(f"flax/{name}.msgpack", lambda path, tree=tree: path.write_bytes(pack(tree)))
    yield Sample("flax/flax_model.msgpack", lambda path: path.write_bytes(pack(TREES["params"])))
    yield Sample("flax/checkpoint_10", lambda path: path.write_bytes(pack(TREES["train_state"])))
