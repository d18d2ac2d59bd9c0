"""Arrays of every type, alone and in archives."""

# ruff: noqa: E501 (tables: one row is one object or one file)

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

KINDS = [
    "?",
    "b",
    "B",
    "h",
    "H",
    "i",
    "I",
    "l",
    "L",
    "q",
    "Q",
    "e",
    "f",
    "d",
    "g",
    "F",
    "D",
    "G",
    ">i4",
    ">f8",
    ">u2",
    "<c8",
    "S5",
    "U5",
    "V3",
    "M8[s]",
    "m8[ms]",
    "M8[ns]",
    "U0",
]


def arrays() -> dict[str, Any]:
    """Return arrays by name."""
    made = {
        f"type_{kind.strip('<>').replace('[', '_').replace(']', '')}_{index}": np.zeros((2, 3), kind)
        for index, kind in enumerate(KINDS)
    }
    made |= {
        "fortran": np.asfortranarray(np.ones((3, 4))), "scalar": np.array(1.5), "empty": np.zeros((0, 3)), "one": np.arange(5),
        "structured": np.array([(1, 2.0, "x")], dtype=[("a", "i4"), ("b", "f8"), ("c", "U5")]), "nested": np.zeros(2, [("a", [("x", "f4"), ("y", "i2", (3,))])]),
        "aligned": np.zeros(2, np.dtype([("a", "i1"), ("b", "f8")], align=True)), "titles": np.zeros(2, [(("title", "a"), "i4")]),
        "object": np.array([None, "x", 1, 2.5, {"a": [1]}], dtype=object), "objects_nested": np.array([np.ones(2), "x"], dtype=object), "object_fields": np.array([(1, "x")], dtype=[("a", "i4"), ("b", object)]),
        "unicode_fields": np.zeros(2, [("größe", "f4")]), "large": np.random.RandomState(0).rand(200, 200), "bytes": np.frombuffer(bytes(range(256)), "u1"),
        "strided": np.arange(20)[::2], "wide": np.zeros(1, [(f"column_{index}", "f4") for index in range(4000)]), "record": np.rec.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]),
        "matrix": np.matrix([[1, 2]]), "memory_order": np.ones((2, 3, 4)).transpose(2, 0, 1),
    }  # fmt: skip
    return made


def more() -> dict[str, object]:
    """Return what only pickle writes."""
    return {
        "masked": np.ma.array([1, 2], mask=[0, 1]), "masked_constant": np.ma.masked, "mrecords": np.ma.array([(1, 2.0)], mask=[(0, 1)], dtype=[("a", int), ("b", float)]),
        "generators": [np.random.Generator(kind(1)) for kind in (np.random.PCG64, np.random.PCG64DXSM, np.random.Philox, np.random.SFC64, np.random.MT19937)],
        "random_state": np.random.RandomState(1), "seed": np.random.SeedSequence(5, spawn_key=(1,)), "bit_generator": np.random.PCG64(3),
        "scalars": [np.zeros(1, kind)[0] for kind in ["?", "b", "B", "h", "H", "i", "I", "l", "L", "q", "Q", "e", "f", "d", "g", "F", "D", "G", "M8[s]", "m8[ms]", "S3", "U3"]], "dtypes": [np.dtype(kind) for kind in KINDS] + [np.dtype([("a", "i4"), ("b", "O")])],
        "types": [np.float32, np.int64, np.bool_, np.ndarray, np.generic], "functions": [np.log1p, np.exp, np.mean, np.add, np.linalg.norm, np.square], "polynomials": [np.polynomial.Polynomial([1, 2]), np.polynomial.Chebyshev([1]), np.poly1d([1, 2])],
        "strings": np.array(["a", "longer text that is not inline at all"], dtype=np.dtypes.StringDType()), "strings_na": np.array(["a", None], dtype=np.dtypes.StringDType(na_object=None)),
        "finfo": [np.finfo("f4").max, np.iinfo("i4").max], "char": np.char.array(["a", "b"]), "vectors": [np.ones(3)] * 3, "datetimes": [np.datetime64("NaT"), np.timedelta64(3, "D")],
        "histogram": np.histogram([1, 2, 3]), "index": np.s_[1:2, ..., None], "flat_dict": {f"w{index}": np.float32(index) for index in range(200)},
    }  # fmt: skip


def samples() -> Iterator[Sample]:
    """Yield the files."""
    table = arrays()
    for name, value in table.items():
        yield Sample(f"numpy/{name}.npy", lambda path, value=value: np.save(path, value, allow_pickle=True))
    simple = {name: value for name, value in table.items() if not value.dtype.hasobject}
    yield Sample("numpy/all.npz", lambda path: np.savez(path, **simple))
    yield Sample("numpy/all_compressed.npz", lambda path: np.savez_compressed(path, **simple))
    yield Sample("numpy/objects.npz", lambda path: np.savez(path, allow_pickle=True, a=table["object"], b=table["one"]))
    yield Sample("numpy/positional.npz", lambda path: np.savez(path, np.ones(2), np.zeros((3, 3))))
    for version in ((1, 0), (2, 0), (3, 0)):
        yield Sample(f"numpy/version_{version[0]}.npy", lambda path, version=version: _version(path, version))
    for name, value in {**table, **more()}.items():
        for protocol in (0, 2, 4, 5):
            yield Sample(
                f"numpy/pickles/{name}_{protocol}.pkl",
                lambda path, value=value, protocol=protocol: path.write_bytes(pickle.dumps(value, protocol)),
            )
    yield Sample("numpy/dumped.pkl", table["one"].dump)
    yield Sample("numpy/text.csv", lambda path: np.savetxt(path, np.ones((3, 3)), delimiter=","))
    yield Sample("numpy/text.txt.gz", lambda path: np.savetxt(path, np.ones((3, 3))))


def _version(path: Any, version: tuple[int, int]) -> None:
    with path.open("wb") as stream:
        np.lib.format.write_array(stream, np.ones((2, 2)), version)
