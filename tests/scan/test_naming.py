"""Names against content, formats that are only recognised, native code."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan

HDF5 = b"\x89HDF\r\n\x1a\n" + bytes(100)
NATIVE = {
    "ELF": b"\x7fELF\2\1\1" + bytes(60),
    "PE": b"MZ" + bytes(58) + b"\x40\0\0\0PE\0\0" + bytes(20),
    "MACH-O": b"\xcf\xfa\xed\xfe" + bytes(28),
    "fat": b"\xca\xfe\xba\xbe\0\0\0\2" + bytes(40),
}
ONNX = b"\x08\x08\x12\x07pytorch\x1a\x052.0.0:\x03\x12\x01g"


def test_hdf5_behind_a_user_block_is_recognised(scan: Scan) -> None:
    assert scan("model.h5", bytes(1024) + HDF5).format == "hdf5"


def test_containers_that_torch_does_not_read_are_no_checkpoint(scan: Scan) -> None:
    for start in (b"7z\xbc\xaf\x27\x1c", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18"):
        told = scan("model.pt", start + bytes(26))
        assert told.rules == {"format-mismatch"}
        assert told.reasons == {"malformed"}


@pytest.mark.parametrize("name", NATIVE)
def test_native_code_under_a_model_name_is_reported(scan: Scan, build: Build, name: str) -> None:
    assert scan("model.pt", NATIVE[name]).rules == {"native-code-in-model"}
    assert scan("library.so", NATIVE[name]).clean
    assert scan("x.npz", build.zip({"a.npy": NATIVE[name]})).rules >= {"native-code-in-model"}
    assert scan("wheel.whl", build.zip({"a.so": NATIVE[name]})).clean


def test_java_classes_and_short_headers_are_not_native(scan: Scan) -> None:
    assert scan("A.class", b"\xca\xfe\xba\xbe\0\0\0\x34" + bytes(40)).clean
    assert scan("x.dat", b"MZ").clean
    assert scan("x.dat", b"\xca\xfe\xba\xbe").clean


def test_onnx_is_recognised_and_what_is_not_is_a_gap(scan: Scan) -> None:
    assert scan("m.onnx", ONNX).format == "onnx"
    assert "no known format" in scan("m.onnx", b"hello world").gaps[0].detail
    assert "no known format" in scan("m.onnx", b"\x08").gaps[0].detail


@pytest.mark.parametrize(
    ("name", "severity"),
    [("w.safetensors", "MEDIUM"), ("w.gguf", "MEDIUM"), ("w.npy", "MEDIUM"), ("w.json", "MEDIUM"), ("w.txt", "MEDIUM"),
     ("w.onnx", "MEDIUM"), ("w.h5", "MEDIUM"), ("logo.png", "MEDIUM"), ("W.SAFETENSORS", "MEDIUM")],
)  # fmt: skip
def test_a_pickle_under_a_name_of_data_is_reported(scan: Scan, build: Build, name: str, severity: str) -> None:
    told = scan(name, build.payload)
    assert told.payload
    (finding,) = [item for item in told.findings if item.rule == "format-mismatch"]
    assert finding.severity.name == severity
    assert "format-mismatch" in scan(name, build.harmless).rules


def test_data_under_another_name_of_data_is_low(scan: Scan, build: Build) -> None:
    told = scan("w.gguf", build.npy(bytes(8), "'<i8'"))
    assert [finding.severity.name for finding in told.findings] == ["LOW"]


@pytest.mark.parametrize("name", ["m.pt", "m.bin", "m.ckpt", "m.pth", "m.pkl", "m.joblib", "m", "m.weird", ".npy"])
def test_names_that_promise_nothing_are_no_mismatch(scan: Scan, build: Build, name: str) -> None:
    assert scan(name, build.zip({"a": b"text"})).clean
    assert scan(name, build.harmless).clean


@pytest.mark.parametrize(
    "name", ["m.pkl", "m.pt", "m.bin", "m.safetensors", "m.gguf", "m.npy", "m.onnx", "m.pb", "M.PT"]
)
def test_unrecognised_content_under_a_model_name_is_a_gap(scan: Scan, name: str) -> None:
    assert scan(name, b"\xfe\xfe what is this?").reasons == {"unsupported"}
    assert scan(name, b"").clean
    assert scan(name, b"").format == "empty"


def test_a_git_lfs_pointer_is_said(scan: Scan) -> None:
    told = scan("m.safetensors", b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
    assert "Git LFS pointer" in told.gaps[0].detail


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("README.md", b"# Hello"),
        ("a.py", b"import os\n"),
        ("x.csv", b"a,b\n1,2\n"),
        ("empty.py", b""),
        ("notes", b"cat\ndog\n"),
        ("x.txt", b"(note)\nI am\n."),
    ],
)
def test_ordinary_files_say_nothing_at_all(scan: Scan, name: str, data: bytes) -> None:
    told = scan(name, data)
    assert told.clean
    assert not told.evidence
