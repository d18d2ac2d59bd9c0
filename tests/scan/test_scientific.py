"""MATLAB, ExecuTorch, compiled Core ML models, Snappy: bounds, cuts, and what is a gap."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.model import Evidence, Finding, Gap, Location, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats.snappy import SnappyError, unsnap
from chainguard_ml.scan.interface import Blob, Budgets
from tests.corpus import hdf5_writer
from tests.corpus import scientific_files as build
from tests.corpus.benign_scientific import MIL, samples
from tests.corpus.malicious_scientific import PAYLOAD

if TYPE_CHECKING:
    from tests.scan.conftest import Scan

JUDGE = allowlist.make_judge([])
FILES = {sample.name: next(iter(sample.files.items())) for sample in samples()}


def told(name: str, data: bytes, budgets: Budgets | None = None) -> list[Finding | Gap]:
    seen = list(Session(JUDGE, budgets).nested(Blob(data, Subject(name, size=len(data)), Location(name), name)))
    assert all(isinstance(item, Finding | Gap | Evidence) for item in seen)
    return [item for item in seen if isinstance(item, Finding | Gap)]


@pytest.mark.parametrize("name", FILES)
def test_a_cut_anywhere_only_gives_observations(name: str) -> None:
    path, data = FILES[name]
    for stop in range(0, len(data), max(1, len(data) // 400)):
        told(path, data[:stop])


@pytest.mark.parametrize("name", FILES)
def test_changed_files_only_give_observations(name: str) -> None:
    path, data = FILES[name]
    chance = random.Random(name)  # noqa: S311 (the same in every run)
    for _ in range(60):
        changed = bytearray(data)
        for _ in range(3):
            changed[chance.randrange(len(changed))] = chance.choice((0, 1, 14, 15, 16, 127, 128, 255, 17, 3))
        told(path, bytes(changed))


def test_recognised_by_content(scan: Scan) -> None:
    assert scan("x.bin", build.mat5(build.numbers(b"abc"))).format == "mat"
    assert scan("x.mat", build.mat4("abc", b"abc")).format == "mat-4"
    assert scan("x.bin", build.pte()).format == "executorch"
    assert scan("x.mat", b"a" * 124 + b"\0\1IM" + b"no array").format == ""
    assert scan("x.mat", build.mat4("no name", b"abc")).format == ""


def test_cut_arrays_are_gaps(scan: Scan) -> None:
    whole = build.mat5(build.numbers(bytes(64)))
    assert scan("x.mat", whole[:-8]).reasons == {"malformed"}
    assert scan("x.mat", build.mat5(build.numbers(bytes(8))) + b"strange bytes").reasons == {"malformed"}
    assert scan("x.mat", build.mat4("a", bytes(9))[:-1]).reasons == {"malformed"}
    unknown = build.mat5(build.array(99, name="a"))
    assert scan("x.mat", unknown).reasons == {"malformed"}
    inner = build.element(14, build.element(6, bytes(8))[:-2])
    assert scan("x.mat", build.mat5(inner)).reasons == {"malformed"}


def test_an_array_that_becomes_too_large_is_a_gap() -> None:
    data = build.mat5(build.compressed(build.numbers(bytes(100_000))))
    reasons = {
        item.reason.value for item in told("x.mat", data, Budgets(free=1000, expansion=2)) if isinstance(item, Gap)
    }
    assert "budget" in reasons


def test_subsystems_in_subsystems_end(scan: Scan) -> None:
    data = build.numbers(b"a", "")
    for _ in range(12):
        data = build.numbers(b"\0\1IM\0\0\0\0" + data, "")
    assert scan("x.mat", build.mat5(data)).reasons == {"budget"}


def test_an_executorch_program_must_hold_its_offsets(scan: Scan) -> None:
    seen = scan("x.pte", b"\x30\0\0\0ET12" + bytes(60))
    assert seen.rules == {"flatbuffer-out-of-bounds"}
    assert seen.reasons == {"malformed"}
    twice = scan("x.pte", build.pte(["a::b", "a::b"], ["C", "C"]))
    assert len(twice.findings) == 2


@pytest.mark.parametrize(
    ("data", "whole"),
    [
        (b"\0", b""),
        (b"\3\x08abc", b"abc"),
        (b"\x0a\x08abc\x09\x03\4abc", b""),
        (b"\x07\x08abc\x01\x03", b"abcabca"),
        (b"\x0b\x08abc\x1e\x03\0", b"abcabcabcab"),
        (b"\x07\x08abc\x0f\x03\0\0\0", b"abcabca"),
        (b"\x40\xf0\x3f" + b"a" * 64, b"a" * 64),
        (b"\x40\xf4\x3f\0" + b"a" * 64, b"a" * 64),
    ],
)
def test_blocks_of_snappy(data: bytes, whole: bytes) -> None:
    if whole or data == b"\0":
        assert unsnap(data, 1000) == whole
    else:
        with pytest.raises(SnappyError):
            unsnap(data, 1000)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x80",
        b"\xff" * 6,
        b"\4\x08abc",
        b"\2\x08abc",
        b"\3\x08ab",
        b"\3\xf0",
        b"\7\x08abc\x01\x04",
        b"\7\x08abc\x01\0",
        b"\7\x08abc\x02\x03",
        b"\x90\x4e\0a",
    ],
)
def test_broken_blocks_of_snappy(data: bytes) -> None:
    with pytest.raises(SnappyError):
        unsnap(data, 1000)
    with pytest.raises(SnappyError, match="would become"):
        unsnap(b"\x90\x4e", 1000)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_snappy_round_trips_and_any_bytes_end(data: bytes) -> None:
    assert unsnap(build.snapped(data), len(data)) == data
    told("x.sz", b"\xff\x06\0\0sNaPpY" + data)


def test_streams_of_snappy(scan: Scan) -> None:
    head = b"\xff\x06\0\0sNaPpY"
    plain = head + b"\1" + (len(PAYLOAD) + 4).to_bytes(3, "little") + bytes(4) + PAYLOAD
    assert "dangerous-global" in scan("x.sz", plain).rules
    assert scan("x.sz", head + b"\5\0\0\0").reasons == {"malformed"}
    assert scan("x.sz", head + b"\0\xff\0\0").reasons == {"malformed"}
    block = bytes(4) + b"\x88\x27\0\0" + b"\xfe\1\0" * 78 + b"\x1a\1\0"
    large = head + b"\0" + len(block).to_bytes(3, "little") + block
    assert told("x.sz", large) == []
    assert [item.reason.value for item in told("x.sz", large, Budgets(free=100, expansion=1)) if isinstance(item, Gap)]


def test_a_program_of_core_ml(scan: Scan) -> None:
    assert scan("model.mil", b"// made by hand\n" + MIL.encode()).clean
    assert scan("coremldata.bin", b"\x41\0\0\0\1\2\3\4").reasons == {"unsupported"}
    assert scan("x.json", b'{"layers": [1], "storage": "a", "format_version": 1}').clean
    twice = MIL.replace("weights/weight.bin", "../x.bin") * 2
    assert len(scan("model.mil", twice.encode()).findings) == 1


def test_matlab_7_3_is_hdf5_whatever_its_name(scan: Scan) -> None:
    text = b"MATLAB 7.3 MAT-file".ljust(512)
    assert scan("x.bin", text + hdf5_writer.file(hdf5_writer.attribute("a", "text"))).clean
    assert scan("x.bin", text + hdf5_writer.file(hdf5_writer.external("x", "../x.h5"))).rules == {"hdf5-external-file"}
