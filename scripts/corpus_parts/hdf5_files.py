"""HDF5 files of every layout that h5py writes."""

# ruff: noqa: E501 (tables: one row is one object or one file)

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import h5py
import numpy as np

from corpus_parts.frame import Sample

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

ARRAY = np.arange(60, dtype="f4").reshape(6, 10)


def _plain(file: h5py.File) -> None:
    file["a"] = ARRAY
    file["scalar"] = 1.5
    file["empty"] = h5py.Empty("f4")
    file.create_dataset("zero", shape=(0, 3))


def _chunked(file: h5py.File) -> None:
    file.create_dataset("chunks", data=ARRAY, chunks=(2, 5))
    for name in ("gzip", "lzf"):
        file.create_dataset(name, data=ARRAY, chunks=True, compression=name, shuffle=True, fletcher32=True)
    file.create_dataset("scaled", data=ARRAY, chunks=True, scaleoffset=2)
    file.create_dataset("one_chunk", data=ARRAY, chunks=ARRAY.shape)
    file.create_dataset("sparse", shape=(100, 100), chunks=(10, 10), dtype="i4")[5, 5] = 1


def _resizable(file: h5py.File) -> None:
    for name, limit in (("one", (None, 10)), ("two", (None, None)), ("limited", (12, 10))):
        made = file.create_dataset(name, data=ARRAY, maxshape=limit, chunks=(2, 5))
        made.resize((8, 10))
    file.create_dataset("filled", shape=(3,), maxshape=(None,), fillvalue=7, chunks=(1,))


def _strings(file: h5py.File) -> None:
    file["fixed"] = np.array([b"ab", b"c"])
    file["variable"] = np.array(["x", "long text " * 20], dtype=h5py.string_dtype())
    file["ascii"] = np.array([b"x"], dtype=h5py.string_dtype("ascii", 5))
    file["scalar"] = "a text"
    file.attrs["text"] = "unicode é"
    file.attrs["bytes"] = np.bytes_(b"x")
    file.attrs["several"] = ["a", "b"]
    file.attrs["names"] = np.array([b"layer_1", b"layer_2"])


def _groups(file: h5py.File) -> None:
    for index in range(40):
        group = file.create_group(f"group_{index}")
        group["weights"] = ARRAY[:1]
        group.attrs["index"] = index
    deep = file
    for index in range(12):
        deep = deep.create_group(f"level_{index}")
    tracked = file.create_group("tracked", track_order=True)
    for index in range(20):
        tracked[f"z{20 - index}"] = index


def _attributes(file: h5py.File) -> None:
    for index in range(100):
        file.attrs[f"attribute_{index}"] = index
    file.attrs["array"] = ARRAY
    file.attrs["large"] = np.zeros(8000, "u1")
    file.attrs["empty"] = h5py.Empty("S1")
    data = file.create_dataset("d", data=ARRAY)
    for index in range(50):
        data.attrs[f"n{index}"] = f"value {index}"
    data.attrs["shape"] = (1, 2)
    data.attrs["flag"] = True
    data.attrs["complex"] = 1 + 2j


def _types(file: h5py.File) -> None:
    kinds = ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", ">i4", ">f8", "c8", "c16", "?"]
    for kind in kinds:
        file[f"type_{kind.replace('>', 'big_')}"] = np.zeros(3, kind)
    file["compound"] = np.zeros(2, [("a", "i4"), ("b", "f8", (2, 2)), ("c", "S5")])
    file["nested"] = np.zeros(2, [("a", [("x", "i4"), ("y", "f4")]), ("b", "i1")])
    file["enum"] = np.zeros(2, h5py.enum_dtype({"RED": 0, "BLUE": 1}))
    file["opaque"] = np.array([b"1234"], dtype="V4")
    file["dates"] = np.array([0], "i8").astype(h5py.opaque_dtype(np.dtype("M8[s]")))
    file["array"] = np.zeros(3, ("f4", (2, 2)))
    varied = file.create_dataset("varied", (2,), dtype=h5py.vlen_dtype("i4"))
    varied[0] = [1, 2, 3]
    file["named"] = np.dtype("f4")
    file.create_dataset("of_named", (2,), dtype=file["named"])


def _links(file: h5py.File) -> None:
    file["data"] = ARRAY
    file["soft"] = h5py.SoftLink("/data")
    file["hard"] = file["data"]
    file["dangling"] = h5py.SoftLink("/nothing")
    file["inner/soft"] = h5py.SoftLink("../data")


def _references(file: h5py.File) -> None:
    data = file.create_dataset("data", data=ARRAY)
    group = file.create_group("group")
    file.create_dataset("references", data=[data.ref, group.ref], dtype=h5py.ref_dtype)
    file.create_dataset("regions", data=[data.regionref[0:2, 0:2]], dtype=h5py.regionref_dtype)
    file.attrs["reference"] = data.ref


