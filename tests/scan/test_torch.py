"""torch's containers: zip, TorchScript, legacy stream. Tensors' numbers are windows that nobody reads through."""

from __future__ import annotations

import pickle
import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan


MAGIC = 0x1950A86A20F9469CFC6C


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_checkpoint(scan: Scan, build: Build, method: int) -> None:
    parts = {
        "data/0": bytes(range(256)) * 8,
        "data/1": bytes(64),
        "byteorder": b"little",
        ".data/serialization_id": b"1",
    }
    told = scan("m.pt", build.torch(build.harmless, method, **parts))
    assert told.clean
    assert told.format == "torch-zip"
    assert scan("m.bin", build.torch(build.payload, method, **parts)).payload


@pytest.mark.parametrize("head", [b"\x80\x02\xff\xff", b"PK\3\4zz", b"\x80\x04\x95abc", b"\x1f\x8b\x08\x00zz"])
def test_numbers_that_look_like_a_file_by_chance_are_clean(scan: Scan, build: Build, head: bytes) -> None:
    assert scan("m.pt", build.torch(build.harmless, **{"data/0": head + bytes(range(7, 200))})).findings == []


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_pickle_among_the_tensors_is_found(scan: Scan, build: Build, method: int) -> None:
    assert scan("m.pt", build.torch(build.harmless, method, **{"data/0": build.payload})).payload
    nested = build.zip({"x": build.payload})
    assert scan("m.pt", build.torch(build.harmless, method, **{"data/0": nested})).payload


def test_any_other_member_is_examined(scan: Scan, build: Build) -> None:
    assert scan("m.pt", build.torch(build.harmless, **{"extra/files/notes": build.payload})).payload


def test_a_script_carries_code(scan: Scan, build: Build) -> None:
    parts = {"constants.pkl": build.harmless, "code/__torch__.py": b"def forward(self): pass"}
    told = scan("m.pt", build.torch(build.harmless, **parts))
    assert told.rules == {"torchscript-carries-code"}
    assert told.format == "torchscript"
    assert scan("m.pt", build.torch(build.harmless, **{**parts, "constants.pkl": build.payload})).payload


def test_native_code_in_a_checkpoint_is_reported(scan: Scan, build: Build) -> None:
    told = scan("m.pt", build.torch(build.harmless, **{"lib/op.so": b"\x7fELF" + bytes(60)}))
    assert told.rules == {"native-code-in-model"}


def legacy(state: bytes, keys: bytes | None = None, protocol: int = 2) -> bytes:
    pickles = [MAGIC, 1001, {"little_endian": True, "protocol_version": 1001}]
    head = b"".join(pickle.dumps(item, protocol) for item in pickles)
    numbers = struct.pack("<q", 4) + bytes(range(16))
    return head + state + (pickle.dumps(["0"], protocol) if keys is None else keys) + numbers


@pytest.mark.parametrize("protocol", range(6))
def test_a_legacy_stream(scan: Scan, build: Build, protocol: int) -> None:
    told = scan("m.pt", legacy(build.harmless, protocol=protocol))
    assert told.clean
    assert told.format == "torch-legacy"
    assert scan("m.pt", legacy(build.payload, protocol=protocol)).payload
    assert scan("m.pt", legacy(build.harmless, keys=build.payload, protocol=protocol)).payload


def test_numbers_of_a_legacy_stream_are_no_pickle(scan: Scan, build: Build) -> None:
    numbers = bytes(range(256)) * 300
    assert scan("m.pt", legacy(build.harmless) + numbers).clean


def test_a_legacy_stream_that_breaks_is_examined_up_to_there(scan: Scan, build: Build) -> None:
    data = legacy(build.payload)
    told = scan("m.pt", data[: data.index(b"echo") + 12])
    assert told.findings or told.gaps
    assert told.payload


def test_a_pickle_behind_a_legacy_stream_is_found(scan: Scan, build: Build) -> None:
    data = legacy(build.harmless, keys=pickle.dumps([], 2))
    assert scan("m.pt", data[: -len(struct.pack("<q", 4)) - 16] + build.payload).payload
