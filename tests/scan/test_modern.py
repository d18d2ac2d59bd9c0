"""Zstandard and LZ4: real decompression, frames that are skipped, bounds."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import pytest
from backports import zstd
from lz4 import frame

from chainguard_ml.scan import modern
from chainguard_ml.scan.expand import expand

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan

PACK = {"zstd": zstd.compress, "lz4": frame.compress}


def skippable(content: bytes, kind: int = 0) -> bytes:
    return struct.pack("<II", 0x184D2A50 + kind, len(content)) + content


@pytest.mark.parametrize("name", PACK)
def test_what_comes_out_is_examined(scan: Scan, build: Build, name: str) -> None:
    pack = PACK[name]
    for file in ("model.joblib", "model.pkl.zst", "model.lz4", "model"):
        told = scan(file, pack(build.payload))
        assert told.payload
        assert not told.gaps
        assert told.format == name
    assert scan("model.joblib", pack(build.harmless)).clean
    assert scan("model.joblib", pack(b"")).clean
    assert scan("model.pkl.zst", pack(build.payload)).findings[0].location.member == ("model.pkl",)


@pytest.mark.parametrize("name", PACK)
@pytest.mark.parametrize("kind", [0, 15])
def test_frames_that_are_skipped_hide_nothing(scan: Scan, build: Build, name: str, kind: int) -> None:
    pack = PACK[name]
    for content in (b"index", bytes(10_000)):
        skipped = skippable(content, kind)
        told = scan("m", skipped + skipped + pack(build.payload) + skipped)
        assert told.payload
        assert told.rules == {"dangerous-global"}
        halves = pack(build.payload[:9]) + skipped + pack(build.payload[9:]) + pack(b"")
        assert scan("m", halves).payload
    assert scan("m", skippable(build.payload) + pack(build.harmless)).payload
    assert scan("m", pack(build.harmless) + skippable(b"text")).clean


@pytest.mark.parametrize("name", PACK)
def test_a_stream_that_breaks_is_a_gap_and_hides_nothing(scan: Scan, build: Build, name: str) -> None:
    whole = PACK[name](build.payload + bytes(range(256)) * 2000)
    for cut in (4, 5, len(whole) - 1, len(whole) - 5):
        assert "malformed" in scan("m.pkl", whole[:cut]).reasons
    damaged = bytearray(
        PACK[name](build.payload, **{"zstd": {"options": {201: 1}}, "lz4": {"content_checksum": True}}[name])
    )
    damaged[-1] ^= 1
    told = scan("m.pkl", bytes(damaged))
    assert told.payload
    assert told.reasons == {"malformed"}


@pytest.mark.parametrize("name", PACK)
def test_trailing_bytes_are_examined(scan: Scan, build: Build, name: str) -> None:
    told = scan("m", PACK[name](build.harmless) + build.payload)
    assert told.payload
    assert "trailing-data" in told.rules


def test_windows_are_bounded() -> None:
    options = {zstd.CompressionParameter.window_log: 28, zstd.CompressionParameter.enable_long_distance_matching: 1}
    packer = zstd.ZstdCompressor(options=options)
    packed = packer.compress(bytes(1000)) + packer.flush()  # no size is stated, so the window is
    result = expand(modern.unzstd, memoryview(packed), 2000)
    assert result.broken
    assert not result.data


@pytest.mark.parametrize("make", [modern.unzstd, modern.unlz4])
def test_output_stops_at_the_limit(make: object) -> None:
    pack = zstd.compress if make is modern.unzstd else frame.compress
    engine = modern.unzstd if make is modern.unzstd else modern.unlz4
    packed = pack(bytes(1 << 21)) + b"rest"
    for limit in (0, 1000, 1 << 21):
        result = expand(engine, memoryview(packed), limit)
        assert len(result.data) == limit
        assert result.limited == (limit < 1 << 21)
    assert result.finished
    assert result.consumed == len(packed) - 4


def test_the_old_lz4_frame_is_a_gap(scan: Scan) -> None:
    assert scan("m.lz4", b"\x02\x21\x4c\x18" + bytes(20)).reasons == {"unsupported"}


@pytest.mark.parametrize("method", [20, 93])
def test_zip_members_of_zstandard_are_read(scan: Scan, build: Build, method: int) -> None:
    import zlib

    plain, packed = build.payload, zstd.compress(build.payload)
    data = build.zip({"model": packed})
    sizes = struct.pack("<3I", zlib.crc32(plain), len(packed), len(plain))
    for signature, at, sized in ((b"PK\3\4", 8, 14), (b"PK\1\2", 10, 16)):
        place = data.index(signature)
        data = data[: place + at] + struct.pack("<H", method) + data[place + at + 2 :]
        data = data[: place + sized] + sizes + data[place + sized + 12 :]
    told = scan("x.zip", data)
    assert told.payload
    assert told.rules == {"dangerous-global"}
    assert not told.gaps
