"""safetensors: what the library writes is clean, what breaks the format's rules is reported."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan


GOOD = {
    "a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
    "b": {"dtype": "U8", "shape": [], "data_offsets": [8, 9]},
}
BODY = bytes(9)


@pytest.mark.oracle
def test_what_the_library_writes_is_clean(scan: Scan) -> None:
    np = pytest.importorskip("numpy")
    library = pytest.importorskip("safetensors.numpy")
    tensors = {
        "a": np.zeros((2, 3)),
        "b": np.ones(5, dtype=np.float16),
        "empty": np.zeros((0, 2)),
        "c": np.ones((), dtype=bool),
    }
    told = scan("x.safetensors", library.save(tensors, {"format": "pt"}))
    assert told.clean
    assert told.format == "safetensors"


def test_a_sound_file_is_clean(scan: Scan, build: Build) -> None:
    assert scan("x.safetensors", build.safetensors(GOOD, BODY)).clean
    assert scan("x.safetensors", build.safetensors({"__metadata__": {"a": "b"}, **GOOD}, BODY)).clean
    assert scan("x.safetensors", build.safetensors({})).clean
    four_bits = {"a": {"dtype": "F4", "shape": [4], "data_offsets": [0, 2]}}
    assert scan("x.safetensors", build.safetensors(four_bits, b"12")).clean


@pytest.mark.parametrize(
    "change",
    [
        {"a": {"dtype": "F32", "shape": [3], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [8, 0]}},
        {"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2.0], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [True, 2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8, 9]}},
        {"a": {"dtype": 5, "shape": [2], "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": "2", "data_offsets": [0, 8]}},
        {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], "more": 1}},
        {"a": {"dtype": "F32", "shape": [1 << 40, 1 << 40], "data_offsets": [0, 8]}},
        {"a": [1]},
        {"__metadata__": {"a": 1}},
        {"__metadata__": "text"},
        {"c": {"dtype": "U8", "shape": [100], "data_offsets": [9, 109]}},
    ],
)
def test_entries_that_break_the_rules_are_reported(scan: Scan, build: Build, change: dict[str, object]) -> None:
    assert "safetensors-bad-header" in scan("x.safetensors", build.safetensors({**GOOD, **change}, BODY)).rules


@pytest.mark.parametrize(
    "header",
    [
        b'{"a": 1, "a": 1}',
        b"{not json, at all}",
        b'{"a": NaN}',
        b"{" + b'"a":{' * 5000,
        b'{"a": "\xff"}',
        b'{"a": ' + b"9" * 5000 + b"}",
    ],
)
def test_headers_that_are_no_strict_json_are_reported(scan: Scan, build: Build, header: bytes) -> None:
    told = scan("x.safetensors", build.safetensors(header, BODY))
    assert told.rules == {"safetensors-bad-header"}
    assert told.reasons == {"malformed"}


@pytest.mark.parametrize("offsets", [[7, 8], [9, 10]])
def test_overlaps_and_holes_are_reported(scan: Scan, build: Build, offsets: list[int]) -> None:
    header = {**GOOD, "b": {"dtype": "U8", "shape": [], "data_offsets": offsets}}
    assert "safetensors-overlap" in scan("x.safetensors", build.safetensors(header, bytes(max(offsets)))).rules


def test_a_hole_before_the_first_tensor_is_reported(scan: Scan, build: Build) -> None:
    header = {"a": {"dtype": "U8", "shape": [2], "data_offsets": [4, 6]}}
    assert scan("x.safetensors", build.safetensors(header, bytes(6))).rules == {"safetensors-overlap"}


def test_trailing_bytes_are_reported_and_examined(scan: Scan, build: Build) -> None:
    told = scan("x.safetensors", build.safetensors(GOOD, BODY + build.payload))
    assert told.payload
    assert "trailing-data" in told.rules
    assert scan("x.safetensors", build.safetensors(GOOD, BODY + bytes(3))).rules == {"safetensors-bad-header"}
    assert scan("x.safetensors", build.safetensors(GOOD, BODY + build.zip({"a": build.payload}))).payload


@pytest.mark.parametrize("length", [100, 1 << 20])
def test_a_header_longer_than_the_file_is_reported(scan: Scan, length: int) -> None:
    told = scan("x.safetensors", struct.pack("<Q", length) + b'{"a": 1}')
    assert told.rules == {"safetensors-bad-header"}
    assert told.reasons == {"malformed"}


def test_a_header_beyond_the_budget_is_a_gap(scan: Scan) -> None:
    assert scan("x.safetensors", struct.pack("<Q", 1 << 30) + b"{").reasons == {"budget"}


def test_an_unknown_type_is_a_gap(scan: Scan, build: Build) -> None:
    header = {"a": {"dtype": "X99", "shape": [2], "data_offsets": [0, 8]}}
    assert scan("x.safetensors", build.safetensors(header, bytes(8))).reasons == {"unsupported"}


def test_many_wrong_entries_are_summed_up(scan: Scan, build: Build) -> None:
    told = scan("x.safetensors", build.safetensors({f"t{index}": [] for index in range(500)}))
    assert len(told.findings) == 21


def test_a_file_whose_length_is_an_opcode_is_a_pickle_too(scan: Scan) -> None:
    # The length's low byte is BINUNICODE; its text runs over the rest of the length into the header.
    length = 0x58 | 0x40 << 8
    header = b'{"__metadata__":{"k":"' + b"x" * 39
    opcodes = b"0cos\nsystem\n(S'echo seen'\ntR."
    assert scan("x.safetensors", struct.pack("<Q", length) + (header + opcodes).ljust(length)).payload
