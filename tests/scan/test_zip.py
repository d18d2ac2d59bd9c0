"""Zip archives: nothing hides between the two directories."""

from __future__ import annotations

import struct
import zipfile
from typing import TYPE_CHECKING

import pytest

from chainguard_ml.scan.formats import zip_reader

if TYPE_CHECKING:
    from tests.scan.conftest import Build, Scan


METHODS = [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]


def patched(data: bytes, signature: bytes, offset: int, value: bytes) -> bytes:
    """Overwrite bytes of the first record with a signature."""
    at = data.index(signature) + offset
    return data[:at] + value + data[at + len(value) :]


def hidden(visible: bytes, member: bytes) -> bytes:
    """Put the local part of the archive ``member`` before the central directory of ``visible``."""
    local = member[: member.index(b"PK\1\2")]
    at = visible.index(b"PK\1\2")
    directory = bytearray(visible[at:])
    struct.pack_into("<I", directory, directory.index(b"PK\5\6") + 16, at + len(local))
    return visible[:at] + local + bytes(directory)


@pytest.mark.parametrize("method", METHODS)
def test_members_of_every_method_are_examined(scan: Scan, build: Build, method: int) -> None:
    told = scan("x.zip", build.zip({"readme.txt": b"hello", "strange name": build.payload}, method))
    assert told.payload
    assert not told.gaps
    assert told.findings[0].location.member == ("strange name",)
    assert told.format == "zip"
    assert scan("x.zip", build.zip({"a.txt": b"hello" * 100, "d/": b""}, method)).clean


@pytest.mark.parametrize("method", METHODS)
def test_nested_archives_are_examined(scan: Scan, build: Build, method: int) -> None:
    inner = build.zip({"deep/model": build.payload}, method)
    told = scan("x.zip", build.zip({"inner.zip": inner}, method))
    assert told.payload
    assert told.findings[0].location.member == ("inner.zip", "deep/model")


def test_an_unknown_method_is_a_gap(scan: Scan, build: Build) -> None:
    data = build.zip({"model": build.payload}, zipfile.ZIP_DEFLATED)
    data = patched(patched(data, b"PK\3\4", 8, b"\x62\0"), b"PK\1\2", 10, b"\x62\0")
    told = scan("x.zip", data)
    assert told.reasons == {"unsupported"}
    assert "PPMd" in told.gaps[0].detail


@pytest.mark.parametrize("method", METHODS)
def test_the_encrypted_bit_hides_nothing(scan: Scan, build: Build, method: int) -> None:
    data = build.torch(build.payload, method)
    data = patched(patched(data, b"PK\3\4", 6, b"\1\0"), b"PK\1\2", 8, b"\1\0")
    told = scan("x.pt", data)
    assert "zip-encrypted-member" in told.rules
    assert told.payload
    assert not told.gaps  # the mark lies: everything was examined


def test_an_encrypted_member_is_a_gap(scan: Scan, build: Build) -> None:
    data = build.zip({"secret": b"\x07" * 40})
    data = patched(patched(data, b"PK\3\4", 6, b"\1\0"), b"PK\1\2", 8, b"\1\0")
    data = patched(data, b"\x07" * 40, 0, bytes(range(100, 140)))  # no longer what the checksum says
    told = scan("x.zip", data)
    assert told.rules == {"zip-encrypted-member"}
    assert told.reasons == {"encrypted"}


def test_only_one_header_marks_it_as_encrypted(scan: Scan, build: Build) -> None:
    told = scan("x.zip", patched(build.zip({"model": build.payload}), b"PK\3\4", 6, b"\1\0"))
    assert {"zip-inconsistent", "zip-encrypted-member"} <= told.rules
    assert told.payload


def test_a_wrong_checksum_hides_nothing(scan: Scan, build: Build) -> None:
    data = build.torch(build.payload)
    told = scan("x.pt", patched(patched(data, b"PK\1\2", 16, b"abcd"), b"PK\3\4", 14, b"abcd"))
    assert "zip-inconsistent" in told.rules
    assert told.payload


def test_two_names_are_both_examined_and_reported(scan: Scan, build: Build) -> None:
    told = scan("x.zip", patched(build.zip({"a.txt": build.payload}), b"PK\3\4", 30, b"b.pkl"))
    assert "zip-inconsistent" in told.rules
    assert {finding.location.member for finding in told.findings} >= {("a.txt",), ("b.pkl",)}


@pytest.mark.parametrize(("offset", "value"), [(8, b"\x08\0"), (18, b"\x05"), (22, b"\x05")])
def test_disagreeing_headers_are_reported(scan: Scan, build: Build, offset: int, value: bytes) -> None:
    assert "zip-inconsistent" in scan("x.zip", patched(build.zip({"a": b"data"}), b"PK\3\4", offset, value)).rules


def test_a_member_without_a_directory_entry_is_found(scan: Scan, build: Build) -> None:
    told = scan("x.pt", hidden(build.torch(build.harmless), build.zip({"extra": build.payload})))
    assert "zip-hidden-member" in told.rules
    assert told.payload


