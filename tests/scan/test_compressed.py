"""Compressed files: bounded, every member, and what precedes a break."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import lzma
import zlib
from functools import partial
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.scan.expand import bunzip2, expand, inflate, raw_lzma, unlzma

if TYPE_CHECKING:
    from collections.abc import Callable

    from chainguard_ml.scan.expand import Engine
    from tests.scan.conftest import Build, Scan


PACKERS = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "lzma": partial(lzma.compress, format=lzma.FORMAT_ALONE),
    **{f"zlib{level}": partial(zlib.compress, level=level) for level in (0, 1, 3, 6, 9)},
    "zfile": lambda data: b"ZF" + hex(len(data)).ljust(19).encode() + zlib.compress(data),
}
BENIGN_TEXTS = [
    b"x^2 + y^2 = 1, and so on\n" * 9,
    b"hX" * 40,
    b"]\0\0",
    b"ZF0x12 no",
    b"BZh9 text",
    b"\x1f\x8b",
    b"x\x9c",
]


@pytest.mark.parametrize("packer", PACKERS)
def test_what_comes_out_is_examined(scan: Scan, build: Build, packer: str) -> None:
    pack = PACKERS[packer]
    told = scan("model.joblib", pack(build.payload))
    assert told.payload
    assert not told.gaps
    assert told.format == ("zlib" if packer.startswith("zlib") else packer)
    assert scan("model.joblib", pack(build.harmless)).clean
    assert scan("model.joblib", pack(b"\0" * 1000 + bytes(range(256)) * 300)).reasons == {"unsupported"}


@pytest.mark.parametrize("outer", ["gzip", "bzip2", "xz", "lzma", "zlib6"])
@pytest.mark.parametrize("inner", ["gzip", "bzip2", "xz", "lzma", "zlib6"])
def test_compression_in_compression_is_examined(scan: Scan, build: Build, outer: str, inner: str) -> None:
    assert scan("model", PACKERS[outer](PACKERS[inner](build.payload))).payload


@pytest.mark.parametrize("packer", ["gzip", "bzip2", "xz"])
def test_several_members_are_one_content(scan: Scan, build: Build, packer: str) -> None:
    pack = PACKERS[packer]
    halves = pack(build.payload[:20]) + pack(build.payload[20:])
    assert scan("model", halves).payload


@pytest.mark.parametrize("packer", ["gzip", "bzip2", "xz", "lzma", "zlib6"])
def test_trailing_bytes_are_reported_and_examined(scan: Scan, build: Build, packer: str) -> None:
    told = scan("model", PACKERS[packer](build.harmless) + build.payload)
    assert told.payload
    assert "trailing-data" in told.rules


@pytest.mark.parametrize("packer", ["gzip", "xz", "zlib6"])
def test_a_wrong_checksum_is_a_gap_and_hides_nothing(scan: Scan, build: Build, packer: str) -> None:
    data = bytearray(PACKERS[packer](build.payload * 3))
    data[-6 if packer == "gzip" else -2] ^= 0xFF
    told = scan("model.joblib", bytes(data))
    assert told.payload
    assert told.gaps


@pytest.mark.parametrize("packer", ["gzip", "xz", "lzma", "zlib6"])
def test_a_cut_stream_is_a_gap_and_hides_nothing(scan: Scan, build: Build, packer: str) -> None:
    data = PACKERS[packer](build.payload + bytes(range(256)) * 500)
    told = scan("model.joblib", data[: len(data) - 40])
    assert told.payload
    assert told.gaps


@pytest.mark.parametrize("text", BENIGN_TEXTS)
def test_chance_does_not_make_a_stream(scan: Scan, text: bytes) -> None:
    assert scan("notes.txt", text).findings == []


@pytest.mark.parametrize("name", ["model.pkl.gz", "model.pkl.xz", "model.pkl"])
def test_the_inner_name_is_the_outer_one_without_its_suffix(scan: Scan, build: Build, name: str) -> None:
    told = scan(name, gzip.compress(build.payload))
    assert told.findings[0].location.member == ("model.pkl",)


def test_output_stops_at_the_limit() -> None:
    packed = zlib.compress(bytes(1_000_000))
    result = expand(inflate(15), memoryview(packed), 1000)
    assert result.limited
    assert len(result.data) == 1000


@pytest.mark.parametrize(
    ("make", "pack"),
    [(inflate(31), gzip.compress), (bunzip2, bz2.compress), (unlzma(lzma.FORMAT_XZ), lzma.compress)],
)
def test_output_of_exactly_the_limit_is_whole(make: Callable[[], Engine], pack: Callable[[bytes], bytes]) -> None:
    for size in (0, 1, 65_536, 1 << 20, (1 << 20) + 1):
        result = expand(make, memoryview(pack(bytes(size)) + b"rest"), size)
        assert (len(result.data), result.finished, result.limited) == (size, True, False)
        assert result.consumed == len(pack(bytes(size)))


@pytest.mark.parametrize(("make", "pack"), [(inflate(31), gzip.compress), (unlzma(lzma.FORMAT_XZ), lzma.compress)])
def test_all_output_before_a_break_is_kept(make: Callable[[], Engine], pack: Callable[[bytes], bytes]) -> None:
    plain = bytes(range(256)) * 2000
    packed = bytearray(pack(plain))
    packed[-5] ^= 0xFF
    result = expand(make, memoryview(bytes(packed)), 1 << 30)
    assert result.broken
    assert bytes(result.data) == plain


@pytest.mark.parametrize("properties", [b"", b"\xff\0\0\0\0", b"]\xff\xff\xff\xff", b"]\0\0\0"])
def test_wrong_lzma_properties_are_refused(properties: bytes) -> None:
    assert raw_lzma(properties) is None


def test_a_break_far_inside_keeps_what_precedes_it() -> None:
    plain = b"".join(hashlib.sha256(b"%d" % index).digest() for index in range(12_500))
    packed = bytearray(zlib.compress(plain, 1))
    packed[-2] ^= 0xFF
    result = expand(inflate(15), memoryview(bytes(packed)), 1 << 30)
    assert bytes(result.data) == plain
    limited = expand(inflate(15), memoryview(bytes(packed)), 300_000)
    assert (len(limited.data), limited.limited) == (300_000, True)


def test_many_small_streams_are_bounded(scan: Scan) -> None:
    told = scan("m.gz", gzip.compress(b"") * 20_001)
    assert told.reasons == {"budget"}
    assert not told.findings


def test_a_gzip_member_is_read_as_python_reads_it(scan: Scan, build: Build) -> None:
    packed = gzip.compress(build.payload, mtime=0)
    extra = b"\3\0abc"
    for flags, fields in (
        (0xE0, b""),
        (2, b"xx"),
        (4, extra),
        (8, b"name\0"),
        (16, b"note\0"),
        (0x1E, extra + b"n\0c\0xx"),
    ):
        told = scan("m.gz", packed[:3] + bytes([flags]) + packed[4:10] + fields + packed[10:])
        assert told.payload
        assert not told.gaps
    for cut in range(3, len(packed)):
        assert scan("m.gz", packed[:cut]).gaps, cut
    assert scan("m.gz", packed[:3] + b"\x08" + packed[4:10] + b"x" * 9000).gaps


def test_padding_between_members_is_skipped(scan: Scan, build: Build) -> None:
    for zeros in (1, 512, 5000):
        halves = gzip.compress(build.payload[:9]) + bytes(zeros) + gzip.compress(build.payload[9:]) + bytes(zeros)
        told = scan("m.gz", halves)
        assert told.rules == {"dangerous-global"}
        assert not told.gaps
