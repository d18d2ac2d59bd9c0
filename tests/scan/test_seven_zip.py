"""7z archives: the headers of real ones, every method that is read, and what is wrong in hostile ones."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import TYPE_CHECKING

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from chainguard_ml.model import Evidence, Finding, Gap, Location, Subject
from chainguard_ml.scan import allowlist
from chainguard_ml.scan.examination import Session
from chainguard_ml.scan.formats import seven_zip as form
from chainguard_ml.scan.formats.seven_zip_reader import HeaderError, parse
from chainguard_ml.scan.interface import Blob, Budgets
from tests.corpus.containers import HARMLESS, PAYLOAD, File7z, assemble, number, seven_zip

if TYPE_CHECKING:
    from tests.scan.conftest import Scan

# Written by py7zr 1.1.4: model.pkl (the payload) and a.txt.
REAL = {
    "lzma2 with packed header": (
        "377abcaf271c0004247d620d94000000000000001400000000000000025625c90100228002636f730a73797374656d0a5809"
        "0000006563686f207365656e85522e6e6f74657300e0007000655d0000813307ae0fd0789ffc9f3f4741057bee1d0c54893b"
        "43b08a6621fd3ccf884f610c8112efb4e23e2a626c84ee2a3050b7abe54f7d63ce5c90e6d26e4ff3c339a84efb6d658a1587"
        "0018e456f6ec6315f223769c13d40a3fe50390502dfb57a290c80000000017062701096d00070b010001212101180c710000"
    ),
    "lzma behind bcj": (
        "377abcaf271c000470e3a0e62e000000000000007f00000000000000210d2d5e0040008803bc30bd34de2f5e26d069fb368f"
        "ad86ef9c16627b3e7175d8aaa8b0d225ff442b1a03bcffff788400000104060001092e00070b01000223030101055d000080"
        "00040303010301000c232300080d02091e0a01b5ecd2c38ca61b010000050219030000001121006d006f00640065006c002e"
        "0070006b006c00000061002e00740078007400000014120100503500502d7ddd01903e00502d7ddd01150a01002080808120"
        "8080810000"
    ),
    "lzma2 behind delta": (
        "377abcaf271c00047cd5b74227000000000000007600000000000000806dc0550100228002636ff308100a006af2f497e4a4"
        "93f6a85c63686fbb10fdf64e12edc900ea223705000104060001092700070b010002212101162103010301000c232300080d"
        "02091e0a01b5ecd2c38ca61b01000005021901001121006d006f00640065006c002e0070006b006c00000061002e00740078"
        "007400000014120100d04801502d7ddd01805001502d7ddd01150a010020808081208080810000"
    ),
}
AES = (
    "377abcaf271c00044e97255130000000000000008d0000000000000011c671dbe8a094636aada0fecdca159897e872a5d9b37f9abfb1e180ee9ae96e"
    "4d3ab5c8eef774375534258b403c51ee8e7de57a010406000109300a013567d36b00070b0100022406f1070112530f2095c30e09ab8714bcfe789151"
    "15a4a22121011601000c272300080d02091e0a01b5ecd2c38ca61b01000005021121006d006f00640065006c002e0070006b006c00000061002e0074"
    "007800740000001412010080631f502d7ddd01100b20502d7ddd01150a010020808081208080810000"
)
MODEL = File7z("model.pkl", PAYLOAD)


def raw(data: bytes, *chain: dict[str, int]) -> bytes:
    return lzma.compress(data, lzma.FORMAT_RAW, filters=list(chain))


X86 = {"id": lzma.FILTER_X86}
LZMA2 = {"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}
DEFLATER = zlib.compressobj(9, zlib.DEFLATED, -15)
DEFLATED = DEFLATER.compress(PAYLOAD) + DEFLATER.flush()
CHAINS = {
    "copy": ([(b"\0", b"")], PAYLOAD),
    "lzma": ([(b"\3\1\1", b"\x5d\0\0\x10\0")], lzma.compress(PAYLOAD, lzma.FORMAT_ALONE)[13:]),
    "lzma2": ([(b"\x21", b"\x18")], raw(PAYLOAD, LZMA2)),
    "deflate": ([(b"\4\1\x08", b"")], DEFLATED),
    "bzip2": ([(b"\4\2\2", b"")], bz2.compress(PAYLOAD)),
    "zstd": ([(b"\4\xf7\x11\1", b"\1\5\3\0\0")], zstd.compress(PAYLOAD)),
    "bcj": ([(b"\3\3\1\3", b""), (b"\x21", b"\x18")], raw(PAYLOAD, X86, LZMA2)),
    "delta": ([(b"\3", b"\1"), (b"\x21", b"\x18")], raw(PAYLOAD, {"id": lzma.FILTER_DELTA, "dist": 2}, LZMA2)),
    "copy behind lzma2": ([(b"\0", b""), (b"\x21", b"\x18")], raw(PAYLOAD, LZMA2)),
}


@pytest.mark.parametrize("name", REAL)
def test_real_archives_are_read(scan: Scan, name: str) -> None:
    told = scan("model.7z", bytes.fromhex(REAL[name]))
    assert told.payload
    assert not told.gaps
    assert told.findings[0].location.member == ("model.pkl",)


@pytest.mark.parametrize("name", REAL)
def test_a_real_archive_cut_anywhere_is_a_gap(scan: Scan, name: str) -> None:
    whole = bytes.fromhex(REAL[name])
    for cut in range(6, len(whole)):
        assert scan("model.7z", whole[:cut]).gaps, cut


@pytest.mark.parametrize("name", CHAINS)
def test_every_method_is_read(scan: Scan, name: str) -> None:
    coders, packed = CHAINS[name]
    told = scan("model.7z", seven_zip([MODEL], coders, packed))
    assert told.payload
    assert not told.gaps


def test_what_is_ordinary_is_clean(scan: Scan) -> None:
    files = [File7z("a/model.pkl", HARMLESS), File7z("empty"), File7z("a", attributes=0x10), File7z("b.txt", b"text")]
    assert scan("x.7z", seven_zip(files)).clean
    assert scan("x.7z", seven_zip([])).clean
    assert scan("x.7z", assemble(b"", b"")).clean
    assert scan("x.7z", seven_zip([File7z("a.txt", b"text", attributes=0x81A48000)], crc=False)).clean


@pytest.mark.parametrize(
    "method", [b"\3\4\1", b"\4\1\x09", b"\3\3\1\x1b", b"\x0a", b"\4\xf7\x11\2", b"\x7f\1", b"\3\1\1", b"\x21"]
)
def test_other_methods_are_gaps(scan: Scan, method: bytes) -> None:
    told = scan("x.7z", seven_zip([MODEL], [(method, b"\xff")]))
    assert told.reasons == {"unsupported"}
    assert "model.pkl" in told.gaps[0].detail


def test_encryption_is_a_gap(scan: Scan) -> None:
    assert scan("x.7z", bytes.fromhex(AES)).reasons == {"encrypted"}


def test_broken_streams_are_gaps_and_hide_nothing(scan: Scan) -> None:
    told = scan("x.7z", seven_zip([MODEL], [(b"\4\2\2", b"")], bz2.compress(PAYLOAD)[:20]))
    assert told.reasons == {"malformed"}
    told = scan("x.7z", seven_zip([File7z("m.pkl", PAYLOAD), File7z("n.txt", b"x" * 40)], packed=PAYLOAD))
    assert told.payload
    assert told.reasons == {"malformed"}


def test_a_wrong_checksum_is_a_gap_and_hides_nothing(scan: Scan) -> None:
    told = scan("x.7z", seven_zip([MODEL], packed=PAYLOAD.replace(b"seen", b"SEEN")))
    assert told.payload
    assert told.reasons == {"malformed"}
    for place in (8, 30, -1):
        damaged = bytearray(seven_zip([MODEL]))
        damaged[place] ^= 1
        assert "malformed" in scan("x.7z", bytes(damaged)).reasons


@pytest.mark.parametrize(
    "bad",
    [
        File7z("../evil", b"text"),
        File7z("/etc/evil", b"text"),
        File7z("C:\\evil", b"text"),
        File7z("link", b"/etc/passwd", attributes=0xA1ED8000),
        File7z("a/link", b"..\\..\\x", attributes=0x400),
        File7z("../empty"),
    ],
)
def test_what_leaves_the_directory_is_critical(scan: Scan, bad: File7z) -> None:
    told = scan("x.7z", seven_zip([bad]))
    assert told.rules == {"archive-path-traversal"}
    assert scan("x.7z", seven_zip([File7z("a/link", b"../x", attributes=0xA1ED8000)])).clean


def test_items_that_delete_are_reported(scan: Scan) -> None:
    told = scan("x.7z", seven_zip([File7z("a.txt", b"text"), File7z("old", anti=True)]))
    assert told.rules == {"archive-deletes-files"}


def test_bytes_that_belong_to_nothing_are_examined(scan: Scan) -> None:
    whole = seven_zip([File7z("a.txt", b"text")])
    told = scan("x.7z", whole + PAYLOAD)
    assert told.payload
    assert "trailing-data" in told.rules
    head, header = b"text" + PAYLOAD, whole[36:]
    told = scan("x.7z", assemble(head, header))
    assert told.payload
    assert "trailing-data" in told.rules
    told = scan("x.7z", seven_zip([File7z("a.txt", b"text")], [(b"\0", b"")], b"text" + PAYLOAD))
    assert told.clean  # no unpacker gives what is behind the stated size


def test_files_without_a_name_are_examined(scan: Scan) -> None:
    whole = bytearray(seven_zip([MODEL]))
    header = bytes(whole[32 + len(PAYLOAD) :])
    at = header.index(b"\x11\x15")
    assert scan("x.7z", assemble(PAYLOAD, header[:at] + b"\0\0")).payload
    files = header.index(b"\x05\x01")
    assert scan("x.7z", assemble(PAYLOAD, header[:files] + b"\0")).payload


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (b"\x02", "malformed"),
        (b"\1\x02\1\1x\0\0", ""),
        (b"\1\x03\0\0", ""),
        (b"\1\x30", "malformed"),
        (b"\1\x05\1\x0e\1\x80\x0e", "malformed"),
        (b"\1\x05\xff" + b"\xff" * 8, "budget"),
        (b"\1\x05\1\x11\1\1\0\0", "budget"),
        (b"\1\x05\1\x15\2\1\1\0\0", ""),
        (b"\1\4\x06\0\0\x30", "malformed"),
        (b"\1\4\x06\0\0\x0a\1\0\x07\x0b\1\1", "budget"),
        (b"\1\4\x07\x0b\0\0\x30", "malformed"),
        (b"\1\4\x07\x0c", "malformed"),
        (b"\1\4\x30", "malformed"),
        (b"\1\4\x06\0\0\0\x07\x0b\1\0\1\1\0\x0c\4\0\0\0", "malformed"),
        (b"\1\4\x07\x0b\1\0\0\x0c\0\0\0", "malformed"),
        (b"\1\4\x07\x0b\1\0\x7f", "malformed"),
        (b"\1\4\x07\x0b\1\0\1\x41\0", "budget"),
        (b"\1\4\x07\x0b\1\0\1\x11\0\7\7", "malformed"),
        (b"\1\4\x06\0\1\x09\4\0\x07\x0b\1\0\1\x11\0\2\1\0\1\x0c\4\0\0\0", "malformed"),
        (b"\x17\x06\0\0\0\0", "malformed"),
        (b"\1\4\x07\x0b\0\0\0\x08\x30", "malformed"),
    ],
)
def test_headers_by_hand(scan: Scan, header: bytes, reason: str) -> None:
    told = scan("x.7z", assemble(b"text", header))
    assert told.reasons == ({reason} if reason else set())


def test_streams_that_are_not_connected_are_a_gap(scan: Scan) -> None:
    two = b"\x07\x0b\1\0\2\1\0\1\0"
    for bind in (b"\0\0", b"\1\1", b"\5\0"):
        header = b"\1\4\x06\0\1\x09\4\0" + two + bind + b"\x0c\4\4\0\0\0"
        assert scan("x.7z", assemble(b"text", header)).gaps


def test_counts_are_bounded() -> None:
    folders = b"\1\4\x06\0\2\x09\4\4\0\x07\x0b\2\0\1\1\0\1\1\0\x0c\4\4\0"
    with pytest.raises(HeaderError, match="streams"):
        parse(folders + b"\x08\x0d" + number(60_000) * 2)
    assert parse(folders + b"\x08\x0d\0\1\0\0\0").streams.parts == [[], [(4, None)]]
    assert parse(folders + b"\x0a\0\x80abcd"[:0] + b"\x08\0\0\0").streams.parts == [[(4, None)], [(4, None)]]


def test_headers_in_headers_are_bounded(scan: Scan) -> None:
    inner = b"\x17\x06\0\1\x09\x20\0\x07\x0b\1\0\1\1\0\x0c\x20\0\0"
    packed = inner.ljust(32, b"\0")
    told = scan("x.7z", assemble(packed, inner))
    assert told.reasons == {"budget"}
    assert scan("x.7z", assemble(b"xy" * 9, inner)).reasons == {"malformed"}


def examined(data: bytes, budgets: Budgets | None = None) -> list[Finding | Gap | Evidence]:
    blob = Blob(memoryview(data), Subject("m.7z"), Location("m.7z"), "m.7z")
    seen = list(Session(allowlist.make_judge([]), budgets).nested(blob))
    assert all(isinstance(item, Finding | Gap | Evidence) for item in seen)
    return [item for item in seen if isinstance(item, Finding | Gap | Evidence)]


def test_expansion_is_bounded() -> None:
    plain = bytes(5_000_000)
    data = seven_zip([File7z("m", plain)], [(b"\x21", b"\x18")], raw(plain, LZMA2))
    told = examined(data, Budgets(expanded=1_000_000, free=1000))
    assert {item.reason.value for item in told if isinstance(item, Gap)} == {"budget"}
    assert examined(data) == []
    told = examined(seven_zip([File7z("m", b"text")]), Budgets(header=10))
    assert {item.reason.value for item in told if isinstance(item, Gap)} == {"budget"}


@given(
    st.sampled_from([*REAL.values(), AES, seven_zip([MODEL, File7z("e", anti=True, attributes=0x20)]).hex()]), st.data()
)
@settings(max_examples=300, deadline=None)
def test_damaged_archives_are_examined(whole: str, data: st.DataObject) -> None:
    damaged = bytearray.fromhex(whole)
    for _ in range(data.draw(st.integers(1, 5))):
        damaged[data.draw(st.integers(6, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    examined(bytes(damaged), Budgets(expanded=2_000_000, free=100_000))


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_any_header_is_read_or_refused(header: bytes) -> None:
    examined(assemble(b"text", b"\1" + header), Budgets(expanded=2_000_000, free=100_000))
    assert form.recognise(Blob(assemble(b"", header), Subject("m"), Location("m"), "m"))
