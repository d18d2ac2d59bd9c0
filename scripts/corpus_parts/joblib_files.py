"""joblib: arrays among objects, every compression."""

# ruff: noqa: E501 (tables: one row is one object or one file)

from __future__ import annotations

from typing import TYPE_CHECKING

import joblib
import numpy as np

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

R = np.random.RandomState(0)
VALUES: dict[str, object] = {
    "array": R.rand(50, 50), "fortran": np.asfortranarray(R.rand(5, 6)), "objects": np.array([1, "a", None, [2]], dtype=object), "structured": np.zeros(3, [("a", "i4"), ("b", "f8")]),
    "mixed": {"a": R.rand(3), "b": [R.rand(2), "text", {"c": np.arange(4)}], "d": None}, "many": [np.full(3, index) for index in range(100)], "strings": np.array(["a", "bcd"]),
    "empty": np.zeros((0, 4)), "scalar": np.array(1.0), "memory_views": R.rand(10, 10)[::2, ::2], "text": "only text", "matrix": np.matrix([[1, 2]]), "datetimes": np.array(["2024"], "M8[D]"),
    "masked": np.ma.array([1, 2], mask=[0, 1]), "nested_objects": np.array([np.ones(3), {"x": np.zeros(2)}], dtype=object), "object_fields": np.array([(1, "x")], dtype=[("a", "i4"), ("b", object)]),
}  # fmt: skip


def _cache(path: Path) -> None:
    joblib.dump(VALUES["mixed"], path / "output.pkl")


def samples() -> Iterator[Sample]:
    """Yield each value plain, in protocols and in each compression."""
    for name, value in VALUES.items():
        yield Sample(f"joblib/{name}.joblib", lambda path, value=value: joblib.dump(value, path))
        yield Sample(f"joblib/{name}.pkl", lambda path, value=value: joblib.dump(value, path, protocol=2))
        yield Sample(f"joblib/{name}_5.joblib", lambda path, value=value: joblib.dump(value, path, protocol=5))
        for method in ("zlib", "gzip", "bz2", "xz", "lzma", "lz4"):
            for level in (1, 9):
                yield Sample(
                    f"joblib/{name}_{method}{level}.joblib",
                    lambda path, value=value, method=method, level=level: joblib.dump(
                        value, path, compress=(method, level)
                    ),
                )
    for suffix in ("z", "gz", "bz2", "xz", "lzma", "lz4"):
        yield Sample(f"joblib/by_name.joblib.{suffix}", lambda path: joblib.dump(VALUES["mixed"], path))
    yield Sample("joblib/several.joblib", _several)


def _several(path: Path) -> None:
    with path.open("wb") as stream:
        joblib.dump(VALUES["mixed"], stream)
        joblib.dump(VALUES["array"], stream)
