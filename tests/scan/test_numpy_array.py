"""NumPy arrays: the header is believed only as far as it is sound, object arrays are pickles."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan


np = pytest.importorskip("numpy")

ARRAYS = [
    np.arange(10),
    np.zeros((3, 0, 2)),
    np.array(5.0, dtype=np.float16),
    np.array(["ä", "bc"]),
    np.array([b"x"]),
    np.zeros(3, dtype=[("a", "<i4"), ("b", "<f8", (2, 2)), ("c", [("d", "S3")])]),
    np.array(["2020-01-01"], dtype="datetime64[ns]"),
    np.array([1 + 2j]),
    np.array([True]),
    np.zeros(2, dtype="V7"),
    np.asfortranarray(np.ones((2, 3), dtype=">i2")),
]


def saved(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


@pytest.mark.oracle
@pytest.mark.parametrize("array", ARRAYS, ids=lambda array: str(array.dtype))
def test_what_numpy_writes_is_clean(scan: Scan, array: np.ndarray) -> None:
    told = scan("x.npy", saved(array))
    assert told.clean
    assert told.format == "npy"


@pytest.mark.oracle
@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
def test_every_version_is_read(scan: Scan, version: tuple[int, int]) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.arange(3), version=version)
    assert scan("x.npy", stream.getvalue()).clean


@pytest.mark.oracle
def test_archives_of_arrays_are_clean(scan: Scan) -> None:
    for write in (np.savez, np.savez_compressed):
        stream = io.BytesIO()
        write(stream, a=np.arange(10), b=np.ones((4, 4)))
        told = scan("x.npz", stream.getvalue())
        assert told.clean
        assert told.format == "npz"


def test_several_arrays_in_one_file_are_clean(scan: Scan) -> None:
    assert scan("x.npy", saved(np.arange(3)) * 20).clean


@pytest.mark.parametrize("descr", ["'|O'", "'O'", "'|O8'", "[('a', '<i4'), ('b', '|O')]", "[('a', ('|O', (2,)))]"])
def test_the_body_of_an_object_array_is_a_pickle(scan: Scan, build: Build, descr: str) -> None:
    assert scan("x.npy", build.npy(build.payload, descr)).payload
    assert not scan("x.npy", build.npy(build.harmless, descr)).payload


def test_object_arrays_in_archives_are_examined(scan: Scan, build: Build) -> None:
    assert scan("x.npz", build.zip({"a.npy": build.npy(build.payload)}, 8)).payload


def test_what_follows_the_array_is_reported(scan: Scan, build: Build) -> None:
    told = scan("x.npy", saved(np.arange(3)) + build.payload)
    assert told.payload
    assert "trailing-data" in told.rules


def test_a_cut_array_is_a_gap(scan: Scan) -> None:
    assert scan("x.npy", saved(np.arange(30))[:-3]).reasons == {"malformed"}


@pytest.mark.parametrize(
    "data",
    [
        b"\x93NUMPY\x09\0" + struct.pack("<H", 2) + b"{}",
        b"\x93NUMPY\1\0" + struct.pack("<H", 60_000) + b"{}",
        b"\x93NUMPY\2\0" + struct.pack("<I", 1 << 31) + b"{}",
        b"\x93NUMPY\1\0" + struct.pack("<H", 16) + b"__import__('os')",
        b"\x93NUMPY\1\0" + struct.pack("<H", 2) + b"{}",
        b"\x93NUMPY\1\0" + struct.pack("<H", 400) + b"(" * 400,
        b"\x93NUMPY",
    ],
)
def test_a_header_that_numpy_does_not_write_is_reported(scan: Scan, data: bytes) -> None:
    told = scan("x.npy", data)
    assert told.rules == {"npy-bad-header"}
    assert "malformed" in told.reasons


@pytest.mark.parametrize("descr", ["'<q9x'", "7", "['x']", "[('a', '<i4', 'x')]", "'<i'", "'S'", "None", "('<i4',)"])
def test_a_type_that_numpy_does_not_know_is_reported(scan: Scan, build: Build, descr: str) -> None:
    assert "npy-bad-header" in scan("x.npy", build.npy(bytes(8), descr)).rules


@pytest.mark.parametrize("shape", ["[1]", "(-1,)", "('a',)", "(True,)", str((1,) * 65), "(1 << 3,)"])
def test_a_wrong_shape_is_reported(scan: Scan, build: Build, shape: str) -> None:
    assert "npy-bad-header" in scan("x.npy", build.npy(bytes(8), "'<i8'", shape)).rules


def test_a_huge_shape_is_a_gap(scan: Scan, build: Build) -> None:
    assert scan("x.npy", build.npy(bytes(8), "'<i8'", f"({2**62}, {2**62}, {2**62})")).reasons == {"malformed"}


def test_headers_of_python_2_are_read(scan: Scan, build: Build) -> None:
    assert scan("x.npy", build.npy(bytes(16), "'<i8'", "(2L,)")).clean