def test_duplicate_names_are_all_examined(scan: Scan, build: Build) -> None:
    with pytest.warns(UserWarning, match="Duplicate name"):
        data = _duplicates(build)
    told = scan("x.zip", data)
    assert told.payload
    assert not told.gaps


def _duplicates(build: Build) -> bytes:
    import io

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for data in (build.payload, build.harmless):
            archive.writestr("data.pkl", data)
    return stream.getvalue()


def test_two_archives_in_one_file_are_both_examined(scan: Scan, build: Build) -> None:
    for data in (
        build.zip({"a": build.harmless}) + build.zip({"b": build.payload}),
        build.zip({"a": build.payload}) + build.zip({"b": build.harmless}),
    ):
        told = scan("x.zip", data)
        assert told.payload
        assert told.findings


def test_a_cut_archive_is_a_gap_and_still_examined(scan: Scan, build: Build) -> None:
    data = build.zip({"a": build.payload, "b": b"text"})
    told = scan("x.zip", data[: data.index(b"PK\1\2")])
    assert told.payload
    assert "malformed" in told.reasons


def test_bytes_between_members_are_examined(scan: Scan, build: Build) -> None:
    data = build.zip({"a": b"text"})
    at = data.index(b"PK\1\2")
    directory = bytearray(data[at:])
    struct.pack_into("<I", directory, directory.index(b"PK\5\6") + 16, at + len(build.payload))
    told = scan("x.zip", data[:at] + build.payload + bytes(directory))
    assert "zip-inconsistent" in told.rules
    assert told.payload


def test_zero_padding_is_no_finding(scan: Scan, build: Build) -> None:
    assert scan("x.zip", build.zip({"a": b"text"}) + bytes(100)).clean


def test_bytes_after_the_end_are_examined(scan: Scan, build: Build) -> None:
    told = scan("x.zip", build.zip({"a": b"text"}) + build.payload)
    assert told.payload
    assert "trailing-data" in told.rules


@pytest.mark.parametrize("prefix", [b"junk", b"\x80\x02N.", b"\x7fELF" + bytes(60), b'{"json": 1}'])
def test_an_archive_behind_something_else_is_examined(scan: Scan, build: Build, prefix: bytes) -> None:
    told = scan("x.dat", prefix + build.zip({"a": build.payload}))
    assert told.payload


def test_an_archive_whose_offsets_count_the_prefix_is_examined(scan: Scan, build: Build) -> None:
    prefix, data = b"#!/bin/sh\n", build.zip({"a": build.payload})
    at = data.index(b"PK\1\2")
    end = data.index(b"PK\5\6")
    data = patched(data, b"PK\5\6", 16, struct.pack("<I", at + len(prefix)))
    data = patched(data, b"PK\1\2", 42, struct.pack("<I", len(prefix)))
    assert end > at
    assert scan("x.dat", prefix + data).payload


@pytest.mark.parametrize("name", ["../../evil", "/etc/evil", "C:\\evil", "a/../../evil", "..\\..\\evil"])
def test_names_that_leave_the_directory_are_critical(scan: Scan, build: Build, name: str) -> None:
    told = scan("x.zip", build.zip({name: b"text"}))
    assert told.rules == {"archive-path-traversal"}
    assert told.findings[0].severity.name == "CRITICAL"


def test_a_name_with_a_nul_byte_is_critical(scan: Scan, build: Build) -> None:
    data = build.zip({"model_txt": b"text"}).replace(b"model_txt", b"model\0txt")
    assert scan("x.zip", data).rules == {"archive-path-traversal"}


@pytest.mark.parametrize(("target", "found"), [("/etc/passwd", 1), ("../../x", 1), ("data.pkl", 0)])
def test_links_that_leave_the_directory_are_critical(scan: Scan, build: Build, target: str, found: int) -> None:
    import io

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        info = zipfile.ZipInfo("sub/link")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        archive.writestr(info, target)
    assert ("archive-path-traversal" in scan("x.zip", stream.getvalue()).rules) == found


def test_overlapping_members_are_reported(scan: Scan, build: Build) -> None:
    data = build.zip({"a": build.zip({"x": b"text"}), "b": b"1"})
    directory = data.rindex(b"PK\1\2")
    inner = data.index(b"PK\3\4", 4)
    data = data[: directory + 42] + struct.pack("<I", inner) + data[directory + 46 :]
    assert "zip-inconsistent" in scan("x.zip", data).rules


def test_a_directory_that_points_nowhere_is_reported(scan: Scan, build: Build) -> None:
    told = scan("x.zip", patched(build.zip({"a": b"text"}), b"PK\1\2", 42, struct.pack("<I", 7)))
    assert "zip-inconsistent" in told.rules


def test_a_count_that_does_not_fit_is_reported(scan: Scan, build: Build) -> None:
    told = scan("x.zip", patched(build.zip({"a": b"text"}), b"PK\5\6", 10, b"\7\0"))
    assert "zip-inconsistent" in told.rules


