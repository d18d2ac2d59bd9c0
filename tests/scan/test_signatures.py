"""What is told by its signature only, texts that stand for files, images, Lua Torch."""

from __future__ import annotations

import base64
import binascii
import gzip
import struct
from typing import TYPE_CHECKING

import pytest

from tests.corpus.malicious_polyglots import GIF, JPEG, png

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan

ARCHIVES = {
    "RAR": b"Rar!\x1a\x07\x01\0" + bytes(20),
    "cabinet": b"MSCF\0\0\0\0" + bytes(20),
    "cpio": b"070701" + b"0" * 104,
    "old cpio": b"070707" + b"0" * 70,
    "RPM": b"\xed\xab\xee\xdb" + bytes(20),
    "ISO": bytes(0x8000) + b"\1CD001\1\0",
    "lzip": b"LZIP\1" + bytes(20),
    "lzop": b"\x89LZO\0\r\n\x1a\n" + bytes(20),
    "compress": b"\x1f\x9d\x90" + bytes(20),
    "LZ4": b"\x02\x21\x4c\x18" + bytes(20),
}


@pytest.mark.parametrize("name", ARCHIVES)
@pytest.mark.parametrize("file", ["model.pt", "model.bin", "archive.dat"])
def test_archives_that_are_not_read_are_gaps(scan: Scan, name: str, file: str) -> None:
    told = scan(file, ARCHIVES[name])
    assert told.reasons == {"unsupported"}
    assert told.format == "archive"


def test_a_library_of_objects_is_a_gap_in_a_model_only(scan: Scan, build: Build) -> None:
    data = b"!<arch>\n" + b"debian-binary   1342943816  0     0     100644  4         `\n2.0\n"
    assert scan("libx.a", data).clean
    assert scan("model.bin", data).reasons == {"unsupported"}
    assert scan("model.pt", build.torch(build.harmless, lib=data)).reasons == {"unsupported"}


@pytest.mark.parametrize("data", [b"070701 is a date\n" * 9, b"\x1f\x9d\xff" + bytes(30), b"0" * 200])
def test_numbers_are_no_archives(scan: Scan, data: bytes) -> None:
    assert scan("notes.dat", data).clean


ENCODINGS = {
    "base64": base64.b64encode,
    "base64 lines": base64.encodebytes,
    "base64 url": base64.urlsafe_b64encode,
    "hexadecimal": binascii.hexlify,
    "hexadecimal lines": lambda data: b"\n".join(
        binascii.hexlify(data[at : at + 30]) for at in range(0, len(data), 30)
    ),
    "data": lambda data: b"data:application/octet-stream;base64," + base64.b64encode(data),
    "uuencode": lambda data: (
        b"begin 644 model.pkl\n"
        + b"".join(binascii.b2a_uu(data[at : at + 45]) for at in range(0, len(data), 45))
        + b"`\nend\n"
    ),
}


@pytest.mark.parametrize("name", ENCODINGS)
def test_texts_that_stand_for_files_are_examined(scan: Scan, build: Build, name: str) -> None:
    encode = ENCODINGS[name]
    for size in range(12):
        payload = build.payload[:-1] + b"0" * size + b"."
        for data in (payload, gzip.compress(payload), build.zip({"a": payload})):
            told = scan("model.txt", encode(data))
            assert told.payload, (size, data)
            assert told.rules <= {"dangerous-global", "malformed-pickle"}
    assert scan("model.b64", encode(build.harmless + bytes(60))).format in {"", "encoded"}


@pytest.mark.parametrize(
    "text", [b"a word list\n" * 9, b"abcdefgh" * 20, b"deadbeef" * 9, b"begin 644 x\n!!!!", b"data:,x", b"AAAA" * 99]
)
def test_other_texts_are_not_decoded(scan: Scan, text: bytes) -> None:
    assert scan("notes.txt", text).clean


@pytest.mark.parametrize("image", [png(), JPEG, GIF], ids=["png", "jpeg", "gif"])
def test_images_are_ordinary_and_what_follows_is_examined(scan: Scan, build: Build, image: bytes) -> None:
    assert scan("image.dat", image).clean
    assert scan("image.dat", image + b"made by a camera").clean
    assert scan("image.dat", image + bytes(99)).clean
    assert scan("image.dat", image + bytes(9) + build.payload).payload
    assert scan("image.dat", image + build.zip({"a": build.payload})).payload
    assert scan("model.bin", image).reasons == {"unsupported"}
    for cut in range(4, len(image)):
        assert not scan("image.dat", image[:cut]).findings


def test_images_with_tables_are_walked(scan: Scan, build: Build) -> None:
    local = b"GIF89a\1\0\1\0\0\0\0,\0\0\0\0\1\0\1\0\x80" + bytes(6) + b"\2\2D\1\0;"
    assert scan("image.gif", local + build.payload).payload
    assert scan("image.jpg", b"\xff\xd8\xff\xda\0\2" + bytes(9)).clean
    assert scan("image.jpg", b"\xff\xd8\xff\0\0\0" + bytes(9)).clean


def number(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}i", *values)


def test_functions_of_lua_are_code(scan: Scan) -> None:
    code = b"\x1bLJ\2\2" + bytes(20)
    function = number(8, 2, len(code)) + code
    table = number(3, 1, 1, 2, 1) + b"f" + function
    told = scan("m.t7", table)
    assert told.rules == {"torch7-carries-code"}
    assert told.format == "torch7"
    assert scan("m.t7", number(8, 1, len(code)) + code).rules == {"torch7-carries-code"}
    data = number(4, 1, 3) + b"V 1" + number(17) + b"torch.DoubleTensor" + bytes(40)
    assert scan("m.t7", data).clean
    assert scan("m.t7", number(3, 1, 0, 0) + bytes(8)).clean


@pytest.mark.parametrize(
    "data", [number(3, 2, 0, 0), number(3, 1, -1, 0), number(5, 1, 0, 0), number(8, 1, 4, 0), b"\3"]
)
def test_other_numbers_are_not_lua(scan: Scan, data: bytes) -> None:
    assert scan("m.t7", data + bytes(9)).reasons == {"unsupported"}


def test_numbers_are_not_lzma(scan: Scan) -> None:
    for first in (1, 2, 3, 93):
        data = struct.pack("<20I", first, 2, *[0] * 18)
        assert scan("weights.dat", data).clean