def _scales(file: h5py.File) -> None:
    data = file.create_dataset("data", data=ARRAY)
    file["x"] = np.arange(6)
    file["x"].make_scale("x axis")
    data.dims[0].attach_scale(file["x"])
    data.dims[0].label = "x"


def _virtual_same_file(file: h5py.File) -> None:
    file["source"] = np.arange(10)
    layout = h5py.VirtualLayout(shape=(10,), dtype="i8")
    layout[:] = h5py.VirtualSource(".", "source", shape=(10,))
    file.create_virtual_dataset("virtual", layout)


def _compact(file: h5py.File) -> None:
    plist = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    plist.set_layout(h5py.h5d.COMPACT)
    space = h5py.h5s.create_simple((4,))
    made = h5py.h5d.create(file.id, b"compact", h5py.h5t.NATIVE_INT32, space, plist)
    made.write(h5py.h5s.ALL, h5py.h5s.ALL, np.arange(4, dtype="i4"))
    early = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    early.set_alloc_time(h5py.h5d.ALLOC_TIME_EARLY)
    h5py.h5d.create(file.id, b"early", h5py.h5t.NATIVE_INT32, space, early)


def _deleted(file: h5py.File) -> None:
    for index in range(10):
        file[f"d{index}"] = ARRAY
    for index in range(0, 10, 2):
        del file[f"d{index}"]
    file.move("d1", "renamed")


def _many(file: h5py.File) -> None:
    for index in range(500):
        file[f"w/{index:04}"] = np.float32(index)


def _pytables_like(file: h5py.File) -> None:
    file.attrs["TITLE"] = np.bytes_(b"")
    file.attrs["CLASS"] = np.bytes_(b"GROUP")
    file.attrs["VERSION"] = np.bytes_(b"1.0")
    file.attrs["PYTABLES_FORMAT_VERSION"] = np.bytes_(b"2.1")
    group = file.create_group("df")
    group.attrs["pandas_type"] = np.bytes_(b"frame")
    group.create_dataset("block0_values", data=ARRAY)


def _anndata_like(file: h5py.File) -> None:
    file.attrs["encoding-type"] = "anndata"
    file.attrs["encoding-version"] = "0.1.0"
    sparse = file.create_group("X")
    sparse.attrs["encoding-type"] = "csr_matrix"
    sparse.attrs["shape"] = (3, 3)
    for name in ("data", "indices", "indptr"):
        sparse[name] = np.arange(4)
    file.create_group("obs").attrs["column-order"] = np.array(["a"], dtype=h5py.string_dtype())


MAKERS: dict[str, Callable[[h5py.File], None]] = {
    "plain": _plain, "chunked": _chunked, "resizable": _resizable, "strings": _strings, "groups": _groups, "attributes": _attributes,
    "types": _types, "links": _links, "references": _references, "scales": _scales, "virtual": _virtual_same_file, "compact": _compact,
    "deleted": _deleted, "many": _many, "pytables_like": _pytables_like, "anndata_like": _anndata_like,
}  # fmt: skip

OPTIONS: dict[str, dict[str, Any]] = {
    "earliest": {"libver": "earliest"}, "latest": {"libver": "latest"}, "v110": {"libver": ("v110", "v110")},
    "v108": {"libver": ("v108", "v108")}, "v114": {"libver": ("v114", "v114")}, "user_block": {"userblock_size": 1024}, "tracked": {"track_order": True},
    "paged": {"fs_strategy": "page", "fs_persist": True}, "aggregate": {"fs_strategy": "aggregate", "fs_persist": True},
}  # fmt: skip


def _write(path: Path, make: Callable[[h5py.File], None], options: dict[str, Any]) -> None:
    with h5py.File(path, "w", **options) as file:
        make(file)


def _swmr(path: Path) -> None:
    with h5py.File(path, "w", libver="latest") as file:
        made = file.create_dataset("d", shape=(0,), maxshape=(None,), chunks=(4,))
        file.swmr_mode = True
        made.resize((8,))
        made[:] = 1


def _core(path: Path) -> None:
    with h5py.File(path, "w", driver="core") as file:
        _plain(file)


def _from_memory(path: Path) -> None:
    import io

    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        _groups(file)
    path.write_bytes(stream.getvalue())


def samples() -> Iterator[Sample]:
    """Yield each content in each version of the format."""
    for name, make in MAKERS.items():
        for kind, options in OPTIONS.items():
            yield Sample(f"hdf5/{name}_{kind}.h5", lambda path, make=make, options=options: _write(path, make, options))
    yield Sample("hdf5/swmr.hdf5", _swmr)
    yield Sample("hdf5/core.h5", _core)
    yield Sample("hdf5/from_memory.h5", _from_memory)