def test_a_large_archive_with_zip64_records_is_read(scan: Scan, build: Build) -> None:
    import io

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, archive.open("data.pkl", "w", force_zip64=True) as member:
        member.write(build.payload)
    data = stream.getvalue()
    at, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    record = struct.pack("<4sQ2H2I4Q", b"PK\6\6", 44, 45, 45, 0, 0, 1, 1, end - at, at)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, end, 1)
    tail = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    told = scan("x.zip", data[:end] + record + locator + tail)
    assert told.payload
    assert "zip-inconsistent" not in told.rules


def test_streamed_archives_with_descriptors_are_ordinary(scan: Scan, build: Build) -> None:
    class Pipe:
        """A stream that cannot seek, so that sizes follow the data."""

        def __init__(self) -> None:
            self.data = bytearray()

        def write(self, chunk: bytes) -> int:
            self.data += chunk
            return len(chunk)

        def flush(self) -> None:
            pass

    for method in METHODS:
        pipe = Pipe()
        with zipfile.ZipFile(pipe, "w", method) as archive:
            archive.writestr("a.txt", b"hello" * 50)
            archive.writestr("b.txt", b"world" * 50)
        assert scan("x.zip", bytes(pipe.data)).clean


def test_an_empty_archive_is_ordinary(scan: Scan, build: Build) -> None:
    assert scan("x.zip", build.zip({})).clean


def test_compressed_data_that_break_are_a_gap_but_what_precedes_is_examined(scan: Scan, build: Build) -> None:
    data = build.zip({"model": build.payload + bytes(range(256)) * 40}, zipfile.ZIP_DEFLATED)
    at = data.index(b"model") + 5 + 300
    told = scan("x.zip", data[:at] + b"\xff" * 8 + data[at + 8 :])
    assert told.payload
    assert told.gaps


@pytest.mark.parametrize("shown", ["by size", "by offset"])
def test_two_directories_of_one_end_record_are_both_read(scan: Scan, build: Build, shown: str) -> None:
    good, bad = build.zip({"a": b"text"}), build.zip({"b": build.payload})
    directories = {}
    for name, data in (("good", good), ("bad", bad)):
        at, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
        directories[name] = (data[:at], bytearray(data[at:end]))
    order = ("bad", "good") if shown == "by size" else ("good", "bad")
    (local_1, first), (local_2, second) = directories[order[0]], directories[order[1]]
    offset = len(local_1) + len(local_2)
    shift = len(first)  # readers that go by the size add it to every offset
    struct.pack_into("<I", second, 42, (len(local_1) - shift) % (1 << 32))
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(second), offset, 0)
    told = scan("x.zip", local_1 + local_2 + bytes(first) + bytes(second) + end)
    assert told.payload
    assert "zip-inconsistent" in told.rules


def test_more_members_than_are_read_are_a_gap(scan: Scan, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zip_reader, "_MEMBERS", 1000)
    data = build.zip({"a": b"text"})
    at, end = data.index(b"PK\1\2"), data.index(b"PK\5\6")
    told = scan("x.zip", data[:at] + data[at:end] * 1001 + data[end:])
    assert "budget" in told.reasons
    local = data[:at]
    assert "budget" in scan("y.zip", local * 1001).reasons


def test_a_split_marker_is_ordinary(scan: Scan, build: Build) -> None:
    data = build.zip({"a": b"text"})
    at = data.index(b"PK\1\2")
    data = patched(patched(data, b"PK\5\6", 16, struct.pack("<I", at + 4)), b"PK\1\2", 42, struct.pack("<I", 4))
    assert scan("x.zip", b"PK00" + data).clean


def test_unsigned_descriptors_are_ordinary(scan: Scan, build: Build) -> None:
    import zlib

    data = build.zip({"a": b"text"})
    at = data.index(b"PK\1\2")
    local = patched(patched(data[:at], b"PK\3\4", 6, b"\x08\0"), b"PK\3\4", 14, bytes(12))
    for descriptor in (
        struct.pack("<3I", zlib.crc32(b"text"), 4, 4),
        struct.pack("<I2Q", zlib.crc32(b"text"), 4, 4),
        b"PK\7\x08" + struct.pack("<I2Q", zlib.crc32(b"text"), 4, 4),
    ):
        rest = patched(data[at:], b"PK\1\2", 8, b"\x08\0")
        rest = patched(rest, b"PK\5\6", 16, struct.pack("<I", at + len(descriptor)))
        assert scan("x.zip", local + descriptor + rest).clean


def test_names_of_old_tools_are_decoded(scan: Scan, build: Build) -> None:
    data = build.zip({"modell": build.payload}).replace(b"modell", b"m\x94dell")
    assert scan("x.zip", data).findings[0].location.member == ("mödell",)


def test_a_lone_signature_has_nothing_between_members(scan: Scan) -> None:
    told = scan("x.zip", b"PK\x03\x04")
    assert told.findings == []
    assert told.reasons == {"malformed"}
